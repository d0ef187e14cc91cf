/*
 * The table.
 */
#include "server/definition/rule_types.h"

#include "common/str.h"

/* clang-format off */
#define REQUIRED(key) {.name = (key), .required = true}
#define OPTIONAL(key) {.name = (key)}

static const struct rule_type types[] = {
    {.provider = "VariableCheck", .judge = RULE_BY_VALUES, .may_skip = true,
     .keys = {REQUIRED("Variable"), REQUIRED("Value"), REQUIRED("Operator")}},
    {.provider = "DeploymentWindow", .judge = RULE_BY_CLOCK,
     .keys = {REQUIRED("Cron"), OPTIONAL("TimeZone")}},
    {.provider = "Commands", .judge = RULE_BY_RUNNER, .most_inputs = 10},
    {.provider = "CloudWatchAlarm", .judge = RULE_BY_RUNNER,
     .keys = {REQUIRED("AlarmName"), OPTIONAL("AlarmStates"), OPTIONAL("WaitTime")}},
    {.provider = "LambdaInvoke", .judge = RULE_BY_RUNNER, .may_skip = true, .most_inputs = 5,
     .keys = {REQUIRED("FunctionName"), OPTIONAL("UserParameters")}},
};
/* clang-format on */

const struct rule_type *rule_types_all(size_t *count) {
    *count = sizeof types / sizeof types[0];
    return types;
}

const struct rule_type *rule_types_find(const char *provider) {
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (str_equal(types[i].provider, provider))
            return &types[i];
    }
    return NULL;
}
