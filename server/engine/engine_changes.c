/*
 * Which pipelines a change of a repository starts, and what is said of the others.
 */
#include "common/str.h"
#include "server/engine/carry_out.h"
#include "server/engine/engine.h"
#include "server/engine/load.h"
#include "server/engine/start_or_tell.h"
#include "server/store/events.h"

#include <string.h>

/* Of more changed files nothing is said (GitHub tells no more either): looking at all of them against every pattern
 * would keep the database's writer from everybody else. */
#define FILES_MAX 3000
#define TRIGGER_DETAIL_MAX 1024 /* AWS's limit */

/* ---- starting ---- */

/* What can be wrong with a pipeline, or with its state. Anything else is trouble of ours: the push is tried again. */
static bool is_refusal(const struct err *why) {
    return str_equal(why->code, "ConcurrentPipelineExecutionsLimitExceededException") ||
           str_equal(why->code, "ValidationException") || str_equal(why->code, UNREADABLE_DEFINITION);
}

bool tell_not_started(struct tx *tx, struct arena *arena, const char *pipeline, const char *message, struct err *err) {
    struct json *detail = json_object(arena);
    json_set_text(arena, detail, "message", message);
    const struct event_row event = {
        .type = "execution", .pipeline = pipeline, .status = "NotStarted", .detail = json_print(arena, detail)};
    return events_add(tx, &event, err);
}

/* The checks of a start come before its first row, so there is nothing to take back. */
bool start_or_tell(struct tx *tx, struct arena *arena, const struct engine_start_request *request,
                   const char **execution, const char **refusal, struct err *err) {
    struct err why = {.kind = ERR_NONE};
    *execution = NULL;
    *refusal = NULL;
    if (engine_start(tx, arena, request, execution, &why))
        return true;
    if (!is_refusal(&why))
        return pass_on(err, &why);
    *refusal = arena_strdup(arena, why.message);
    return tell_not_started(tx, arena, request->pipeline, *refusal, err);
}

/* ---- judging ---- */

/* A pipeline with the repository as source, once or several times. */
struct candidate {
    const struct pipeline_source_match *sources;
    size_t source_count;
    const struct pipeline *definition; /* NULL: no source has a trigger, or it cannot be read */
    bool filtered;                     /* the filters of a trigger were asked and one let the change through */
    struct engine_revision *revisions; /* of the sources that the change is for */
    size_t revision_count;
    const char *message;
};

static struct trigger_change as_filters_see(const struct engine_change_request *change) {
    return (struct trigger_change){
        .kind = change->kind,
        .branch = change->branch,
        .tag = change->tag,
        .event = change->event,
        .files = change->files,
        .file_count = change->file_count > FILES_MAX ? 0 : change->file_count,
        .files_known = change->files_known && change->file_count <= FILES_MAX,
        .new_branch = change->new_branch,
    };
}

static const struct pipeline_trigger *find_trigger(const struct pipeline *definition, const char *action) {
    for (size_t i = 0; i < definition->trigger_count; i++) {
        if (str_equal(definition->triggers[i].source_action, action))
            return &definition->triggers[i];
    }
    return NULL;
}

/* Whether a filter that could let the change through looks at files. */
static bool looks_at_files(const struct pipeline_trigger *trigger, const struct engine_change_request *change) {
    for (size_t i = 0; i < trigger->filter_count; i++) {
        const struct trigger_filter *filter = &trigger->filters[i];
        if (filter->pull_request == (change->kind == CHANGE_PULL_REQUEST) &&
            (filter->file_paths.include_count > 0 || filter->file_paths.exclude_count > 0))
            return true;
    }
    return false;
}

static bool ask_filters(struct arena *arena, const struct candidate *candidate, const char *action,
                        const struct engine_change_request *change, const char **message) {
    const struct pipeline_trigger *trigger = find_trigger(candidate->definition, action);
    const struct trigger_change seen = as_filters_see(change);
    const char *why = NULL;
    bool matches = filter_matches(trigger ? trigger->filters : NULL, trigger ? trigger->filter_count : 0, &seen, &why);
    bool guessed = matches && change->kind != CHANGE_TAG && !change->files_known && looks_at_files(trigger, change);
    *message = !guessed ? arena_printf(arena, "source '%s': %s", action, why)
                        : arena_printf(arena,
                                       "source '%s': %s (which files changed is not known, so that file paths count as "
                                       "met%s%s)",
                                       action, why, change->files_unknown ? ": " : "",
                                       change->files_unknown ? change->files_unknown : "");
    return matches;
}

static bool is_push_to(struct arena *arena, const struct pipeline_source_match *source,
                       const struct engine_change_request *change, const char **message) {
    if (change->kind == CHANGE_BRANCH && str_equal(change->branch, source->branch)) {
        *message = arena_printf(arena, "source '%s' is branch '%s'", source->action, source->branch);
        return true;
    }
    *message = change->kind == CHANGE_BRANCH
                   ? arena_printf(arena, "source '%s' is branch '%s', not '%s'", source->action, source->branch,
                                  change->branch)
                   : arena_printf(arena, "source '%s' has no trigger, so only pushes to branch '%s' start it",
                                  source->action, source->branch);
    return false;
}

static struct engine_revision revision_of(const struct engine_change_request *change, const char *action) {
    const char *branch = change->kind == CHANGE_TAG ? change->tag : change->branch;
    return (struct engine_revision){
        .action = action,
        .revision_id = change->commit_id,
        .summary = change->summary,
        .url = change->url,
        .author = change->author,
        .branch = change->kind == CHANGE_PULL_REQUEST && change->head_branch ? change->head_branch : branch,
        .ref = change->ref,
        .created_ms = change->created_ms,
    };
}

static void judge_source(struct arena *arena, struct candidate *candidate, const struct pipeline_source_match *source,
                         const struct engine_change_request *change) {
    const char *message = NULL;
    bool matches = source->filtered ? ask_filters(arena, candidate, source->action, change, &message)
                                    : is_push_to(arena, source, change, &message);
    if (matches || candidate->revision_count == 0)
        candidate->message = message;
    if (!matches)
        return;
    candidate->filtered = candidate->filtered || source->filtered;
    candidate->revisions[candidate->revision_count++] = revision_of(change, source->action);
}

static bool has_filter(const struct candidate *candidate) {
    for (size_t i = 0; i < candidate->source_count; i++) {
        if (candidate->sources[i].filtered)
            return true;
    }
    return false;
}

/* *unreadable: why it cannot be judged; NULL: it can. */
static bool load_filters(struct tx *tx, struct arena *arena, struct candidate *candidate, const char **unreadable,
                         struct err *err) {
    struct err why = {.kind = ERR_NONE};
    *unreadable = NULL;
    if (!has_filter(candidate) || load_definition(tx, arena, candidate->sources[0].pipeline_id,
                                                  candidate->sources[0].version, &candidate->definition, &why))
        return true;
    if (!is_refusal(&why))
        return pass_on(err, &why);
    *unreadable = arena_strdup(arena, why.message);
    return true;
}

static bool judge(struct tx *tx, struct arena *arena, struct candidate *candidate,
                  const struct engine_change_request *change, struct err *err) {
    const char *unreadable = NULL;
    if (!load_filters(tx, arena, candidate, &unreadable, err))
        return false;
    if (unreadable) {
        candidate->message = unreadable;
        return tell_not_started(tx, arena, candidate->sources[0].pipeline, unreadable, err);
    }
    candidate->revisions = arena_array(arena, struct engine_revision, candidate->source_count);
    for (size_t i = 0; i < candidate->source_count; i++)
        judge_source(arena, candidate, &candidate->sources[i], change);
    return true;
}

/* ---- what is told ---- */

static const char *event_name(enum trigger_event event) {
    return event == TRIGGER_OPEN ? "OPEN" : event == TRIGGER_UPDATED ? "UPDATED" : "CLOSED";
}

static struct json *describe(struct arena *arena, const struct engine_change_request *change) {
    struct json *out = json_object(arena);
    json_set_text(arena, out, "repository", change->repository);
    json_set_text(arena, out, "event", change->kind == CHANGE_PULL_REQUEST ? event_name(change->event) : "PUSH");
    if (change->number > 0)
        json_set_integer(arena, out, "pullRequest", change->number);
    json_set_text(arena, out, "tag", change->tag);
    json_set_text(arena, out, "branch", change->branch);
    json_set_text(arena, out, "headBranch", change->head_branch);
    json_set_text(arena, out, "commitId", change->commit_id);
    return out;
}

/* Of the type WebhookV2. Names of branches may be as long as they like; what is cut is said in the event. */
static const char *trigger_detail(struct arena *arena, const struct engine_change_request *change) {
    const char *text = json_print(arena, describe(arena, change));
    struct engine_change_request shorter = *change;
    if (strlen(text) <= TRIGGER_DETAIL_MAX)
        return text;
    shorter.branch = shorter.head_branch = shorter.tag = NULL;
    return json_print(arena, describe(arena, &shorter));
}

/* Where filters were asked: a person sees why a push did not start. One event for all pipelines. */
static bool tell(struct tx *tx, struct arena *arena, const struct engine_change_request *change,
                 const struct engine_change_result *result, struct err *err) {
    struct json *detail = describe(arena, change);
    struct json *list = json_set_array(arena, detail, "pipelines");
    for (size_t i = 0; i < result->pipeline_count; i++) {
        struct json *item = json_append_object(arena, list);
        json_set_text(arena, item, "pipelineName", result->pipelines[i].pipeline);
        json_set_text(arena, item, "pipelineExecutionId", result->pipelines[i].execution);
        json_set_text(arena, item, "message", result->pipelines[i].message);
    }
    const struct event_row event = {.type = "repository", .status = "filtered", .detail = json_print(arena, detail)};
    return events_add(tx, &event, err);
}

/* ---- the events ---- */

static bool start(struct tx *tx, struct arena *arena, const struct candidate *candidate,
                  const struct engine_change_request *change, struct engine_change_outcome *out, struct err *err) {
    const struct engine_start_request request = {
        .pipeline = candidate->sources[0].pipeline,
        .trigger_type = candidate->filtered ? "WebhookV2" : change->trigger_type,
        .trigger_detail = candidate->filtered ? trigger_detail(arena, change) : change->trigger_detail,
        .by = change->by,
        .revisions = candidate->revisions,
        .revision_count = candidate->revision_count,
    };
    const char *refusal = NULL;
    if (!start_or_tell(tx, arena, &request, &out->execution, &refusal, err))
        return false;
    if (refusal)
        out->message = refusal;
    return true;
}

/* Groups the sources, which come by pipeline. */
static bool list_candidates(struct tx *tx, struct arena *arena, const struct engine_change_request *change,
                            struct candidate **out, size_t *count, struct err *err) {
    struct pipeline_source_match *matches = NULL;
    size_t match_count = 0;
    if (!pipelines_with_source(tx, arena, change->hosted, change->repository, &matches, &match_count, err))
        return false;
    struct candidate *candidates = arena_array(arena, struct candidate, match_count);
    *count = 0;
    for (size_t i = 0, next; i < match_count; i = next) {
        for (next = i; next < match_count && matches[next].pipeline_id == matches[i].pipeline_id;)
            next++;
        candidates[(*count)++] = (struct candidate){.sources = &matches[i], .source_count = next - i};
    }
    *out = candidates;
    return true;
}

bool engine_change(struct tx *tx, struct arena *arena, const struct engine_change_request *change,
                   struct engine_change_result *out, struct err *err) {
    struct candidate *candidates = NULL;
    size_t count = 0, started = 0;
    bool filtered = false;
    if (!list_candidates(tx, arena, change, &candidates, &count, err))
        return false;
    const char **executions = arena_array(arena, const char *, count);
    struct engine_change_outcome *outcomes = arena_array(arena, struct engine_change_outcome, count);
    for (size_t i = 0; i < count; i++) {
        if (!judge(tx, arena, &candidates[i], change, err))
            return false;
        outcomes[i] = (struct engine_change_outcome){.pipeline = candidates[i].sources[0].pipeline,
                                                     .message = candidates[i].message};
        filtered = filtered || has_filter(&candidates[i]);
        if (candidates[i].revision_count > 0 && !start(tx, arena, &candidates[i], change, &outcomes[i], err))
            return false;
        if (outcomes[i].execution)
            executions[started++] = outcomes[i].execution;
    }
    *out = (struct engine_change_result){
        .executions = executions, .count = started, .pipelines = outcomes, .pipeline_count = count};
    return !filtered || tell(tx, arena, change, out, err);
}

/* A filter that would match whatever the files are, but for those that it asks for. */
bool engine_change_needs_files(struct tx *tx, struct arena *arena, const struct engine_change_request *change,
                               bool *out, struct err *err) {
    struct candidate *candidates = NULL;
    size_t count = 0;
    const char *unreadable = NULL;
    bool needed = false;
    struct trigger_change unknown = as_filters_see(change);
    unknown.files_known = false;
    unknown.file_count = 0;
    if (change->kind != CHANGE_TAG && !list_candidates(tx, arena, change, &candidates, &count, err))
        return false;
    for (size_t i = 0; i < count && !needed; i++) {
        if (!load_filters(tx, arena, &candidates[i], &unreadable, err))
            return false;
        for (size_t j = 0; candidates[i].definition && j < candidates[i].source_count; j++) {
            const struct pipeline_trigger *trigger =
                find_trigger(candidates[i].definition, candidates[i].sources[j].action);
            needed = needed || (trigger && looks_at_files(trigger, change) &&
                                filter_matches(trigger->filters, trigger->filter_count, &unknown, NULL));
        }
    }
    *out = needed;
    return true;
}
