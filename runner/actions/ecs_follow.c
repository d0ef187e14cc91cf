/*
 * Following a deployment to its end: good, bad, stopped by people or by the clock, or stuck.
 */
#include "runner/actions/ecs_cause.h"
#include "runner/actions/ecs_watch.h"

#include "common/http_client.h"
#include "common/str.h"

#include <stdio.h>

#define LOOKS_TO_SHOW 10 /* before our deployment is taken for gone: answers may be older than the update */
#define LOOKS_TO_MISS 5  /* before the service is */

static bool is_cancelled(void *context) {
    return job_stop_reason(context) >= STOP_CANCELLED;
}

static void wake(void *client) {
    http_client_wake(client);
}

/* ---- ends ---- */

/* Who registered what somebody else deployed: all that ECS tells of who it was. */
static const char *who_deployed(struct deploy *deploy, struct look *look) {
    const struct json *described;
    if (!look->verdict.other || str_equal(look->verdict.other, deploy->registered) ||
        !ecs_describe_task_definition(&deploy->ecs, look->arena, look->verdict.other, &described, NULL))
        return "";
    const char *by = json_get_text(json_get(described, "taskDefinition"), "registeredBy");
    return by ? arena_printf(look->arena, "; %s was registered by %s", ecs_short_name(look->verdict.other), by) : "";
}

/* The sentence, and why as far as anybody knows. */
static bool refuse(struct deploy *deploy, const char *sentence, const struct json *service, struct err *err) {
    deploy_log_stopped_tasks(deploy);
    if (service)
        ecs_cause_conclude(deploy, service);
    const struct cause *cause = deploy->cause;
    /* That the breaker broke says less than what a task said last. */
    if (cause && !(deploy->last_stop && str_equal(cause->id, "circuit-breaker")))
        return err_set_code(err, ERR_CONFLICT, "JobFailed", "%.400s; %.200s (%.200s); %.200s", sentence,
                            cause->sentence, cause->evidence, cause->change);
    return err_set_code(err, ERR_CONFLICT, "JobFailed", "%s%s%.500s", sentence,
                        deploy->last_stop ? "; a new task stopped: " : "", deploy->last_stop ? deploy->last_stop : "");
}

static bool is_over(struct deploy *deploy, struct look *look, bool *good, struct err *err) {
    switch (look->state) {
    case ECS_GOES_ON:
        deploy_tell(deploy, look->sentence);
        return false;
    case ECS_DONE:
        deploy_tell(deploy, look->sentence);
        *good = true;
        return true;
    case ECS_FAILED:
        *good = refuse(deploy, look->sentence, look->service, err);
        return true;
    case ECS_SUPERSEDED:
        *good =
            refuse(deploy, arena_printf(look->arena, "%s%s", look->sentence, who_deployed(deploy, look)), NULL, err);
        return true;
    }
    return false;
}

/* ---- time ---- */

static int64_t spent_ms(const struct deploy *deploy) {
    const int64_t now_ms = job_now_ms(deploy->job);
    const int64_t paused_ms = deploy->paused_ms + (deploy->pause ? now_ms - deploy->pause_since_ms : 0);
    return now_ms - deploy->began_ms - paused_ms;
}

bool deploy_time_is_up(const struct deploy *deploy) {
    return spent_ms(deploy) >= deploy->plan.timeout_ms;
}

static bool time_is_up(struct deploy *deploy, const struct look *look, struct err *err) {
    if (!deploy_time_is_up(deploy))
        return false;
    (void)refuse(deploy,
                 arena_printf(deploy->arena,
                              "the service did not become stable within %lld minutes; ECS goes on trying (to end that: "
                              "aws ecs update-service --cluster %s --service %s --task-definition %s)",
                              (long long)(spent_ms(deploy) / 60000), deploy->ecs.cluster, deploy->ecs.service,
                              ecs_short_name(deploy->previous)),
                 look->service, err);
    return true;
}

/* ---- OnStuck ---- */

/* How long we have seen that cause: its own times are of AWS's clock, and ours may be a wrong one. */
static int64_t stuck_for_ms(struct deploy *deploy, int64_t now_ms) {
    size_t i = 0;
    if (!deploy->cause) {
        deploy->stuck_count = 0;
        return 0;
    }
    while (i < deploy->stuck_count && !str_equal(deploy->stuck_by[i].id, deploy->cause->id))
        i++;
    if (i == deploy->stuck_count) {
        i = i < STUCK_MAX ? i : STUCK_MAX - 1;
        (void)snprintf(deploy->stuck_by[i].id, sizeof deploy->stuck_by->id, "%s", deploy->cause->id);
        deploy->stuck_by[i].since_ms = now_ms;
        deploy->stuck_count = i + 1;
    }
    return now_ms - deploy->stuck_by[i].since_ms;
}

static bool is_stuck(struct deploy *deploy, struct err *err) {
    const struct cause *cause = deploy->cause;
    const int64_t now_ms = job_now_ms(deploy->job);
    const int64_t stuck_ms = stuck_for_ms(deploy, now_ms);
    if (!deploy->plan.undo_when_stuck || !cause || !cause->undo_helps || stuck_ms < deploy->plan.stuck_ms)
        return false;
    deploy->undo = UNDO_STUCK;
    deploy->undo_ms = now_ms;
    deploy->undo_by = "OnStuck";
    deploy->undo_sentence =
        arena_printf(deploy->arena, "%.300s (%.300s); %.300s", cause->sentence, cause->evidence, cause->change);
    deployment_note(deploy->report, "stuck for %lld s: %s", (long long)(stuck_ms / 1000), cause->sentence);
    (void)err_set_code(err, ERR_CONFLICT, "JobFailed", "%s", deploy->undo_sentence);
    return true;
}

/* ---- the loop ---- */

static void pause_before_next(struct deploy *deploy, const struct look *look) {
    const int64_t pause_ms = ecs_budget_pause_ms(&deploy->budget, job_now_ms(deploy->job), look->pace, &look->ends);
    (void)job_sleep(deploy->job, pause_ms,
                    job_stop_reason(deploy->job) == STOP_TIMED_OUT ? STOP_CANCELLED : STOP_TIMED_OUT);
}

/* Whether the next look may see more. A service that was there a moment ago may be hidden by an older answer. */
static bool may_pass(struct deploy *deploy, const struct err *why) {
    if (why->kind == ERR_NOT_FOUND)
        return ++deploy->looks_missed < LOOKS_TO_MISS;
    return why->kind == ERR_UNAVAILABLE;
}

/* One look; true where the deployment has ended for us, *good says how. */
static bool look_once(struct deploy *deploy, struct look *look, bool *good, struct err *err) {
    struct err passing = {0};
    if (deploy_look(deploy, look, &passing)) {
        deploy->looks_missed = 0;
        return is_over(deploy, look, good, err) || is_stuck(deploy, err);
    }
    if (deploy->undo != UNDO_NOT || !may_pass(deploy, &passing)) {
        (void)err_set_code(err, passing.kind, passing.code, "%.800s%s%s", passing.message,
                           look->unseen ? "; what becomes of the deployment cannot be seen: ECS goes on to make it "
                                        : "",
                           look->unseen ? ecs_short_name(deploy->registered) : "");
        return true;
    }
    if (!is_cancelled(deploy->job))
        job_log(deploy->job, "%s", passing.message);
    return false;
}

static bool go_round(struct deploy *deploy, struct ecs_ours *ours, int rounds, bool *good, struct err *err) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct look look = {
        .arena = &arena, .ours = ours, .pace = ECS_STARTS, .ends = {.as_before_ms = deploy->likely_end_ms}};
    /* What the update answered says all that there is to see at first. */
    if ((rounds > 0 || !deploy->just_updated) && look_once(deploy, &look, good, err))
        return true;
    if (rounds == LOOKS_TO_SHOW)
        ours->seen = true;
    /* The job's own time limit and DeploymentTimeout come to the same: ECS goes on, and we say so. */
    if (job_stop_reason(deploy->job) == STOP_TIMED_OUT)
        deploy->plan.timeout_ms = 0;
    if (time_is_up(deploy, &look, err))
        return true;
    pause_before_next(deploy, &look);
    return false;
}

/* The first call after a cancel is the one that undoes: no look is begun any more. */
static bool is_wanted(const struct deploy *deploy, struct err *err) {
    return !is_cancelled(deploy->job) || err_set(err, ERR_CONFLICT, "stopped");
}

bool deploy_follow(struct deploy *deploy, struct err *err) {
    struct http_client *client CLEANUP(http_client_cleanup) = http_client_new();
    struct ecs_ours ours = {.deployment = deploy->deployment,
                            .task_definition = deploy->registered,
                            .previous = deploy->previous,
                            .began_ms = deploy_since_ms(deploy)};
    bool good = false;
    ecs_budget_begin(&deploy->budget, job_now_ms(deploy->job));
    if (deploy->just_updated && deploy->before_took_ms > 0)
        deploy->likely_end_ms = deploy->budget.begin_ms + deploy->before_took_ms;
    /* A cancel must not wait for an answer to a mere question. */
    deploy->ecs.client = client;
    deploy->ecs.interrupted = is_cancelled;
    heartbeat_on_stop(deploy->job->heartbeat, wake, client);
    for (int rounds = 0; is_wanted(deploy, err) && !go_round(deploy, &ours, rounds, &good, err); rounds++)
        ;
    heartbeat_on_stop(deploy->job->heartbeat, NULL, NULL);
    deploy->ecs.interrupted = job_is_lost;
    deploy->ecs.client = NULL;
    return good;
}
