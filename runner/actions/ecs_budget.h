/*
 * When to look again: on average one call every five seconds for a deployment, and yet its end is seen within two.
 * Calls that are not made while nothing can have ended are saved, and spent when the end is near. Where there is
 * trouble, a few calls more may be made for why, beside the looks. Pure.
 */
#ifndef RUNNER_ACTIONS_ECS_BUDGET_H
#define RUNNER_ACTIONS_ECS_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

struct ecs_budget {
    int64_t begin_ms;
    int64_t calls; /* made since; `struct ecs` counts here */
    int64_t extra; /* of those: beside the looks */
    bool trouble;  /* tasks fail: calls for why do not delay the looks */
};

/* How far a rollout is, for how often it is worth looking. */
enum ecs_pace {
    ECS_STARTS,    /* new tasks are still missing */
    ECS_DRAINS,    /* they all run; old ones are left */
    ECS_ENDS,      /* nothing old is left: it can end at any moment */
    ECS_WAITS,     /* for people */
    ECS_GOES_BACK, /* an undo: somebody waits for it */
};

/* When it is likely to end; 0: nothing is known. */
struct ecs_ends {
    int64_t as_before_ms; /* if it takes as long as the deployment before */
    int64_t drained_ms;   /* when the old tasks' connections are given up */
};

/* From now on calls count; the one that began it has been made. */
void ecs_budget_begin(struct ecs_budget *budget, int64_t now_ms);

/* Calls that could be made for looks at once; less than 0: owed. */
double ecs_budget_saved(const struct ecs_budget *budget, int64_t now_ms);

/* Takes so many calls for something else than a look. False: there are none to spare. */
bool ecs_budget_take(struct ecs_budget *budget, int64_t now_ms, int calls);

/* How long to wait before the next look. */
int64_t ecs_budget_pause_ms(const struct ecs_budget *budget, int64_t now_ms, enum ecs_pace pace,
                            const struct ecs_ends *ends);

#endif
