/*
 * One ECS deployment under way: what the files actions/ecs*.c share. Its marks (checkpoints) let another runner go on,
 * or undo, after this one died; each is on the server's disk before the call that it announces.
 */
#ifndef RUNNER_ACTIONS_ECS_DEPLOY_H
#define RUNNER_ACTIONS_ECS_DEPLOY_H

#include "runner/actions/ecs_verdict.h"
#include "runner/aws/ecs.h"
#include "runner/job.h"

struct deploy {
    struct job *job;
    struct arena *arena;
    struct ecs ecs;
    int64_t timeout_ms;
    int64_t began_ms;        /* wall time of the first attempt */
    const char *previous;    /* ARN of the task definition before ours; NULL: nothing was begun */
    const char *fingerprint; /* of the one to be registered */
    const char *registered;  /* ARN of ours; NULL: not registered yet, or nobody knows */
    bool update_sent;        /* UpdateService was called, or was about to be */
    const char *deployment;  /* our deployment's id; NULL: the service was not updated, or nobody knows */

    const char **seen_events; /* ids of events and ARNs of tasks that the log has */
    size_t seen_count;
    size_t seen_capacity;
    const char *last_stop; /* why the latest of our tasks stopped, or NULL */
    const char *told;      /* the latest progress, so that it is not repeated */
};

/* Writes the mark. Errors: the job is lost. */
bool deploy_mark(struct deploy *deploy, struct err *err);

/* ---- ecs_watch.c ---- */

/* Events up to now are old. */
void deploy_skip_events(struct deploy *deploy, const struct json *service);
void deploy_log_events(struct deploy *deploy, const struct json *service);
void deploy_log_stopped_tasks(struct deploy *deploy);
void deploy_tell(struct deploy *deploy, const char *sentence);

/* Follows our deployment to its end. False where the job was stopped (cancelled, timed out) or it failed: *err. */
bool deploy_watch(struct deploy *deploy, struct err *err);

/* DeploymentTimeout has passed since the first attempt began. */
bool deploy_time_is_up(const struct deploy *deploy);

/* How long to wait before looking again, `looks` looks after the beginning. */
int64_t deploy_pause_ms(int looks);

/* ---- ecs_undo.c ---- */

/* Puts the service back on its previous revision and waits until that is all that runs. */
bool deploy_undo(struct deploy *deploy, struct wire_result *result, struct err *err);

#endif
