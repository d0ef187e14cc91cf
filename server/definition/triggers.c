/*
 * Triggers: which changes of a source start the pipeline. One trigger a source action; its filters hold only what can
 * match together, and patterns that can be used.
 *
 * https://docs.aws.amazon.com/codepipeline/latest/userguide/pipelines-filter.html. AWS knows triggers of connections
 * only. Here a CodeCommit or GitHub source may have one too, under the same providerType, and in requests as well: what
 * a file says must be accepted when GetPipeline's answer comes back with UpdatePipeline.
 */
#include "server/definition/structure.h"

#include "server/triggers/glob.h"

#include "common/str.h"
#include "common/suggest.h"

#include <string.h>

#define TRIGGERS_SIZE_MAX (200 * 1024)

static const char aws_source[] =
    "Triggers for connection must reference a CodeStarSourceConnection action. Note that when you specify a trigger, "
    "you cant specify more than one trigger per source action.";
static const char aws_filters[] =
    "The trigger configuration for the source action is not valid. Make sure to choose valid filter combinations.";

static void complain(struct draft *draft, const struct place *place, const char *aws, const char *message) {
    errors_add(draft->errors, place, DEFINITION_STRUCTURE, aws, "%s", message);
}

static const struct draft_action *find_source(const struct draft *draft, const char *name) {
    for (size_t i = 0; i < draft->action_count; i++)
        if (draft->actions[i].stage == 0 && str_equal(draft->actions[i].name, name))
            return &draft->actions[i];
    return NULL;
}

static void unknown_source(struct draft *draft, const struct place *place, const char *name) {
    const char **names = arena_array(draft->arena, const char *, draft->action_count + 1);
    size_t count = 0;
    for (size_t i = 0; i < draft->action_count; i++)
        if (draft->actions[i].stage == 0)
            names[count++] = draft->actions[i].name;
    const char *nearest = suggest_nearest(name, names);
    if (nearest)
        errors_add(draft->errors, place, DEFINITION_STRUCTURE, aws_source,
                   "there is no source action '%s'; did you mean '%s'?", name, nearest);
    else
        errors_add(draft->errors, place, DEFINITION_STRUCTURE, aws_source,
                   "there is no source action '%s'; write the name of one of the first stage", name);
}

static bool is_git(const struct action_type *type) {
    static const char *const providers[] = {"CodeStarSourceConnection", "CodeCommit", "GitHub"};
    for (size_t i = 0; type && i < sizeof providers / sizeof *providers; i++)
        if (str_equal(type->provider, providers[i]))
            return true;
    return false;
}

/* Another trigger before this one for the same source action. */
static bool is_second(struct draft *draft, const struct json *trigger, const char *name) {
    json_each(other, json_get(draft->place->value, "triggers")) {
        if (other == trigger)
            return false;
        if (str_equal(shape_get_text(draft->arena, json_get(other, "gitConfiguration"), "sourceActionName"), name))
            return true;
    }
    return false;
}

static const struct draft_action *check_source(struct draft *draft, const struct json *trigger,
                                               const struct place *git) {
    struct place place = PLACE_MEMBER(git, "sourceActionName", json_get(git->value, "sourceActionName"));
    const char *name = shape_text(draft->arena, place.value);
    if (!name)
        return NULL;
    const struct draft_action *source = find_source(draft, name);
    if (!source)
        unknown_source(draft, &place, name);
    else if (source->type && !is_git(source->type))
        errors_add(draft->errors, &place, DEFINITION_STRUCTURE, aws_source,
                   "'%s' is no source from git; sources of provider %s have no triggers", name, source->type->provider);
    else if (is_second(draft, trigger, name))
        errors_add(draft->errors, &place, DEFINITION_STRUCTURE, aws_source,
                   "source action '%s' has a trigger above already; put all filters into that one", name);
    return source;
}

static void check_patterns(struct draft *draft, const struct place *criteria, const char *member) {
    struct place list = PLACE_MEMBER(criteria, member, json_get(criteria->value, member));
    size_t index = 0;
    json_each(item, list.value) {
        struct place place = PLACE_ELEMENT(&list, index++, item);
        const char *pattern = list.value->type == JSON_ARRAY ? shape_text(draft->arena, item) : NULL;
        struct err err;
        if (pattern && *pattern && !glob_check(pattern, &err))
            complain(draft, &place, NULL, err.message);
    }
}

static void check_criteria(struct draft *draft, const struct place *filter) {
    static const char *const kinds[] = {"tags", "branches", "filePaths"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct place place = PLACE_MEMBER(filter, kinds[i], json_get(filter->value, kinds[i]));
        if (!place.value || place.value->type != JSON_OBJECT)
            continue;
        if (!json_get(place.value, "includes") && !json_get(place.value, "excludes"))
            complain(draft, &place, aws_filters, "holds neither 'includes' nor 'excludes'; add one, or remove it");
        check_patterns(draft, &place, "includes");
        check_patterns(draft, &place, "excludes");
    }
}

static void check_push(struct draft *draft, const struct place *filter) {
    bool tags = json_get(filter->value, "tags"), branches = json_get(filter->value, "branches");
    bool paths = json_get(filter->value, "filePaths");
    if (tags && (branches || paths))
        complain(draft, filter, aws_filters,
                 "a push is of a tag or of a branch: 'tags' stands alone; write a filter for each");
    else if (paths && !branches)
        complain(draft, filter, aws_filters,
                 "'filePaths' needs 'branches' beside it; write for example includes: ['**']");
    else if (!tags && !branches)
        complain(draft, filter, aws_filters, "is empty; add 'tags', or 'branches' and 'filePaths'");
}

static void check_events(struct draft *draft, const struct place *filter) {
    struct place list = PLACE_MEMBER(filter, "events", json_get(filter->value, "events"));
    size_t index = 0;
    json_each(event, list.value) {
        struct place place = PLACE_ELEMENT(&list, index++, event);
        for (const struct json *other = list.value->first; other != event; other = other->next)
            if (list.value->type == JSON_ARRAY && json_equal(other, event)) {
                complain(draft, &place, NULL, "stands in this list already; remove one");
                break;
            }
    }
}

static void check_pull_request(struct draft *draft, const struct place *filter) {
    check_events(draft, filter);
    if (!json_get(filter->value, "events") && !json_get(filter->value, "branches") &&
        !json_get(filter->value, "filePaths"))
        complain(draft, filter, aws_filters, "is empty; add 'events', 'branches' or 'filePaths'");
}

static void check_filters(struct draft *draft, const struct place *git, const char *member,
                          void (*check)(struct draft *draft, const struct place *filter)) {
    struct place list = PLACE_MEMBER(git, member, json_get(git->value, member));
    size_t index = 0;
    json_each(filter, list.value) {
        struct place place = PLACE_ELEMENT(&list, index++, filter);
        if (list.value->type != JSON_ARRAY || filter->type != JSON_OBJECT)
            continue;
        check(draft, &place);
        check_criteria(draft, &place);
        for (const struct json *other = list.value->first; other != filter; other = other->next)
            if (json_equal(other, filter)) {
                complain(draft, &place, aws_filters, "says the same as a filter above; remove one");
                break;
            }
    }
}

static void check_trigger(struct draft *draft, const struct place *trigger) {
    struct place git = PLACE_MEMBER(trigger, "gitConfiguration", json_get(trigger->value, "gitConfiguration"));
    if (!git.value || git.value->type != JSON_OBJECT)
        return;
    const struct draft_action *source = check_source(draft, trigger->value, &git);
    struct place requests = PLACE_MEMBER(&git, "pullRequest", json_get(git.value, "pullRequest"));
    if (!json_get(git.value, "push") && !requests.value)
        complain(draft, &git, aws_filters, "holds neither 'push' nor 'pullRequest', so that nothing would start");
    if (requests.value && source && source->type && str_equal(source->type->provider, "CodeCommit"))
        errors_add_name(draft->errors, &requests, DEFINITION_STRUCTURE, aws_source,
                        "repositories of a CodeCommit source have no pull requests; remove it");
    check_filters(draft, &git, "push", check_push);
    check_filters(draft, &git, "pullRequest", check_pull_request);
}

void draft_check_triggers(struct draft *draft) {
    struct place list = PLACE_MEMBER(draft->place, "triggers", json_get(draft->place->value, "triggers"));
    if (!list.value || list.value->type != JSON_ARRAY)
        return;
    size_t index = 0;
    json_each(trigger, list.value) {
        struct place place = PLACE_ELEMENT(&list, index++, trigger);
        check_trigger(draft, &place);
    }
    size_t size = strlen(json_print(draft->arena, list.value));
    if (size > TRIGGERS_SIZE_MAX)
        errors_add(draft->errors, &list, DEFINITION_STRUCTURE, NULL,
                   "triggers are %zu bytes long; at most %d are allowed, so write shorter patterns", size,
                   TRIGGERS_SIZE_MAX);
}
