/*
 * Where an undo goes: to the revision before ours, unless that one was itself still on its way when ours began. Then it
 * is the newest that ECS tells was complete: as the service still lists it, or as the list of its deployments does.
 */
#include "runner/actions/ecs_undo.h"

#include "common/str.h"

static double created(const struct json *deployment) {
    const struct json *at = json_get(deployment, "createdAt");
    return at && at->type == JSON_NUMBER ? at->number : 0;
}

static const char *complete_in_service(const struct deploy *deploy, const struct json *service) {
    const struct json *newest = NULL;
    json_each(deployment, json_get(service, "deployments")) {
        if (str_equal(json_get_text(deployment, "rolloutState"), "COMPLETED") &&
            !str_equal(json_get_text(deployment, "taskDefinition"), deploy->registered) &&
            (!newest || created(deployment) > created(newest)))
            newest = deployment;
    }
    return json_get_text(newest, "taskDefinition");
}

/* NULL also where it cannot be asked: the undo does not wait for it. */
static const char *complete_before(struct deploy *deploy, struct arena *arena) {
    const struct json *deployment;
    const struct json *revision;
    struct err err = {0};
    if (deploy->no_service_deployments)
        return NULL;
    if (!ecs_newest_success(&deploy->ecs, arena, &deployment, &err)) {
        job_log(deploy->job, "%s", err.message);
        return NULL;
    }
    const char *arn = json_get_text(deployment, "targetServiceRevisionArn");
    if (!arn)
        return NULL;
    if (!ecs_describe_service_revision(&deploy->ecs, arena, arn, &revision, &err)) {
        job_log(deploy->job, "%s", err.message);
        return NULL;
    }
    const char *definition = json_get_text(revision, "taskDefinition");
    return str_equal(definition, deploy->registered) ? NULL : definition;
}

bool undo_choose(struct deploy *deploy, struct undo *undo, struct arena *arena, const struct json *service,
                 struct err *err) {
    if (deploy->previous_stood || undo->chosen)
        return true;
    undo->chosen = true;
    const char *complete = complete_in_service(deploy, service);
    if (!complete)
        complete = complete_before(deploy, arena);
    if (!complete) {
        deployment_note(deploy->report, "%s%s", ecs_short_name(deploy->previous), undo_reserve(deploy, undo));
        return true;
    }
    deploy->previous_stood = true;
    if (!str_equal(complete, deploy->previous)) {
        undo->stuck = deploy->previous;
        deploy->previous = arena_strdup(deploy->arena, complete);
        deploy->previous_ran = true;
        undo->stop_failed = true; /* what ECS itself would go back to is not for certain this one */
        deployment_note(deploy->report, "%s%s", ecs_short_name(deploy->previous), undo_reserve(deploy, undo));
    }
    return deploy_mark(deploy, err);
}

const char *undo_reserve(const struct deploy *deploy, const struct undo *undo) {
    if (undo->stuck)
        return arena_printf(deploy->arena,
                            " is the newest revision that was complete; %s, which the service was to become when this "
                            "deployment began, was not",
                            ecs_short_name(undo->stuck));
    if (undo->chosen && !deploy->previous_stood)
        return " was itself not complete when this deployment began, and ECS tells of none before that was";
    return "";
}
