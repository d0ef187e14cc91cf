/*
 * AWS's PipelineDeclaration as tables: names, lengths, patterns and choices of every member.
 *
 * https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_PipelineDeclaration.html. The limit of a
 * configuration value is what the service enforces (50,000), not what its page says (1,000): pipelines of the CDK have
 * longer ones.
 */
#include "server/definition/declaration_shape.h"

#define NAME_PATTERN(shown, class, said)                                                                               \
    { .aws = shown "+", .expression = "^" class "+$", .words = said }

static const struct shape_pattern name_pattern =
    NAME_PATTERN("[A-Za-z0-9.@\\-_]", "[A-Za-z0-9.@_-]", "letters, digits and . @ - _");
static const struct shape_pattern artifact_pattern =
    NAME_PATTERN("[a-zA-Z0-9_\\-]", "[a-zA-Z0-9_-]", "letters, digits, - and _");
static const struct shape_pattern namespace_pattern =
    NAME_PATTERN("[A-Za-z0-9@\\-_]", "[A-Za-z0-9@_-]", "letters, digits and @ - _");
static const struct shape_pattern provider_pattern =
    NAME_PATTERN("[0-9A-Za-z_-]", "[0-9A-Za-z_-]", "letters, digits, - and _");
static const struct shape_pattern variable_pattern =
    NAME_PATTERN("[A-Za-z0-9_]", "[A-Za-z0-9_]", "letters, digits and _");
static const struct shape_pattern bucket_pattern =
    NAME_PATTERN("[a-zA-Z0-9\\-\\.]", "[a-zA-Z0-9.-]", "a bucket's name: letters, digits, - and .");
static const struct shape_pattern role_pattern = {
    .aws = "arn:aws(-[\\w]+)*:iam::[0-9]{12}:role/.*",
    .expression = "^arn:aws(-[A-Za-z0-9_]+)*:iam::[0-9]{12}:role/.*$",
    .words = "a role's ARN, such as arn:aws:iam::123456789012:role/penstock",
};

static const struct shape any = {.type = SHAPE_ANY};
const struct shape declaration_name_shape = {.type = SHAPE_TEXT, .least = 1, .most = 100, .pattern = &name_pattern};
const struct shape declaration_role_shape = {.type = SHAPE_TEXT, .most = 1024, .pattern = &role_pattern};
const struct shape declaration_region_shape = {.type = SHAPE_TEXT, .least = 4, .most = 30};

static const struct shape encryption_key = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "id",
             .required = true,
             .shape = &(const struct shape){.type = SHAPE_TEXT, .least = 1, .most = 400}},
            {.name = "type",
             .required = true,
             .shape = &(const struct shape){.type = SHAPE_TEXT, .choices = (const char *const[]){"KMS", NULL}}},
            {0},
        },
};

static const struct shape artifact_store = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "type",
             .required = true,
             .shape = &(const struct shape){.type = SHAPE_TEXT, .choices = (const char *const[]){"S3", NULL}}},
            {.name = "location",
             .required = true,
             .shape = &(const struct shape){.type = SHAPE_TEXT, .least = 3, .most = 63, .pattern = &bucket_pattern}},
            {.name = "encryptionKey", .shape = &encryption_key},
            {0},
        },
};

static const struct shape artifact_stores = {
    .type = SHAPE_MAP, .keys = &declaration_region_shape, .members = &artifact_store};

static const char *const categories[] = {"Source", "Build", "Deploy", "Test", "Approval", "Invoke", "Compute", NULL};
static const char *const owners[] = {"AWS", "ThirdParty", "Custom", NULL};

static const struct shape category = {.type = SHAPE_TEXT, .choices = categories};
const struct shape declaration_provider_shape = {
    .type = SHAPE_TEXT, .least = 1, .most = 35, .pattern = &provider_pattern};
const struct shape declaration_version_shape = {
    .type = SHAPE_TEXT, .least = 1, .most = 9, .pattern = &provider_pattern};

static const struct shape action_type_id = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "category", .required = true, .shape = &category},
            {.name = "owner", .required = true, .shape = &(const struct shape){.type = SHAPE_TEXT, .choices = owners}},
            {.name = "provider", .required = true, .shape = &declaration_provider_shape},
            {.name = "version", .required = true, .shape = &declaration_version_shape},
            {0},
        },
};

static const struct shape artifact_name = {.type = SHAPE_TEXT, .least = 1, .most = 100, .pattern = &artifact_pattern};
static const struct shape short_text = {.type = SHAPE_TEXT, .least = 1, .most = 128};

static const struct shape input_artifact = {
    .type = SHAPE_OBJECT,
    .short_form = &artifact_name,
    .fields = (const struct shape_field[]){{.name = "name", .required = true, .shape = &artifact_name}, {0}},
};

const struct shape declaration_inputs_shape = {.type = SHAPE_LIST, .members = &input_artifact};

static const struct shape output_artifact = {
    .type = SHAPE_OBJECT,
    .short_form = &artifact_name,
    .fields =
        (const struct shape_field[]){
            {.name = "name", .required = true, .shape = &artifact_name},
            {.name = "files", .shape = &(const struct shape){.type = SHAPE_LIST, .most = 10, .members = &short_text}},
            {0},
        },
};

static const struct shape environment_variable = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "name",
             .required = true,
             .shape = &(const struct shape){.type = SHAPE_TEXT, .least = 1, .most = 128, .pattern = &variable_pattern}},
            {.name = "value",
             .required = true,
             .shape = &(const struct shape){.type = SHAPE_TEXT, .least = 1, .most = 2000, .secret = true}},
            {.name = "type",
             .shape = &(const struct shape){.type = SHAPE_TEXT,
                                            .choices = (const char *const[]){"PLAINTEXT", "PARAMETER_STORE",
                                                                             "SECRETS_MANAGER", NULL}}},
            {0},
        },
};

/* AWS's tools turn booleans and numbers into texts, so real files hold them. A value may be a secret. */
static const struct shape configuration = {
    .type = SHAPE_MAP,
    .keys = &(const struct shape){.type = SHAPE_TEXT, .least = 1, .most = 50},
    .members = &(const struct shape){.type = SHAPE_TEXT, .least = 1, .most = 50000, .loose = true, .secret = true},
};

static const struct shape command = {.type = SHAPE_TEXT, .least = 1, .most = 1000};
const struct shape declaration_commands_shape = {.type = SHAPE_LIST, .most = 50, .members = &command};

const struct shape declaration_timeout_shape = {.type = SHAPE_INTEGER, .least = 5, .most = 86400};

static const struct shape action = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "name", .required = true, .shape = &declaration_name_shape},
            {.name = "actionTypeId", .request_only = true, .shape = &action_type_id},
            {.name = "provider", .file_only = true, .shape = &declaration_provider_shape},
            {.name = "category", .file_only = true, .shape = &category},
            {.name = "runOrder", .shape = &(const struct shape){.type = SHAPE_INTEGER, .least = 1, .most = 999}},
            {.name = "configuration", .shape = &configuration},
            {.name = "commands", .shape = &declaration_commands_shape},
            {.name = "outputArtifacts",
             .shape = &(const struct shape){.type = SHAPE_LIST, .members = &output_artifact}},
            {.name = "inputArtifacts", .shape = &declaration_inputs_shape},
            {.name = "outputVariables",
             .shape = &(const struct shape){.type = SHAPE_LIST, .most = 15, .members = &short_text}},
            {.name = "environmentVariables",
             .shape = &(const struct shape){.type = SHAPE_LIST, .most = 10, .members = &environment_variable}},
            {.name = "roleArn", .shape = &declaration_role_shape},
            {.name = "region", .shape = &declaration_region_shape},
            {.name = "namespace",
             .shape =
                 &(const struct shape){.type = SHAPE_TEXT, .least = 1, .most = 100, .pattern = &namespace_pattern}},
            {.name = "timeoutInMinutes", .shape = &declaration_timeout_shape},
            {0},
        },
};

static const struct shape stage = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "name", .required = true, .shape = &declaration_name_shape},
            {.name = "actions",
             .required = true,
             .shape = &(const struct shape){.type = SHAPE_LIST, .least = 1, .most = 50, .members = &action}},
            {.name = "blockers", .shape = &any},
            {.name = "beforeEntry", .shape = &stage_conditions_shape},
            {.name = "onSuccess", .shape = &stage_conditions_shape},
            {.name = "onFailure", .shape = &stage_failure_shape},
            {0},
        },
};

static const struct shape variable = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "name",
             .required = true,
             .shape =
                 &(const struct shape){.type = SHAPE_TEXT, .least = 1, .most = 128, .pattern = &namespace_pattern}},
            {.name = "defaultValue", .shape = &(const struct shape){.type = SHAPE_TEXT, .least = 1, .most = 1000}},
            {.name = "description", .shape = &(const struct shape){.type = SHAPE_TEXT, .most = 200}},
            {0},
        },
};

const struct shape declaration_shape = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "name", .required = true, .shape = &declaration_name_shape},
            {.name = "roleArn", .request_only = true, .shape = &declaration_role_shape},
            {.name = "artifactStore", .shape = &artifact_store},
            {.name = "artifactStores", .shape = &artifact_stores},
            /* Fewer than two stages have a sentence of AWS's own. */
            {.name = "stages",
             .required = true,
             .shape = &(const struct shape){.type = SHAPE_LIST, .most = 50, .members = &stage}},
            /* Counted by the server; what comes in is ignored, as AWS does. */
            {.name = "version", .shape = &(const struct shape){.type = SHAPE_INTEGER, .least = 1}},
            {.name = "executionMode",
             .shape =
                 &(const struct shape){.type = SHAPE_TEXT,
                                       .choices = (const char *const[]){"SUPERSEDED", "QUEUED", "PARALLEL", NULL}}},
            {.name = "pipelineType",
             .shape = &(const struct shape){.type = SHAPE_TEXT, .choices = (const char *const[]){"V1", "V2", NULL}}},
            {.name = "variables", .shape = &(const struct shape){.type = SHAPE_LIST, .most = 50, .members = &variable}},
            {.name = "triggers", .shape = &triggers_shape},
            {.name = "projects", .file_only = true, .shape = &any},  /* definition.c looks at them */
            {.name = "schedules", .file_only = true, .shape = &any}, /* so at these */
            {0},
        },
};
