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
    bool seen;                   /* an earlier answer had our deployment: it is not just too new to show */
};

struct ecs_verdict {
    enum ecs_state state;
    const char *sentence; /* why, for ECS_FAILED and ECS_SUPERSEDED; else how far it is */
    int64_t running;
    int64_t desired;
    int64_t failed_tasks;
    bool found; /* our deployment was in the answer */
};

struct ecs_verdict ecs_verdict(struct arena *arena, const struct json *service, const struct ecs_ours *ours);

/* For a deployment that was begun at since_ms and is not PRIMARY: whether ECS has had it already, and gave it up. */
bool ecs_was_rolled_back(const struct json *service, const struct ecs_ours *ours, int64_t since_ms);

/* For an undo: whether all that runs is the previous revision. *sentence says how far it is. */
bool ecs_is_back(struct arena *arena, const struct json *service, const struct ecs_ours *ours, const char **sentence);

/* The deployment that is PRIMARY; NULL where there is none. */
const struct json *ecs_primary(const struct json *service);

/* "shop:12" of an ARN. */
const char *ecs_short_name(const char *arn);

#endif
