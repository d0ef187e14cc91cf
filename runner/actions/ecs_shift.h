/*
 * What an answer of DescribeServiceDeployments says: the stage of a deployment that shifts traffic (BLUE_GREEN, CANARY,
 * LINEAR), how much traffic it has, and whether it waits for somebody. Pure.
 */
#ifndef RUNNER_ACTIONS_ECS_SHIFT_H
#define RUNNER_ACTIONS_ECS_SHIFT_H

#include "runner/actions/ecs_verdict.h"

struct ecs_pause {
    const char *hook; /* its id; NULL: nothing waits */
    const char *stage;
    int64_t expires_ms;  /* 0: not told */
    bool then_continues; /* what ECS does then; else it rolls back */
};

struct ecs_shift {
    enum ecs_state state; /* ECS_FAILED: also where it is being rolled back */
    bool is_back;         /* rolled back, to its end */
    bool back_failed;     /* ECS could not roll it back */
    const char *sentence; /* how far it is, or why it failed */
    const char *stage;    /* or NULL */
    int traffic;          /* percent of the production traffic that the new tasks have; -1 not told */
    int64_t desired;
    int64_t running;
    int64_t pending;
    struct ecs_pause pause;
};

/* `strategy` as ecs_strategy() says it; sentences name it. */
struct ecs_shift ecs_shift_read(struct arena *arena, const struct json *service_deployment, const char *strategy);

/* "after the test traffic was shifted", for a stage's name. */
const char *ecs_stage_words(const char *stage);

#endif
