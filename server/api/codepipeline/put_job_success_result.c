/*
 * PutJobSuccessResult: the job succeeded; with a continuation token its action goes on in a new job.
 */
#include "server/api/codepipeline/codepipeline.h"

#include "server/engine/engine.h"

static const struct shape_pattern key_pattern = {
    .aws = "[A-Za-z0-9@\\-_]+", .expression = "^[A-Za-z0-9@_-]+$", .words = "letters, digits, @, - and _"};
static const struct shape variable_key = {.type = SHAPE_TEXT, .pattern = &key_pattern};

static const struct shape current_revision = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "revision",
             .required = true,
             .shape = &(const struct shape){.type = SHAPE_TEXT, .least = 1, .most = 1500}},
            {.name = "changeIdentifier",
             .required = true,
             .shape = &(const struct shape){.type = SHAPE_TEXT, .least = 1, .most = 100}},
            {.name = "created", .shape = &(const struct shape){.type = SHAPE_TIME}},
            {.name = "revisionSummary", .shape = &(const struct shape){.type = SHAPE_TEXT, .least = 1, .most = 2048}},
            {0},
        },
};

static const struct shape execution_details = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "summary", .shape = &(const struct shape){.type = SHAPE_TEXT, .least = 1, .most = 2048}},
            {.name = "externalExecutionId",
             .shape = &(const struct shape){.type = SHAPE_TEXT, .least = 1, .most = 1500}},
            {.name = "percentComplete", .shape = &(const struct shape){.type = SHAPE_INTEGER, .most = 100}},
            {0},
        },
};

const struct shape put_job_success_result_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "jobId", .required = true, .shape = &aws_uuid},
            {.name = "currentRevision", .shape = &current_revision},
            {.name = "continuationToken", .shape = &(const struct shape){.type = SHAPE_TEXT, .least = 1, .most = 2048}},
            {.name = "executionDetails", .shape = &execution_details},
            {.name = "outputVariables",
             .shape = &(const struct shape){.type = SHAPE_MAP, .keys = &variable_key, .members = &aws_plain_text}},
            {0},
        },
};

static const struct wire_variable *read_variables(const struct aws_call *call, size_t *count) {
    const struct json *given = json_get(call->input, "outputVariables");
    struct wire_variable *variables = arena_array(call->arena, struct wire_variable, given ? given->count : 0);
    *count = 0;
    json_each(item, given) {
        variables[(*count)++] = (struct wire_variable){.name = item->name, .value = item->text};
    }
    return variables;
}

static int64_t created_ms(const struct json *revision) {
    const struct json *created = json_get(revision, "created");
    return created ? (int64_t)(created->number * 1000) : 0;
}

bool put_job_success_result(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    (void)out;
    const struct json *details = json_get(call->input, "executionDetails");
    const struct json *revision = json_get(call->input, "currentRevision");
    struct engine_worker_result result = {
        .job_id = aws_text(call, "jobId"),
        .continuation_token = aws_text(call, "continuationToken"),
        .summary = json_get_text(details, "summary"),
        .external_id = json_get_text(details, "externalExecutionId"),
        .percent = (int)json_get_integer(details, "percentComplete", -1),
        .revision_id = json_get_text(revision, "revision"),
        .revision_summary = json_get_text(revision, "revisionSummary"),
        .revision_created_ms = created_ms(revision),
    };
    result.variables = read_variables(call, &result.variable_count);
    if (result.continuation_token && result.variable_count > 0)
        return err_set_code(err, ERR_INVALID, "ValidationException",
                            "outputVariables cannot come with a continuationToken; send them with the last result");
    return engine_finish_worker_job(tx, call->arena, &result, err);
}
