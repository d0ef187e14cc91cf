/*
 * A release: several services, scheduled tasks and sets of static files that move together, and return together. Its
 * members are deployed one after the other in the order written; if one fails, or is stuck and OnStuck says so, or the
 * release is cancelled, all that have moved are put back, the latest first.
 */
#ifndef RUNNER_ACTIONS_RELEASE_H
#define RUNNER_ACTIONS_RELEASE_H

#include "runner/actions/ecs_deploy.h"
#include "runner/actions/s3_deploy.h"
#include "runner/actions/scheduled_task.h"

#define RELEASE_MEMBERS_MAX 20

struct release;
struct release_member;

/* What a release asks of a member, whatever it is: one row for each provider (release_kinds.c). */
struct release_kind {
    const char *provider;
    /* Reads the plan from the configuration of `view`. */
    bool (*plan)(struct release_member *member, const struct job *view, struct err *err);
    /* With what an earlier holder marked, or NULL. */
    void (*begin)(struct release_member *member, const struct json *mark);
    bool (*prepare)(struct release_member *member, struct err *err); /* nothing is changed */
    bool (*apply)(struct release_member *member, struct err *err);   /* to its end: seen, not assumed */
    /* *sentence: how it is now. False where it could not be put back, or the job is lost: *err. */
    bool (*undo)(struct release_member *member, const char **sentence, struct err *err);
    const char *(*runs)(struct release_member *member); /* "service 'shop' runs shop:12" */
    void (*settle)(struct release_member *member);      /* what an undo would have needed may go; or NULL */
};

struct release_member {
    struct release *release;
    const char *name;
    const char *artifact; /* NULL: the first */
    const struct release_kind *kind;
    const struct json *mark; /* its own; NULL: nothing of it was begun */
    bool done;
    union {
        struct {
            struct deploy_plan plan;
            struct deploy deploy;
        } ecs;
        struct {
            struct scheduled_plan plan;
            struct scheduled_task task;
        } scheduled;
        struct {
            struct s3_deploy_plan plan;
            struct s3_deploy deploy;
        } s3;
    };
};

struct release {
    struct job *job;
    struct arena *arena; /* the job's */
    struct deployment_report *report;
    const char *name;
    bool leave_on_cancel;
    struct release_member *members;
    size_t count;
    const char *failed;      /* why it is undone; NULL where it is not, or was cancelled */
    bool settled;            /* all members have moved, and it stays so */
    const char *failed_type; /* AWS's FailureType of that */
};

/* Reads ReleaseName, OnCancel and Members of the job's configuration, and each member's plan. Errors: ERR_INVALID, with
 * the member's name. */
bool release_read(struct release *release, struct err *err);

/* The marks of all members, on the server's disk. Errors: the job is lost. */
bool release_save(struct release *release, struct err *err);

/* NULL where there is none. */
const struct release_kind *release_kind_find(const char *provider);

/* "ECS, ScheduledTask, S3" */
const char *release_kind_names(struct arena *arena);

#endif
