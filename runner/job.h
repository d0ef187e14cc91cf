/*
 * One job in the hands of this runner: what an action's code may ask of it. The job reports; an action acts, and says
 * with a struct wire_result how it ended.
 */
#ifndef RUNNER_JOB_H
#define RUNNER_JOB_H

#include "common/wire.h"
#include "runner/heartbeat.h"
#include "runner/reporter.h"

struct aws;
struct deployment_report; /* runner/actions/deployment.h */
struct link;
struct local;
struct runner;

struct job {
    struct arena *arena; /* lives as long as the job */
    const struct wire_job *message;
    const struct runner *runner;
    struct link *link;   /* NULL where the job is a local one */
    struct local *local; /* runner/local.h: there is no server; or NULL */
    struct heartbeat *heartbeat;
    struct reporter *reporter;
    const char *folder;           /* on this machine, empty at first, removed at the end */
    void (*after)(void *context); /* set by an action: tidying that need not hold up the result */
    void *after_context;
    struct deployment_report *deployment; /* by deployment_begin(): goes with the result; or NULL */
    bool marked;                          /* job_checkpoint() was called: something may have been begun */
};

/* Takes the job through: acknowledge, act, report. Returns when the server knows the result or the job is lost. */
void job_run(const struct runner *runner, struct link *link, struct arena *arena, const struct wire_job *message);

/* The same without a server: *result is for the caller. Lives in `arena`. The log is written to that descriptor, and
 * who wants the job stopped raises a reason at the heartbeat, which is the caller's. */
void job_run_local(const struct runner *runner, struct local *local, int log, struct heartbeat *heartbeat,
                   struct arena *arena, const struct wire_job *message, struct wire_result *result);

/* ---- for actions ---- */

void job_log(struct job *job, const char *format, ...) PRINTF_LIKE(2, 3); /* one line; the line end is added */

/* The mark before a side effect: returns when the server has it on disk. Errors: the job is lost. */
bool job_checkpoint(struct job *job, const struct json *checkpoint, struct err *err);

/* Fetches the input artifact of that name (NULL: the first) once; *out is the zip's path. */
bool job_input(struct job *job, const char *name, const char **out, struct err *err);
bool job_output(struct job *job, const char *name, const char *zip_path, struct err *err);

/* Hands a test or coverage report over (docs/doors.md says its form); *answer: {reportArn}. */
bool job_report(struct job *job, const struct json *report, const struct json **answer, struct err *err);

/* True when the job must come to an end: for callbacks named `interrupted`. */
bool job_is_stopped(void *job);
bool job_is_lost(void *job);

enum stop_reason job_stop_reason(const struct job *job);

/* AWS's FailureType for what went wrong, where the action set none itself: static text. */
const char *job_failure_type(const struct err *err);

/* How an action ends that was cancelled and could not undo what it began: it fails, and says why. Where nobody wants to
 * know any more (the undo was abandoned) it is stopped instead. Always true. */
bool job_undo_failed(struct job *job, struct wire_result *result, const struct err *why);

/* Who the job is towards AWS: the action's role where its definition names one (roleArn), else the runner itself. What
 * an action calls AWS with. */
struct aws *job_aws(const struct job *job);

/* Time for actions that wait on what somebody else does (deployments): the wall clock, or a rehearsal's. They use these
 * two and nothing else. */
int64_t job_now_ms(const struct job *job);

/* Sleeps as heartbeat_sleep does; a rehearsal's clock is moved on by that time instead. False as soon as the job's stop
 * reason is `wake_at` or more, or its undo is abandoned. */
bool job_sleep(struct job *job, int64_t milliseconds, enum stop_reason wake_at);

/* A configuration value; NULL where absent. */
const char *job_setting(const struct job *job, const char *name);

#endif
