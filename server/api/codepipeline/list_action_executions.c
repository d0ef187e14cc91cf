/*
 * ListActionExecutions, newest first: what each action got, what it made, how it ended.
 */
#include "server/api/codepipeline/codepipeline.h"

#include "server/api/artifact_store.h"
#include "server/api/page.h"
#include "server/engine/worker_types.h"
#include "server/store/artifact_rows.h"

#include "common/str.h"

#include <string.h>

static const char *const ranges[] = {"Latest", "All", NULL};

static const struct shape latest = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "pipelineExecutionId", .required = true, .shape = &aws_uuid},
            {.name = "startTimeRange",
             .required = true,
             .shape = &(const struct shape){.type = SHAPE_TEXT, .choices = ranges}},
            {0},
        },
};

static const struct shape filter = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "pipelineExecutionId", .shape = &aws_uuid},
            {.name = "latestInPipelineExecution", .shape = &latest},
            {0},
        },
};

const struct shape list_action_executions_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "pipelineName", .required = true, .shape = &pipeline_name_shape},
            {.name = "filter", .shape = &filter},
            {.name = "maxResults", .shape = &(const struct shape){.type = SHAPE_INTEGER, .least = 1, .most = 100}},
            {.name = "nextToken", .shape = &aws_next_token},
            {0},
        },
};

/* What is the same for a whole answer; the declaration is that of the run before, mostly the next one's too. */
struct listing {
    struct tx *tx;
    const struct aws_call *call;
    struct arena *arena;
    int64_t pipeline_id;
    int64_t version;
    const struct pipeline *pipeline;
    const char *bucket; /* of its artifacts */
    struct custom_types types;
};

static bool load_version(struct listing *listing, int64_t version, struct err *err) {
    const char *declaration;
    struct artifact_store store;
    if (listing->pipeline && listing->version == version)
        return true;
    if (!pipelines_get_version(listing->tx, listing->arena, listing->pipeline_id, version, &declaration, NULL, err) ||
        !pipeline_read(listing->call, declaration, &listing->pipeline, err))
        return false;
    artifact_store_read(listing->arena, listing->call->server->config, listing->pipeline->declaration, NULL, &store);
    listing->bucket = store.bucket;
    listing->version = version;
    return true;
}

static const struct pipeline_action *find_action(const struct pipeline *pipeline, const struct action_run_row *run) {
    for (size_t i = 0; i < pipeline->stage_count; i++)
        for (size_t j = 0; j < pipeline->stages[i].action_count; j++)
            if (str_equal(pipeline->stages[i].name, run->stage) &&
                str_equal(pipeline->stages[i].actions[j].name, run->action))
                return &pipeline->stages[i].actions[j];
    return NULL;
}

static const struct json *parse(struct arena *arena, const char *text) {
    const struct json *value;
    return text && json_parse(arena, text, strlen(text), &value, NULL) ? value : NULL;
}

/* Names with where their bytes lie, as AWS shows it: the key under which a job worker sees them, else the content's
 * SHA-256. */
static bool show_artifacts(const struct listing *listing, const struct action_run_row *run, const char *names,
                           struct json *out, struct err *err) {
    json_each(name, parse(listing->arena, names)) {
        struct artifact_row row;
        bool found;
        struct json *item = json_append_object(listing->arena, out);
        json_set_text(listing->arena, item, "name", name->text);
        if (!artifact_rows_find(listing->tx, listing->arena, run->execution_id, name->text, &found, &row, err))
            return false;
        if (!found)
            continue;
        const char *key;
        if (!artifact_place_find(listing->tx, listing->arena, row.action_run_id, name->text, &key, err))
            return false;
        struct json *place = json_set_object(listing->arena, item, "s3location");
        json_set_text(listing->arena, place, "bucket", listing->bucket);
        json_set_text(listing->arena, place, "key", key ? key : row.sha256);
    }
    return true;
}

static struct json *show_type(struct arena *arena, const struct action_type *type) {
    struct json *id = json_object(arena);
    json_set_text(arena, id, "category", action_category_name(type->category));
    json_set_text(arena, id, "owner", type->owner);
    json_set_text(arena, id, "provider", type->provider);
    json_set_text(arena, id, "version", type->version);
    return id;
}

static const char *shown_value(const struct listing *listing, const struct pipeline_action *action, const char *key,
                               const char *value) {
    return worker_types_secret(&listing->types, action->type, key) ? "****" : value;
}

static void show_configuration(const struct listing *listing, const struct pipeline_action *action,
                               const struct action_run_row *run, struct json *out) {
    struct arena *arena = listing->arena;
    struct json *written = json_set_object(arena, out, "configuration");
    for (size_t i = 0; i < action->configuration_count; i++) {
        const struct pipeline_setting *setting = &action->configuration[i];
        json_set_text(arena, written, setting->key, shown_value(listing, action, setting->key, setting->value));
    }
    struct json *resolved = json_set_object(arena, out, "resolvedConfiguration");
    json_each(setting, parse(arena, run->configuration)) {
        json_set_text(arena, resolved, setting->name, shown_value(listing, action, setting->name, setting->text));
    }
}

static bool show_input(struct listing *listing, const struct action_run_row *run, struct json *out, struct err *err) {
    struct arena *arena = listing->arena;
    if (!load_version(listing, run->version, err))
        return false;
    const struct pipeline_action *action = find_action(listing->pipeline, run);
    if (action) {
        json_set(arena, out, "actionTypeId", show_type(arena, action->type));
        show_configuration(listing, action, run, out);
        json_set_text(arena, out, "region", action->region ? action->region : listing->call->region);
    }
    if (!show_artifacts(listing, run, run->inputs, json_set_array(arena, out, "inputArtifacts"), err))
        return false;
    json_set_text(arena, out, "namespace", run->variable_namespace);
    return true;
}

static bool show_output(struct listing *listing, const struct action_run_row *run, struct json *out, struct err *err) {
    struct arena *arena = listing->arena;
    struct json *artifacts = json_set_array(arena, out, "outputArtifacts");
    if (run->status == ACTION_SUCCEEDED && !show_artifacts(listing, run, run->outputs, artifacts, err))
        return false;
    struct json *result = json_set_object(arena, out, "executionResult");
    json_set_text(arena, result, "externalExecutionId", run->external_id);
    json_set_text(arena, result, "externalExecutionSummary", run->summary);
    json_set_text(arena, result, "externalExecutionUrl", run->external_url);
    if (run->error_code || run->error_message) {
        struct json *error = json_set_object(arena, result, "errorDetails");
        json_set_text(arena, error, "code", run->error_code);
        json_set_text(arena, error, "message", run->error_message);
    }
    struct output_variable *variables;
    size_t count;
    if (!action_runs_variables(listing->tx, arena, run->id, &variables, &count, err))
        return false;
    struct json *shown = json_set_object(arena, out, "outputVariables");
    for (size_t i = 0; i < count; i++)
        json_set_text(arena, shown, variables[i].name, variables[i].value);
    return true;
}

static bool show(struct listing *listing, const struct action_run_row *run, struct json *out, struct err *err) {
    struct arena *arena = listing->arena;
    json_set_text(arena, out, "pipelineExecutionId", run->execution);
    json_set_text(arena, out, "actionExecutionId", run->uuid);
    json_set_integer(arena, out, "pipelineVersion", run->version);
    json_set_text(arena, out, "stageName", run->stage);
    json_set_text(arena, out, "actionName", run->action);
    json_set_time(arena, out, "startTime", run->started_ms);
    json_set_time(arena, out, "lastUpdateTime", run->updated_ms);
    json_set_text(arena, out, "updatedBy", run->updated_by);
    json_set_text(arena, out, "status", action_status_name(run->status));
    return show_input(listing, run, json_set_object(arena, out, "input"), err) &&
           show_output(listing, run, json_set_object(arena, out, "output"), err);
}

/* Those of one execution, turned round, from below `before` on. */
static bool list_of_execution(const struct listing *listing, const char *uuid, int64_t before, size_t limit,
                              struct action_run_row **out, size_t *count, struct err *err) {
    struct execution_row execution;
    struct action_run_row *rows;
    size_t all;
    if (!executions_get(listing->tx, listing->arena, listing->pipeline_id, uuid, &execution, err) ||
        !action_runs_list(listing->tx, listing->arena, execution.id, &rows, &all, err))
        return false;
    *out = arena_array(listing->arena, struct action_run_row, all);
    *count = 0;
    while (all > 0 && *count < limit)
        if (rows[--all].id < before || before == 0)
            (*out)[(*count)++] = rows[all];
    return true;
}

bool list_action_executions(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    const struct json *wanted = json_get(call->input, "filter");
    const char *execution = json_get_text(wanted, "pipelineExecutionId");
    if (!execution)
        execution = json_get_text(json_get(wanted, "latestInPipelineExecution"), "pipelineExecutionId");
    size_t count, limit = page_limit(call, 100);
    struct pipeline_row pipeline;
    struct action_run_row *runs;
    int64_t before;
    if (!pipeline_find(tx, call, aws_text(call, "pipelineName"), &pipeline, err) ||
        !page_begin_number(call, "actions", &before, err))
        return false;
    struct listing listing = {.tx = tx, .call = call, .arena = call->arena, .pipeline_id = pipeline.id};
    if (!worker_types_load(tx, call->arena, true, &listing.types, err))
        return false;
    if (!(execution ? list_of_execution(&listing, execution, before, limit + 1, &runs, &count, err)
                    : action_runs_list_pipeline(tx, call->arena, pipeline.id, before, limit + 1, &runs, &count, err)))
        return false;
    struct json *list = json_set_array(call->arena, out, "actionExecutionDetails");
    for (size_t i = 0; i < count && i < limit; i++)
        if (!show(&listing, &runs[i], json_append_object(call->arena, list), err))
            return false;
    if (count > limit)
        page_next_number(call, out, "actions", runs[limit - 1].id);
    return true;
}
