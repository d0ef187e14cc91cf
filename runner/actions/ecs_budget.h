/*
 * When to look again: on average one call every five seconds for a deployment, whatever it asks, and yet its end is
 * seen within two. Calls that are not made while nothing can have ended are saved, and spent when the end is near.
 * Pure.
 */
#ifndef RUNNER_ACTIONS_ECS_BUDGET_H
#define RUNNER_ACTIONS_ECS_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

struct ecs_budget {
    int64_t begin_ms; /* 0: nothing was asked yet */
    int64_t calls;    /* made since; `struct ecs` counts here */
};

/* How far a rollout is, for how often it is worth looking. */
enum ecs_pace {
    ECS_STARTS,    /* new tasks are still missing */
    ECS_DRAINS,    /* they all run; old ones are left */
    ECS_ENDS,      /* nothing old is left: it can end at any moment */
    ECS_WAITS,     /* for people, or by a clock that we know */
    ECS_GOES_BACK, /* an undo: somebody waits for it */
};

/* From now on calls count. */
void ecs_budget_begin(struct ecs_budget *budget, int64_t now_ms);

/* Calls that could be made at once. */
double ecs_budget_saved(const struct ecs_budget *budget, int64_t now_ms);

/* How long to wait before the next look. `known_end_ms`: when it is known to end about, or 0. */
int64_t ecs_budget_pause_ms(const struct ecs_budget *budget, int64_t now_ms, enum ecs_pace pace, int64_t known_end_ms);

#endif
