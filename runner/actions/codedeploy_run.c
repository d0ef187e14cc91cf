/*
 * Marks, and the one CreateDeployment.
 */
#include "runner/actions/codedeploy_run.h"

#include "common/str.h"
#include "runner/runner.h"

#include <string.h>

#define MINUTE_MS 60000
#define LOOKS_FOR_OURS 5 /* a list may be older than what was created */
#define LOOK_AGAIN_MS 3000

bool codedeploy_run_begin(struct codedeploy_run *run, struct job *job, struct err *err) {
    const struct json *mark = job->message->checkpoint;
    *run = (struct codedeploy_run){.job = job, .arena = job->arena};
    run->client = (struct codedeploy){
        .aws = job_aws(job), .region = job->message->region, .interrupted = job_is_lost, .context = job};
    run->application = job_setting(job, "ApplicationName");
    run->group = job_setting(job, "DeploymentGroupName");
    deployment_begin(&run->report, job, "CODE_DEPLOY");
    if (!run->application || !run->group)
        return err_set(err, ERR_INVALID, "the action's configuration lacks ApplicationName or DeploymentGroupName");
    const char *on_cancel = job_setting(job, "OnCancel");
    if (on_cancel && *on_cancel && !str_equal(on_cancel, "ROLLBACK") && !str_equal(on_cancel, "LEAVE"))
        return err_set_code(err, ERR_INVALID, "ConfigurationError", "OnCancel must be ROLLBACK or LEAVE, not '%.50s'",
                            on_cancel);
    run->mark = mark ? json_copy(job->arena, mark) : json_object(job->arena);
    run->began_ms = json_get_integer(mark, "beganMs", job_now_ms(job));
    run->deployment = json_get_text(mark, "deployment");
    run->from = json_get_text(mark, "from");
    run->to = json_get_text(mark, "to");
    run->report.external_id = run->deployment;
    poll_pace_begin(&run->pace, job_now_ms(job));
    return true;
}

static int64_t minutes_of(const struct json *option, const char *member) {
    return json_get_integer(option, member, 0) * MINUTE_MS;
}

bool codedeploy_run_group(struct codedeploy_run *run, const char *platform, const struct json **info, struct err *err) {
    if (!codedeploy_group(&run->client, run->arena, run->application, run->group, info, err))
        return false;
    const char *found = json_get_text_or(*info, "computePlatform", "Server");
    if (!str_equal(found, platform))
        return err_set_code(err, ERR_INVALID, "ConfigurationError",
                            "the deployment group '%s' deploys to %s, not to %s; use the action %s for it", run->group,
                            found, platform, str_equal(found, "ECS") ? "CodeDeployToECS" : "CodeDeploy");
    const struct json *blue_green = json_get(*info, "blueGreenDeploymentConfiguration");
    const struct json *ready = json_get(blue_green, "deploymentReadyOption");
    const struct json *end = json_get(blue_green, "terminateBlueInstancesOnDeploymentSuccess");
    run->asks_before_traffic = str_equal(json_get_text(ready, "actionOnTimeout"), "STOP_DEPLOYMENT");
    run->ready_wait_ms = minutes_of(ready, "waitTimeInMinutes");
    if (!str_equal(json_get_text(end, "action"), "KEEP_ALIVE"))
        run->old_stay_ms = minutes_of(end, "terminationWaitTimeInMinutes");
    return true;
}

bool codedeploy_run_mark(struct codedeploy_run *run, struct err *err) {
    struct arena *arena = run->arena;
    json_set_integer(arena, run->mark, "beganMs", run->began_ms);
    json_set_text(arena, run->mark, "deployment", run->deployment);
    json_set_text(arena, run->mark, "from", run->from);
    json_set_text(arena, run->mark, "to", run->to);
    run->report.external_id = run->deployment;
    return job_checkpoint(run->job, run->mark, err);
}

/* Which deployment is meant, and until when it is wanted. */
struct wish {
    struct codedeploy_order order;
    const char *sent; /* member of the mark: it was sent, or was about to be */
    enum stop_reason until;
};

static const char *own_name(const struct codedeploy_run *run) {
    const struct wire_job *message = run->job->message;
    return message->action_execution_id ? message->action_execution_id : message->id;
}

static struct wish wish_for(const struct codedeploy_run *run, bool undo, const struct json *revision) {
    return (struct wish){
        .order = {.application = run->application,
                  .group = run->group,
                  .description = arena_printf(run->arena, "penstock%s %s", undo ? " rollback of" : "", own_name(run)),
                  .revision = revision},
        .sent = undo ? "undoSent" : "createSent",
        .until = undo ? STOP_LOST : STOP_CANCELLED};
}

static bool is_wanted(const struct codedeploy_run *run, const struct wish *wish, struct err *err) {
    bool abandoned = wish->until == STOP_LOST && heartbeat_abandoned(run->job->heartbeat);
    return (!abandoned && job_stop_reason(run->job) < wish->until) || err_set(err, ERR_CONFLICT, "stopped");
}

static bool find(struct codedeploy_run *run, const struct wish *wish, const char **id, struct err *err) {
    for (int looks = 1;; looks++) {
        const char *found = NULL;
        struct err own = {0};
        bool asked = codedeploy_find(&run->client, run->arena, &wish->order, run->began_ms, &found, &own);
        if (found || (asked && looks >= LOOKS_FOR_OURS)) {
            *id = found;
            return true;
        }
        if (!asked && own.kind != ERR_UNAVAILABLE)
            return err_set_code(err, own.kind, own.code, "%s", own.message);
        if (job_is_lost(run->job) || heartbeat_abandoned(run->job->heartbeat))
            return err_set(err, ERR_CONFLICT, "stopped");
        (void)job_sleep(run->job, LOOK_AGAIN_MS, STOP_LOST);
    }
}

/* One attempt. *again: it is known that nothing was created, and it may be sent once more. */
static bool send(struct codedeploy_run *run, const struct wish *wish, const char **id, bool *again, struct err *err) {
    bool unknown = false;
    bool busy = false;
    struct err own = {0};
    if (codedeploy_create(&run->client, run->arena, &wish->order, id, &unknown, &busy, &own))
        return true;
    if (!unknown && !busy) {
        *again = own.kind == ERR_UNAVAILABLE;
        return err_set_code(err, own.kind, own.code, "%s", own.message);
    }
    if (!find(run, wish, id, err))
        return false;
    if (*id)
        return true;
    *again = unknown;
    if (busy)
        return err_set_code(err, ERR_CONFLICT, "JobFailed", "%s; wait for its end, then run again", own.message);
    return err_set_code(err, own.kind, own.code, "%s", own.message);
}

static bool create(struct codedeploy_run *run, const struct wish *wish, const char **id, struct err *err) {
    *id = NULL;
    if (json_get_bool(run->mark, wish->sent, false)) {
        if (!find(run, wish, id, err))
            return false;
        if (*id)
            return true;
    }
    if (!is_wanted(run, wish, err))
        return false;
    json_set_bool(run->arena, run->mark, wish->sent, true);
    if (!codedeploy_run_mark(run, err))
        return false;
    for (;;) {
        bool again = false;
        struct err own = {0};
        if (send(run, wish, id, &again, &own))
            return true;
        if (!again || !is_wanted(run, wish, NULL))
            return err_set_code(err, own.kind, own.code, "%s", own.message);
        job_log(run->job, "%s; trying again", own.message);
        (void)job_sleep(run->job, LOOK_AGAIN_MS, wish->until);
    }
}

bool codedeploy_run_create(struct codedeploy_run *run, const struct json *revision, struct err *err) {
    const struct wish wish = wish_for(run, false, revision);
    if (!create(run, &wish, &run->deployment, err) || !codedeploy_run_mark(run, err))
        return false;
    run->report.external_url =
        arena_printf(run->arena, "https://%s.console.aws.amazon.com/codesuite/codedeploy/deployments/%s",
                     run->client.region, run->deployment);
    deployment_note(&run->report, "CodeDeploy's deployment %s was created", run->deployment);
    return true;
}

bool codedeploy_run_create_undo(struct codedeploy_run *run, const struct json *revision, const char **id,
                                struct err *err) {
    const struct wish wish = wish_for(run, true, revision);
    return create(run, &wish, id, err);
}

bool codedeploy_run_find(struct codedeploy_run *run, struct err *err) {
    const struct wish wish = wish_for(run, false, NULL);
    if (run->deployment || !json_get_bool(run->mark, wish.sent, false))
        return true;
    return find(run, &wish, &run->deployment, err);
}
