/*
 * Triggers as tables, and schedules, which only files have.
 *
 * https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_PipelineTriggerDeclaration.html
 */
#include "server/definition/declaration_shape.h"

static const struct shape patterns = {
    .type = SHAPE_LIST,
    .least = 1,
    .most = 8,
    .members = &(const struct shape){.type = SHAPE_TEXT, .least = 1, .most = 255},
};

/* Of tags, branches and file paths alike. */
static const struct shape criteria = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "includes", .shape = &patterns},
            {.name = "excludes", .shape = &patterns},
            {0},
        },
};

static const struct shape push = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "tags", .shape = &criteria},
            {.name = "branches", .shape = &criteria},
            {.name = "filePaths", .shape = &criteria},
            {0},
        },
};

static const char *const event_names[] = {"OPEN", "UPDATED", "CLOSED", NULL};
static const struct shape event = {.type = SHAPE_TEXT, .choices = event_names};

static const struct shape pull_request = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "events",
             .shape = &(const struct shape){.type = SHAPE_LIST, .least = 1, .most = 3, .members = &event}},
            {.name = "branches", .shape = &criteria},
            {.name = "filePaths", .shape = &criteria},
            {0},
        },
};

static const struct shape git_configuration = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "sourceActionName", .required = true, .shape = &declaration_name_shape},
            {.name = "push",
             .shape = &(const struct shape){.type = SHAPE_LIST, .least = 1, .most = 3, .members = &push}},
            {.name = "pullRequest",
             .shape = &(const struct shape){.type = SHAPE_LIST, .least = 1, .most = 3, .members = &pull_request}},
            {0},
        },
};

static const char *const provider_types[] = {"CodeStarSourceConnection", NULL};

static const struct shape trigger = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "providerType",
             .request_only = true,
             .shape = &(const struct shape){.type = SHAPE_TEXT, .choices = provider_types}},
            {.name = "gitConfiguration", .required = true, .shape = &git_configuration},
            {0},
        },
};

const struct shape triggers_shape = {.type = SHAPE_LIST, .most = 50, .members = &trigger};

static const struct shape schedule = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "name", .shape = &declaration_name_shape},
            {.name = "expression",
             .required = true,
             .shape = &(const struct shape){.type = SHAPE_TEXT, .least = 1, .most = 256}},
            {.name = "timezone", .shape = &(const struct shape){.type = SHAPE_TEXT, .least = 1, .most = 50}},
            {0},
        },
};

const struct shape schedules_shape = {.type = SHAPE_LIST, .most = 50, .members = &schedule};
