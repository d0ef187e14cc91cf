/*
 * One update of an Elastic Beanstalk environment: what the files actions/elastic_beanstalk*.c share. The application
 * version's label names the action's execution, so what an earlier holder began is known by it. Others may change the
 * environment, too (its configuration, say): events from before ours are none of ours, and what they began is let be.
 */
#ifndef RUNNER_ACTIONS_ELASTIC_BEANSTALK_RUN_H
#define RUNNER_ACTIONS_ELASTIC_BEANSTALK_RUN_H

#include "runner/actions/deployment.h"
#include "runner/actions/poll_pace.h"
#include "runner/aws/elastic_beanstalk.h"
#include "runner/job.h"

struct beanstalk_run {
    struct job *job;
    struct arena *arena; /* the job's */
    struct beanstalk client;
    struct deployment_report report;
    struct poll_pace pace;
    int64_t began_ms;
    int64_t undo_until_ms; /* 0: not being undone */
    const char *label;     /* ours */
    const char *stored;    /* "s3://bucket/key" of what ours is made of; NULL: nothing was stored */
    const char *previous;  /* what the environment had; NULL: nothing, or not known yet */
    bool version_made;
    bool update_sent;
    const char *newest; /* date and text of the newest event that was told, or was there before ours */
    const char *cause;  /* the first error among the events since */
    int starts;         /* updates that began since: more than one, and the latest is somebody else's */
};

/* Puts what is known on the server's disk. Errors: the job is lost. */
bool beanstalk_mark(struct beanstalk_run *run, struct err *err);

/* UpdateEnvironment to that version. What was sent and is not to be seen is sent again: where it was carried out after
 * all, the environment is not Ready, or has the label. */
bool beanstalk_send_update(struct beanstalk_run *run, const char *label, enum stop_reason until, struct err *err);

/* ---- elastic_beanstalk_watch.c ---- */

bool beanstalk_is_wanted(const struct beanstalk_run *run, enum stop_reason until, struct err *err);

/* After a call that failed: waits where it may be made again; else false, with its error. */
bool beanstalk_bear(struct beanstalk_run *run, const struct err *own, enum stop_reason until, struct err *err);

/* Events that are there now are none of ours. */
bool beanstalk_skip_events(struct beanstalk_run *run, struct err *err);

/* The environment, asked for again while Beanstalk is busy, and what its events tell. Errors: also that it is being
 * terminated. */
bool beanstalk_look(struct beanstalk_run *run, enum stop_reason until, struct arena *arena,
                    const struct json **environment, struct err *err);

void beanstalk_wait(struct beanstalk_run *run, enum stop_reason until);

/* Until the environment is Ready after our update; *label: the version that it has then. */
bool beanstalk_follow(struct beanstalk_run *run, const char **label, struct err *err);

/* ---- elastic_beanstalk_undo.c ---- */

/* Cancelled. */
bool beanstalk_undo(struct beanstalk_run *run, struct wire_result *result, struct err *err);

#endif
