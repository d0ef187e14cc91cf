/*
 * StartPipelineExecution.
 */
#include "server/api/codepipeline/codepipeline.h"

#include "server/engine/engine.h"

#include "common/str.h"

static const struct shape_pattern token_pattern = {
    .aws = "^[a-zA-Z0-9-]+$", .expression = "^[a-zA-Z0-9-]+$", .words = "letters, digits and -"};
static const struct shape_pattern variable_pattern = {
    .aws = "[A-Za-z0-9@\\-_]+", .expression = "^[A-Za-z0-9@_-]+$", .words = "letters, digits and @ - _"};
static const char *const revision_types[] = {"COMMIT_ID", "IMAGE_DIGEST", "S3_OBJECT_VERSION_ID", "S3_OBJECT_KEY",
                                             NULL};

static const struct shape variable = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "name",
             .required = true,
             .shape = &(const struct shape){.type = SHAPE_TEXT, .least = 1, .most = 128, .pattern = &variable_pattern}},
            {.name = "value",
             .required = true,
             .shape = &(const struct shape){.type = SHAPE_TEXT, .least = 1, .most = 1000}},
            {0},
        },
};

static const struct shape source_revision = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "actionName", .required = true, .shape = &action_name_shape},
            {.name = "revisionType",
             .required = true,
             .shape = &(const struct shape){.type = SHAPE_TEXT, .choices = revision_types}},
            {.name = "revisionValue",
             .required = true,
             .shape = &(const struct shape){.type = SHAPE_TEXT, .least = 1, .most = 1500}},
            {0},
        },
};

const struct shape start_pipeline_execution_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "name", .required = true, .shape = &pipeline_name_shape},
            {.name = "variables",
             .shape = &(const struct shape){.type = SHAPE_LIST, .least = 1, .most = 50, .members = &variable}},
            {.name = "clientRequestToken",
             .shape = &(const struct shape){.type = SHAPE_TEXT, .least = 1, .most = 128, .pattern = &token_pattern}},
            {.name = "sourceRevisions",
             .shape = &(const struct shape){.type = SHAPE_LIST, .most = 50, .members = &source_revision}},
            {0},
        },
};

static bool is_commit(const char *text) {
    size_t length = 0;
    for (; text[length]; length++)
        if (!((text[length] >= '0' && text[length] <= '9') || (text[length] >= 'a' && text[length] <= 'f')))
            return false;
    return length == 40;
}

static bool read_revisions(const struct aws_call *call, struct engine_start_request *request, struct err *err) {
    const struct json *list = json_get(call->input, "sourceRevisions");
    struct engine_revision *revisions = arena_array(call->arena, struct engine_revision, list ? list->count : 0);
    json_each(item, list) {
        const char *type = json_get_text(item, "revisionType"), *value = json_get_text(item, "revisionValue");
        if (!str_equal(type, "COMMIT_ID"))
            return err_set_code(err, ERR_INVALID, "ValidationException",
                                "source revisions of type %s are not supported; sources here are git, write COMMIT_ID",
                                type);
        if (!is_commit(value))
            return err_set_code(err, ERR_INVALID, "ValidationException",
                                "revisionValue '%s' is no commit id; write all its 40 hexadecimal digits", value);
        revisions[request->revision_count++] =
            (struct engine_revision){.action = json_get_text(item, "actionName"), .revision_id = value};
    }
    request->revisions = revisions;
    return true;
}

static void read_variables(const struct aws_call *call, struct engine_start_request *request) {
    const struct json *list = json_get(call->input, "variables");
    struct wire_variable *variables = arena_array(call->arena, struct wire_variable, list ? list->count : 0);
    json_each(item, list) {
        variables[request->variable_count++] =
            (struct wire_variable){.name = json_get_text(item, "name"), .value = json_get_text(item, "value")};
    }
    request->variables = variables;
}

bool start_pipeline_execution(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    struct engine_start_request request = {
        .pipeline = aws_text(call, "name"),
        .trigger_type = "StartPipelineExecution",
        .trigger_detail = call->by,
        .by = call->by,
        .client_request_token = aws_text(call, "clientRequestToken"),
    };
    struct pipeline_row row;
    const char *execution;
    read_variables(call, &request);
    if (!pipeline_find(tx, call, request.pipeline, &row, err) || !read_revisions(call, &request, err) ||
        !engine_start(tx, call->arena, &request, &execution, err))
        return false;
    json_set_text(call->arena, out, "pipelineExecutionId", execution);
    return true;
}
