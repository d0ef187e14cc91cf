/*
 * Each filter is asked in a fixed order (kind, event, tag, branch, files) and answers with the first thing that does
 * not fit. Later in that order means nearer, and the nearest answer of all filters is what the user is told.
 */
#include "server/triggers/filter.h"

#include "server/triggers/glob.h"

/* From the farthest to a match. */
enum answer {
    ANSWER_NO_FILTERS,
    ANSWER_ONLY_PUSHES,
    ANSWER_ONLY_PULL_REQUESTS,
    ANSWER_EVENT,
    ANSWER_ONLY_TAGS,
    ANSWER_NO_TAGS,
    ANSWER_TAG,
    ANSWER_BRANCH,
    ANSWER_TAG_HAS_NO_BRANCH,
    ANSWER_NEW_BRANCH,
    ANSWER_NO_FILES,
    ANSWER_FILES,
    ANSWER_MATCH,
};

static const char *const sentences[] = {
    [ANSWER_NO_FILTERS] = "the trigger has no filters",
    [ANSWER_ONLY_PUSHES] = "the trigger's filters are for pushes, and this is a pull request",
    [ANSWER_ONLY_PULL_REQUESTS] = "the trigger's filters are for pull requests, and this is a push",
    [ANSWER_EVENT] = "no filter of pull requests asks for this event",
    [ANSWER_ONLY_TAGS] = "the push filters are for tags, and this is a branch",
    [ANSWER_NO_TAGS] = "no push filter names tags, and this is one",
    [ANSWER_TAG] = "the tag does not match the filters",
    [ANSWER_BRANCH] = "the branch does not match the filters",
    [ANSWER_TAG_HAS_NO_BRANCH] = "the filter asks for a tag and for a branch or files, and a push has one or the other",
    [ANSWER_NEW_BRANCH] =
        "the filter asks for file paths, and the first push of a new branch has nothing to compare with",
    [ANSWER_NO_FILES] = "the filter asks for file paths, and no file was changed",
    [ANSWER_FILES] = "no changed file matches the filter's file paths",
};

static const char *const push_matches[] = {"push filter 1 matches", "push filter 2 matches", "push filter 3 matches",
                                           "a push filter matches"};
static const char *const pull_request_matches[] = {"pull request filter 1 matches", "pull request filter 2 matches",
                                                   "pull request filter 3 matches", "a pull request filter matches"};

static bool is_given(const struct trigger_patterns *patterns) {
    return patterns->include_count > 0 || patterns->exclude_count > 0;
}

static bool any_matches(const char *const *patterns, size_t count, const char *text) {
    for (size_t i = 0; i < count; i++) {
        if (glob_matches(patterns[i], text))
            return true;
    }
    return false;
}

static bool passes(const struct trigger_patterns *patterns, const char *text) {
    return (patterns->include_count == 0 || any_matches(patterns->includes, patterns->include_count, text)) &&
           !any_matches(patterns->excludes, patterns->exclude_count, text);
}

static enum answer ask_files(const struct trigger_patterns *file_paths, const struct trigger_change *change) {
    if (!is_given(file_paths))
        return ANSWER_MATCH;
    if (change->kind == CHANGE_BRANCH && change->new_branch)
        return ANSWER_NEW_BRANCH;
    for (size_t i = 0; i < change->file_count; i++) {
        if (passes(file_paths, change->files[i]))
            return ANSWER_MATCH;
    }
    if (!change->files_known)
        return ANSWER_MATCH;
    return change->file_count > 0 ? ANSWER_FILES : ANSWER_NO_FILES;
}

static enum answer ask_branch(const struct trigger_filter *filter, const struct trigger_change *change) {
    if (!passes(&filter->branches, change->branch))
        return ANSWER_BRANCH;
    return ask_files(&filter->file_paths, change);
}

static enum answer ask_tag(const struct trigger_filter *filter, const struct trigger_change *change) {
    if (!is_given(&filter->tags))
        return ANSWER_NO_TAGS;
    if (!passes(&filter->tags, change->tag))
        return ANSWER_TAG;
    return is_given(&filter->branches) || is_given(&filter->file_paths) ? ANSWER_TAG_HAS_NO_BRANCH : ANSWER_MATCH;
}

static enum answer ask(const struct trigger_filter *filter, const struct trigger_change *change) {
    if (filter->pull_request != (change->kind == CHANGE_PULL_REQUEST))
        return filter->pull_request ? ANSWER_ONLY_PULL_REQUESTS : ANSWER_ONLY_PUSHES;
    switch (change->kind) {
    case CHANGE_PULL_REQUEST:
        if (filter->events && !(filter->events & change->event))
            return ANSWER_EVENT;
        return ask_branch(filter, change);
    case CHANGE_TAG:
        return ask_tag(filter, change);
    case CHANGE_BRANCH:
        return is_given(&filter->tags) ? ANSWER_ONLY_TAGS : ask_branch(filter, change);
    }
    return ANSWER_NO_FILTERS;
}

static const char *matched(const struct trigger_filter *filters, size_t index) {
    size_t before = 0; /* of the same kind */
    for (size_t i = 0; i < index; i++)
        before += filters[i].pull_request == filters[index].pull_request;
    const char *const *names = filters[index].pull_request ? pull_request_matches : push_matches;
    return names[before < 3 ? before : 3];
}

bool filter_matches(const struct trigger_filter *filters, size_t count, const struct trigger_change *change,
                    const char **why) {
    enum answer nearest = ANSWER_NO_FILTERS;
    const char *sentence = NULL;
    for (size_t i = 0; i < count && nearest != ANSWER_MATCH; i++) {
        enum answer answer = ask(&filters[i], change);
        nearest = answer > nearest ? answer : nearest;
        if (answer == ANSWER_MATCH)
            sentence = matched(filters, i);
    }
    if (why)
        *why = sentence ? sentence : sentences[nearest];
    return nearest == ANSWER_MATCH;
}
