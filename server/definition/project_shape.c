/*
 * CreateProject's input as tables.
 *
 * https://docs.aws.amazon.com/codebuild/latest/APIReference/API_CreateProject.html
 */
#include "server/definition/project_shape.h"

#define CHOICES(...)                                                                                                   \
    (const char *const[]) {                                                                                            \
        __VA_ARGS__, NULL                                                                                              \
    }

static const struct shape any = {.type = SHAPE_ANY};
static const struct shape text = {.type = SHAPE_TEXT};
static const struct shape flag = {.type = SHAPE_BOOL};
static const struct shape filled_text = {.type = SHAPE_TEXT, .least = 1};

static const struct shape_pattern name_pattern = {
    .aws = "[A-Za-z0-9][A-Za-z0-9\\-_]{1,149}",
    .expression = "^[A-Za-z0-9][A-Za-z0-9_-]+$",
    .words = "a letter or digit, then letters, digits, - and _",
};
static const struct shape_pattern identifier_pattern = {
    .aws = "[A-Za-z0-9_]+", .expression = "^[A-Za-z0-9_]+$", .words = "letters, digits and _"};

const struct shape project_name_shape = {.type = SHAPE_TEXT, .least = 2, .most = 150, .pattern = &name_pattern};

static const struct shape identifier = {.type = SHAPE_TEXT, .least = 1, .most = 127, .pattern = &identifier_pattern};

const struct shape project_source_auth_shape = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "type",
             .required = true,
             .shape = &(const struct shape){.type = SHAPE_TEXT,
                                            .choices = CHOICES("OAUTH", "CODECONNECTIONS", "SECRETS_MANAGER")}},
            {.name = "resource", .shape = &text},
            {0},
        },
};

const struct shape project_submodules_shape = {
    .type = SHAPE_OBJECT,
    .fields = (const struct shape_field[]){{.name = "fetchSubmodules", .required = true, .shape = &flag}, {0}},
};

const struct shape project_status_config_shape = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){{.name = "context", .shape = &text}, {.name = "targetUrl", .shape = &text}, {0}},
};

const struct shape project_source_shape = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "type",
             .request_only = true,
             .shape = &(const struct shape){.type = SHAPE_TEXT,
                                            .choices = CHOICES("CODECOMMIT", "CODEPIPELINE", "GITHUB", "GITLAB",
                                                               "GITLAB_SELF_MANAGED", "S3", "BITBUCKET",
                                                               "GITHUB_ENTERPRISE", "NO_SOURCE")}},
            {.name = "location", .shape = &text},
            {.name = "gitCloneDepth", .shape = &(const struct shape){.type = SHAPE_INTEGER}},
            {.name = "gitSubmodulesConfig", .shape = &project_submodules_shape},
            {.name = "buildspec", .shape = &text},
            {.name = "auth", .shape = &project_source_auth_shape},
            {.name = "reportBuildStatus", .shape = &flag},
            {.name = "buildStatusConfig", .shape = &project_status_config_shape},
            {.name = "insecureSsl", .shape = &flag},
            {.name = "sourceIdentifier", .shape = &identifier},
            {0},
        },
};

const struct shape project_artifacts_shape = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "type",
             .request_only = true,
             .shape =
                 &(const struct shape){.type = SHAPE_TEXT, .choices = CHOICES("CODEPIPELINE", "S3", "NO_ARTIFACTS")}},
            {.name = "location", .shape = &text},
            {.name = "path", .shape = &text},
            {.name = "namespaceType",
             .shape = &(const struct shape){.type = SHAPE_TEXT, .choices = CHOICES("NONE", "BUILD_ID")}},
            {.name = "name", .shape = &text},
            {.name = "packaging",
             .shape = &(const struct shape){.type = SHAPE_TEXT, .choices = CHOICES("NONE", "ZIP")}},
            {.name = "overrideArtifactName", .shape = &flag},
            {.name = "encryptionDisabled", .shape = &flag},
            {.name = "artifactIdentifier", .shape = &identifier},
            {.name = "bucketOwnerAccess",
             .shape = &(const struct shape){.type = SHAPE_TEXT, .choices = CHOICES("NONE", "READ_ONLY", "FULL")}},
            {0},
        },
};

const struct shape project_cache_shape = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "type",
             .required = true,
             .shape = &(const struct shape){.type = SHAPE_TEXT, .choices = CHOICES("NO_CACHE", "S3", "LOCAL")}},
            {.name = "location", .shape = &text},
            {.name = "modes",
             .shape =
                 &(const struct shape){
                     .type = SHAPE_LIST,
                     .members = &(const struct shape){.type = SHAPE_TEXT,
                                                      .choices = CHOICES("LOCAL_DOCKER_LAYER_CACHE",
                                                                         "LOCAL_SOURCE_CACHE", "LOCAL_CUSTOM_CACHE")}}},
            {.name = "cacheNamespace", .shape = &text},
            {0},
        },
};

static const struct shape variable_value = {.type = SHAPE_TEXT, .secret = true};

const struct shape project_environment_variables_shape = {
    .type = SHAPE_LIST,
    .short_form = &(const struct shape){.type = SHAPE_MAP, .keys = &filled_text, .members = &variable_value},
    .members =
        &(const struct shape){.type = SHAPE_OBJECT,
                              .fields =
                                  (const struct shape_field[]){
                                      {.name = "name", .required = true, .shape = &filled_text},
                                      {.name = "value", .required = true, .shape = &variable_value},
                                      {.name = "type",
                                       .shape = &(const struct shape){.type = SHAPE_TEXT,
                                                                      .choices = CHOICES("PLAINTEXT", "PARAMETER_STORE",
                                                                                         "SECRETS_MANAGER")}},
                                      {0},
                                  }},
};

const struct shape project_registry_credential_shape = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "credential", .required = true, .shape = &filled_text},
            {.name = "credentialProvider",
             .required = true,
             .shape = &(const struct shape){.type = SHAPE_TEXT, .choices = CHOICES("SECRETS_MANAGER")}},
            {0},
        },
};

const struct shape project_environment_type_shape = {
    .type = SHAPE_TEXT,
    .choices = CHOICES("WINDOWS_CONTAINER", "LINUX_CONTAINER", "LINUX_GPU_CONTAINER", "ARM_CONTAINER",
                       "WINDOWS_SERVER_2019_CONTAINER", "WINDOWS_SERVER_2022_CONTAINER", "LINUX_LAMBDA_CONTAINER",
                       "ARM_LAMBDA_CONTAINER", "LINUX_EC2", "ARM_EC2", "WINDOWS_EC2", "MAC_ARM"),
};
const struct shape project_compute_type_shape = {
    .type = SHAPE_TEXT,
    .choices = CHOICES("BUILD_GENERAL1_SMALL", "BUILD_GENERAL1_MEDIUM", "BUILD_GENERAL1_LARGE", "BUILD_GENERAL1_XLARGE",
                       "BUILD_GENERAL1_2XLARGE", "BUILD_LAMBDA_1GB", "BUILD_LAMBDA_2GB", "BUILD_LAMBDA_4GB",
                       "BUILD_LAMBDA_8GB", "BUILD_LAMBDA_10GB", "ATTRIBUTE_BASED_COMPUTE", "CUSTOM_INSTANCE_TYPE"),
};
const struct shape project_image_shape = {.type = SHAPE_TEXT, .least = 1};

const struct shape project_compute_configuration_shape = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "vCpu", .shape = &(const struct shape){.type = SHAPE_INTEGER, .least = 1}},
            {.name = "memory", .shape = &(const struct shape){.type = SHAPE_INTEGER, .least = 1}},
            {.name = "disk", .shape = &(const struct shape){.type = SHAPE_INTEGER, .least = 1}},
            {.name = "machineType",
             .shape = &(const struct shape){.type = SHAPE_TEXT, .choices = CHOICES("GENERAL", "NVME")}},
            {.name = "instanceType", .shape = &text},
            {0},
        },
};

static const struct shape environment = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "type", .request_only = true, .shape = &project_environment_type_shape},
            {.name = "image", .required = true, .shape = &project_image_shape},
            {.name = "computeType", .request_only = true, .shape = &project_compute_type_shape},
            {.name = "computeConfiguration", .shape = &project_compute_configuration_shape},
            {.name = "fleet", .shape = &any},
            {.name = "dockerServer", .shape = &any},
            {.name = "hostKernel", .shape = &any},
            {.name = "environmentVariables", .shape = &project_environment_variables_shape},
            {.name = "privilegedMode", .shape = &flag},
            {.name = "certificate", .shape = &text},
            {.name = "registryCredential", .shape = &project_registry_credential_shape},
            {.name = "imagePullCredentialsType",
             .shape = &(const struct shape){.type = SHAPE_TEXT, .choices = CHOICES("CODEBUILD", "SERVICE_ROLE")}},
            {0},
        },
};

static const struct shape tag = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "key", .shape = &(const struct shape){.type = SHAPE_TEXT, .least = 1, .most = 127}},
            {.name = "value", .shape = &(const struct shape){.type = SHAPE_TEXT, .most = 255}},
            {0},
        },
};

static const struct shape log_status = {.type = SHAPE_TEXT, .choices = CHOICES("ENABLED", "DISABLED")};

const struct shape project_logs_shape = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "cloudWatchLogs",
             .shape =
                 &(const struct shape){
                     .type = SHAPE_OBJECT,
                     .fields = (const struct shape_field[]){{.name = "status", .required = true, .shape = &log_status},
                                                            {.name = "groupName", .shape = &text},
                                                            {.name = "streamName", .shape = &text},
                                                            {0}}}},
            {.name = "s3Logs",
             .shape =
                 &(const struct shape){
                     .type = SHAPE_OBJECT,
                     .fields = (const struct shape_field[]){{.name = "status", .required = true, .shape = &log_status},
                                                            {.name = "location", .shape = &text},
                                                            {.name = "encryptionDisabled", .shape = &flag},
                                                            {.name = "bucketOwnerAccess", .shape = &text},
                                                            {0}}}},
            {0},
        },
};

static const struct shape source_version = {
    .type = SHAPE_OBJECT,
    .fields = (const struct shape_field[]){{.name = "sourceIdentifier", .required = true, .shape = &identifier},
                                           {.name = "sourceVersion", .required = true, .shape = &text},
                                           {0}},
};

const struct shape project_secondary_sources_shape = {.type = SHAPE_LIST, .most = 12, .members = &project_source_shape};
const struct shape project_secondary_versions_shape = {.type = SHAPE_LIST, .most = 12, .members = &source_version};
const struct shape project_secondary_artifacts_shape = {
    .type = SHAPE_LIST, .most = 12, .members = &project_artifacts_shape};

static const struct shape vpc_config = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "vpcId", .shape = &text},
            {.name = "subnets",
             .shape = &(const struct shape){.type = SHAPE_LIST, .most = 16, .members = &filled_text}},
            {.name = "securityGroupIds",
             .shape = &(const struct shape){.type = SHAPE_LIST, .most = 5, .members = &filled_text}},
            {0},
        },
};

static const struct shape texts = {.type = SHAPE_LIST, .members = &filled_text};

const struct shape project_batch_config_shape = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "serviceRole", .shape = &filled_text},
            {.name = "combineArtifacts", .shape = &flag},
            {.name = "restrictions",
             .shape =
                 &(const struct shape){
                     .type = SHAPE_OBJECT,
                     .fields =
                         (const struct shape_field[]){
                             {.name = "maximumBuildsAllowed",
                              .shape = &(const struct shape){.type = SHAPE_INTEGER, .least = 1, .most = 100}},
                             {.name = "computeTypesAllowed", .shape = &texts},
                             {.name = "fleetsAllowed", .shape = &texts},
                             {0}}}},
            {.name = "timeoutInMins", .shape = &(const struct shape){.type = SHAPE_INTEGER, .least = 5, .most = 2160}},
            {.name = "batchReportMode",
             .shape = &(const struct shape){.type = SHAPE_TEXT,
                                            .choices = CHOICES("REPORT_INDIVIDUAL_BUILDS", "REPORT_AGGREGATED_BATCH")}},
            {0},
        },
};

const struct shape project_auto_retry_limit_shape = {.type = SHAPE_INTEGER, .most = 100};
const struct shape project_timeout_shape = {.type = SHAPE_INTEGER, .least = 5, .most = 2160};
const struct shape project_queued_timeout_shape = {.type = SHAPE_INTEGER, .least = 5, .most = 480};

const struct shape project_shape = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "name", .request_only = true, .shape = &project_name_shape},
            {.name = "description", .shape = &(const struct shape){.type = SHAPE_TEXT, .most = 255}},
            {.name = "source", .request_only = true, .shape = &project_source_shape},
            {.name = "secondarySources", .shape = &project_secondary_sources_shape},
            {.name = "sourceVersion", .shape = &text},
            {.name = "secondarySourceVersions", .shape = &project_secondary_versions_shape},
            {.name = "artifacts", .request_only = true, .shape = &project_artifacts_shape},
            {.name = "secondaryArtifacts", .shape = &project_secondary_artifacts_shape},
            {.name = "cache", .shape = &project_cache_shape},
            {.name = "environment", .required = true, .shape = &environment},
            {.name = "serviceRole", .request_only = true, .shape = &filled_text},
            {.name = "timeoutInMinutes", .shape = &project_timeout_shape},
            {.name = "queuedTimeoutInMinutes", .shape = &project_queued_timeout_shape},
            {.name = "encryptionKey", .shape = &filled_text},
            {.name = "tags", .shape = &(const struct shape){.type = SHAPE_LIST, .most = 50, .members = &tag}},
            {.name = "vpcConfig", .shape = &vpc_config},
            {.name = "badgeEnabled", .shape = &flag},
            {.name = "logsConfig", .shape = &project_logs_shape},
            {.name = "fileSystemLocations", .shape = &any},
            {.name = "buildBatchConfig", .shape = &project_batch_config_shape},
            {.name = "concurrentBuildLimit", .shape = &(const struct shape){.type = SHAPE_INTEGER, .least = 1}},
            {.name = "autoRetryLimit", .shape = &project_auto_retry_limit_shape},
            {0},
        },
};
