/*
 * The operations of ECS that a deployment needs. Answers are AWS's own trees.
 */
#ifndef RUNNER_AWS_ECS_H
#define RUNNER_AWS_ECS_H

#include "runner/aws/call.h"

struct ecs {
    struct aws *aws;
    const char *region;
    const char *cluster;
    const char *service;
    bool (*interrupted)(void *context);
    void *context;
};

/* The service's own tree. Errors: ERR_NOT_FOUND: no such cluster or service, or it is not ACTIVE. */
bool ecs_describe_service(const struct ecs *ecs, struct arena *arena, const struct json **service, struct err *err);

/* {taskDefinition, tags?} */
bool ecs_describe_task_definition(const struct ecs *ecs, struct arena *arena, const char *arn,
                                  const struct json **answer, struct err *err);

/* *arn: the new revision's. */
bool ecs_register(const struct ecs *ecs, struct arena *arena, const struct json *definition, const char **arn,
                  struct err *err);

/* Never forces a deployment. *service: the tree after the change. */
bool ecs_update_service(const struct ecs *ecs, struct arena *arena, const char *task_definition,
                        const struct json **service, struct err *err);

/* Up to `most` tasks of the service that stopped: list of DescribeTasks' tasks; NULL where there are none. */
bool ecs_stopped_tasks(const struct ecs *ecs, struct arena *arena, const struct json **tasks, struct err *err);

/* Newest revisions of a family first: ARNs. */
bool ecs_list_revisions(const struct ecs *ecs, struct arena *arena, const char *family, const struct json **arns,
                        struct err *err);

/* Tasks of the service that should run: DescribeTasks' tasks; NULL where there are none. */
bool ecs_running_tasks(const struct ecs *ecs, struct arena *arena, const struct json **tasks, struct err *err);

#endif
