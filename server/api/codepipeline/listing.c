/*
 * Lists of what actions and rules did.
 */
#include "server/api/codepipeline/listing.h"

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

const struct shape listing_input = {
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

/* AWS: latestInPipelineExecution with the range Latest leaves out what a retry of the stage did again. */
static bool read_filter(struct listing *listing, struct err *err) {
    const struct json *wanted = json_get(listing->call->input, "filter");
    const struct json *newest = json_get(wanted, "latestInPipelineExecution");
    const char *uuid = json_get_text(wanted, "pipelineExecutionId");
    const char *newest_uuid = json_get_text(newest, "pipelineExecutionId");
    struct execution_row execution;
    if (uuid && newest && !str_equal(uuid, newest_uuid))
        return err_set(err, ERR_INVALID, "the filter names two executions, '%s' and '%s'; name one", uuid, newest_uuid);
    uuid = uuid ? uuid : newest_uuid;
    if (!uuid)
        return true;
    if (!executions_get(listing->tx, listing->arena, listing->pipeline_id, uuid, &execution, err))
        return false;
    listing->execution_id = execution.id;
    listing->newest = newest && str_equal(json_get_text(newest, "startTimeRange"), "Latest");
    return true;
}

bool listing_begin(struct tx *tx, const struct aws_call *call, const char *operation, struct listing *out,
                   struct err *err) {
    struct pipeline_row pipeline;
    *out = (struct listing){.tx = tx, .call = call, .arena = call->arena, .limit = page_limit(call, 100)};
    if (!pipeline_find(tx, call, aws_text(call, "pipelineName"), &pipeline, err) ||
        !page_begin_number(call, operation, &out->before, err))
        return false;
    out->pipeline_id = pipeline.id;
    return read_filter(out, err) && worker_types_load(tx, call->arena, true, &out->types, err);
}

bool listing_read_version(struct listing *listing, const struct action_run_row *run, struct err *err) {
    const char *declaration;
    struct artifact_store store;
    if (listing->pipeline && listing->version == run->version)
        return true;
    if (!pipelines_get_version(listing->tx, listing->arena, listing->pipeline_id, run->version, &declaration, NULL,
                               err) ||
        !pipeline_read(listing->call, declaration, &listing->pipeline, err))
        return false;
    artifact_store_read(listing->arena, listing->call->server->config, listing->pipeline->declaration, NULL, &store);
    listing->bucket = store.bucket;
    listing->version = run->version;
    return true;
}

const struct json *listing_parse(struct arena *arena, const char *text) {
    const struct json *value;
    return text && json_parse(arena, text, strlen(text), &value, NULL) ? value : NULL;
}

struct json *listing_show(const struct listing *listing, const struct action_run_row *run, const char *id,
                          struct json *list) {
    struct arena *arena = listing->arena;
    struct json *out = json_append_object(arena, list);
    json_set_text(arena, out, "pipelineExecutionId", run->execution);
    json_set_text(arena, out, id, run->uuid);
    json_set_integer(arena, out, "pipelineVersion", run->version);
    json_set_text(arena, out, "stageName", run->stage);
    json_set_text(arena, out, run->condition_id ? "ruleName" : "actionName", run->action);
    json_set_time(arena, out, "startTime", run->started_ms);
    json_set_time(arena, out, "lastUpdateTime", run->updated_ms);
    json_set_text(arena, out, "updatedBy", run->updated_by);
    json_set_text(arena, out, "status", action_status_name(run->status));
    return out;
}

/* Where their bytes lie is the key under which a job worker sees them, else the content's SHA-256. */
bool listing_show_artifacts(const struct listing *listing, const struct action_run_row *run, const char *names,
                            struct json *out, struct err *err) {
    json_each(name, listing_parse(listing->arena, names)) {
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

void listing_show_result(struct arena *arena, const struct action_run_row *run, struct json *out) {
    struct json *result = json_set_object(arena, out, "executionResult");
    json_set_text(arena, result, "externalExecutionId", run->external_id);
    json_set_text(arena, result, "externalExecutionSummary", run->summary);
    json_set_text(arena, result, "externalExecutionUrl", run->external_url);
    if (!run->error_code && !run->error_message)
        return;
    struct json *error = json_set_object(arena, result, "errorDetails");
    json_set_text(arena, error, "code", run->error_code);
    json_set_text(arena, error, "message", run->error_message);
}
