/*
 * One deployment of CodeDeploy under way, to ECS or to instances: what the files actions/codedeploy*.c share. It has
 * one effect: each call that changes AWS is announced by a mark, and who comes after a crash reads the mark, looks, and
 * adopts what is there.
 *
 * CreateDeployment takes no token that would make a second one the first. Ours is known by its description, which names
 * the action's execution, so it is found by listing the group's deployments. A second one cannot come about unseen: the
 * group has one deployment at a time (DeploymentLimitExceededException), nobody else of Penstock deploys to the group
 * meanwhile (action_types.c: its target), and what was sent without an answer is looked for before it is sent again.
 */
#ifndef RUNNER_ACTIONS_CODEDEPLOY_RUN_H
#define RUNNER_ACTIONS_CODEDEPLOY_RUN_H

#include "runner/actions/codedeploy_verdict.h"
#include "runner/actions/deployment.h"
#include "runner/actions/poll_pace.h"
#include "runner/aws/codedeploy.h"
#include "runner/job.h"

struct codedeploy_run {
    struct job *job;
    struct arena *arena; /* the job's */
    struct codedeploy client;
    struct deployment_report report;
    struct poll_pace pace;
    const char *application;
    const char *group;
    struct json *mark; /* what the server has, and what is to be sent to it next */
    int64_t began_ms;
    const char *deployment; /* id; NULL: none was created, or nobody knows */
    const char *from;       /* for people: "shop:11", "s3://bucket/key" */
    const char *to;
    bool asks_before_traffic; /* deploymentReadyOption STOP_DEPLOYMENT */
    int64_t ready_wait_ms;    /* after which it stops by itself */
    int64_t old_stay_ms;      /* how long the old tasks or instances are kept */

    /* By who uses it: the revision that takes ours back once it has succeeded (NULL: there was nothing before), and
     * whether what was there before is what runs, with a sentence. Either may be NULL. */
    const struct json *(*previous_revision)(struct codedeploy_run *run);
    bool (*is_back)(struct codedeploy_run *run, struct arena *arena, bool *back, const char **sentence,
                    struct err *err);
    /* Looks why it does not get on, and sets `cause`: says how many calls that took. Or NULL. */
    int (*look_closer)(struct codedeploy_run *run, const struct codedeploy_verdict *verdict);
    void *context;
    const char *cause; /* what it hangs on now, and what to change; or NULL */

    const char **seen; /* lifecycle events that were told */
    size_t seen_count;
    size_t seen_capacity;
};

/* From the job's configuration and mark. Errors: ERR_INVALID. */
bool codedeploy_run_begin(struct codedeploy_run *run, struct job *job, struct err *err);

/* deploymentGroupInfo, checked to be of that compute platform ("ECS", "Server"); takes over how the group waits. */
bool codedeploy_run_group(struct codedeploy_run *run, const char *platform, const struct json **info, struct err *err);

/* Puts a member into the mark and sends it. NULL values set nothing. Errors: the job is lost. */
bool codedeploy_run_mark(struct codedeploy_run *run, struct err *err);

/* Ours, created once however often this is asked. Where the job is stopped before it is created: false. */
bool codedeploy_run_create(struct codedeploy_run *run, const struct json *revision, struct err *err);

/* The one that takes ours back (another description, another mark). */
bool codedeploy_run_create_undo(struct codedeploy_run *run, const struct json *revision, const char **id,
                                struct err *err);

/* *run->deployment of an earlier holder that could not say it any more; it stays NULL where nothing was created. */
bool codedeploy_run_find(struct codedeploy_run *run, struct err *err);

/* ---- codedeploy_watch.c ---- */

/* Follows a deployment to its end; *out lives as long as the job. Answers pauses where `answers`; a rejected one has
 * the deployment rolled back and is an error, code "Rejected". False where the job's stop reason is `until` or more, or
 * CodeDeploy refuses to be asked. */
bool codedeploy_watch(struct codedeploy_run *run, const char *id, enum stop_reason until, bool answers,
                      struct codedeploy_verdict *out, struct err *err);

/* Asks CodeDeploy, again and again while it is busy and the job is ours. */
bool codedeploy_look(struct codedeploy_run *run, struct arena *arena, const char *id, const struct json **info,
                     struct err *err);

/* True the first time that it is asked about that. */
bool codedeploy_is_new(struct codedeploy_run *run, const char *what);

/* Says it in the log and to the server, once. */
void codedeploy_tell(struct codedeploy_run *run, const char *sentence);

/* ---- codedeploy_undo.c ---- */

/* The end of an action: `verdict` of our deployment that was watched to its end, or NULL and why in *err. What is not
 * wanted any more (cancelled, or a pause was rejected) is stopped and rolled back, and waited for. */
bool codedeploy_end(struct codedeploy_run *run, const struct codedeploy_verdict *verdict, struct wire_result *result,
                    struct err *err);

#endif
