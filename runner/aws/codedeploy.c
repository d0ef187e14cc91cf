/*
 * CodeDeploy, 2014-10-06.
 */
#include "runner/aws/codedeploy.h"

#include "common/str.h"
#include "runner/aws/refusal.h"

#include <string.h>

#define TARGETS_MAX 25     /* what BatchGetDeploymentTargets takes */
#define DEPLOYMENTS_MAX 25 /* what BatchGetDeployments takes */
#define CLOCKS_APART_MS (10 * 60 * 1000)

static bool call_as(const struct codedeploy *codedeploy, struct arena *arena, struct aws_request request,
                    const struct json **answer, struct err *err) {
    request.service = "codedeploy";
    request.host_prefix = "codedeploy";
    request.region = codedeploy->region;
    request.target = "CodeDeploy_20141006";
    request.interrupted = codedeploy->interrupted;
    request.context = codedeploy->context;
    return aws_call(codedeploy->aws, arena, &request, answer, err);
}

static bool call(const struct codedeploy *codedeploy, struct arena *arena, const char *operation,
                 const struct json *body, const struct json **answer, struct err *err) {
    return call_as(codedeploy, arena, (struct aws_request){.operation = operation, .body = body}, answer, err);
}

static struct json *about(struct arena *arena, const char *id) {
    struct json *body = json_object(arena);
    json_set_text(arena, body, "deploymentId", id);
    return body;
}

static struct json *about_group(struct arena *arena, const char *application, const char *group) {
    struct json *body = json_object(arena);
    json_set_text(arena, body, "applicationName", application);
    json_set_text(arena, body, "deploymentGroupName", group);
    return body;
}

bool codedeploy_group(const struct codedeploy *codedeploy, struct arena *arena, const char *application,
                      const char *group, const struct json **info, struct err *err) {
    const struct json *answer = NULL;
    struct err own = {0};
    if (!call(codedeploy, arena, "GetDeploymentGroup", about_group(arena, application, group), &answer, &own)) {
        if (strstr(own.message, "ApplicationDoesNotExistException"))
            return err_set_code(err, ERR_NOT_FOUND, "ConfigurationError",
                                "no CodeDeploy application '%s' in region '%s'; create it, or correct ApplicationName",
                                application, codedeploy->region);
        if (strstr(own.message, "DeploymentGroupDoesNotExistException"))
            return err_set_code(err, ERR_NOT_FOUND, "ConfigurationError",
                                "CodeDeploy's application '%s' has no deployment group '%s'; create it, or correct "
                                "DeploymentGroupName",
                                application, group);
        return err_set_code(err, own.kind, own.code, "%s", own.message);
    }
    *info = json_get(answer, "deploymentGroupInfo");
    return *info || err_set(err, ERR_INTERNAL, "CodeDeploy answered without the deployment group '%s'", group);
}

bool codedeploy_create(const struct codedeploy *codedeploy, struct arena *arena, const struct codedeploy_order *order,
                       const char **id, bool *unknown, bool *busy, struct err *err) {
    struct json *body = about_group(arena, order->application, order->group);
    struct aws_refusal refused = {0};
    const struct json *answer = NULL;
    json_set_text(arena, body, "description", order->description);
    json_set(arena, body, "revision", json_copy(arena, order->revision));
    const struct aws_request request = {
        .operation = "CreateDeployment", .body = body, .once = true, .refused = &refused};
    struct err own = {0};
    *unknown = *busy = false;
    if (!call_as(codedeploy, arena, request, &answer, &own)) {
        *busy = str_equal(refused.type, "DeploymentLimitExceededException");
        *unknown = own.kind == ERR_UNAVAILABLE && !aws_refusal_is_throttling(&refused);
        return err_set_code(err, own.kind, own.code, "%s", own.message);
    }
    *id = json_get_text(answer, "deploymentId");
    *unknown = !*id;
    return *id || err_set(err, ERR_UNAVAILABLE, "CodeDeploy created a deployment without an id");
}

bool codedeploy_get(const struct codedeploy *codedeploy, struct arena *arena, const char *id, const struct json **info,
                    struct err *err) {
    const struct json *answer = NULL;
    if (!call(codedeploy, arena, "GetDeployment", about(arena, id), &answer, err))
        return false;
    *info = json_get(answer, "deploymentInfo");
    return *info || err_set(err, ERR_INTERNAL, "CodeDeploy answered without the deployment '%s'", id);
}

/* The newest come first; an application's ids alone say nothing of what they are. */
static bool list_since(const struct codedeploy *codedeploy, struct arena *arena, const struct codedeploy_order *order,
                       int64_t since_ms, const struct json **ids, struct err *err) {
    struct json *body = about_group(arena, order->application, order->group);
    const struct json *answer = NULL;
    /* Our clock may be ahead of AWS's. */
    json_set_time(arena, json_set_object(arena, body, "createTimeRange"), "start", since_ms - CLOCKS_APART_MS);
    if (!call(codedeploy, arena, "ListDeployments", body, &answer, err))
        return false;
    *ids = json_get(answer, "deployments");
    return true;
}

bool codedeploy_find(const struct codedeploy *codedeploy, struct arena *arena, const struct codedeploy_order *order,
                     int64_t since_ms, const char **id, struct err *err) {
    const struct json *ids = NULL;
    const struct json *answer = NULL;
    *id = NULL;
    if (!list_since(codedeploy, arena, order, since_ms, &ids, err))
        return false;
    if (!ids || ids->count == 0)
        return true;
    struct json *body = json_object(arena);
    struct json *some = json_set_array(arena, body, "deploymentIds");
    json_each(item, ids) {
        if (some->count < DEPLOYMENTS_MAX)
            json_append_text(arena, some, item->text);
    }
    if (!call(codedeploy, arena, "BatchGetDeployments", body, &answer, err))
        return false;
    json_each(info, json_get(answer, "deploymentsInfo")) {
        if (str_equal(json_get_text(info, "description"), order->description))
            *id = json_get_text(info, "deploymentId");
    }
    return true;
}

bool codedeploy_target_ids(const struct codedeploy *codedeploy, struct arena *arena, const char *id,
                           const struct json **ids, struct err *err) {
    const struct json *answer = NULL;
    if (!call(codedeploy, arena, "ListDeploymentTargets", about(arena, id), &answer, err))
        return false;
    *ids = json_get(answer, "targetIds");
    return true;
}

bool codedeploy_targets(const struct codedeploy *codedeploy, struct arena *arena, const char *id,
                        const struct json *ids, const struct json **targets, struct err *err) {
    struct json *body = about(arena, id);
    struct json *some = json_set_array(arena, body, "targetIds");
    const struct json *answer = NULL;
    json_each(item, ids) {
        if (some->count < TARGETS_MAX)
            json_append_text(arena, some, item->text);
    }
    if (!call(codedeploy, arena, "BatchGetDeploymentTargets", body, &answer, err))
        return false;
    *targets = json_get(answer, "deploymentTargets");
    return true;
}

/* Refusals that say that the deployment is not what it was any more. */
static bool refuse_late(const struct err *own, const char *const *names, struct err *err) {
    for (; *names; names++)
        if (strstr(own->message, *names))
            return err_set(err, ERR_CONFLICT, "%s", own->message);
    return err_set_code(err, own->kind, own->code, "%s", own->message);
}

bool codedeploy_continue(const struct codedeploy *codedeploy, struct arena *arena, const char *id, struct err *err) {
    static const char *const late[] = {"DeploymentIsNotInReadyStateException", "DeploymentAlreadyCompletedException",
                                       "InvalidDeploymentStatusException", NULL};
    struct json *body = about(arena, id);
    const struct json *answer = NULL;
    struct err own = {0};
    json_set_text(arena, body, "deploymentWaitType", "READY_WAIT");
    const struct aws_request request = {.operation = "ContinueDeployment", .body = body};
    return call_as(codedeploy, arena, request, &answer, &own) || refuse_late(&own, late, err);
}

bool codedeploy_stop(const struct codedeploy *codedeploy, struct arena *arena, const char *id, struct err *err) {
    static const char *const late[] = {"DeploymentAlreadyCompletedException", NULL};
    struct json *body = about(arena, id);
    const struct json *answer = NULL;
    struct err own = {0};
    json_set_bool(arena, body, "autoRollbackEnabled", true);
    return call(codedeploy, arena, "StopDeployment", body, &answer, &own) || refuse_late(&own, late, err);
}
