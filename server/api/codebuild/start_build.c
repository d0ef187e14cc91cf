/*
 * StartBuild: a build of a project with what this call changes about it. Each override is checked by its own shape, and
 * what the build has in the end by the rules of a project; what nothing here would follow is refused, not forgotten.
 */
#include "server/api/codebuild/codebuild.h"

#include "server/api/names.h"
#include "server/definition/project.h"
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
            {.name = "secondarySourcesOverride", .shape = &project_secondary_sources_shape},
            {.name = "secondarySourcesVersionOverride", .shape = &project_secondary_versions_shape},
            {.name = "secondaryArtifactsOverride", .shape = &project_secondary_artifacts_shape},
            {.name = "gitSubmodulesConfigOverride", .shape = &project_submodules_shape},
            {.name = "sourceAuthOverride", .shape = &project_source_auth_shape},
            {.name = "reportBuildStatusOverride", .shape = &aws_boolean},
            {.name = "buildStatusConfigOverride", .shape = &project_status_config_shape},
            {.name = "registryCredentialOverride", .shape = &project_registry_credential_shape},
            {.name = "autoRetryLimitOverride", .shape = &project_auto_retry_limit_shape},
            /* Known, and refused below. */
            {.name = "certificateOverride", .shape = &aws_any},
            {.name = "debugSessionEnabled", .shape = &aws_any},
            {.name = "fleetOverride", .shape = &aws_any},
            {.name = "hostKernelOverride", .shape = &aws_any},
            {0},
        },
};

static const struct {
    const char *name;
    const char *why;
} refusals[] = {
    {"certificateOverride", "is not supported: put the certificate into the build image"},
    {"debugSessionEnabled", "is not supported: nobody can enter a build's container from here; run the build on your "
                            "own machine with 'penstock-runner build'"},
    {"fleetOverride", "is not supported: any runner takes the build; leave it out"},
    {"hostKernelOverride", "is not supported: builds run on the kernel of the runner's machine; leave it out"},
};

static bool says_something(const struct json *value) {
    if (!value || (value->type == JSON_BOOL && !value->boolean))
        return false;
    if (value->type == JSON_ARRAY || value->type == JSON_OBJECT)
        return value->count > 0;
    return value->type != JSON_TEXT || *value->text;
}

static bool refuse_unsupported(const struct aws_call *call, struct err *err) {
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
        if (says_something(json_get(call->input, refusals[i].name)))
            return err_set_code(err, ERR_INVALID, "InvalidInputException", "%s %s", refusals[i].name, refusals[i].why);
    return true;
}

/* What could only fail later. */
static bool check_in_effect(const struct aws_call *call, const struct json *settings, struct err *err) {
    struct definition_errors errors = {.arena = call->arena};
    if (!project_check_build(&errors, settings))
        return definition_errors_fail(&errors, call->service->validation, err);
    if (str_equal(json_get_text(json_get(settings, "source"), "type"), "CODEPIPELINE"))
        return err_set_code(err, ERR_INVALID, "InvalidInputException",
                            "the project's source is CODEPIPELINE: start its pipeline, or give sourceTypeOverride and "
                            "artifactsOverride");
    return true;
}

bool build_check_request(const struct aws_call *call, const struct project_row *row,
                         const struct build_request *request, struct err *err) {
    const struct json *project;
    struct json *settings = NULL;
    if (!refuse_unsupported(call, err))
        return false;
    if (!json_parse(call->arena, row->document, strlen(row->document), &project, err)) {
        err->kind = ERR_INTERNAL;
        return false;
    }
    return build_plan(call->arena, project, request, &settings, err) && check_in_effect(call, settings, err);
}

bool start_build(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    struct project_row project;
    struct build_row build;
    struct json *shown;
    if (!project_find(tx, call, aws_text(call, "projectName"), &project, err))
        return false;
    const struct build_request request = {
        .project = project.name,
        .overrides = call->input,
        .initiator = call->user ? call->user : "penstock",
        .idempotency_token = aws_text(call, "idempotencyToken"),
    };
    if (!build_check_request(call, &project, &request, err) || !build_start(tx, call->arena, &request, &build, err) ||
        !build_show(call, &build, &shown, err))
        return false;
    json_set(call->arena, out, "build", shown);
    return true;
}
