/*
 * Verdicts.
 */
#include "runner/actions/ecs_verdict.h"

#include "common/str.h"

#include <string.h>

const char *ecs_short_name(const char *arn) {
    const char *slash = arn ? strrchr(arn, '/') : NULL;
    return slash ? slash + 1 : arn ? arn : "unknown";
}

const struct json *ecs_primary(const struct json *service) {
    json_each(deployment, json_get(service, "deployments")) {
        if (str_equal(json_get_text(deployment, "status"), "PRIMARY"))
            return deployment;
    }
    return NULL;
}

static const struct json *find(const struct json *service, const char *id) {
    json_each(deployment, json_get(service, "deployments")) {
        if (str_equal(json_get_text(deployment, "id"), id))
            return deployment;
    }
    return NULL;
}

static bool tells_of_rollback(const char *text) {
    return text && (strstr(text, "rolling back") || strstr(text, "rolled back"));
}

/* ECS gives seconds, with a fraction. */
static bool is_since(const struct json *value, int64_t since_ms) {
    const struct json *created = json_get(value, "createdAt");
    return created && created->type == JSON_NUMBER && created->number * 1000 >= (double)since_ms;
}

static bool events_tell_of_rollback(const struct json *service, int64_t since_ms) {
    json_each(event, json_get(service, "events")) {
        if (is_since(event, since_ms) && tells_of_rollback(json_get_text(event, "message")))
            return true;
    }
    return false;
}

/* Ours is not the one that counts any more. */
static void judge_replaced(struct arena *arena, const struct json *service, const struct ecs_ours *ours,
                           struct ecs_verdict *verdict) {
    const struct json *primary = ecs_primary(service);
    const char *definition = json_get_text(primary, "taskDefinition");
    const char *name = ecs_short_name(definition);
    verdict->state = ECS_FAILED;
    if (tells_of_rollback(json_get_text(primary, "rolloutStateReason")) ||
        (str_equal(definition, ours->previous) && events_tell_of_rollback(service, ours->began_ms))) {
        verdict->sentence = arena_printf(arena, "ECS rolled the service back to %s", name);
    } else if (str_equal(definition, ours->previous)) {
        verdict->sentence = arena_printf(arena, "the service was put back on %s by ECS, or by somebody", name);
    } else {
        verdict->state = ECS_SUPERSEDED;
        verdict->other = definition;
        verdict->sentence =
            str_equal(definition, ours->task_definition)
                ? arena_printf(arena, "somebody else started a deployment of %s anew, which replaced this one", name)
                : arena_printf(arena,
                               "somebody else deployed %s to the service meanwhile, which replaced this deployment",
                               name);
    }
}

static void judge_by_counts(const struct json *service, const struct json *deployment, struct ecs_verdict *verdict) {
    const struct json *all = json_get(service, "deployments");
    if (all->count == 1 && verdict->running == verdict->desired && json_get_integer(deployment, "pendingCount", 0) == 0)
        verdict->state = ECS_DONE;
}

static void judge_found(struct arena *arena, const struct json *service, const struct json *deployment,
                        const struct ecs_ours *ours, struct ecs_verdict *verdict) {
    const char *rollout = json_get_text(deployment, "rolloutState");
    const char *reason = json_get_text_or(deployment, "rolloutStateReason", "no reason given");
    verdict->running = json_get_integer(deployment, "runningCount", 0);
    verdict->desired = json_get_integer(deployment, "desiredCount", 0);
    verdict->pending = json_get_integer(deployment, "pendingCount", 0);
    verdict->failed_tasks = json_get_integer(deployment, "failedTasks", 0);
    verdict->says_rollout = rollout != NULL;
    json_each(other, json_get(service, "deployments")) {
        if (other != deployment)
            verdict->old += json_get_integer(other, "runningCount", 0) + json_get_integer(other, "pendingCount", 0);
    }
    verdict->sentence = verdict->desired == 0 ? "the service wants no tasks"
                                              : arena_printf(arena, "%lld of %lld new tasks are running",
                                                             (long long)verdict->running, (long long)verdict->desired);
    if (str_equal(rollout, "FAILED")) {
        verdict->state = ECS_FAILED;
        verdict->sentence = arena_printf(arena, "ECS gave the deployment up: %.300s", reason);
    } else if (!str_equal(json_get_text(deployment, "status"), "PRIMARY")) {
        judge_replaced(arena, service, ours, verdict);
    } else if (str_equal(rollout, "COMPLETED")) {
        verdict->state = ECS_DONE;
    } else if (!rollout) {
        judge_by_counts(service, deployment, verdict);
    }
}

struct ecs_verdict ecs_verdict(struct arena *arena, const struct json *service, const struct ecs_ours *ours) {
    struct ecs_verdict verdict = {.state = ECS_GOES_ON, .sentence = "waiting for the deployment to show"};
    const struct json *deployment = find(service, ours->deployment);
    verdict.found = deployment != NULL;
    if (deployment)
        judge_found(arena, service, deployment, ours, &verdict);
    else if (ours->seen)
        judge_replaced(arena, service, ours, &verdict);
    return verdict;
}

bool ecs_was_rolled_back(const struct json *service, const struct ecs_ours *ours, int64_t since_ms) {
    const struct json *primary = ecs_primary(service);
    json_each(deployment, json_get(service, "deployments")) {
        if (str_equal(json_get_text(deployment, "taskDefinition"), ours->task_definition))
            return deployment != primary;
    }
    /* Ours is listed no more. A reason or an event may be that of a rollback long ago. */
    if (is_since(primary, since_ms) && tells_of_rollback(json_get_text(primary, "rolloutStateReason")))
        return true;
    return events_tell_of_rollback(service, since_ms);
}

static int64_t later(int64_t than_ms, const struct json *object, const char *member) {
    const struct json *time = json_get(object, member);
    const int64_t time_ms = time && time->type == JSON_NUMBER ? (int64_t)(time->number * 1000) : 0;
    return time_ms > than_ms ? time_ms : than_ms;
}

int64_t ecs_newest_ms(const struct json *service) {
    int64_t newest_ms = 0;
    json_each(event, json_get(service, "events")) newest_ms = later(newest_ms, event, "createdAt");
    json_each(deployment, json_get(service, "deployments")) newest_ms =
        later(later(newest_ms, deployment, "createdAt"), deployment, "updatedAt");
    return newest_ms;
}

const char *ecs_strategy(const struct json *service) {
    if (str_equal(json_get_text(service, "schedulingStrategy"), "DAEMON"))
        return "DAEMON";
    return json_get_text_or(json_get(service, "deploymentConfiguration"), "strategy", "ROLLING");
}

bool ecs_is_settled(const struct json *service) {
    const struct json *deployments = json_get(service, "deployments");
    const struct json *primary = ecs_primary(service);
    return primary && deployments->count == 1 &&
           str_equal(json_get_text_or(primary, "rolloutState", "COMPLETED"), "COMPLETED");
}

bool ecs_shifts_traffic(const struct json *service) {
    const char *strategy = ecs_strategy(service);
    return !str_equal(strategy, "ROLLING") && !str_equal(strategy, "DAEMON");
}

bool ecs_tells_of_rollback(const struct json *deployment) {
    return tells_of_rollback(json_get_text(deployment, "rolloutStateReason"));
}

bool ecs_is_back(struct arena *arena, const struct json *service, const struct ecs_ours *ours, int64_t *left,
                 const char **sentence) {
    const struct json *primary = ecs_primary(service);
    int64_t running = json_get_integer(primary, "runningCount", 0);
    int64_t desired = json_get_integer(primary, "desiredCount", 0);
    int64_t pending = json_get_integer(primary, "pendingCount", 0);
    *left = 0;
    json_each(deployment, json_get(service, "deployments")) {
        if (str_equal(json_get_text(deployment, "taskDefinition"), ours->task_definition))
            *left += json_get_integer(deployment, "runningCount", 0) + json_get_integer(deployment, "pendingCount", 0);
    }
    *sentence = arena_printf(arena, "%lld of %lld old tasks are running, %lld new ones are left", (long long)running,
                             (long long)desired, (long long)*left);
    return str_equal(json_get_text(primary, "taskDefinition"), ours->previous) && running == desired && pending == 0 &&
           *left == 0;
}
