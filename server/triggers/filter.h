/*
 * Whether a change starts a pipeline: the filters of one trigger against one push or event of a pull request. Nothing
 * but a comparison; where the change comes from and what is started is not known here.
 *
 * The filters of a trigger are joined by OR. Within one filter everything that is given must be met: branches AND file
 * paths AND tags AND events. Of `includes` one pattern suffices, and where there are none, everything is included; what
 * one of `excludes` matches is out, whatever the includes say.
 *
 *   push filter   matches pushes only; a filter for pull requests matches these only.
 *   tags          match pushes of tags only. A push filter without tags never matches a tag, not even an empty one.
 *   branches      the branch that was pushed to; the one that a pull request wants to go into.
 *   file paths    each changed file alone: one that is included and not excluded suffices. A change without files (an
 *                 empty commit) has none. The first push of a new branch has nothing to be compared with and does not
 *                 match (AWS's rule). Where the files are not known for another reason (the sender cut the list off)
 *                 the condition counts as met: a run too many is seen, a lost one is not.
 *   events        bits; none means all three.
 *
 * A push filter with tags together with branches or file paths can never match: a push has one or the other. Whoever
 * reads definitions refuses it (AWS's valid combinations are tags; branches; branches and file paths).
 */
#ifndef SERVER_TRIGGERS_FILTER_H
#define SERVER_TRIGGERS_FILTER_H

#include <stdbool.h>
#include <stddef.h>

enum trigger_event {
    TRIGGER_OPEN = 1,
    TRIGGER_UPDATED = 2,
    TRIGGER_CLOSED = 4,
};

struct trigger_patterns {
    const char *const *includes; /* patterns of glob.h */
    size_t include_count;
    const char *const *excludes;
    size_t exclude_count;
};

struct trigger_filter {
    bool pull_request; /* false: of pushes */
    unsigned events;   /* of pull requests: bits of enum trigger_event */
    struct trigger_patterns tags, branches, file_paths;
};

enum trigger_change_kind {
    CHANGE_BRANCH,
    CHANGE_TAG,
    CHANGE_PULL_REQUEST,
};

struct trigger_change {
    enum trigger_change_kind kind;
    const char *branch;       /* pushed to; of a pull request, where it wants to go. NULL for a tag */
    const char *tag;          /* NULL but for CHANGE_TAG */
    enum trigger_event event; /* of a pull request */
    const char *const *files; /* changed ones, by their paths without a '/' at the beginning */
    size_t file_count;
    bool files_known; /* `files` is all of them */
    bool new_branch;  /* the first push of a branch: there is no commit to compare with */
};

/* Whether the change starts the pipeline. *why (unless NULL) becomes a static sentence: which filter matched ("push
 * filter 2 matches"; they are counted from 1 among their kind) or, of the filter that came nearest, what did not match.
 */
bool filter_matches(const struct trigger_filter *filters, size_t count, const struct trigger_change *change,
                    const char **why);

#endif
