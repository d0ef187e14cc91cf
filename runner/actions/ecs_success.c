/*
 * The rule's text and its arithmetic.
 */
#include "runner/actions/ecs_success.h"

#include "common/str.h"

#include <stdio.h>

#define TASKS_MAX 10000
#define HOLD_SECONDS_MAX 86400

static bool refuse(const char *text, struct err *err) {
    return err_set_code(err, ERR_INVALID, "ConfigurationError",
                        "SuccessRule must be 'healthy N of M for T seconds' (N from 1 to M), not '%.80s'", text);
}

bool ecs_success_read(const char *text, struct ecs_success_rule *out, struct err *err) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    char wanted[12], of[12], seconds[12];
    int length = 0;
    long long numbers[3];
    if (!text || !*text) {
        *out = (struct ecs_success_rule){0};
        return true;
    }
    if (sscanf(text, "healthy %11[0-9] of %11[0-9] for %11[0-9] seconds%n", wanted, of, seconds, &length) != 3 ||
        length == 0 || text[length])
        return refuse(text, err);
    if (!str_to_int64(of, 1, TASKS_MAX, &numbers[1]) || !str_to_int64(wanted, 1, numbers[1], &numbers[0]) ||
        !str_to_int64(seconds, 0, HOLD_SECONDS_MAX, &numbers[2]))
        return refuse(text, err);
    *out = (struct ecs_success_rule){.wanted = numbers[0], .of = numbers[1], .hold_ms = numbers[2] * 1000};
    return true;
}

int64_t ecs_success_needs(const struct ecs_success_rule *rule, int64_t desired) {
    return (desired * rule->wanted + rule->of - 1) / rule->of;
}

bool ecs_success_holds(const struct ecs_success_rule *rule, int64_t healthy, int64_t desired, int64_t now_ms,
                       int64_t *since_ms) {
    if (healthy < ecs_success_needs(rule, desired)) {
        *since_ms = 0;
        return false;
    }
    if (*since_ms == 0)
        *since_ms = now_ms;
    return now_ms - *since_ms >= rule->hold_ms;
}

int64_t ecs_success_healthy(const struct json *tasks, const char *deployment, bool checked) {
    int64_t healthy = 0;
    json_each(task, tasks) {
        const char *health = json_get_text_or(task, "healthStatus", "UNKNOWN");
        if (str_equal(json_get_text(task, "startedBy"), deployment) &&
            str_equal(json_get_text(task, "lastStatus"), "RUNNING") &&
            (checked ? str_equal(health, "HEALTHY") : !str_equal(health, "UNHEALTHY")))
            healthy++;
    }
    return healthy;
}

bool ecs_success_is_checked(const struct json *definition) {
    json_each(container, json_get(definition, "containerDefinitions")) {
        if (json_get(container, "healthCheck") && json_get_bool(container, "essential", true))
            return true;
    }
    return false;
}
