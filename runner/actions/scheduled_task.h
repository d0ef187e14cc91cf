/*
 * A scheduled task on its way to a new revision: the target of an EventBridge rule is put again, whole, with another
 * EcsParameters.TaskDefinitionArn. The target as it was is marked before, and put back by an undo. Its steps are
 * functions of their own, so that a release can hold several.
 */
#ifndef RUNNER_ACTIONS_SCHEDULED_TASK_H
#define RUNNER_ACTIONS_SCHEDULED_TASK_H

#include "runner/actions/ecs_deploy.h"
#include "runner/aws/events.h"

struct scheduled_plan {
    const char *rule;
    const char *target_id;
    const char *bus; /* or NULL */
    const char *images_file;
    const char *template_artifact;
    const char *template_path;
    bool leave_on_cancel;
    bool preflight;
};

struct scheduled_task {
    struct job *job;
    struct arena *arena;
    struct deployment_report *report;
    struct scheduled_plan plan;
    struct events_rule rule;
    struct deploy revision; /* the task definition; it has no service */
    /* Puts the mark on the server's disk; of one among several, with those of the others. */
    bool (*save)(struct scheduled_task *task, const struct json *mark, struct err *err);
    void *owner;

    /* ---- marked ---- */
    const struct json *before; /* the target as it was; NULL: nothing was begun */
    bool put;                  /* PutTargets was called, or was about to be */
};

/* Reads the job's configuration. Errors: ERR_INVALID. */
bool scheduled_plan_read(const struct job *job, struct scheduled_plan *out, struct err *err);

/* `mark`: what an earlier holder left, or NULL. */
void scheduled_task_init(struct scheduled_task *task, struct job *job, struct deployment_report *report,
                         const struct scheduled_plan *plan, const struct json *mark);

/* The target and its next revision; nothing is changed. */
bool scheduled_task_prepare(struct scheduled_task *task, struct err *err);

/* Registers the revision and moves the target to it, each once; seen, not assumed. */
bool scheduled_task_apply(struct scheduled_task *task, struct err *err);

/* The target is as it was. *undone false: it never left it, or somebody has changed it since (said in the log). */
bool scheduled_task_undo(struct scheduled_task *task, bool *undone, struct err *err);

#endif
