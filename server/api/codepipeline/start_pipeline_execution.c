/*
 * StartPipelineExecution.
 */
#include "server/api/codepipeline/codepipeline.h"

#include "server/engine/engine.h"

#include "common/str.h"

#include <string.h>

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

static bool is_hexadecimal(const char *text, size_t digits) {
    return strlen(text) == digits && strspn(text, "0123456789abcdef") == digits;
}

static bool is_commit(const char *text) {
    return is_hexadecimal(text, 40);
}

static bool is_digest(const char *text) {
    return str_starts_with(text, "sha256:") && is_hexadecimal(text + strlen("sha256:"), 64);
}

/* S3 promises no form, but that they are opaque text of 1,024 bytes at most. */
static bool is_version(const char *text) {
    return *text && strlen(text) <= 1024 && !strpbrk(text, " \t\r\n");
}

/* How a source names its revisions; those in git, which are not listed, by commits. */
struct naming {
    const char *provider;
    const char *type;
    bool (*fits)(const char *text);
    const char *words;
};

static const struct naming *naming_of(const struct pipeline_action *action) {
    static const struct naming commits = {NULL, "COMMIT_ID", is_commit,
                                          "commit id; write all its 40 hexadecimal digits"};
    static const struct naming others[] = {
        {"ECR", "IMAGE_DIGEST", is_digest, "image digest; write 'sha256:' and 64 hexadecimal digits"},
        {"S3", "S3_OBJECT_VERSION_ID", is_version, "version of an object in S3"},
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (str_equal(others[i].provider, action->type->provider))
            return &others[i];
    return &commits;
}

bool source_revision_check(const struct pipeline_action *action, const char *revision_id, struct err *err) {
    const struct naming *naming = naming_of(action);
    if (action->type->worker != ACTION_BY_RUNNER || naming->fits(revision_id)) /* a job worker knows its own */
        return true;
    return err_set(err, ERR_INVALID, "revision '%s' of action '%s' is no %s", revision_id, action->name, naming->words);
}

static const struct pipeline_action *find_source(const struct pipeline *pipeline, const char *name) {
    for (size_t i = 0; i < pipeline->stages[0].action_count; i++)
        if (str_equal(pipeline->stages[0].actions[i].name, name))
            return &pipeline->stages[0].actions[i];
    return NULL;
}

/* COMMIT_ID is what sources in git have, on any of their branches. AWS knows no type for custom ones. Another key of
 * the same bucket (S3_OBJECT_KEY) would be another source: not known here. */
static bool check_revision(const struct pipeline *pipeline, const char *name, const char *type, const char *value,
                           struct err *err) {
    const struct pipeline_action *action = find_source(pipeline, name);
    if (!action)
        return err_set(err, ERR_INVALID, "the pipeline has no source action '%s'", name);
    if (action->type->worker != ACTION_BY_RUNNER)
        return err_set(err, ERR_INVALID, "action '%s' is of the type %s/%s, whose revision cannot be chosen at a start",
                       name, action->type->owner, action->type->provider);
    if (!str_equal(type, naming_of(action)->type))
        return err_set(err, ERR_INVALID, "action '%s' fetches %s, not revisions of type %s; write %s", name,
                       str_equal(action->type->provider, "ECR")  ? "images"
                       : str_equal(action->type->provider, "S3") ? "versions of an object"
                                                                 : "commits",
                       type, naming_of(action)->type);
    return source_revision_check(action, value, err);
}

static bool read_revisions(const struct aws_call *call, const struct pipeline_row *row,
                           struct engine_start_request *request, struct err *err) {
    const struct json *list = json_get(call->input, "sourceRevisions");
    const struct pipeline *pipeline = NULL;
    if (!list || !list->count)
        return true;
    if (!pipeline_read(call, row->declaration, &pipeline, err))
        return false;
    struct engine_revision *revisions = arena_array(call->arena, struct engine_revision, list->count);
    json_each(item, list) {
        const char *name = json_get_text(item, "actionName"), *value = json_get_text(item, "revisionValue");
        for (size_t i = 0; i < request->revision_count; i++)
            if (str_equal(revisions[i].action, name))
                return err_set(err, ERR_INVALID, "sourceRevisions names action '%s' twice", name);
        if (!check_revision(pipeline, name, json_get_text(item, "revisionType"), value, err))
            return false;
        revisions[request->revision_count++] = (struct engine_revision){.action = name, .revision_id = value};
    }
    request->revisions = revisions;
    return true;
}

static bool read_variables(const struct aws_call *call, struct engine_start_request *request, struct err *err) {
    const struct json *list = json_get(call->input, "variables");
    struct wire_variable *variables = arena_array(call->arena, struct wire_variable, list ? list->count : 0);
    json_each(item, list) {
        const char *name = json_get_text(item, "name");
        for (size_t i = 0; i < request->variable_count; i++)
            if (str_equal(variables[i].name, name))
                return err_set(err, ERR_INVALID, "variables names '%s' twice", name);
        variables[request->variable_count++] =
            (struct wire_variable){.name = name, .value = json_get_text(item, "value")};
    }
    request->variables = variables;
    return true;
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
    if (!pipeline_find(tx, call, request.pipeline, &row, err) || !read_variables(call, &request, err) ||
        !read_revisions(call, &row, &request, err) || !engine_start(tx, call->arena, &request, &execution, err))
        return false;
    json_set_text(call->arena, out, "pipelineExecutionId", execution);
    return true;
}
