/*
 * Cancelling a deployment. It ends with what was seen: the previous revision is all that runs. The update back is sent
 * only while ours is what the service is to become; a deployment that somebody else made since is left alone.
 */
#include "runner/actions/ecs_deploy.h"

#include "common/str.h"

/* What ECS answers may be older than the update that was sent: a service that seems never to have left the previous
 * revision is believed only after so many looks, and one that seems to be on ours still is sent back again. */
#define LOOKS_TO_BELIEVE 5
#define LOOKS_BETWEEN_SENDS 10

static bool goes_on(const struct deploy *deploy) {
    return !job_is_lost(deploy->job) && !heartbeat_abandoned(deploy->job->heartbeat);
}

static bool stop_result(struct deploy *deploy, struct wire_result *result, const char *sentence) {
    job_log(deploy->job, "%s", sentence);
    *result = (struct wire_result){.outcome = WIRE_STOPPED, .summary = sentence, .external_id = deploy->deployment};
    return true;
}

/* Asks until there is an answer: an undo does not give up because ECS was busy. */
static bool describe(struct deploy *deploy, struct arena *arena, const struct json **service, struct err *err) {
    for (int looks = 0; goes_on(deploy); looks++) {
        if (ecs_describe_service(&deploy->ecs, arena, service, err))
            return true;
        if (err->kind != ERR_UNAVAILABLE)
            return false;
        job_log(deploy->job, "%s", err->message);
        (void)heartbeat_sleep(deploy->job->heartbeat, deploy_pause_ms(looks), STOP_LOST);
    }
    return err_set(err, ERR_CONFLICT, "no longer asked for");
}

/* True also where ECS was busy: the next look shows whether it is to be sent again. */
static bool send_back(struct deploy *deploy, struct arena *arena, struct err *err) {
    const struct json *service;
    deploy_tell(deploy,
                arena_printf(arena, "cancelled: putting the service back on %s", ecs_short_name(deploy->previous)));
    if (ecs_update_service(&deploy->ecs, arena, deploy->previous, &service, err))
        return true;
    if (err->kind != ERR_UNAVAILABLE)
        return err_wrap(err, "the service could not be put back on %s", ecs_short_name(deploy->previous));
    job_log(deploy->job, "%s", err->message);
    return true;
}

/* What an undo has seen and done so far. */
struct undo {
    int until_send;       /* looks to come before the service is sent back again */
    int back;             /* looks, one after another, in which it was back */
    bool sent;            /* ours was seen, and the service sent back */
    const char *sentence; /* once it is back: how it looks */
    const char *other;    /* the revision that somebody else deployed meanwhile, or NULL */
};

/* Takes one answer in. *over: the undo has ended. */
static bool judge(struct deploy *deploy, struct undo *undo, struct arena *arena, const struct json *service, bool *over,
                  struct err *err) {
    const struct ecs_ours ours = {.task_definition = deploy->registered, .previous = deploy->previous};
    const char *definition = json_get_text(ecs_primary(service), "taskDefinition");
    const char *sentence;
    bool is_back = ecs_is_back(arena, service, &ours, &sentence);
    undo->back = is_back ? undo->back + 1 : 0;
    if (str_equal(definition, deploy->registered)) {
        if (undo->until_send-- > 0)
            return true;
        undo->until_send = LOOKS_BETWEEN_SENDS;
        undo->sent = true;
        return send_back(deploy, arena, err);
    }
    if (definition && !str_equal(definition, deploy->previous)) {
        undo->other = arena_strdup(deploy->arena, ecs_short_name(definition));
        *over = true;
    } else if (undo->back >= (undo->sent ? 1 : LOOKS_TO_BELIEVE)) {
        undo->sentence = arena_strdup(deploy->arena, sentence);
        *over = true;
    } else {
        deploy_tell(deploy, arena_printf(arena, "going back to %s: %s", ecs_short_name(deploy->previous), sentence));
    }
    return true;
}

static bool follow(struct deploy *deploy, struct undo *undo, struct err *err) {
    for (int looks = 0; goes_on(deploy); looks++) {
        struct arena arena CLEANUP(arena_release) = ARENA_INIT;
        const struct json *service = NULL;
        bool over = false;
        if (!describe(deploy, &arena, &service, err))
            return false;
        if (looks == 0)
            deploy_skip_events(deploy, service);
        deploy_log_events(deploy, service);
        if (!judge(deploy, undo, &arena, service, &over, err))
            return false;
        if (over)
            return true;
        (void)heartbeat_sleep(deploy->job->heartbeat, deploy_pause_ms(looks), STOP_LOST);
    }
    return err_set(err, ERR_CONFLICT, "no longer asked for");
}

static bool undo(struct deploy *deploy, struct wire_result *result, struct err *err) {
    struct undo undo = {0};
    if (!follow(deploy, &undo, err))
        return false;
    if (undo.other)
        return stop_result(deploy, result,
                           arena_printf(deploy->arena,
                                        "cancelled; the service was left on %s, which somebody else deployed",
                                        undo.other));
    return stop_result(
        deploy, result,
        arena_printf(deploy->arena, "the service is back on %s: %s", ecs_short_name(deploy->previous), undo.sentence));
}

bool deploy_undo(struct deploy *deploy, struct wire_result *result, struct err *err) {
    /* Until the registered revision is on record no update can have been sent. */
    if (!deploy->previous || !deploy->registered)
        return stop_result(deploy, result, "cancelled before the service was changed");
    if (undo(deploy, result, err))
        return true;
    if (heartbeat_abandoned(deploy->job->heartbeat))
        return stop_result(deploy, result, "no longer watched; the service was left as it is");
    if (job_is_lost(deploy->job))
        return false;
    /* The job was cancelled, so that a mere `false` would be taken for "nothing to undo". */
    *result = (struct wire_result){.outcome = WIRE_FAILED,
                                   .error_code = err->code ? err->code : "JobFailed",
                                   .error_message = arena_strdup(deploy->arena, err->message),
                                   .external_id = deploy->deployment};
    return true;
}
