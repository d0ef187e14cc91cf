/*
 * Targets and tasks.
 */
#include "runner/actions/ecs_gate.h"

#include "common/str.h"

#include <string.h>

const char *ecs_gate_group_name(struct arena *arena, const char *arn) {
    const char *at = arn ? strstr(arn, "targetgroup/") : NULL;
    if (!at)
        return arn ? arn : "?";
    at += strlen("targetgroup/");
    return arena_strndup(arena, at, strcspn(at, "/"));
}

static const char *address_of(const struct json *task) {
    json_each(attachment, json_get(task, "attachments")) {
        json_each(detail, json_get(attachment, "details")) {
            if (str_equal(json_get_text(detail, "name"), "privateIPv4Address"))
                return json_get_text(detail, "value");
        }
    }
    return NULL;
}

static const char *state_of(const struct json *target) {
    return json_get_text_or(json_get(target, "TargetHealth"), "State", "unknown");
}

static bool drains(const struct json *target) {
    const char *state = state_of(target);
    return str_equal(state, "draining") || str_equal(state, "unhealthy.draining");
}

static const char *why(struct arena *arena, const struct json *target) {
    const struct json *health = json_get(target, "TargetHealth");
    const char *reason = json_get_text(health, "Reason");
    const char *description = json_get_text(health, "Description");
    return arena_printf(arena, "target %s is %s%s%s%s%s", json_get_text_or(json_get(target, "Target"), "Id", "?"),
                        state_of(target), reason ? ": " : "", reason ? reason : "", description ? ": " : "",
                        description ? description : "");
}

/* *found: the group has a target of that address that does not drain. */
static bool is_healthy_in(struct arena *arena, const struct ecs_gate_group *group, const char *address, bool *found,
                          struct ecs_gate *gate) {
    *found = false;
    json_each(target, group->targets) {
        if (!str_equal(json_get_text(json_get(target, "Target"), "Id"), address) || drains(target))
            continue;
        *found = true;
        if (str_equal(state_of(target), "healthy"))
            return true;
        gate->waits = why(arena, target);
        if (str_equal(json_get_text(json_get(target, "TargetHealth"), "Reason"), "Target.NotInUse"))
            gate->problem =
                arena_printf(arena, "target group '%s' is used by no listener", ecs_gate_group_name(arena, group->arn));
    }
    return false;
}

/* Of `any` two groups the other may well be used by no listener. */
static bool is_healthy(struct arena *arena, const char *address, const struct ecs_gate_group *groups, size_t count,
                       bool any, struct ecs_gate *gate) {
    const struct ecs_gate before = *gate;
    size_t healthy = 0;
    for (size_t i = 0; i < count; i++) {
        bool found;
        healthy += is_healthy_in(arena, &groups[i], address, &found, gate);
        if (!found && !any)
            gate->waits = arena_printf(arena, "%s is not registered in target group '%s'", address,
                                       ecs_gate_group_name(arena, groups[i].arn));
    }
    if (any && healthy > 0) {
        gate->problem = before.problem;
        gate->waits = before.waits;
    }
    return any ? healthy > 0 : healthy == count;
}

static int64_t healthy_targets(const struct ecs_gate_group *groups, size_t count) {
    int64_t least = -1;
    for (size_t i = 0; i < count; i++) {
        int64_t healthy = 0;
        json_each(target, groups[i].targets) healthy += str_equal(state_of(target), "healthy");
        if (least < 0 || healthy < least)
            least = healthy;
    }
    return least < 0 ? 0 : least;
}

struct ecs_gate ecs_gate_read(struct arena *arena, const struct json *tasks, const char *deployment,
                              const struct ecs_gate_group *groups, size_t count, bool any) {
    struct ecs_gate gate = {0};
    int64_t without_address = 0;
    json_each(task, tasks) {
        if (!str_equal(json_get_text(task, "startedBy"), deployment) ||
            !str_equal(json_get_text(task, "lastStatus"), "RUNNING"))
            continue;
        const char *address = address_of(task);
        gate.tasks++;
        if (!address)
            without_address++;
        else if (is_healthy(arena, address, groups, count, any, &gate))
            gate.healthy++;
    }
    const int64_t counted = without_address > 0 ? healthy_targets(groups, count) : 0;
    gate.healthy += counted < without_address ? counted : without_address;
    return gate;
}
