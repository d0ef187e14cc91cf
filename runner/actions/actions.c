/*
 * Providers and who does them.
 */
#include "runner/actions/actions.h"

#include "common/str.h"

static const struct action actions[] = {
    {.provider = "CodeCommit", .run = action_source},
    {.provider = "GitHub", .run = action_source},
    {.provider = "CodeStarSourceConnection", .run = action_source},
    {.provider = "CodeBuild", .run = action_codebuild},
#ifdef __aarch64__ /* builds whose environment is of a type ARM_…: only such a machine takes them */
    {.provider = "CodeBuildArm", .run = action_codebuild},
#endif
    {.provider = "CodeBuildBatch", .run = action_codebuild_batch},
    {.provider = "Commands", .run = action_commands},
    {.provider = "ECRBuildAndPublish", .run = action_ecr_build},
    {.provider = "ECS", .run = action_ecs},
    {.provider = "S3", .category = "Deploy", .run = action_s3_deploy},
    {.provider = "CloudFront", .run = action_cloudfront},
    {.provider = "RunTask", .run = action_run_task},
    {.provider = "ScheduledTask", .run = action_scheduled_task},
    {.provider = "Release", .run = action_release},
    {.provider = "CodeDeployToECS", .run = action_codedeploy_ecs},
    {.provider = "CodeDeploy", .run = action_codedeploy},
    {.provider = "CloudFormation", .run = action_cloudformation},
    {.provider = "ElasticBeanstalk", .run = action_elastic_beanstalk},
    {.provider = "S3", .category = "Source", .run = action_s3_source},
    {.provider = "ECR", .run = action_ecr_source},
    {.provider = "Lambda", .category = "Invoke", .run = action_lambda},
    {.provider = "StepFunctions", .run = action_step_functions},
    {.provider = "CloudWatchAlarm", .run = action_cloudwatch_alarm},
    {.provider = "LambdaInvoke", .run = action_lambda_invoke},
};

#define ACTION_COUNT (sizeof actions / sizeof *actions)

const struct action *actions_find(const char *provider, const char *category) {
    for (size_t i = 0; i < ACTION_COUNT; i++)
        if (str_equal(actions[i].provider, provider) &&
            (!actions[i].category || str_equal(actions[i].category, category)))
            return &actions[i];
    return NULL;
}

const char *const *actions_providers(struct arena *arena, size_t *count) {
    const char **names = arena_array(arena, const char *, ACTION_COUNT);
    for (size_t i = 0; i < ACTION_COUNT; i++)
        names[i] = actions[i].provider;
    *count = ACTION_COUNT;
    return names;
}
