/*
 * Undoing a deployment, and proving it: it ends with what was seen, the previous revision being all that runs. Our own
 * service deployment is stopped without a look, since that cannot hit anybody else's; an update back is sent only while
 * ours is what the service is to become, and what somebody else deployed since is left alone.
 */
#include "runner/actions/ecs_undo.h"

#include "common/str.h"

/* What ECS answers may be older than the update that was sent: a service that seems never to have left the previous
 * revision is believed only after so many looks, and one that seems to be on ours still is sent back again. */
#define LOOKS_TO_BELIEVE 5
#define LOOKS_BETWEEN_SENDS 10
#define UNDO_MS 3600000 /* where no time is said */

bool undo_goes_on(const struct deploy *deploy) {
    return !job_is_lost(deploy->job) && !heartbeat_abandoned(deploy->job->heartbeat);
}

static void rest(struct deploy *deploy) {
    (void)job_sleep(deploy->job,
                    ecs_budget_pause_ms(&deploy->budget, job_now_ms(deploy->job), ECS_GOES_BACK, &(struct ecs_ends){0}),
                    STOP_LOST);
}

/* ---- its end in time ---- */

/* A deployment whose own time was up has none left in its plan. */
static int64_t limit_ms(const struct deploy *deploy) {
    return deploy->plan.timeout_ms > 0 ? deploy->plan.timeout_ms : UNDO_MS;
}

static bool is_too_long(const struct deploy *deploy, const struct undo *undo, const char *seen, struct err *err) {
    if (job_now_ms(deploy->job) - deploy->undo_ms < limit_ms(deploy))
        return false;
    (void)err_set_code(err, ERR_CONFLICT, "JobFailed",
                       "service '%s' %s %s, but was not seen stable there after %lld minutes: %.300s; ECS goes on "
                       "trying%s%s",
                       deploy->ecs.service, undo->sent || undo->stop_sent ? "was sent back to" : "was to go back to",
                       ecs_short_name(deploy->previous), (long long)(limit_ms(deploy) / 60000), seen,
                       *undo_reserve(deploy, undo) ? "; it" : "", undo_reserve(deploy, undo));
    return true;
}

/* Asks until there is an answer: an undo does not give up because ECS was busy. */
static bool describe(struct deploy *deploy, const struct undo *undo, struct arena *arena, const struct json **service,
                     struct err *err) {
    while (undo_goes_on(deploy)) {
        struct err own = {0};
        if (ecs_describe_service(&deploy->ecs, arena, service, &own))
            return true;
        if (own.kind != ERR_UNAVAILABLE)
            return err_set_code(err, own.kind, own.code, "whether the service is back on %s cannot be seen: %.600s",
                                ecs_short_name(deploy->previous), own.message);
        job_log(deploy->job, "%s", own.message);
        if (is_too_long(deploy, undo, own.message, err))
            return false;
        rest(deploy);
    }
    return err_set(err, ERR_CONFLICT, "no longer asked for");
}

/* ---- ours is still what the service is to become ---- */

static bool judge_ours(struct deploy *deploy, struct undo *undo, struct arena *arena, const struct json *service,
                       struct err *err) {
    if (undo->stop_sent && !undo->stop_failed) {
        struct ecs_shift shift;
        if (undo_read_shift(deploy, arena, deploy->service_deployment, &shift) == UNDO_SEEN) {
            undo->stop_failed = shift.back_failed || shift.state == ECS_DONE;
            undo->looks_after_stop = 0;
            if (!undo->stop_failed) {
                deploy_tell(deploy, arena_printf(arena, "going back to %s: %s", ecs_short_name(deploy->previous),
                                                 shift.sentence));
                return true;
            }
        } else if (undo->looks_after_stop++ < LOOKS_BETWEEN_SENDS) {
            return true;
        } else {
            undo->stop_failed = true;
        }
    }
    if (undo->until_send-- > 0)
        return true;
    undo->until_send = LOOKS_BETWEEN_SENDS;
    if (!undo_choose(deploy, undo, arena, service, err))
        return false;
    deploy_know_service_deployment(deploy, service);
    if (undo_can_stop(deploy, undo) && !undo_stop(deploy, undo, err))
        return false;
    if (undo->stop_sent && !undo->stop_failed)
        return true;
    return undo_send_back(deploy, undo, arena, err);
}

/* ---- the previous one is ---- */

static bool is_settled_back(struct deploy *deploy, struct undo *undo, struct arena *arena, const struct json *service,
                            const char **sentence) {
    const struct ecs_ours ours = {.task_definition = deploy->registered, .previous = deploy->previous};
    int64_t left;
    bool back = ecs_is_back(arena, service, &ours, &left, sentence);
    if (!back && !deploy->previous_ran && left == 0) {
        *sentence = arena_printf(arena, "%s; it did not run before this deployment either", *sentence);
        back = true;
    }
    return back && undo_traffic_is_back(deploy, undo, arena, service, sentence);
}

/* An answer may be older than our update, and then shows the previous revision, complete, as it was before. */
static bool is_proven(struct deploy *deploy, const struct undo *undo, struct arena *arena, const struct json *service) {
    struct ecs_shift shift;
    if (undo->back >= LOOKS_TO_BELIEVE)
        return true;
    if (undo->sent_as)
        return str_equal(json_get_text(ecs_primary(service), "id"), undo->sent_as);
    if (undo->seen && (!deploy->undo_how || str_equal(deploy->undo_how, "UpdateService")))
        return true;
    /* Of a deployment that was stopped ECS itself says when it is rolled back. */
    switch (undo_read_shift(deploy, arena, deploy->service_deployment, &shift)) {
    case UNDO_SEEN:
        return shift.is_back;
    case UNDO_SEEN_LATER:
        return false;
    case UNDO_HIDDEN:
        break;
    }
    return undo->seen;
}

static void judge_previous(struct deploy *deploy, struct undo *undo, struct arena *arena, const struct json *service,
                           bool *over) {
    const char *sentence;
    undo->back = is_settled_back(deploy, undo, arena, service, &sentence) ? undo->back + 1 : 0;
    if (undo->back > 0 && is_proven(deploy, undo, arena, service)) {
        undo->sentence = arena_strdup(deploy->arena, sentence);
        *over = true;
    } else {
        deploy_tell(deploy, arena_printf(arena, "going back to %s: %s", ecs_short_name(deploy->previous), sentence));
    }
}

/* ---- the loop ---- */

static bool lists_ours(const struct deploy *deploy, const struct json *service) {
    json_each(deployment, json_get(service, "deployments")) {
        if (str_equal(json_get_text(deployment, "taskDefinition"), deploy->registered))
            return true;
    }
    return false;
}

/* Takes one answer in. *over: the undo has ended. */
static bool judge(struct deploy *deploy, struct undo *undo, struct arena *arena, const struct json *service, bool *over,
                  struct err *err) {
    const struct json *primary = ecs_primary(service);
    const char *definition = json_get_text(primary, "taskDefinition");
    undo->seen = undo->seen || lists_ours(deploy, service);
    if (str_equal(definition, deploy->registered) || (undo->stuck && str_equal(definition, undo->stuck)))
        return judge_ours(deploy, undo, arena, service, err);
    if (!definition || str_equal(definition, deploy->previous)) {
        judge_previous(deploy, undo, arena, service, over);
        return true;
    }
    /* What ECS itself went back to, where that is not what ran before ours. */
    if (undo->stop_sent && !undo->sent && ecs_tells_of_rollback(primary))
        return undo_send_back(deploy, undo, arena, err);
    undo->other = arena_strdup(deploy->arena, ecs_short_name(definition));
    *over = true;
    return true;
}

static bool follow(struct deploy *deploy, struct undo *undo, struct err *err) {
    for (int looks = 0; undo_goes_on(deploy); looks++) {
        struct arena arena CLEANUP(arena_release) = ARENA_INIT;
        const struct json *service = NULL;
        bool over = false;
        if (!describe(deploy, undo, &arena, &service, err))
            return false;
        if (looks == 0)
            deploy_skip_events(deploy, service);
        deploy_log_events(deploy, service);
        deploy->is_shift = ecs_shifts_traffic(service);
        deploy->strategy = arena_strdup(deploy->arena, ecs_strategy(service));
        if (!judge(deploy, undo, &arena, service, &over, err))
            return false;
        if (over)
            return true;
        if (is_too_long(deploy, undo, deploy->report->summary ? deploy->report->summary : "nothing was to be seen",
                        err))
            return false;
        rest(deploy);
    }
    return err_set(err, ERR_CONFLICT, "no longer asked for");
}

/* ---- how it ended ---- */

static bool end(struct deploy *deploy, struct wire_result *result, const char *to, const char *how,
                const char *sentence) {
    undo_show(deploy, to, how, sentence, true);
    deployment_note(deploy->report, "%s", sentence);
    deployment_send(deploy->report, sentence);
    if (deploy->undo == UNDO_CANCELLED) {
        *result = (struct wire_result){.outcome = WIRE_STOPPED, .summary = sentence};
    } else {
        *result = (struct wire_result){
            .outcome = WIRE_FAILED,
            .error_code = "JobFailed",
            .error_message = arena_printf(deploy->arena, "%.700s; %s",
                                          deploy->undo_sentence ? deploy->undo_sentence : "undone", sentence)};
    }
    result->external_id = deploy->deployment;
    return true;
}

static const char *seconds_since(const struct deploy *deploy) {
    return arena_printf(deploy->arena, "%lld s", (long long)((job_now_ms(deploy->job) - deploy->undo_ms + 999) / 1000));
}

static bool end_well(struct deploy *deploy, const struct undo *undo, struct wire_result *result) {
    const char *previous = ecs_short_name(deploy->previous);
    const char *how = deploy->undo_how ? deploy->undo_how : "nothing to undo";
    const char *reserve = undo_reserve(deploy, undo);
    if (undo->other)
        return end(deploy, result, undo->other, how,
                   arena_printf(deploy->arena, "%sthe service was left on %s, which somebody else deployed",
                                deploy->undo == UNDO_CANCELLED ? "cancelled; " : "", undo->other));
    return end(deploy, result, previous, how,
               arena_printf(deploy->arena, "the service is back on %s after %s: %s%s%s", previous,
                            seconds_since(deploy), undo->sentence, *reserve ? "; it" : "", reserve));
}

static bool end_badly(struct deploy *deploy, const struct undo *undo, struct wire_result *result,
                      const struct err *why) {
    const char *how = deploy->undo_how ? deploy->undo_how : "nothing was done";
    const char *ours = ecs_short_name(deploy->registered);
    if (heartbeat_abandoned(deploy->job->heartbeat))
        return end(deploy, result, ours, how, "no longer watched; the service was left as it is");
    const char *message = arena_printf(deploy->arena, "%.700s%s%.200s", why->message,
                                       deploy->undo_sentence ? "; it was to be undone because " : "",
                                       deploy->undo_sentence ? deploy->undo_sentence : "");
    undo_show(deploy, undo->sent || undo->stop_sent ? ecs_short_name(deploy->previous) : ours, how, message, true);
    deployment_send(deploy->report, "the undo failed");
    /* The job was cancelled, so that a mere `false` would be taken for "nothing to undo". */
    *result = (struct wire_result){.outcome = WIRE_FAILED,
                                   .error_code = why->kind == ERR_DENIED ? "PermissionError"
                                                 : why->code             ? why->code
                                                                         : "JobFailed",
                                   .error_message = message,
                                   .external_id = deploy->deployment};
    return true;
}

static bool nothing_to_undo(struct deploy *deploy, struct wire_result *result) {
    const char *left =
        deploy->registered && !deploy->adopted && !str_equal(deploy->registered, deploy->previous)
            ? arena_printf(deploy->arena, "; %s stays registered unused", ecs_short_name(deploy->registered))
            : "";
    const char *sentence = arena_printf(deploy->arena, "cancelled before the service was changed%s", left);
    return end(deploy, result, deploy->previous ? ecs_short_name(deploy->previous) : NULL, "nothing to undo", sentence);
}

bool deploy_undo(struct deploy *deploy, struct wire_result *result, struct err *err) {
    struct undo undo = {0};
    deploy->ecs.urgent = true;
    if (deploy->undo == UNDO_NOT)
        deploy->undo = UNDO_CANCELLED;
    if (deploy->undo_ms == 0)
        deploy->undo_ms = job_now_ms(deploy->job);
    if (!deploy->undo_by)
        deploy->undo_by = heartbeat_cancelled_by(deploy->job->heartbeat, deploy->arena);
    /* Until the mark says so no update can have been sent. */
    if (!deploy->previous || !deploy->registered || !deploy->update_sent ||
        str_equal(deploy->previous, deploy->registered))
        return nothing_to_undo(deploy, result);
    if (undo_begin(deploy, &undo, err) && follow(deploy, &undo, err))
        return end_well(deploy, &undo, result);
    return !job_is_lost(deploy->job) && end_badly(deploy, &undo, result, err);
}

/* ---- OnCancel: LEAVE ---- */

/* What it was left to, by one more look: the rollout may have ended, well or badly, in the moment of the cancel. */
static const char *left_as(struct deploy *deploy) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct json *service;
    const char *name = ecs_short_name(deploy->registered);
    struct ecs_ours ours = {.deployment = deploy->deployment,
                            .task_definition = deploy->registered,
                            .previous = deploy->previous,
                            .began_ms = deploy->began_ms,
                            .seen = deploy->deployment && !deploy->just_updated};
    struct err own = {0};
    if (!ecs_describe_service(&deploy->ecs, &arena, &service, &own))
        return arena_printf(deploy->arena, "the service was left to become %s; how far it is cannot be seen: %.300s",
                            name, own.message);
    const struct ecs_verdict verdict = ecs_verdict(&arena, service, &ours);
    switch (verdict.state) {
    case ECS_GOES_ON:
        break;
    case ECS_DONE:
        return arena_printf(deploy->arena, "the service runs %s", name);
    case ECS_FAILED:
    case ECS_SUPERSEDED:
        return arena_printf(deploy->arena, "the service was left as it is, on %s: %.400s",
                            ecs_short_name(json_get_text(ecs_primary(service), "taskDefinition")), verdict.sentence);
    }
    return arena_printf(deploy->arena, "the service was left to become %s, with which ECS goes on", name);
}

bool deploy_leave(struct deploy *deploy, struct wire_result *result) {
    if (!deploy->update_sent)
        return deploy_undo(deploy, result, NULL);
    deploy->ecs.urgent = true;
    deploy->undo = UNDO_CANCELLED;
    deploy->undo_ms = job_now_ms(deploy->job);
    deploy->undo_by = heartbeat_cancelled_by(deploy->job->heartbeat, deploy->arena);
    return end(deploy, result, ecs_short_name(deploy->registered), "left as it is",
               arena_printf(deploy->arena, "cancelled; OnCancel is LEAVE: %s", left_as(deploy)));
}
