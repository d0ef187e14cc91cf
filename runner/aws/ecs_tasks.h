/*
 * ECS: single tasks, which belong to no service. Of `struct ecs` the service is not used.
 */
#ifndef RUNNER_AWS_ECS_TASKS_H
#define RUNNER_AWS_ECS_TASKS_H

#include "runner/aws/ecs.h"

/* `body`: RunTask's input, with a clientToken, so that asking again gives the same task. Errors: ERR_UNAVAILABLE: no
 * answer, it may have been carried out; ERR_LIMIT, "JobFailed": ECS answered that there is no place for it, and why. */
bool ecs_run_task(const struct ecs *ecs, struct arena *arena, const struct json *body, const struct json **task,
                  struct err *err);

/* DescribeTasks' task; *task NULL where ECS does not know it: a new one, for some seconds, or one that stopped more
 * than an hour ago. */
bool ecs_describe_task(const struct ecs *ecs, struct arena *arena, const char *arn, const struct json **task,
                       struct err *err);

/* The ARN of a task that was started with that startedBy, whether it runs or has stopped; NULL where there is none. */
bool ecs_find_task(const struct ecs *ecs, struct arena *arena, const char *started_by, const char **arn,
                   struct err *err);

/* Asks it to stop. Also where it has stopped already. */
bool ecs_stop_task(const struct ecs *ecs, struct arena *arena, const char *arn, const char *reason, struct err *err);

#endif
