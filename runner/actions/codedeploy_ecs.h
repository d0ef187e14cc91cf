/*
 * Deploy/CodeDeployToECS: what its two files share.
 */
#ifndef RUNNER_ACTIONS_CODEDEPLOY_ECS_H
#define RUNNER_ACTIONS_CODEDEPLOY_ECS_H

#include "runner/actions/codedeploy_run.h"
#include "runner/aws/ecs.h"

struct diagnosis; /* runner/diagnosis/diagnosis.h */

struct blue_green {
    struct codedeploy_run run;
    struct ecs ecs;      /* the group's service */
    const char *appspec; /* its text, as the artifact has it */
    size_t appspec_size;
    const char *previous;        /* ARN of the task definition that serves; NULL: nothing was begun */
    const char *fingerprint;     /* of ours */
    const char *registered;      /* ARN of ours; NULL: not registered yet, or nobody knows */
    struct diagnosis *diagnosis; /* of the new task set; NULL: not looked at yet */
    int64_t looked_ms;           /* when it was looked at last */
    bool told_refusal;           /* that a right lacks for looking */
};

/* taskdef.json with the images in, and the appspec. Errors: ERR_INVALID, "ConfigurationError". */
bool blue_green_read(struct blue_green *deploy, struct json **definition, struct err *err);

/* The appspec alone. */
bool blue_green_read_appspec(struct blue_green *deploy, struct err *err);

/* CreateDeployment's revision: the appspec with that task definition. */
const struct json *blue_green_revision(struct blue_green *deploy, const char *task_definition);

/* While the new tasks start: why they do not come up. */
int blue_green_look_closer(struct codedeploy_run *run, const struct codedeploy_verdict *verdict);

#endif
