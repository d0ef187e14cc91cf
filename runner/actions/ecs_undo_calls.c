/*
 * The calls of an undo.
 */
#include "runner/actions/ecs_undo.h"

#include "common/str.h"

#include <string.h>

#define BUSY_MS 1000
#define STOPS_TRIED 3 /* each of which is sent up to three times; then UpdateService takes their place */

void undo_show(struct deploy *deploy, const char *to, const char *how, const char *sentence, bool ended) {
    deployment_cancel(deploy->report, &(struct deployment_cancel){
                                          .by = deploy->undo_by,
                                          .asked_ms = deploy->undo_ms,
                                          .ended = ended,
                                          .from = deploy->registered ? ecs_short_name(deploy->registered) : NULL,
                                          .to = to,
                                          .how = how,
                                          .sentence = sentence});
}

static const char *why(const struct deploy *deploy) {
    switch (deploy->undo) {
    case UNDO_STUCK:
        return "stuck";
    case UNDO_REJECTED:
        return "rejected";
    case UNDO_CANCELLED:
    case UNDO_NOT:
        break;
    }
    return "cancelled";
}

/* What went out is told, and marked for whoever takes over: from now on the service's being back is what we did. */
static bool note_sent(struct deploy *deploy, const char *how, struct err *err) {
    const char *previous = ecs_short_name(deploy->previous);
    deploy->undo_how = how;
    undo_show(deploy, previous, how, arena_printf(deploy->arena, "putting the service back on %s", previous), false);
    deploy_tell(deploy,
                arena_printf(deploy->arena, "%s: putting the service back on %s by %s", why(deploy), previous, how));
    return deploy_mark(deploy, err);
}

/* A call without an answer may have been carried out: if the service is back, this is how it came there. */
static bool note_tried(struct deploy *deploy, const char *how, const struct err *why, struct err *err) {
    job_log(deploy->job, "%s", why->message);
    if (aws_refusal_is_before_effect(&deploy->refused) || str_equal(deploy->undo_how, how))
        return true;
    deploy->undo_how = how;
    return deploy_mark(deploy, err);
}

/* ---- the service deployment ---- */

bool undo_can_stop(const struct deploy *deploy, const struct undo *undo) {
    /* ECS goes back to the last revision that was complete: only where that is the one before ours. */
    return deploy->service_deployment && deploy->previous_stood && !deploy->no_service_deployments &&
           !undo->stop_sent && !undo->stop_failed;
}

/* Who stopped it and died before that was marked leaves no other trace than that ECS went back without a reason of its
 * own. */
static bool was_stopped_before(struct deploy *deploy, struct arena *arena) {
    struct ecs_shift shift;
    return deploy->job->message->cancelled && !deploy->undo_how &&
           undo_read_shift(deploy, arena, deploy->service_deployment, &shift) == UNDO_SEEN &&
           (shift.is_back || shift.back_failed) && !strstr(shift.sentence, "circuit breaker") &&
           !strstr(shift.sentence, "alarm");
}

bool undo_stop(struct deploy *deploy, struct undo *undo, struct err *err) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct err own = {0};
    if (ecs_stop_service_deployment(&deploy->ecs, &arena, deploy->service_deployment, &own)) {
        undo->stop_sent = true;
        return note_sent(deploy, "StopServiceDeployment", err);
    }
    if (own.kind == ERR_UNAVAILABLE)
        return note_tried(deploy, "StopServiceDeployment", &own, err);
    /* It has ended (well or badly), or cannot be stopped, or we may not: the service tells what is to be done. */
    undo->stop_failed = true;
    if (own.kind == ERR_CONFLICT && was_stopped_before(deploy, &arena))
        return note_sent(deploy, "StopServiceDeployment", err);
    deployment_note(deploy->report, "%s; UpdateService takes its place", own.message);
    return true;
}

/* The pause's own answer; where that is not taken, the deployment is stopped. */
static bool reject(struct deploy *deploy, struct undo *undo, struct err *err) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct err own = {0};
    if (!deploy->pause ||
        !ecs_continue_service_deployment(&deploy->ecs, &arena, deploy->service_deployment, deploy->pause, false, &own))
        return true;
    undo->stop_sent = true;
    return note_sent(deploy, "ContinueServiceDeployment", err);
}

bool undo_begin(struct deploy *deploy, struct undo *undo, struct err *err) {
    /* A cancel is known to whoever takes over, and its call must not wait. */
    if (deploy->undo != UNDO_CANCELLED && !deploy->undo_how && !deploy_mark(deploy, err))
        return false;
    if (deploy->undo == UNDO_REJECTED && undo_can_stop(deploy, undo) && !reject(deploy, undo, err))
        return false;
    for (int tries = 1; undo_can_stop(deploy, undo) && undo_goes_on(deploy); tries++) {
        if (!undo_stop(deploy, undo, err))
            return false;
        if (undo->stop_sent || undo->stop_failed)
            break;
        undo->stop_failed = tries == STOPS_TRIED;
        if (undo->stop_failed)
            deployment_note(deploy->report, "StopServiceDeployment gets no answer; UpdateService takes its place");
        else
            (void)job_sleep(deploy->job, BUSY_MS, STOP_LOST);
    }
    return true;
}

/* ---- the update back ---- */

bool undo_send_back(struct deploy *deploy, struct undo *undo, struct arena *arena, struct err *err) {
    const struct json *service;
    struct err own = {0};
    if (ecs_update_service(&deploy->ecs, arena, deploy->previous, &service, &own)) {
        const char *id = json_get_text(ecs_primary(service), "id");
        undo->sent = true;
        undo->sent_as = id ? arena_strdup(deploy->arena, id) : NULL;
        return note_sent(deploy, "UpdateService", err);
    }
    if (own.kind == ERR_UNAVAILABLE) {
        undo->until_send = 0;
        return note_tried(deploy, "UpdateService", &own, err);
    }
    return err_set_code(err, own.kind, own.code,
                        "the service could not be put back on %s: %.500s; it is left to become %s, with which ECS goes "
                        "on (to put it back: aws ecs update-service --cluster %.100s --service %.100s "
                        "--task-definition %.100s)",
                        ecs_short_name(deploy->previous), own.message, ecs_short_name(deploy->registered),
                        deploy->ecs.cluster, deploy->ecs.service, ecs_short_name(deploy->previous));
}

/* ---- traffic ---- */

enum undo_seen undo_read_shift(struct deploy *deploy, struct arena *arena, const char *arn, struct ecs_shift *shift) {
    const struct json *deployment;
    struct err own = {0};
    if (!arn || deploy->no_service_deployments)
        return UNDO_HIDDEN;
    if (ecs_describe_service_deployment(&deploy->ecs, arena, arn, &deployment, &own)) {
        *shift = ecs_shift_read(arena, deployment, deploy->strategy ? deploy->strategy : "ROLLING");
        return UNDO_SEEN;
    }
    job_log(deploy->job, "%s", own.message);
    if (own.kind == ERR_UNAVAILABLE || own.kind == ERR_NOT_FOUND)
        return UNDO_SEEN_LATER;
    if (own.kind == ERR_DENIED || ecs_has_no_service_deployments(&deploy->refused))
        deploy->no_service_deployments = true;
    return UNDO_HIDDEN;
}

/* The way back of a complete deployment is one more deployment, with the service's own pauses; who cancelled wants it.
 */
static void pass_pause(struct deploy *deploy, struct arena *arena, const char *arn, const struct ecs_pause *pause) {
    struct err own = {0};
    if (ecs_continue_service_deployment(&deploy->ecs, arena, arn, pause->hook, true, &own))
        deployment_note(deploy->report, "the pause on the way back was passed (%s)", ecs_stage_words(pause->stage));
    else
        job_log(deploy->job, "%s", own.message);
}

bool undo_traffic_is_back(struct deploy *deploy, struct undo *undo, struct arena *arena, const struct json *service,
                          const char **sentence) {
    const char *arn = undo->stop_sent && !undo->sent ? deploy->service_deployment
                                                     : json_get_text(service, "currentServiceDeployment");
    struct ecs_shift shift;
    /* Without a deployment that goes on there is nothing to ask about: the service's own counts are all. */
    if (!deploy->is_shift || !arn)
        return true;
    switch (undo_read_shift(deploy, arena, arn, &shift)) {
    case UNDO_SEEN:
        break;
    case UNDO_SEEN_LATER:
        *sentence = arena_printf(arena, "%s; whether the traffic is back cannot be seen yet", *sentence);
        return false;
    case UNDO_HIDDEN:
        *sentence = arena_printf(arena, "%s; whether the traffic is back could not be seen", *sentence);
        return true;
    }
    if (shift.pause.hook)
        pass_pause(deploy, arena, arn, &shift.pause);
    *sentence = shift.state == ECS_DONE || shift.is_back ? *sentence : shift.sentence;
    return shift.state == ECS_DONE || shift.is_back;
}
