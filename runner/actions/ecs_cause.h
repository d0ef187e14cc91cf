/*
 * Why a rollout hangs, as far as AWS shows it: asks for tasks, targets and logs where they would tell something, as the
 * deployment's call budget allows; keeps all of it in the deployment's report (AWS forgets it within the hour), and
 * what runner/diagnosis makes of it as its `cause`.
 */
#ifndef RUNNER_ACTIONS_ECS_CAUSE_H
#define RUNNER_ACTIONS_ECS_CAUSE_H

#include "common/json.h"
#include "runner/diagnosis/diagnosis.h"

struct deploy;
struct ecs_cause; /* what one deployment's looks share; lives in the deploy's arena */

/* With each look at the service (DescribeServices' answer) while the rollout goes on. Sets deploy->cause: what it hangs
 * on now, or NULL. Never fails: what cannot be asked, or may not, is left out. */
void ecs_cause_look(struct deploy *deploy, const struct json *service);

/* Once, when the deployment has failed or its time is up: looks whatever the budget, and takes a single sign for the
 * cause, since that it hangs is known. Sets deploy->cause, too. */
void ecs_cause_conclude(struct deploy *deploy, const struct json *service);

#endif
