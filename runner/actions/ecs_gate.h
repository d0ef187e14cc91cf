/*
 * Whether the targets of new tasks are healthy, from what ECS and the load balancer show. Draining targets are old
 * tasks' and do not count; a task that no target group has is not healthy. Pure.
 */
#ifndef RUNNER_ACTIONS_ECS_GATE_H
#define RUNNER_ACTIONS_ECS_GATE_H

#include "common/json.h"

struct ecs_gate_group {
    const char *arn;
    const struct json *targets; /* elb_target_health(); NULL where there are none */
};

struct ecs_gate {
    int64_t tasks;       /* of our deployment that run */
    int64_t healthy;     /* of those: their targets are */
    const char *problem; /* what no waiting mends (a target group that no listener uses), or NULL */
    const char *waits;   /* of a task that is not healthy: why, in AWS's words, or NULL */
};

/* `tasks`: DescribeTasks' tasks. `any`: a task needs to be healthy in one of the groups, not in all (BLUE_GREEN has
 * two, of which one is in use). Tasks without an address of their own are counted against the groups' healthy targets.
 */
struct ecs_gate ecs_gate_read(struct arena *arena, const struct json *tasks, const char *deployment,
                              const struct ecs_gate_group *groups, size_t count, bool any);

/* "shop/1a2b" of a target group's ARN. */
const char *ecs_gate_group_name(struct arena *arena, const char *arn);

#endif
