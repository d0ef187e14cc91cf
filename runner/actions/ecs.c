/*
 * Deploy/ECS: new images, or a new definition, into the service, then the rollout, in every way that ECS itself brings
 * a revision in. A deployment has one effect: each call that changes AWS is announced by a mark, and who comes after a
 * crash reads the mark, looks, and adopts what is there.
 */
#include "runner/actions/actions.h"
#include "runner/actions/ecs_deploy.h"
#include "runner/actions/probe.h"

static bool is_cancelled(const struct deploy *deploy) {
    return job_stop_reason(deploy->job) == STOP_CANCELLED;
}

static bool roll_out(struct deploy *deploy, struct err *err) {
    if (deploy->undo != UNDO_NOT || deploy->job->message->cancelled) /* an earlier holder was at it */
        return false;
    if (!deploy->registered && !deploy_prepare(deploy, err))
        return false;
    deploy->probe = probe_start(deploy->job, deploy->plan.probe_url);
    return deploy_apply(deploy, err) && deploy_follow(deploy, err);
}

static void succeed(struct deploy *deploy, struct wire_result *result) {
    const char *sentence =
        arena_printf(deploy->arena, "service '%s' runs %s", deploy->ecs.service, ecs_short_name(deploy->registered));
    deployment_note(deploy->report, "%s", sentence);
    *result = (struct wire_result){.outcome = WIRE_SUCCEEDED, .summary = sentence, .external_id = deploy->deployment};
}

static bool deploy_it(struct deploy *deploy, struct wire_result *result, struct err *err) {
    const bool done = roll_out(deploy, err);
    result->external_id = deploy->deployment;
    /* Who cancels in the moment of success wants the old revision none the less. */
    if (is_cancelled(deploy) && deploy->undo == UNDO_NOT)
        return deploy->plan.leave_on_cancel ? deploy_leave(deploy, result) : deploy_undo(deploy, result, err);
    if (deploy->undo != UNDO_NOT)
        return deploy_undo(deploy, result, err);
    if (done)
        succeed(deploy, result);
    return done;
}

bool action_ecs(struct job *job, struct wire_result *result, struct err *err) {
    struct deployment_report *report = arena_new(job->arena, struct deployment_report);
    struct deploy *deploy = arena_new(job->arena, struct deploy);
    struct deploy_plan plan;
    if (!deploy_plan_read(job, &plan, err))
        return false;
    deployment_begin(report, job, "ECS");
    deploy_init(deploy, job, report, &plan, job->message->checkpoint);
    const bool done = deploy_it(deploy, result, err);
    probe_end(deploy->probe, report);
    return done;
}
