/*
 * StartBuild: a build of a project with what this call changes about it. The overrides are checked here, one by one;
 * those that nothing here would follow are refused rather than forgotten.
 */
#include "server/api/codebuild/codebuild.h"

#include "server/api/names.h"
#include "server/definition/project_shape.h"
#include "server/jobs/build_start.h"

#include "common/str.h"

#include <string.h>

static const char *const source_types[] = {
    "CODECOMMIT", "CODEPIPELINE",      "GITHUB",    "GITLAB", "GITLAB_SELF_MANAGED", "S3",
    "BITBUCKET",  "GITHUB_ENTERPRISE", "NO_SOURCE", NULL};
static const char *const pull_types[] = {"CODEBUILD", "SERVICE_ROLE", NULL};
static const struct shape depth = {.type = SHAPE_INTEGER};

const struct shape start_build_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "projectName", .required = true, .shape = &aws_filled_text},
            {.name = "sourceVersion", .shape = &aws_plain_text},
            {.name = "artifactsOverride", .shape = &project_artifacts_shape},
            {.name = "environmentVariablesOverride", .shape = &project_environment_variables_shape},
            {.name = "sourceTypeOverride", .shape = &(const struct shape){.type = SHAPE_TEXT, .choices = source_types}},
            {.name = "sourceLocationOverride", .shape = &aws_plain_text},
            {.name = "gitCloneDepthOverride", .shape = &depth},
            {.name = "buildspecOverride", .shape = &aws_plain_text},
            {.name = "insecureSslOverride", .shape = &aws_boolean},
            {.name = "environmentTypeOverride", .shape = &project_environment_type_shape},
            {.name = "imageOverride", .shape = &project_image_shape},
            {.name = "computeTypeOverride", .shape = &project_compute_type_shape},
            {.name = "cacheOverride", .shape = &project_cache_shape},
            {.name = "serviceRoleOverride", .shape = &aws_filled_text},
            {.name = "privilegedModeOverride", .shape = &aws_boolean},
            {.name = "timeoutInMinutesOverride", .shape = &project_timeout_shape},
            {.name = "queuedTimeoutInMinutesOverride", .shape = &project_queued_timeout_shape},
            {.name = "encryptionKeyOverride", .shape = &aws_filled_text},
            {.name = "idempotencyToken", .shape = &aws_plain_text},
            {.name = "logsConfigOverride", .shape = &project_logs_shape},
            {.name = "imagePullCredentialsTypeOverride",
             .shape = &(const struct shape){.type = SHAPE_TEXT, .choices = pull_types}},
            /* Known, and refused below. */
            {.name = "secondarySourcesOverride", .shape = &aws_any},
            {.name = "secondarySourcesVersionOverride", .shape = &aws_any},
            {.name = "secondaryArtifactsOverride", .shape = &aws_any},
            {.name = "gitSubmodulesConfigOverride", .shape = &aws_any},
            {.name = "sourceAuthOverride", .shape = &aws_any},
            {.name = "reportBuildStatusOverride", .shape = &aws_any},
            {.name = "buildStatusConfigOverride", .shape = &aws_any},
            {.name = "certificateOverride", .shape = &aws_any},
            {.name = "registryCredentialOverride", .shape = &aws_any},
            {.name = "debugSessionEnabled", .shape = &aws_any},
            {.name = "fleetOverride", .shape = &aws_any},
            {.name = "autoRetryLimitOverride", .shape = &aws_any},
            {.name = "hostKernelOverride", .shape = &aws_any},
            {0},
        },
};

static bool says_something(const struct json *value) {
    if (value->type == JSON_ARRAY || value->type == JSON_OBJECT)
        return value->count > 0;
    return value->type != JSON_BOOL || value->boolean;
}

static bool refuse_unsupported(const struct aws_call *call, struct err *err) {
    json_each(member, call->input) {
        for (const struct shape_field *field = start_build_input.fields; field->name; field++)
            if (field->shape == &aws_any && json_get(call->input, field->name) == member && says_something(member))
                return err_set_code(err, ERR_INVALID, "InvalidInputException", "%s is not supported yet; leave it out",
                                    field->name);
    }
    return true;
}

/* What the build has in the end: the override where there is one, else the project's. */
static const char *in_effect(const struct aws_call *call, const char *override, const struct json *project,
                             const char *object, const char *member) {
    const char *given = aws_text(call, override);
    return given ? given : json_get_text(json_get(project, object), member);
}

static bool refuse(struct err *err, const char *message) {
    return err_set_code(err, ERR_INVALID, "InvalidInputException", "%s", message);
}

/* What could only fail later, or would be left out without a word. */
static bool check_in_effect(const struct aws_call *call, const struct json *project, struct err *err) {
    const char *source = in_effect(call, "sourceTypeOverride", project, "source", "type");
    const char *location = in_effect(call, "sourceLocationOverride", project, "source", "location");
    const char *buildspec = in_effect(call, "buildspecOverride", project, "source", "buildspec");
    const struct json *given = json_get(call->input, "artifactsOverride");
    const char *artifacts = json_get_text(given ? given : json_get(project, "artifacts"), "type");
    if (str_equal(source, "CODEPIPELINE"))
        return refuse(err, "the project's source is CODEPIPELINE: start its pipeline, or give sourceTypeOverride and "
                           "artifactsOverride");
    if (str_equal(source, "S3"))
        return refuse(err, "sources of type S3 are not supported yet; use a git repository");
    if (str_equal(source, "NO_SOURCE") && (!buildspec || !*buildspec))
        return refuse(err, "a build without source needs its buildspec: give buildspecOverride");
    if (!str_equal(source, "NO_SOURCE") && (!location || !*location))
        return refuse(err, "the source has no location: give sourceLocationOverride");
    if (str_equal(artifacts, "S3"))
        return refuse(err, "artifacts of type S3 are not supported yet; give artifactsOverride with type NO_ARTIFACTS");
    if (json_get(project, "secondarySources"))
        return refuse(err,
                      "secondary sources are not supported yet outside of pipelines; remove them from the project");
    return true;
}

static bool check_project(const struct aws_call *call, const struct project_row *row, struct err *err) {
    const struct json *project;
    if (json_parse(call->arena, row->document, strlen(row->document), &project, err))
        return check_in_effect(call, project, err);
    err->kind = ERR_INTERNAL;
    return false;
}

bool start_build(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    struct project_row project;
    struct build_row build;
    struct json *shown;
    if (!refuse_unsupported(call, err) || !project_find(tx, call, aws_text(call, "projectName"), &project, err) ||
        !check_project(call, &project, err))
        return false;
    const struct build_request request = {
        .project = project.name,
        .overrides = call->input,
        .initiator = call->user ? call->user : "penstock",
        .idempotency_token = aws_text(call, "idempotencyToken"),
    };
    if (!build_start(tx, call->arena, &request, &build, err) || !build_show(call, &build, &shown, err))
        return false;
    json_set(call->arena, out, "build", shown);
    return true;
}
