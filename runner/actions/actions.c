/*
 * Providers and who does them.
 */
#include "runner/actions/actions.h"

#include "common/str.h"

#include <assert.h>

static const struct action actions[] = {
    {.provider = "CodeCommit", .run = action_source},
    {.provider = "GitHub", .run = action_source},
    {.provider = "CodeStarSourceConnection", .run = action_source},
    {.provider = "CodeBuild", .run = action_codebuild},
    {.provider = "CodeBuildBatch", .run = action_codebuild_batch},
    {.provider = "Commands", .run = action_commands},
    {.provider = "ECRBuildAndPublish", .run = action_ecr_build},
    {.provider = "ECS", .run = action_ecs},
    {.provider = "CloudWatchAlarm", .run = action_cloudwatch_alarm},
    {.provider = "LambdaInvoke", .run = action_lambda_invoke},
};

#define ACTION_COUNT (sizeof actions / sizeof *actions)

const struct action *actions_find(const char *provider) {
    for (size_t i = 0; i < ACTION_COUNT; i++)
        if (str_equal(actions[i].provider, provider))
            return &actions[i];
    return NULL;
}

const char *const *actions_providers(size_t *count) {
    static const char *const names[] = {"CodeCommit",      "GitHub",      "CodeStarSourceConnection", "CodeBuild",
                                        "CodeBuildBatch",  "Commands",    "ECRBuildAndPublish",       "ECS",
                                        "CloudWatchAlarm", "LambdaInvoke"};
    static_assert(sizeof names / sizeof *names == ACTION_COUNT, "one name for each row above");
    *count = ACTION_COUNT;
    return names;
}
