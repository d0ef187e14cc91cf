/*
 * Deploy/ECS: new images into the service's task definition, then the rollout. A deployment has one effect: each call
 * that changes AWS is announced by a mark, and who comes after a crash reads the mark, looks, and adopts what is there.
 */
#include "common/clock.h"
#include "common/str.h"
#include "runner/actions/actions.h"
#include "runner/actions/ecs_definition.h"
#include "runner/actions/ecs_deploy.h"
#include "runner/archive/zip.h"
#include "runner/runner.h"

#define DEFAULT_FILE "imagedefinitions.json"
#define MOST_MINUTES 60
#define REVISIONS_LOOKED_AT 3

bool deploy_mark(struct deploy *deploy, struct err *err) {
    struct json *mark = json_object(deploy->arena);
    json_set_text(deploy->arena, mark, "cluster", deploy->ecs.cluster);
    json_set_text(deploy->arena, mark, "service", deploy->ecs.service);
    json_set_integer(deploy->arena, mark, "beganMs", deploy->began_ms);
    json_set_text(deploy->arena, mark, "previous", deploy->previous);
    json_set_text(deploy->arena, mark, "fingerprint", deploy->fingerprint);
    json_set_text(deploy->arena, mark, "registered", deploy->registered);
    if (deploy->update_sent)
        json_set_bool(deploy->arena, mark, "updateSent", true);
    json_set_text(deploy->arena, mark, "deployment", deploy->deployment);
    return job_checkpoint(deploy->job, mark, err);
}

static bool init(struct deploy *deploy, struct job *job, struct err *err) {
    const struct json *mark = job->message->checkpoint;
    const char *minutes = job_setting(job, "DeploymentTimeout");
    long long number = MOST_MINUTES;
    *deploy = (struct deploy){.job = job, .arena = job->arena};
    deploy->ecs = (struct ecs){.aws = job->runner->aws,
                               .region = job->message->region,
                               .cluster = job_setting(job, "ClusterName"),
                               .service = job_setting(job, "ServiceName"),
                               .interrupted = job_is_lost,
                               .context = job};
    if (!deploy->ecs.cluster || !deploy->ecs.service)
        return err_set(err, ERR_INVALID, "the action's configuration lacks ClusterName or ServiceName");
    if (minutes && *minutes && !str_to_int64(minutes, 1, MOST_MINUTES, &number))
        return err_set(err, ERR_INVALID, "DeploymentTimeout must be minutes from 1 to %d, not '%.50s'", MOST_MINUTES,
                       minutes);
    deploy->timeout_ms = number * 60000;
    deploy->began_ms = json_get_integer(mark, "beganMs", clock_wall_ms(&clock_system));
    deploy->previous = json_get_text(mark, "previous");
    deploy->fingerprint = json_get_text(mark, "fingerprint");
    deploy->registered = json_get_text(mark, "registered");
    deploy->update_sent = json_get_bool(mark, "updateSent", false);
    deploy->deployment = json_get_text(mark, "deployment");
    return true;
}

static bool read_images(struct deploy *deploy, struct ecs_images *out, struct err *err) {
    const char *file = job_setting(deploy->job, "FileName");
    const char *zip;
    const char *text;
    size_t size;
    struct err own = {0};
    if (!file || !*file)
        file = DEFAULT_FILE;
    if (!job_input(deploy->job, NULL, &zip, err))
        return false;
    if (!zip_read(deploy->arena, zip, file, ECS_IMAGES_CEILING, &text, &size, &own)) {
        if (own.kind == ERR_NOT_FOUND)
            return err_set(err, ERR_INVALID, "did not find the image definition file '%s' in the input artifact '%s'",
                           file, deploy->job->message->inputs[0].name);
        return err_set(err, own.kind, "%s", own.message);
    }
    return ecs_images_parse(deploy->arena, file, text, size, out, err);
}

/* Everything that can be wrong is found before anything is changed. */
static bool prepare(struct deploy *deploy, struct json **definition, struct err *err) {
    struct ecs_images images;
    const struct json *service;
    const struct json *described;
    char fingerprint[SHA256_HEX_SIZE];
    if (!read_images(deploy, &images, err) || !ecs_describe_service(&deploy->ecs, deploy->arena, &service, err))
        return false;
    const char *controller = json_get_text(json_get(service, "deploymentController"), "type");
    if (controller && !str_equal(controller, "ECS"))
        return err_set(err, ERR_INVALID, "service '%s' is deployed by %s; the ECS action needs the ECS controller",
                       deploy->ecs.service, controller);
    deploy_skip_events(deploy, service);
    const char *current = json_get_text(service, "taskDefinition");
    /* After a crash the service may already be on ours; what to go back to is what the mark says. */
    const char *base = deploy->previous ? deploy->previous : current;
    if (!base)
        return err_set(err, ERR_INVALID, "service '%s' has no task definition", deploy->ecs.service);
    if (!ecs_describe_task_definition(&deploy->ecs, deploy->arena, base, &described, err) ||
        !ecs_definition_next(deploy->arena, described, &images, definition, err))
        return false;
    for (size_t i = 0; i < images.count; i++)
        job_log(deploy->job, "container '%s' gets %s", images.items[i].container, images.items[i].uri);
    ecs_definition_fingerprint(*definition, fingerprint);
    deploy->fingerprint = arena_strdup(deploy->arena, fingerprint);
    deploy->previous = arena_strdup(deploy->arena, base);
    return true;
}

/* An earlier holder may have registered the revision and died before it could say so. */
static bool find_registered(struct deploy *deploy, const struct json *definition, struct err *err) {
    const struct json *arns = NULL;
    int looked = 0;
    if (!ecs_list_revisions(&deploy->ecs, deploy->arena, json_get_text(definition, "family"), &arns, err))
        return false;
    json_each(arn, arns) {
        const struct json *described;
        char fingerprint[SHA256_HEX_SIZE];
        if (looked++ == REVISIONS_LOOKED_AT || str_equal(arn->text, deploy->previous))
            break;
        if (!ecs_describe_task_definition(&deploy->ecs, deploy->arena, arn->text, &described, err))
            return false;
        ecs_definition_fingerprint(json_get(described, "taskDefinition"), fingerprint);
        if (str_equal(fingerprint, deploy->fingerprint)) {
            deploy->registered = arena_strdup(deploy->arena, arn->text);
            job_log(deploy->job, "%s was registered by an earlier attempt", ecs_short_name(deploy->registered));
            return true;
        }
    }
    return true;
}

static bool register_revision(struct deploy *deploy, bool again, struct err *err) {
    struct json *definition;
    if (!prepare(deploy, &definition, err) || !deploy_mark(deploy, err))
        return false;
    if (again && !find_registered(deploy, definition, err))
        return false;
    if (!deploy->registered) {
        if (!ecs_register(&deploy->ecs, deploy->arena, definition, &deploy->registered, err))
            return false;
        job_log(deploy->job, "registered %s", ecs_short_name(deploy->registered));
    }
    return deploy_mark(deploy, err);
}

/* Whoever is to be told that the service changed under this deployment. */
static bool refuse_conflict(const struct deploy *deploy, const char *found, struct err *err) {
    return err_set_code(err, ERR_CONFLICT, "JobFailed",
                        "service '%s' is on %s, which is neither the revision of this deployment (%s) nor the one "
                        "before it (%s); look what happened, then run again",
                        deploy->ecs.service, ecs_short_name(found), ecs_short_name(deploy->registered),
                        ecs_short_name(deploy->previous));
}

/* An update that was sent and is not to be seen: it was lost on its way, or ECS carried it out and took it back. */
static bool send_update(struct deploy *deploy, struct arena *arena, const struct json **service, struct err *err) {
    const struct ecs_ours ours = {.task_definition = deploy->registered, .previous = deploy->previous};
    if (deploy->update_sent && ecs_was_rolled_back(*service, &ours, deploy->began_ms))
        return err_set_code(err, ERR_CONFLICT, "JobFailed",
                            "ECS rolled the service back to %s; look why %s failed, then run again",
                            ecs_short_name(deploy->previous), ecs_short_name(deploy->registered));
    if (!deploy->update_sent) {
        deploy->update_sent = true;
        if (!deploy_mark(deploy, err))
            return false;
    }
    if (!ecs_update_service(&deploy->ecs, arena, deploy->registered, service, err))
        return false;
    job_log(deploy->job, "updating service '%s' to %s", deploy->ecs.service, ecs_short_name(deploy->registered));
    return true;
}

/* Looks first: the update may have been sent by somebody who died since. */
static bool update_once(struct deploy *deploy, struct err *err) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct json *service;
    if (!ecs_describe_service(&deploy->ecs, &arena, &service, err))
        return false;
    const char *found = json_get_text(ecs_primary(service), "taskDefinition");
    if (!found)
        found = json_get_text(service, "taskDefinition");
    if (!str_equal(found, deploy->registered)) {
        if (!str_equal(found, deploy->previous))
            return refuse_conflict(deploy, found, err);
        if (!send_update(deploy, &arena, &service, err))
            return false;
    }
    const char *id = json_get_text(ecs_primary(service), "id");
    if (!id)
        return err_set(err, ERR_INTERNAL, "ECS shows no deployment of service '%s'", deploy->ecs.service);
    deploy->deployment = arena_strdup(deploy->arena, id);
    return deploy_mark(deploy, err);
}

/* Between two steps a cancel ends it. */
static bool is_wanted(const struct deploy *deploy, struct err *err) {
    return job_stop_reason(deploy->job) < STOP_CANCELLED || err_set(err, ERR_CONFLICT, "stopped");
}

/* An update without an answer may have been carried out: the action must not end before it is known. */
static bool update_service(struct deploy *deploy, struct err *err) {
    for (int tries = 0; is_wanted(deploy, err); tries++) {
        struct err own = {0};
        if (update_once(deploy, &own))
            return true;
        if (own.kind != ERR_UNAVAILABLE || deploy_time_is_up(deploy) ||
            !heartbeat_sleep(deploy->job->heartbeat, deploy_pause_ms(tries), STOP_TIMED_OUT))
            return err_set_code(err, own.kind, own.code, "%s", own.message);
        job_log(deploy->job, "%s; trying again", own.message);
    }
    return false;
}

static bool roll_out(struct deploy *deploy, struct err *err) {
    bool again = deploy->previous != NULL;
    if (!is_wanted(deploy, err) || (!deploy->registered && !register_revision(deploy, again, err)))
        return false;
    if (!is_wanted(deploy, err) || (!deploy->deployment && !update_service(deploy, err)))
        return false;
    return deploy_watch(deploy, err);
}

bool action_ecs(struct job *job, struct wire_result *result, struct err *err) {
    struct deploy deploy;
    if (!init(&deploy, job, err))
        return false;
    bool done = !job->message->cancelled && roll_out(&deploy, err);
    result->external_id = deploy.deployment;
    if (done) {
        result->outcome = WIRE_SUCCEEDED;
        result->summary =
            arena_printf(job->arena, "service '%s' runs %s", deploy.ecs.service, ecs_short_name(deploy.registered));
        return true;
    }
    if (job_stop_reason(job) == STOP_CANCELLED)
        return deploy_undo(&deploy, result, err);
    return false;
}
