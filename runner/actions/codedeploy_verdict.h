/*
 * What CodeDeploy says of a deployment, in one sentence, and whether it has ended. Pure.
 */
#ifndef RUNNER_ACTIONS_CODEDEPLOY_VERDICT_H
#define RUNNER_ACTIONS_CODEDEPLOY_VERDICT_H

#include "common/json.h"

enum codedeploy_state {
    CODEDEPLOY_GOES_ON,
    CODEDEPLOY_WAITS, /* Ready: the traffic moves when somebody says so */
    CODEDEPLOY_SUCCEEDED,
    CODEDEPLOY_FAILED,
    CODEDEPLOY_STOPPED,
};

struct codedeploy_verdict {
    enum codedeploy_state state;
    const char *sentence;
    const char *stage;                  /* the lifecycle event that is under way, or NULL */
    int percent;                        /* traffic on the new tasks, or instances that are done; -1 unknown */
    const char *rollback;               /* id of the deployment that rolls this one back, or NULL */
    bool old_ones_stay;                 /* all traffic has moved; the old tasks or instances are kept for a while */
    int64_t moved_ms;                   /* and since when; 0 unknown */
    int desired, running, pending, old; /* tasks, of ECS; -1 unknown */
};

/* `info`: GetDeployment's deploymentInfo; `targets`: BatchGetDeploymentTargets' list, or NULL. */
struct codedeploy_verdict codedeploy_verdict(struct arena *arena, const struct json *info, const struct json *targets);

/* The part of a target (DeploymentTarget) that says something: its ecsTarget, instanceTarget, … */
const struct json *codedeploy_target_body(const struct json *target);

/* "i-0123", or the service. */
const char *codedeploy_target_name(const struct json *body);

/* "'AfterInstall' failed: ScriptFailed in scripts/check.sh: exit code 1"; NULL where the event has not failed. */
const char *codedeploy_event_failure(struct arena *arena, const struct json *event);

#endif
