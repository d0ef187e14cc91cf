/*
 * What an answer of DescribeServices says about our deployment. Pure: the table of reference "Deciding stable /
 * failed". It follows our own deployment's id; "the service is stable" alone would also be true after a rollback.
 */
#ifndef RUNNER_ACTIONS_ECS_VERDICT_H
#define RUNNER_ACTIONS_ECS_VERDICT_H

#include "common/json.h"

enum ecs_state {
    ECS_GOES_ON,
    ECS_DONE,
    ECS_FAILED,     /* ECS gave it up, and may be putting the old revision back */
    ECS_SUPERSEDED, /* somebody else deployed since */
};

struct ecs_ours {
    const char *deployment;      /* "ecs-svc/…" */
    const char *task_definition; /* its ARN */
    const char *previous;        /* the ARN before ours */
    int64_t began_ms;            /* what happened before is not ours */
    bool seen;                   /* an earlier answer had our deployment: it is not just too new to show */
};

struct ecs_verdict {
    enum ecs_state state;
    const char *sentence; /* why, for ECS_FAILED and ECS_SUPERSEDED; else how far it is */
    const char *other;    /* ECS_SUPERSEDED: the ARN of the definition that was deployed */
    int64_t running;      /* of our tasks */
    int64_t desired;
    int64_t pending;
    int64_t failed_tasks;
    int64_t old;       /* tasks of others that run or start */
    bool says_rollout; /* ECS tells the rollout's state; CODE_DEPLOY, EXTERNAL and Classic load balancers have none */
    bool found;        /* our deployment was in the answer */
};

struct ecs_verdict ecs_verdict(struct arena *arena, const struct json *service, const struct ecs_ours *ours);

/* For a deployment that was begun at since_ms and is not PRIMARY: whether ECS has had it already, and gave it up. */
bool ecs_was_rolled_back(const struct json *service, const struct ecs_ours *ours, int64_t since_ms);

/* For an undo: whether all that runs is the previous revision. *left: tasks of ours that still do; *sentence says how
 * far it is. */
bool ecs_is_back(struct arena *arena, const struct json *service, const struct ecs_ours *ours, int64_t *left,
                 const char **sentence);

/* A deployment by which ECS itself goes back. */
bool ecs_tells_of_rollback(const struct json *deployment);

/* How ECS brings a new revision in: "ROLLING", "BLUE_GREEN", "CANARY", "LINEAR", "DAEMON". */
const char *ecs_strategy(const struct json *service);
bool ecs_shifts_traffic(const struct json *service); /* one of the middle three */

/* All that runs is one deployment, and it is complete. */
bool ecs_is_settled(const struct json *service);

/* The newest time that the answer names, by ECS's clock, in milliseconds; 0: it names none. */
int64_t ecs_newest_ms(const struct json *service);

/* The deployment that is PRIMARY; NULL where there is none. */
const struct json *ecs_primary(const struct json *service);

/* "shop:12" of an ARN. */
const char *ecs_short_name(const char *arn);

#endif
