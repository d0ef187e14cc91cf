/*
 * The conditions of a stage as tables.
 *
 * https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_StageDeclaration.html. AWS wants neither `result`
 * nor `rules` here; what their absence means stands in conditions.c.
 */
#include "server/definition/declaration_shape.h"

const char *const stage_condition_names[3] = {
    [CONDITION_BEFORE_ENTRY] = "beforeEntry",
    [CONDITION_ON_SUCCESS] = "onSuccess",
    [CONDITION_ON_FAILURE] = "onFailure",
};

static const char *const categories[] = {"Rule", NULL};
static const char *const owners[] = {"AWS", NULL};
static const char *const results[] = {"ROLLBACK", "FAIL", "RETRY", "SKIP", NULL};
static const char *const retry_modes[] = {"FAILED_ACTIONS", "ALL_ACTIONS", NULL};

static const struct shape result = {.type = SHAPE_TEXT, .choices = results};

static const struct shape rule_type_id = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "category",
             .required = true,
             .shape = &(const struct shape){.type = SHAPE_TEXT, .choices = categories}},
            {.name = "owner", .shape = &(const struct shape){.type = SHAPE_TEXT, .choices = owners}},
            {.name = "provider", .required = true, .shape = &declaration_provider_shape},
            {.name = "version", .shape = &declaration_version_shape},
            {0},
        },
};

/* Scalars are texts here as in an action's configuration; a value may be a secret. */
static const struct shape configuration = {
    .type = SHAPE_MAP,
    .most = 200,
    .keys = &(const struct shape){.type = SHAPE_TEXT, .least = 1, .most = 50},
    .members = &(const struct shape){.type = SHAPE_TEXT, .least = 1, .most = 10000, .loose = true, .secret = true},
};

static const struct shape rule = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "name", .required = true, .shape = &declaration_name_shape},
            {.name = "ruleTypeId", .request_only = true, .shape = &rule_type_id},
            {.name = "provider", .file_only = true, .shape = &declaration_provider_shape},
            {.name = "configuration", .shape = &configuration},
            {.name = "commands", .shape = &declaration_commands_shape},
            {.name = "inputArtifacts", .shape = &declaration_inputs_shape},
            {.name = "roleArn", .shape = &declaration_role_shape},
            {.name = "region", .shape = &declaration_region_shape},
            {.name = "timeoutInMinutes", .shape = &declaration_timeout_shape},
            {0},
        },
};

static const struct shape condition = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "result", .shape = &result},
            {.name = "rules",
             .shape = &(const struct shape){.type = SHAPE_LIST, .least = 1, .most = 5, .members = &rule}},
            {0},
        },
};

static const struct shape conditions = {.type = SHAPE_LIST, .least = 1, .most = 1, .members = &condition};

const struct shape stage_conditions_shape = {
    .type = SHAPE_OBJECT,
    .fields = (const struct shape_field[]){{.name = "conditions", .required = true, .shape = &conditions}, {0}},
};

const struct shape stage_failure_shape = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "result", .shape = &result},
            {.name = "retryConfiguration",
             .shape =
                 &(const struct shape){
                     .type = SHAPE_OBJECT,
                     .fields =
                         (const struct shape_field[]){
                             {.name = "retryMode",
                              .shape = &(const struct shape){.type = SHAPE_TEXT, .choices = retry_modes}},
                             {0},
                         },
                 }},
            {.name = "conditions", .shape = &conditions},
            {0},
        },
};
