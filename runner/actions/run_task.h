/*
 * A task that runs once: a migration, a command. Its steps are functions of their own, so that a release can hold one.
 * Once and only once: the action execution's id is ECS's client token and stands in the task as startedBy, so that who
 * comes after a crash finds the task instead of starting another.
 */
#ifndef RUNNER_ACTIONS_RUN_TASK_H
#define RUNNER_ACTIONS_RUN_TASK_H

#include "runner/actions/ecs_deploy.h"
#include "runner/actions/run_task_request.h"
#include "runner/aws/logs.h"

struct run_task {
    struct job *job;
    struct arena *arena;
    struct deployment_report *report;
    struct deploy revision; /* the task definition, as the ECS action makes it; its service is only looked at */
    struct run_task_wish wish;
    const struct json *container; /* of the task definition */
    const char *container_name;   /* as asked for, or NULL */
    int64_t timeout_ms;

    /* ---- marked ---- */
    int64_t sent_ms;      /* RunTask was called, or was about to be; 0: not yet */
    const char *arn;      /* the task's; NULL: not known */
    const char *followed; /* the container's name */

    /* ---- of this runner's watch ---- */
    struct log_stream log;
    bool has_log;
    bool log_failed; /* said once */
    const char *position;
    const char *told; /* the task's latest status */
    struct run_task_end end;
};

/* Reads the configuration and what an earlier holder marked. Errors: ERR_INVALID. */
bool run_task_init(struct run_task *task, struct job *job, struct deployment_report *report, struct err *err);

/* The task definition, checked; nothing is changed. */
bool run_task_prepare(struct run_task *task, struct err *err);

/* Registers the revision and starts the task, each once. */
bool run_task_apply(struct run_task *task, struct err *err);

/* Follows it to its end, its log in the job's. True: it has stopped, and task->end says how. False: *err, or the job
 * was stopped, or Timeout is over. */
bool run_task_follow(struct run_task *task, bool *timed_out, struct err *err);

/* The task that RunTask's answer, or a runner that died, left unknown: task->arn, NULL where there is none. */
bool run_task_find_lost(struct run_task *task, struct err *err);

/* Stops it and waits until it has stopped, 15 minutes at most. *was_there false: no task was ever started. */
bool run_task_undo(struct run_task *task, const char *reason, bool *was_there, struct err *err);

/* ---- marks ---- */

bool run_task_mark(struct run_task *task, struct err *err);

/* The task has that ARN: marked. */
bool run_task_remember(struct run_task *task, const char *arn, struct err *err);

/* ---- run_task_log.c ---- */

void run_task_log_begin(struct run_task *task);

/* Copies what came since the last time. True where there was something. */
bool run_task_log_copy(struct run_task *task);

#endif
