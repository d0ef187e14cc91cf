/*
 * CodeDeploy's words, put so that they say what to do. The codes:
 * https://docs.aws.amazon.com/codedeploy/latest/userguide/error-codes.html
 */
#include "runner/actions/codedeploy_verdict.h"

#include "common/str.h"

#define MESSAGE_MAX 500

static const struct {
    const char *code;
    const char *words;
} codes[] = {
    {"AGENT_ISSUE", "the CodeDeploy agent does not answer"},
    {"ALARM_ACTIVE", "an alarm of the deployment group went off"},
    {"APPLICATION_MISSING", "the application was deleted meanwhile"},
    {"CUSTOMER_APPLICATION_UNHEALTHY", "the application did not become healthy"},
    {"DEPLOYMENT_GROUP_MISSING", "the deployment group was deleted meanwhile"},
    {"ECS_UPDATE_ERROR", "ECS refused to change the service"},
    {"ELASTIC_LOAD_BALANCING_INVALID", "the load balancer does not fit the deployment group"},
    {"ELB_INVALID_INSTANCE", "an instance cannot be registered with the load balancer"},
    {"HEALTH_CONSTRAINTS", "too few instances stayed healthy"},
    {"HEALTH_CONSTRAINTS_INVALID", "the group has too few instances for its deployment configuration"},
    {"HOOK_EXECUTION_FAILURE", "a hook's function failed"},
    {"IAM_ROLE_MISSING", "the deployment group's service role does not exist"},
    {"IAM_ROLE_PERMISSIONS", "the deployment group's service role lacks rights"},
    {"INVALID_ECS_SERVICE", "the service does not fit the deployment group"},
    {"INVALID_REVISION", "the AppSpec is not valid"},
    {"MANUAL_STOP", "somebody stopped it"},
    {"NO_INSTANCES", "the deployment group has no instances"},
    {"REVISION_MISSING", "the revision is not where it was put"},
    {"RESOURCE_LIMIT_EXCEEDED", "a quota of the account is used up"},
    {"THROTTLED", "AWS throttled the deployment group's service role"},
    {"TIMEOUT", "it took longer than CodeDeploy allows"},
};

static const char *words_of(const char *code) {
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (str_equal(codes[i].code, code))
            return codes[i].words;
    return NULL;
}

const struct json *codedeploy_target_body(const struct json *target) {
    static const char *const bodies[] = {"ecsTarget", "instanceTarget", "lambdaTarget", "cloudFormationTarget"};
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
        if (json_get(target, bodies[i]))
            return json_get(target, bodies[i]);
    return NULL;
}

const char *codedeploy_target_name(const struct json *body) {
    const char *name = json_get_text_or(body, "targetId", "?");
    return json_get(body, "taskSetsInfo") ? "service" : name;
}

const char *codedeploy_event_failure(struct arena *arena, const struct json *event) {
    const struct json *diagnostics = json_get(event, "diagnostics");
    const char *code = json_get_text(diagnostics, "errorCode");
    const char *script = json_get_text(diagnostics, "scriptName");
    const char *message = json_get_text(diagnostics, "message");
    if (!str_equal(json_get_text(event, "status"), "Failed"))
        return NULL;
    return arena_printf(arena, "'%s' failed%s%s%s%s%s%.*s", json_get_text_or(event, "lifecycleEventName", "an event"),
                        code ? ": " : "", code ? code : "", script && *script ? " in " : "",
                        script && *script ? script : "", message && *message ? ": " : "", MESSAGE_MAX,
                        message ? message : "");
}

/* What a look at the targets says, before it is put into words. */
struct view {
    struct codedeploy_verdict *verdict;
    struct arena *arena;
    const char *failure; /* of the first lifecycle event that failed */
    bool moved;          /* AllowTraffic has succeeded */
};

static void see_events(struct view *view, const struct json *body) {
    json_each(event, json_get(body, "lifecycleEvents")) {
        const char *name = json_get_text(event, "lifecycleEventName");
        const char *status = json_get_text(event, "status");
        if (str_equal(status, "InProgress") && !view->verdict->stage)
            view->verdict->stage = name;
        if (!view->failure) {
            const char *failure = codedeploy_event_failure(view->arena, event);
            if (failure && !json_get(body, "taskSetsInfo"))
                failure = arena_printf(view->arena, "on %s %s", codedeploy_target_name(body), failure);
            view->failure = failure;
        }
        if (str_equal(name, "AllowTraffic") && str_equal(status, "Succeeded")) {
            const struct json *end = json_get(event, "endTime");
            view->moved = true;
            view->verdict->moved_ms = end ? (int64_t)(end->number * 1000) : 0;
        }
    }
}

static void see_task_sets(struct view *view, const struct json *body) {
    const struct json *sets = json_get(body, "taskSetsInfo");
    struct codedeploy_verdict *verdict = view->verdict;
    if (!sets)
        return;
    verdict->old = 0;
    json_each(set, sets) {
        const struct json *weight = json_get(set, "trafficWeight");
        if (str_equal(json_get_text(set, "taskSetLabel"), "Green")) {
            verdict->percent = weight ? (int)weight->number : -1;
            verdict->desired = (int)json_get_integer(set, "desiredCount", -1);
            verdict->running = (int)json_get_integer(set, "runningCount", -1);
            verdict->pending = (int)json_get_integer(set, "pendingCount", -1);
        } else {
            verdict->old += (int)json_get_integer(set, "runningCount", 0);
        }
    }
}

static const char *of_tasks(const struct view *view) {
    const struct codedeploy_verdict *verdict = view->verdict;
    if (view->moved || verdict->percent == 100)
        return arena_printf(view->arena, "all traffic is on the new tasks%s",
                            verdict->old > 0 ? "; the old ones are kept for a while" : "");
    if (verdict->percent > 0)
        return arena_printf(view->arena, "%d%% of the traffic is on the new tasks", verdict->percent);
    if (verdict->desired >= 0)
        return arena_printf(view->arena, "%d of %d new tasks run, no traffic on them yet", verdict->running,
                            verdict->desired);
    return "the new tasks are about to start";
}

static const char *of_instances(const struct view *view, const struct json *overview) {
    long long done = json_get_integer(overview, "Succeeded", 0);
    long long failed = json_get_integer(overview, "Failed", 0);
    long long all = done + failed + json_get_integer(overview, "Pending", 0) +
                    json_get_integer(overview, "InProgress", 0) + json_get_integer(overview, "Skipped", 0) +
                    json_get_integer(overview, "Ready", 0);
    if (all == 0)
        return "CodeDeploy is choosing the instances";
    view->verdict->percent = (int)(done * 100 / all);
    return arena_printf(view->arena, "%lld of %lld instances have the new revision%s", done, all,
                        failed > 0 ? arena_printf(view->arena, ", %lld failed", failed) : "");
}

static bool is_ecs(const struct json *info) {
    return str_equal(json_get_text(info, "computePlatform"), "ECS");
}

static const char *going_on(struct view *view, const struct json *info, const char *status) {
    const char *id = json_get_text_or(info, "deploymentId", "");
    if (str_equal(status, "Created") || str_equal(status, "Queued"))
        return arena_printf(view->arena, "deployment %s waits for its turn at CodeDeploy", id);
    if (str_equal(status, "Baking"))
        return arena_printf(view->arena, "deployment %s is watched by its alarms before it counts", id);
    const char *sentence = is_ecs(info) ? of_tasks(view) : of_instances(view, json_get(info, "deploymentOverview"));
    if (view->verdict->stage)
        sentence = arena_printf(view->arena, "%s (%s)", sentence, view->verdict->stage);
    return sentence;
}

/* "deployment d-1 failed: an alarm of the deployment group went off (ALARM_ACTIVE: One or more …); 'AfterInstall' …" */
static const char *ended_badly(const struct view *view, const struct json *info, const char *how) {
    const struct json *error = json_get(info, "errorInformation");
    const char *code = json_get_text(error, "code");
    const char *message = json_get_text(error, "message");
    const char *words = words_of(code);
    const char *reason = "";
    if (code)
        reason = arena_printf(view->arena, ": %s%s%s%s%.*s%s", words ? words : "", words ? " (" : "", code,
                              message ? ": " : "", MESSAGE_MAX, message ? message : "", words ? ")" : "");
    else if (message)
        reason = arena_printf(view->arena, ": %.*s", MESSAGE_MAX, message);
    return arena_printf(view->arena, "deployment %s %s%s%s%s", json_get_text_or(info, "deploymentId", ""), how, reason,
                        view->failure ? "; " : "", view->failure ? view->failure : "");
}

struct codedeploy_verdict codedeploy_verdict(struct arena *arena, const struct json *info, const struct json *targets) {
    const char *status = json_get_text_or(info, "status", "InProgress");
    struct codedeploy_verdict verdict = {.percent = -1, .desired = -1, .running = -1, .pending = -1, .old = -1};
    struct view view = {.verdict = &verdict, .arena = arena};
    json_each(target, targets) {
        see_events(&view, codedeploy_target_body(target));
        see_task_sets(&view, codedeploy_target_body(target));
    }
    verdict.rollback = json_get_text(json_get(info, "rollbackInfo"), "rollbackDeploymentId");
    verdict.old_ones_stay = view.moved || json_get_bool(info, "instanceTerminationWaitTimeStarted", false);
    if (str_equal(status, "Succeeded")) {
        verdict.state = CODEDEPLOY_SUCCEEDED;
        verdict.sentence = arena_printf(arena, "deployment %s succeeded", json_get_text_or(info, "deploymentId", ""));
    } else if (str_equal(status, "Failed")) {
        verdict.state = CODEDEPLOY_FAILED;
        verdict.sentence = ended_badly(&view, info, "failed");
    } else if (str_equal(status, "Stopped")) {
        verdict.state = CODEDEPLOY_STOPPED;
        verdict.sentence = ended_badly(&view, info, "was stopped");
    } else if (str_equal(status, "Ready")) {
        verdict.state = CODEDEPLOY_WAITS;
        verdict.sentence = "the new version is ready, and no traffic goes to it until somebody says so";
    } else {
        verdict.sentence = going_on(&view, info, status);
    }
    return verdict;
}
