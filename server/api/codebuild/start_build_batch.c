/*
 * StartBuildBatch: the builds that the `batch` of a buildspec asks for. Overrides are those of StartBuild, some under
 * other names; they hold for all builds, unless the buildspec says otherwise of one.
 */
#include "server/api/codebuild/build_batch.h"

#include "server/definition/project_shape.h"
#include "server/jobs/batch.h"

#include "common/str.h"

static const char *const source_types[] = {
    "CODECOMMIT", "CODEPIPELINE",      "GITHUB",    "GITLAB", "GITLAB_SELF_MANAGED", "S3",
    "BITBUCKET",  "GITHUB_ENTERPRISE", "NO_SOURCE", NULL};
static const char *const pull_types[] = {"CODEBUILD", "SERVICE_ROLE", NULL};
static const struct shape depth = {.type = SHAPE_INTEGER};

const struct shape start_build_batch_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "projectName", .required = true, .shape = &aws_filled_text},
            {.name = "sourceVersion", .shape = &aws_plain_text},
            {.name = "artifactsOverride", .shape = &project_artifacts_shape},
            {.name = "secondaryArtifactsOverride", .shape = &project_secondary_artifacts_shape},
            {.name = "environmentVariablesOverride", .shape = &project_environment_variables_shape},
            {.name = "sourceTypeOverride", .shape = &(const struct shape){.type = SHAPE_TEXT, .choices = source_types}},
            {.name = "sourceLocationOverride", .shape = &aws_plain_text},
            {.name = "sourceAuthOverride", .shape = &project_source_auth_shape},
            {.name = "secondarySourcesOverride", .shape = &project_secondary_sources_shape},
            {.name = "secondarySourcesVersionOverride", .shape = &project_secondary_versions_shape},
            {.name = "gitCloneDepthOverride", .shape = &depth},
            {.name = "gitSubmodulesConfigOverride", .shape = &project_submodules_shape},
            {.name = "buildspecOverride", .shape = &aws_plain_text},
            {.name = "insecureSslOverride", .shape = &aws_boolean},
            {.name = "reportBuildBatchStatusOverride", .shape = &aws_boolean},
            {.name = "environmentTypeOverride", .shape = &project_environment_type_shape},
            {.name = "imageOverride", .shape = &project_image_shape},
            {.name = "computeTypeOverride", .shape = &project_compute_type_shape},
            {.name = "cacheOverride", .shape = &project_cache_shape},
            {.name = "serviceRoleOverride", .shape = &aws_filled_text},
            {.name = "privilegedModeOverride", .shape = &aws_boolean},
            {.name = "buildTimeoutInMinutesOverride", .shape = &project_timeout_shape},
            {.name = "queuedTimeoutInMinutesOverride", .shape = &project_queued_timeout_shape},
            {.name = "encryptionKeyOverride", .shape = &aws_filled_text},
            {.name = "idempotencyToken", .shape = &aws_plain_text},
            {.name = "logsConfigOverride", .shape = &project_logs_shape},
            {.name = "registryCredentialOverride", .shape = &project_registry_credential_shape},
            {.name = "imagePullCredentialsTypeOverride",
             .shape = &(const struct shape){.type = SHAPE_TEXT, .choices = pull_types}},
            {.name = "buildBatchConfigOverride", .shape = &project_batch_config_shape},
            /* Known, and refused by build_check_request. */
            {.name = "certificateOverride", .shape = &aws_any},
            {.name = "debugSessionEnabled", .shape = &aws_any},
            {.name = "hostKernelOverride", .shape = &aws_any},
            {0},
        },
};

/* The overrides under StartBuild's names. */
static const struct json *rename_overrides(const struct aws_call *call) {
    static const char *const names[][2] = {{"buildTimeoutInMinutesOverride", "timeoutInMinutesOverride"},
                                           {"reportBuildBatchStatusOverride", "reportBuildStatusOverride"}};
    struct json *overrides = json_copy(call->arena, call->input);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct json *value = json_get(overrides, names[i][0]);
        if (!value)
            continue;
        json_set(call->arena, overrides, names[i][1], json_copy(call->arena, value));
        json_remove(overrides, names[i][0]);
    }
    return overrides;
}

bool start_build_batch(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    struct project_row project;
    struct batch_row batch;
    if (!project_find(tx, call, aws_text(call, "projectName"), &project, err))
        return false;
    const struct build_request request = {
        .project = project.name,
        .overrides = rename_overrides(call),
        .initiator = call->user ? call->user : "penstock",
        .idempotency_token = aws_text(call, "idempotencyToken"),
    };
    return build_check_request(call, &project, &request, err) &&
           batch_start(tx, call->arena, &request, json_get(call->input, "buildBatchConfigOverride"), &batch, err) &&
           build_batch_answer(tx, call, &batch, out, err);
}
