/*
 * The two calls that change something, each once and only once: whoever is not sure whether one was carried out looks
 * first.
 */
#include "common/str.h"
#include "runner/actions/ecs_deploy.h"
#include "runner/actions/ecs_revision.h"

#define RETRY_MS 2000

/* Between two steps a cancel ends it. */
static bool is_wanted(const struct deploy *deploy, struct err *err) {
    return job_stop_reason(deploy->job) < STOP_CANCELLED || err_set(err, ERR_CONFLICT, "stopped");
}

static bool pass_on(const struct err *own, struct err *err) {
    return err_set_code(err, own->kind, own->code, "%s", own->message);
}

/* False where it is not worth another try. */
static bool wait_for_another(struct deploy *deploy, const struct err *why) {
    if (why->kind != ERR_UNAVAILABLE || deploy_time_is_up(deploy) || !is_wanted(deploy, NULL) ||
        !job_sleep(deploy->job, RETRY_MS, STOP_TIMED_OUT))
        return false;
    job_log(deploy->job, "%s; trying again", why->message);
    return true;
}

/* ---- the revision ---- */

static bool find_registered(struct deploy *deploy, struct err *err) {
    const char *found;
    if (!ecs_find_revision(&deploy->ecs, deploy->arena, json_get_text(deploy->definition, "family"),
                           deploy->fingerprint, deploy->previous, &found, err))
        return false;
    if (found)
        deployment_note(deploy->report, "%s was registered by an earlier attempt", ecs_short_name(found));
    deploy->registered = found;
    return true;
}

static bool register_once(struct deploy *deploy, bool maybe_done, struct err *err) {
    if (maybe_done && !find_registered(deploy, err))
        return false;
    if (deploy->registered)
        return true;
    if (!ecs_register(&deploy->ecs, deploy->arena, deploy->definition, &deploy->registered, err))
        return false;
    deployment_note(deploy->report, "registered %s", ecs_short_name(deploy->registered));
    return true;
}

static bool register_revision(struct deploy *deploy, bool maybe_done, struct err *err) {
    for (;;) {
        struct err own = {0};
        if (register_once(deploy, maybe_done, &own))
            break;
        if (!wait_for_another(deploy, &own))
            return pass_on(&own, err);
        maybe_done = true;
    }
    (void)deployment_target(deploy->report, deploy->target, NULL, ecs_short_name(deploy->registered));
    return deploy_mark(deploy, err);
}

/* ---- the service ---- */

/* Whoever is to be told that the service changed under this deployment. */
static bool refuse_conflict(const struct deploy *deploy, const char *found, struct err *err) {
    return err_set_code(err, ERR_CONFLICT, "JobFailed",
                        "service '%s' is on %s, which is neither the revision of this deployment (%s) nor the one "
                        "before it (%s); look what happened, then run again",
                        deploy->ecs.service, ecs_short_name(found), ecs_short_name(deploy->registered),
                        ecs_short_name(deploy->previous));
}

static bool send_update(struct deploy *deploy, struct arena *arena, const struct json **service, struct err *err) {
    if (!deploy->update_sent) {
        deploy->update_sent = true;
        if (!deploy_mark(deploy, err))
            return false;
    }
    if (!ecs_update_service(&deploy->ecs, arena, deploy->registered, service, err))
        return false;
    deploy->just_updated = true;
    deploy_tell(deploy, arena_printf(deploy->arena, "updating service '%s' to %s", deploy->ecs.service,
                                     ecs_short_name(deploy->registered)));
    return true;
}

/* What is there is not ours. */
static void know_before(struct deploy *deploy, const struct json *service) {
    const char *arn = json_get_text(service, "currentServiceDeployment");
    deploy->service_deployment_before = arena_strdup(deploy->arena, arn);
    deploy->as_of_ms = ecs_newest_ms(service);
}

/* An update that was sent and is not to be seen: it was lost on its way, or ECS carried it out and took it back. */
static bool send_again(struct deploy *deploy, struct arena *arena, const struct json **service, struct err *err) {
    const struct ecs_ours ours = {.task_definition = deploy->registered, .previous = deploy->previous};
    if (!ecs_describe_service(&deploy->ecs, arena, service, err))
        return false;
    const char *found = json_get_text(ecs_primary(*service), "taskDefinition");
    if (!found)
        found = json_get_text(*service, "taskDefinition");
    if (str_equal(found, deploy->registered))
        return true;
    if (!str_equal(found, deploy->previous))
        return refuse_conflict(deploy, found, err);
    if (!deploy->update_sent)
        know_before(deploy, *service);
    else if (ecs_was_rolled_back(*service, &ours, deploy_since_ms(deploy)))
        return err_set_code(err, ERR_CONFLICT, "JobFailed",
                            "ECS rolled the service back to %s; look why %s failed, then run again",
                            ecs_short_name(deploy->previous), ecs_short_name(deploy->registered));
    return send_update(deploy, arena, service, err);
}

/* The service deployment of our update, where the answer names it already. */
static void take_service_deployment(struct deploy *deploy, const struct json *service) {
    const char *arn = json_get_text(service, "currentServiceDeployment");
    if (arn && !str_equal(arn, deploy->service_deployment_before))
        deploy->service_deployment = arena_strdup(deploy->arena, arn);
}

static bool update_once(struct deploy *deploy, bool look_first, struct err *err) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct json *service;
    if (!(look_first ? send_again : send_update)(deploy, &arena, &service, err))
        return false;
    const char *id = json_get_text(ecs_primary(service), "id");
    if (!id)
        return err_set(err, ERR_INTERNAL, "ECS shows no deployment of service '%s'", deploy->ecs.service);
    deploy->deployment = arena_strdup(deploy->arena, id);
    deploy->strategy = arena_strdup(deploy->arena, ecs_strategy(service));
    take_service_deployment(deploy, service);
    return deploy_mark(deploy, err);
}

/* What is left behind by a deployment that changed nothing else is named; and what an attempt without an answer may
 * have changed. */
static bool refused(const struct deploy *deploy, bool maybe_done, const struct err *own, struct err *err) {
    (void)pass_on(own, err);
    if (maybe_done && own->kind != ERR_CONFLICT)
        (void)err_set_code(
            err, own->kind, own->code,
            "%.700s; it is not known whether service '%s' was changed: if it was, ECS goes on to make it "
            "%s",
            own->message, deploy->ecs.service, ecs_short_name(deploy->registered));
    else if (!deploy->adopted && own->kind != ERR_CONFLICT && own->kind != ERR_UNAVAILABLE)
        (void)err_set_code(err, own->kind, own->code,
                           "%.800s; service '%s' was not changed, and %s stays registered unused", own->message,
                           deploy->ecs.service, ecs_short_name(deploy->registered));
    return false;
}

/* An update without an answer may have been carried out: the action must not end before it is known. */
static bool update_service(struct deploy *deploy, bool look_first, struct err *err) {
    bool maybe_done = deploy->update_sent; /* by an earlier holder */
    while (is_wanted(deploy, err)) {
        struct err own = {0};
        if (update_once(deploy, look_first, &own))
            return true;
        /* No answer, or one that makes no sense. */
        maybe_done = maybe_done || (deploy->update_sent && (own.kind == ERR_UNAVAILABLE || own.kind == ERR_INTERNAL));
        if (!wait_for_another(deploy, &own))
            return refused(deploy, maybe_done, &own, err);
        look_first = true;
    }
    return false;
}

bool deploy_register(struct deploy *deploy, struct err *err) {
    const bool taken_over = deploy->job->message->checkpoint != NULL;
    return deploy->registered || (deploy_mark(deploy, err) && register_revision(deploy, taken_over, err));
}

bool deploy_apply(struct deploy *deploy, struct err *err) {
    const bool taken_over = deploy->job->message->checkpoint != NULL;
    if (!deploy->marked)
        deploy->began_ms = job_now_ms(deploy->job);
    if (!is_wanted(deploy, err) || !deploy_register(deploy, err))
        return false;
    if (deploy->deployment)
        return true;
    /* Where the revision is the one that runs there is nothing to send, and its deployment is found by looking. */
    return update_service(deploy, taken_over || deploy->look_first || str_equal(deploy->registered, deploy->previous),
                          err);
}
