/*
 * SuccessRule: "healthy N of M for T seconds", for who does not want to wait until AWS calls a deployment complete.
 * N of M is a share: where the service wants another number of tasks than M, it is that share of them, rounded up.
 * Pure.
 */
#ifndef RUNNER_ACTIONS_ECS_SUCCESS_H
#define RUNNER_ACTIONS_ECS_SUCCESS_H

#include "common/json.h"

struct ecs_success_rule {
    int64_t wanted; /* 0: no rule */
    int64_t of;
    int64_t hold_ms;
};

/* Errors: ERR_INVALID. An empty text is no rule. */
bool ecs_success_read(const char *text, struct ecs_success_rule *out, struct err *err);

/* How many of `desired` tasks must be healthy. */
int64_t ecs_success_needs(const struct ecs_success_rule *rule, int64_t desired);

/* Takes in how many are healthy now; *since_ms (0 at first) is when that began to suffice. True when the rule is met.
 */
bool ecs_success_holds(const struct ecs_success_rule *rule, int64_t healthy, int64_t desired, int64_t now_ms,
                       int64_t *since_ms);

/* Of DescribeTasks' tasks: how many of that deployment run and are healthy; `checked`: their definition has a health
 * check, else a task counts when it runs. */
int64_t ecs_success_healthy(const struct json *tasks, const char *deployment, bool checked);

/* Whether an essential container of the definition has a health check. */
bool ecs_success_is_checked(const struct json *definition);

#endif
