/*
 * Service deployments.
 */
#include "runner/actions/ecs_shift.h"

#include "common/str.h"

#include <string.h>

struct words {
    const char *name;
    const char *words;
};

static const struct words stages[] = {
    {"RECONCILE_SERVICE", "before anything is changed"},
    {"PRE_SCALE_UP", "before the new tasks are started"},
    {"SCALE_UP", "the new tasks are being started"},
    {"POST_SCALE_UP", "the new tasks run, without traffic"},
    {"TEST_TRAFFIC_SHIFT", "the test traffic is being shifted"},
    {"POST_TEST_TRAFFIC_SHIFT", "the new tasks have the test traffic"},
    {"PRE_PRODUCTION_TRAFFIC_SHIFT", "before the production traffic is shifted"},
    {"PRODUCTION_TRAFFIC_SHIFT", "the production traffic is being shifted"},
    {"POST_PRODUCTION_TRAFFIC_SHIFT", "the new tasks have the production traffic"},
    {"BAKE_TIME", "both revisions are kept for the bake time"},
    {"CLEAN_UP", "the old tasks are being stopped"},
};

const char *ecs_stage_words(const char *stage) {
    for (size_t i = 0; i < sizeof stages / sizeof *stages; i++)
        if (str_equal(stages[i].name, stage))
            return stages[i].words;
    return stage ? stage : "it begins";
}

static int64_t milliseconds(const struct json *value) {
    return value && value->type == JSON_NUMBER ? (int64_t)(value->number * 1000) : 0;
}

static struct ecs_pause read_pause(const struct json *deployment) {
    json_each(hook, json_get(deployment, "lifecycleHookDetails")) {
        if (str_equal(json_get_text(hook, "targetType"), "PAUSE") &&
            str_equal(json_get_text(hook, "status"), "AWAITING_ACTION") && json_get_text(hook, "hookId"))
            return (struct ecs_pause){.hook = json_get_text(hook, "hookId"),
                                      .stage = json_get_text(deployment, "lifecycleStage"),
                                      .expires_ms = milliseconds(json_get(hook, "expiresAt")),
                                      .then_continues = str_equal(json_get_text(hook, "timeoutAction"), "CONTINUE")};
    }
    return (struct ecs_pause){0};
}

static const char *reason(const struct json *deployment) {
    const char *why = json_get_text(json_get(deployment, "rollback"), "reason");
    return why ? why : json_get_text_or(deployment, "statusReason", "no reason given");
}

static void read_counts(const struct json *deployment, struct ecs_shift *shift) {
    const struct json *target = json_get(deployment, "targetServiceRevision");
    const struct json *weight = json_get(target, "requestedProductionTrafficWeight");
    shift->desired = json_get_integer(target, "requestedTaskCount", 0);
    shift->running = json_get_integer(target, "runningTaskCount", 0);
    shift->pending = json_get_integer(target, "pendingTaskCount", 0);
    shift->traffic = weight && weight->type == JSON_NUMBER ? (int)(weight->number + 0.5) : -1;
}

static const char *progress(struct arena *arena, const struct ecs_shift *shift, const char *strategy) {
    const char *traffic = shift->traffic >= 0 ? arena_printf(arena, ", %d%% of the traffic", shift->traffic) : "";
    return arena_printf(arena, "%s: %s%s; %lld of %lld new tasks are running", strategy, ecs_stage_words(shift->stage),
                        traffic, (long long)shift->running, (long long)shift->desired);
}

static void judge(struct arena *arena, const struct json *deployment, const char *strategy, struct ecs_shift *shift) {
    const char *status = json_get_text_or(deployment, "status", "IN_PROGRESS");
    const char *why = reason(deployment);
    shift->sentence = progress(arena, shift, strategy);
    if (str_equal(status, "SUCCESSFUL")) {
        shift->state = ECS_DONE;
        shift->sentence = arena_printf(arena, "%s: complete; %lld of %lld new tasks are running", strategy,
                                       (long long)shift->running, (long long)shift->desired);
    } else if (str_equal(status, "STOPPED") || str_equal(status, "STOP_REQUESTED")) {
        shift->state = ECS_FAILED;
        shift->sentence = arena_printf(arena, "the deployment was stopped in ECS: %.300s", why);
    } else if (str_equal(status, "ROLLBACK_SUCCESSFUL")) {
        shift->state = ECS_FAILED;
        shift->is_back = true;
        shift->sentence = arena_printf(arena, "ECS rolled the service back: %.300s", why);
    } else if (str_equal(status, "ROLLBACK_FAILED")) {
        shift->state = ECS_FAILED;
        shift->back_failed = true;
        shift->sentence = arena_printf(arena, "ECS gave the deployment up and could not roll it back: %.300s", why);
    } else if (str_starts_with(status, "ROLLBACK_")) {
        shift->state = ECS_FAILED;
        shift->sentence = arena_printf(arena, "ECS is rolling the service back: %.300s", why);
    }
}

struct ecs_shift ecs_shift_read(struct arena *arena, const struct json *service_deployment, const char *strategy) {
    struct ecs_shift shift = {.state = ECS_GOES_ON,
                              .stage = json_get_text(service_deployment, "lifecycleStage"),
                              .pause = read_pause(service_deployment)};
    read_counts(service_deployment, &shift);
    judge(arena, service_deployment, strategy, &shift);
    return shift;
}
