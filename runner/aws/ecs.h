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
    struct http_client *client;  /* of describing calls, kept open between them; or NULL: a connection for each call */
    int64_t *calls;              /* counted up with each call; or NULL */
    struct aws_refusal *refused; /* or NULL: why the latest call that failed did (lives in that call's arena) */
    bool urgent;                 /* an undo's calls: none of them waits behind others that ECS has throttled */
};

/* The service's own tree. Errors: ERR_NOT_FOUND: no such cluster or service, or it is not ACTIVE. */
bool ecs_describe_service(const struct ecs *ecs, struct arena *arena, const struct json **service, struct err *err);

/* {taskDefinition, tags?} */
bool ecs_describe_task_definition(const struct ecs *ecs, struct arena *arena, const char *arn,
                                  const struct json **answer, struct err *err);

/* *arn: the new revision's. Sent once: where no answer came, ERR_UNAVAILABLE, it may have been carried out. */
bool ecs_register(const struct ecs *ecs, struct arena *arena, const struct json *definition, const char **arn,
                  struct err *err);

/* Never forces a deployment. *service: the tree after the change. */
bool ecs_update_service(const struct ecs *ecs, struct arena *arena, const char *task_definition,
                        const struct json **service, struct err *err);

/* ---- service deployments: not every region and endpoint knows them (ecs_has_no_service_deployments) ---- */

/* All deployments of the service that began since then, newest first: [{serviceDeploymentArn,
 * targetServiceRevisionArn, status, createdAt…}]; NULL where there are none. */
bool ecs_list_service_deployments(const struct ecs *ecs, struct arena *arena, int64_t since_ms,
                                  const struct json **list, struct err *err);

/* The newest deployment of the service that came to a good end, as that list has it; NULL where there is none. */
bool ecs_newest_success(const struct ecs *ecs, struct arena *arena, const struct json **deployment, struct err *err);

/* AWS's ServiceDeployment. Errors: ERR_NOT_FOUND. */
bool ecs_describe_service_deployment(const struct ecs *ecs, struct arena *arena, const char *arn,
                                     const struct json **deployment, struct err *err);

/* AWS's ServiceRevision: its taskDefinition is what it runs. Errors: ERR_NOT_FOUND. */
bool ecs_describe_service_revision(const struct ecs *ecs, struct arena *arena, const char *arn,
                                   const struct json **revision, struct err *err);

/* With ROLLBACK. Errors: ERR_CONFLICT: it has ended already; ERR_NOT_FOUND. */
bool ecs_stop_service_deployment(const struct ecs *ecs, struct arena *arena, const char *arn, struct err *err);

/* Answers a PAUSE hook: CONTINUE, or ROLLBACK. */
bool ecs_continue_service_deployment(const struct ecs *ecs, struct arena *arena, const char *arn, const char *hook,
                                     bool go_on, struct err *err);

/* What such a call was refused with means that the endpoint, or the service, has no service deployments. */
bool ecs_has_no_service_deployments(const struct aws_refusal *refusal);

/* DescribeTasks of these ids or ARNs, a hundred at most, running or stopped; those that ECS has forgotten are left out.
 */
bool ecs_describe_tasks(const struct ecs *ecs, struct arena *arena, const char *const *tasks, size_t count,
                        const struct json **out, struct err *err);

/* Tasks of the service that stopped, a hundred at most: DescribeTasks' tasks; NULL where there are none. */
bool ecs_stopped_tasks(const struct ecs *ecs, struct arena *arena, const struct json **tasks, struct err *err);

/* The ten newest revisions of a family, the newest first: ARNs. */
bool ecs_list_revisions(const struct ecs *ecs, struct arena *arena, const char *family, const struct json **arns,
                        struct err *err);

/* All tasks of the service that should run: DescribeTasks' tasks; NULL where there are none. */
bool ecs_running_tasks(const struct ecs *ecs, struct arena *arena, const struct json **tasks, struct err *err);

#endif
