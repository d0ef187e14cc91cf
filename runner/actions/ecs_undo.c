/*
 * Cancelling a deployment. It ends with what was seen: the previous revision is all that runs. The update back is sent
 * only while ours is what the service is to become; a deployment that somebody else made since is left alone.
 */
#include "runner/actions/ecs_deploy.h"

#include "common/str.h"

static bool goes_on(const struct deploy *deploy) {
    return !job_is_lost(deploy->job) && !heartbeat_abandoned(deploy->job->heartbeat);
}

static bool stop_result(struct deploy *deploy, struct wire_result *result, const char *sentence) {
    job_log(deploy->job, "%s", sentence);
    *result = (struct wire_result){.outcome = WIRE_STOPPED, .summary = sentence, .external_id = deploy->deployment};
    return true;
}

/* Asks until there is an answer: an undo does not give up because ECS was busy. */
static bool describe(struct deploy *deploy, const struct json **service, struct err *err) {
    for (int looks = 0; goes_on(deploy); looks++) {
        if (ecs_describe_service(&deploy->ecs, deploy->arena, service, err))
            return true;
        if (err->kind != ERR_UNAVAILABLE)
            return false;
        job_log(deploy->job, "%s", err->message);
        (void)heartbeat_sleep(deploy->job->heartbeat, deploy_pause_ms(looks), STOP_LOST);
    }
    return err_set(err, ERR_CONFLICT, "no longer asked for");
}

static bool send_back(struct deploy *deploy, struct err *err) {
    const struct json *service;
    for (int looks = 0; goes_on(deploy); looks++) {
        if (ecs_update_service(&deploy->ecs, deploy->arena, deploy->previous, &service, err))
            return true;
        if (err->kind != ERR_UNAVAILABLE)
            return err_wrap(err, "the service could not be put back on %s", ecs_short_name(deploy->previous));
        job_log(deploy->job, "%s", err->message);
        (void)heartbeat_sleep(deploy->job->heartbeat, deploy_pause_ms(looks), STOP_LOST);
    }
    return err_set(err, ERR_CONFLICT, "no longer asked for");
}

static bool wait_until_back(struct deploy *deploy, const struct json *service, const char **sentence, struct err *err) {
    const struct ecs_ours ours = {.task_definition = deploy->registered, .previous = deploy->previous};
    for (int looks = 0; goes_on(deploy); looks++) {
        if (!describe(deploy, &service, err))
            return false;
        deploy_log_events(deploy, service);
        if (ecs_is_back(deploy->arena, service, &ours, sentence))
            return true;
        const char *definition = json_get_text(ecs_primary(service), "taskDefinition");
        if (!str_equal(definition, deploy->previous) && !str_equal(definition, deploy->registered)) {
            *sentence = NULL; /* somebody else's now */
            return true;
        }
        deploy_tell(deploy,
                    arena_printf(deploy->arena, "going back to %s: %s", ecs_short_name(deploy->previous), *sentence));
        (void)heartbeat_sleep(deploy->job->heartbeat, deploy_pause_ms(looks), STOP_LOST);
    }
    return err_set(err, ERR_CONFLICT, "no longer asked for");
}

static bool undo(struct deploy *deploy, struct wire_result *result, struct err *err) {
    const struct json *service = NULL;
    const char *sentence = NULL;
    if (!describe(deploy, &service, err))
        return false;
    deploy_skip_events(deploy, service);
    const char *definition = json_get_text(ecs_primary(service), "taskDefinition");
    if (str_equal(definition, deploy->registered)) {
        deploy_tell(deploy, arena_printf(deploy->arena, "cancelled: putting the service back on %s",
                                         ecs_short_name(deploy->previous)));
        if (!send_back(deploy, err))
            return false;
    } else if (!str_equal(definition, deploy->previous)) {
        return stop_result(deploy, result,
                           arena_printf(deploy->arena,
                                        "cancelled; the service was left on %s, which somebody else deployed",
                                        ecs_short_name(definition)));
    }
    if (!wait_until_back(deploy, service, &sentence, err))
        return false;
    if (!sentence)
        return stop_result(deploy, result, "cancelled; somebody else deployed to the service meanwhile");
    return stop_result(
        deploy, result,
        arena_printf(deploy->arena, "the service is back on %s: %s", ecs_short_name(deploy->previous), sentence));
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
