/*
 * Inside of following a deployment: one look at it, and what a look asks beside. For actions/ecs*.c alone.
 */
#ifndef RUNNER_ACTIONS_ECS_WATCH_H
#define RUNNER_ACTIONS_ECS_WATCH_H

#include "runner/actions/ecs_deploy.h"
#include "runner/actions/ecs_shift.h"

struct look {
    struct arena *arena; /* of this look */
    struct ecs_ours *ours;
    const struct json *service; /* DescribeServices' answer; NULL where this look did not ask for it */
    struct ecs_verdict verdict;
    enum ecs_state state;
    const char *sentence;
    enum ecs_pace pace;
    struct ecs_ends ends;
    bool unseen; /* it failed because ECS could not be asked */
};

/* ---- ecs_look.c ---- */

/* False where ECS could not be asked, or the deployment is to be undone: *err. */
bool deploy_look(struct deploy *deploy, struct look *look, struct err *err);

/* Notes which service deployment is ours, where the answer names it. */
void deploy_know_service_deployment(struct deploy *deploy, const struct json *service);

/* ---- ecs_pause.c: deployments that shift traffic ---- */

/* Asks for our service deployment: stage, traffic, pause. *found false: there is none to ask for. */
bool deploy_read_shift(struct deploy *deploy, struct arena *arena, struct ecs_shift *shift, bool *found,
                       struct err *err);

/* Shows the pause, or that there is none any more, and passes an answer on. False: the answer was no (deploy->undo), or
 * the mark could not be written. */
bool deploy_heed_pause(struct deploy *deploy, const struct ecs_pause *pause, struct err *err);

/* ---- ecs_health.c ---- */

/* Where HealthGate or SuccessRule ask for more than ECS's word: turns look->state into what they make of it. */
void deploy_weigh_health(struct deploy *deploy, struct look *look);

/* The new tasks run: when old ones will be gone; and, in look->sentence, what they wait for. */
void deploy_know_draining(struct deploy *deploy, struct look *look);
void deploy_tell_draining(struct deploy *deploy, struct look *look);

#endif
