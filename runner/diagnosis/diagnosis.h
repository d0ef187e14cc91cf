/*
 * Why a rollout does not get on: what ECS shows of one deployment goes in, one cause of the table (causes.h) comes out,
 * or none. Pure: no calls, no clock; times are parameters, so that a rehearsal's clock serves as well.
 *
 * Only our own deployment counts: its tasks (`startedBy`), events since it began, targets that are its tasks. One
 * failure is no cause where it may be an accident: it takes a second generation of tasks that end the same way. What
 * has since been got over is no cause either. The rules stand at the head of diagnosis.c.
 */
#ifndef RUNNER_DIAGNOSIS_DIAGNOSIS_H
#define RUNNER_DIAGNOSIS_DIAGNOSIS_H

#include "common/json.h"

struct diagnosis; /* lives in its arena; how much it keeps is bounded */

struct diagnosis_of {
    const char *deployment;      /* "ecs-svc/123…", what our tasks were started by; NULL: not known */
    const char *task_definition; /* ARN; who runs it is ours where nothing says who started it */
    int64_t began_ms;            /* what was before is not ours; where the deployment says it itself, that counts */
};

struct diagnosis *diagnosis_new(struct arena *arena, const struct diagnosis_of *of);

/* The members of DescribeServices' `services`: deployments, events, counts, percents. */
void diagnosis_add_service(struct diagnosis *diagnosis, int64_t now_ms, const struct json *service);

/* DescribeTasks' `tasks`, running or stopped, ours or not. */
void diagnosis_add_tasks(struct diagnosis *diagnosis, int64_t now_ms, const struct json *tasks);

/* DescribeTargetHealth's TargetHealthDescriptions of the service's target group (runner/aws/elb.h). */
void diagnosis_add_targets(struct diagnosis *diagnosis, int64_t now_ms, const char *target_group,
                           const struct json *targets);

/* AWS says that there is no such target group, in its words. */
void diagnosis_target_group_gone(struct diagnosis *diagnosis, int64_t now_ms, const char *target_group,
                                 const char *message);

/* How long the target group leaves a target to finish its requests; without it, AWS's default counts. */
void diagnosis_add_draining(struct diagnosis *diagnosis, int64_t seconds);

/* The deployment has failed, or its time is up: that it hangs is known, so one sign is enough for a cause. Where ECS
 * itself says that it failed this is known without. */
void diagnosis_has_failed(struct diagnosis *diagnosis);

/* The last lines of what a container of ours that ended had to say; NULL: they are not to be had. */
void diagnosis_add_log(struct diagnosis *diagnosis, const char *task, const char *container, const char *text);

struct cause {
    const char *id;       /* "image-missing", …: docs/deploying.md lists them */
    const char *sentence; /* what is the matter: "the image 'shop:2' is not in its registry" */
    const char *evidence; /* AWS's words, or the container's */
    const char *change;   /* what to change */
    const char *subject;  /* a task, container, image, target group; or NULL */
    int64_t since_ms;     /* its first sign */
    bool undo_helps;      /* false: the new tasks are well, and going back would only take longer (slow-drain) */
};

/* What it hangs on now, or NULL. Good until the next call. */
const struct cause *diagnosis_cause(struct diagnosis *diagnosis, int64_t now_ms);

/* ---- for who gathers: what is worth asking for, and keeping ---- */

/* Whether a task, as DescribeTasks shows it, is of our deployment. */
bool diagnosis_is_ours(const struct diagnosis *diagnosis, const struct json *task);

/* Why it stopped, with its containers: "Essential container in task exited; container 'app' ended with exit code 1". */
void diagnosis_say_stop(const struct json *task, char *out, size_t size);

/* A task of ours runs whose health the load balancer has not confirmed, and ECS would mind by now. */
bool diagnosis_wants_targets(const struct diagnosis *diagnosis, int64_t now_ms);

/* A task of ours has come or gone that nobody has described since the service was last added. */
bool diagnosis_wants_tasks(const struct diagnosis *diagnosis);

/* The stopped task of ours whose container's log would tell most and has not been added: *task its ARN, *container a
 * name. False: none. */
bool diagnosis_wants_log(const struct diagnosis *diagnosis, const char **task, const char **container);

/* The newest of ours that stopped by itself, in words: "task 0a1b… stopped: …"; NULL where none did. */
const char *diagnosis_last_stop(const struct diagnosis *diagnosis);

#endif
