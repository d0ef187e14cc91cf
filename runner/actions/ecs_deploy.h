/*
 * One ECS deployment under way: what the files actions/ecs*.c share. Its steps are prepare (nothing is changed),
 * apply (revision and service), follow, and undo; a job may hold several of them. Its marks (checkpoints) let another
 * runner go on, or undo, after this one died; each is on the server's disk before the call that it announces.
 */
#ifndef RUNNER_ACTIONS_ECS_DEPLOY_H
#define RUNNER_ACTIONS_ECS_DEPLOY_H

#include "runner/actions/deployment.h"
#include "runner/actions/ecs_budget.h"
#include "runner/actions/ecs_success.h"
#include "runner/actions/ecs_verdict.h"
#include "runner/aws/ecs.h"
#include "runner/aws/refusal.h"
#include "runner/job.h"

struct cause;     /* runner/diagnosis/diagnosis.h */
struct ecs_cause; /* runner/actions/ecs_cause.c */
struct probe;     /* runner/actions/probe.h */

/* What is wanted: an action's configuration, or a release's member. */
struct deploy_plan {
    const char *cluster;
    const char *service;
    const char *images_artifact;   /* NULL: the first */
    const char *images_file;       /* imagedefinitions.json */
    const char *template_artifact; /* NULL: the first */
    const char *template_path;     /* NULL: the definition is the running one's with other images */
    bool base_latest;              /* ... or the newest revision of its family */
    int64_t timeout_ms;
    struct ecs_success_rule rule; /* .wanted 0: AWS's COMPLETED */
    bool leave_on_cancel;
    bool undo_when_stuck;
    int64_t stuck_ms;
    bool preflight;
    bool health_gate;
    const char *test_url; /* or NULL */
    const char *probe_url;
};

/* Reads the job's configuration. Errors: ERR_INVALID. */
bool deploy_plan_read(const struct job *job, struct deploy_plan *out, struct err *err);

/* Why a deployment is undone. */
enum undo_why {
    UNDO_NOT,
    UNDO_CANCELLED, /* somebody asked for it */
    UNDO_STUCK,     /* OnStuck: ROLLBACK */
    UNDO_REJECTED,  /* a pause was answered with no */
};

#define STUCK_MAX 8

struct deploy {
    struct job *job;
    struct arena *arena; /* the job's */
    struct deployment_report *report;
    struct deploy_plan plan;
    const char *target; /* "ecs/REGION/CLUSTER/SERVICE" */
    struct ecs ecs;
    /* Puts the mark on the server's disk; of a deployment among several, with those of the others. */
    bool (*save)(struct deploy *deploy, const struct json *mark, struct err *err);
    void *owner;
    bool registers_only; /* no UpdateService follows: whatever controls the service is all the same */
    bool look_first;     /* it was prepared long before it is applied: somebody else may have deployed meanwhile */

    /* ---- marked ---- */
    bool marked;                    /* there is a mark: an attempt began */
    int64_t began_ms;               /* when the first attempt began */
    int64_t as_of_ms;               /* by ECS's own clock: the newest of what it told before our update; 0: not known */
    const char *previous;           /* ARN of the task definition before ours; NULL: nothing was begun */
    bool previous_stood;            /* that one's deployment was complete, so that it is what ECS itself goes back to */
    bool previous_ran;              /* ... and had tasks that ran */
    const char *fingerprint;        /* of ours */
    const char *registered;         /* ARN of ours; NULL: not registered yet, or nobody knows */
    bool adopted;                   /* the revision was there before: not ours to name as left over */
    bool update_sent;               /* UpdateService was called, or was about to be */
    const char *deployment;         /* our deployment's id; NULL: the service was not updated, or nobody knows */
    const char *service_deployment; /* its ARN; NULL: not known, or there is no such thing */
    const char *service_deployment_before; /* the one that was named before the update; not ours */
    int64_t paused_ms;                     /* waited for people: not of DeploymentTimeout */
    enum undo_why undo;                    /* is under way since undo_ms, for that reason */
    int64_t undo_ms;
    const char *undo_by;
    const char *undo_sentence; /* why, for a failure */
    const char *undo_how;      /* the call that began it, or NULL */

    /* ---- of this runner's watch ---- */
    const struct json *definition; /* to be registered */
    const char *strategy;          /* "ROLLING", "BLUE_GREEN", "CANARY", "LINEAR", "DAEMON" */
    bool is_shift;                 /* one of the middle three */
    bool no_service_deployments;   /* the endpoint does not know them, or may not tell */
    int64_t draining_seconds;      /* of the target groups; -1 not asked yet, -2 cannot be told */
    const char *draining_group;
    int64_t all_run_ms;          /* since when all new tasks have been running; 0: they are not */
    int64_t healthy_since_ms;    /* since when the success rule has held; 0: it does not */
    const char *health_sentence; /* what the health was when it was asked last, or NULL */
    bool health_good;
    bool just_updated;      /* by this process: there is nothing to look for yet */
    int64_t before_took_ms; /* how long the deployment before took, or 0 */
    int64_t likely_end_ms;  /* if ours takes as long, or 0 */
    int64_t drained_ms;     /* when the connections of old tasks are given up, or 0 */
    int looks_done;
    int looks_missed;        /* one after another, in which there was no such service */
    int health_checked;      /* the definition has a health check: 1, none: 0, not known yet: -1 */
    int64_t health_asked_ms; /* when the gate was asked last */
    struct ecs_budget budget;
    struct aws_refusal refused;
    const char *pause;    /* the hook that waits, or NULL */
    const char *pause_id; /* ... and in which stage: what the server knows the pause by */
    const char *answered; /* the pause whose answer ECS has */
    int64_t pause_since_ms;
    const struct cause *cause; /* ecs_cause.c: what it hangs on now, or NULL */
    struct stuck_by {
        char id[32];      /* a cause's */
        int64_t since_ms; /* when it was seen first, by our clock */
    } stuck_by[STUCK_MAX];
    size_t stuck_count;       /* since there was none */
    struct ecs_cause *looks;  /* ecs_cause.c's own */
    const char **seen_events; /* ids of events and ARNs of tasks that the log has */
    size_t seen_count;
    size_t seen_capacity;
    const char *last_stop; /* why the latest of our tasks stopped, or NULL */
    struct probe *probe;   /* asks for the old page's files, or NULL */
};

/* ---- ecs_marks.c ---- */

/* A deployment for the job's plan, with what an earlier holder marked (`mark` may be NULL). */
void deploy_init(struct deploy *deploy, struct job *job, struct deployment_report *report,
                 const struct deploy_plan *plan, const struct json *mark);

/* What AWS dates before that moment was before our deployment, whatever our own clock says. */
int64_t deploy_since_ms(const struct deploy *deploy);

/* Writes the mark. Errors: the job is lost. */
bool deploy_mark(struct deploy *deploy, struct err *err);

/* ---- ecs_prepare.c ---- */

/* Reads and checks everything; nothing is changed. Not for one that has its revision already. */
bool deploy_prepare(struct deploy *deploy, struct err *err);

/* ---- ecs_apply.c ---- */

/* Registers the revision, once and only once; nothing where there is one. */
bool deploy_register(struct deploy *deploy, struct err *err);

/* The same, and updates the service, once and only once. */
bool deploy_apply(struct deploy *deploy, struct err *err);

/* ---- ecs_follow.c ---- */

/* Follows our deployment to its end. False where the job was stopped (cancelled, timed out), or it failed, or is to be
 * undone (deploy->undo): *err. */
bool deploy_follow(struct deploy *deploy, struct err *err);

/* DeploymentTimeout has passed since the first attempt began. */
bool deploy_time_is_up(const struct deploy *deploy);

/* ---- ecs_undo.c ---- */

/* Puts the service back on its previous revision and waits until that is what runs. Fills *result; false where the job
 * is lost. */
bool deploy_undo(struct deploy *deploy, struct wire_result *result, struct err *err);

/* OnCancel: LEAVE. */
bool deploy_leave(struct deploy *deploy, struct wire_result *result);

/* ---- ecs_tell.c: events, tasks, and sentences ---- */

/* Events up to now are old. */
void deploy_skip_events(struct deploy *deploy, const struct json *service);
void deploy_log_events(struct deploy *deploy, const struct json *service);
void deploy_log_stopped_tasks(struct deploy *deploy);

/* The sentence goes to the log where it is new, and with the document to the server. */
void deploy_tell(struct deploy *deploy, const char *sentence);

/* ---- calls: every one counts, whoever makes it ---- */

/* Takes so many calls beside the looks; false where the budget has none to spare. ECS's calls count by themselves; of
 * others' (load balancers, logs) deploy_spend() says how many were made. */
bool deploy_may_call(struct deploy *deploy, int calls);
void deploy_spend(struct deploy *deploy, int calls);

#endif
