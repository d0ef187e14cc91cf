/*
 * THE table of what a runner can do: one row and one file for each action provider. docs: common/action_types.h says
 * what each takes.
 */
#ifndef RUNNER_ACTIONS_ACTIONS_H
#define RUNNER_ACTIONS_ACTIONS_H

#include "runner/job.h"

struct action {
    const char *provider; /* of an action or of a rule; Commands is both */
    const char *category; /* NULL: any; "Deploy" where the provider is something else in another category */
    /* Does the job and says in *result how it ended. Returning false is a failure whose sentence is in *err (or, where
     * the job was cancelled, a stop with nothing to undo); result->external_id and result->build are kept. */
    bool (*run)(struct job *job, struct wire_result *result, struct err *err);
};

const struct action *actions_find(const char *provider, const char *category); /* NULL where there is none */

/* The names for a lease. */
const char *const *actions_providers(struct arena *arena, size_t *count);

bool action_source(struct job *job, struct wire_result *result, struct err *err);
bool action_codebuild(struct job *job, struct wire_result *result, struct err *err);
bool action_codebuild_batch(struct job *job, struct wire_result *result, struct err *err);
bool action_ecr_build(struct job *job, struct wire_result *result, struct err *err);
bool action_commands(struct job *job, struct wire_result *result, struct err *err);
bool action_s3_source(struct job *job, struct wire_result *result, struct err *err);
bool action_ecr_source(struct job *job, struct wire_result *result, struct err *err);
bool action_lambda(struct job *job, struct wire_result *result, struct err *err);
bool action_step_functions(struct job *job, struct wire_result *result, struct err *err);
bool action_cloudwatch_alarm(struct job *job, struct wire_result *result, struct err *err);
bool action_lambda_invoke(struct job *job, struct wire_result *result, struct err *err);
bool action_ecs(struct job *job, struct wire_result *result, struct err *err);
bool action_s3_deploy(struct job *job, struct wire_result *result, struct err *err);
bool action_run_task(struct job *job, struct wire_result *result, struct err *err);
bool action_release(struct job *job, struct wire_result *result, struct err *err);
bool action_scheduled_task(struct job *job, struct wire_result *result, struct err *err);
bool action_cloudfront(struct job *job, struct wire_result *result, struct err *err);
bool action_codedeploy_ecs(struct job *job, struct wire_result *result, struct err *err);
bool action_codedeploy(struct job *job, struct wire_result *result, struct err *err);
bool action_cloudformation(struct job *job, struct wire_result *result, struct err *err);
bool action_elastic_beanstalk(struct job *job, struct wire_result *result, struct err *err);

#endif
