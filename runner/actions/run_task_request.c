/*
 * RunTask's texts.
 */
#include "runner/actions/run_task_request.h"

#include "common/str.h"

#include <string.h>

#define OVERRIDES_MAX 8192
#define KILLED 137
#define SEGMENT_FAULT 139
#define TERMINATED 143

static bool is_list_of_texts(const struct json *list) {
    json_each(item, list) if (item->type != JSON_TEXT) return false;
    return list->type == JSON_ARRAY && list->count > 0;
}

bool run_task_command(struct arena *arena, const char *text, const struct json **out, struct err *err) {
    struct err own = {0};
    *out = NULL;
    if (!text || !*text)
        return true;
    if (text[strspn(text, " \t\n")] == '[') {
        if (!json_parse(arena, text, strlen(text), out, &own))
            return err_set(err, ERR_INVALID, "Command begins as a JSON list and is none: %s", own.message);
        return is_list_of_texts(*out) ||
               err_set(err, ERR_INVALID, "Command must be a JSON list of texts, such as [\"bin/migrate\", \"up\"]");
    }
    struct json *list = json_array(arena);
    json_append_text(arena, list, "sh");
    json_append_text(arena, list, "-c");
    json_append_text(arena, list, text);
    *out = list;
    return true;
}

static void add_variable(struct arena *arena, struct json *list, const char *name, const char *value) {
    struct json *entry = json_append_object(arena, list);
    json_set_text(arena, entry, "name", name);
    json_set_text(arena, entry, "value", value);
}

bool run_task_environment(struct arena *arena, const char *text, const struct json **out, struct err *err) {
    const struct json *given = NULL;
    struct json *list = json_array(arena);
    struct err own = {0};
    *out = NULL;
    if (!text || !*text)
        return true;
    if (!json_parse(arena, text, strlen(text), &given, &own))
        return err_set(err, ERR_INVALID, "Environment is no JSON: %s", own.message);
    bool good = given->type == JSON_OBJECT || given->type == JSON_ARRAY;
    json_each(item, good ? given : NULL) {
        const char *name = given->type == JSON_OBJECT ? item->name : json_get_text(item, "name");
        const char *value =
            given->type == JSON_OBJECT ? (item->type == JSON_TEXT ? item->text : NULL) : json_get_text(item, "value");
        good = good && name && *name && value;
        if (good)
            add_variable(arena, list, name, value);
    }
    if (!good)
        return err_set(err, ERR_INVALID, "Environment must be a JSON object of texts, such as {\"MODE\": \"fast\"}");
    *out = list;
    return true;
}

bool run_task_container(struct arena *arena, const struct json *definition, const char *name, const struct json **out,
                        struct err *err) {
    const struct json *containers = json_get(definition, "containerDefinitions");
    const char *names = "";
    json_each(container, containers) {
        const char *found = json_get_text_or(container, "name", "");
        if (name && *name ? str_equal(found, name) : json_get_bool(container, "essential", true)) {
            *out = container;
            return true;
        }
        names = arena_printf(arena, "%s%s'%s'", names, *names ? ", " : "", found);
    }
    return err_set_code(err, ERR_INVALID, "ConfigurationError",
                        "the task definition has no container '%.255s'; it has %s: correct ContainerName",
                        name ? name : "", *names ? names : "none");
}

static struct json *overrides_of(struct arena *arena, const struct run_task_wish *wish) {
    struct json *overrides = json_object(arena);
    struct json *container = json_append_object(arena, json_set_array(arena, overrides, "containerOverrides"));
    json_set_text(arena, container, "name", wish->container);
    if (wish->command)
        json_set(arena, container, "command", json_copy(arena, wish->command));
    if (wish->environment)
        json_set(arena, container, "environment", json_copy(arena, wish->environment));
    json_set_text(arena, overrides, "cpu", wish->cpu);
    json_set_text(arena, overrides, "memory", wish->memory);
    return overrides;
}

bool run_task_body(struct arena *arena, const struct run_task_wish *wish, const struct json *service,
                   const struct json **out, struct err *err) {
    static const char *const taken[] = {"networkConfiguration", "capacityProviderStrategy", "platformVersion",
                                        "placementConstraints", "placementStrategy",        "enableExecuteCommand"};
    struct json *body = json_object(arena);
    struct json *overrides = overrides_of(arena, wish);
    if (strlen(json_print(arena, overrides)) > OVERRIDES_MAX)
        return err_set_code(err, ERR_LIMIT, "ConfigurationError",
                            "Command and Environment together are longer than the %d characters that ECS takes",
                            OVERRIDES_MAX);
    json_set_text(arena, body, "cluster", wish->cluster);
    json_set_text(arena, body, "taskDefinition", wish->revision);
    json_set_integer(arena, body, "count", 1);
    json_set_text(arena, body, "clientToken", wish->token);
    json_set_text(arena, body, "startedBy", wish->token);
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) {
        const struct json *value = json_get(service, taken[i]);
        if (value && !(value->type == JSON_ARRAY && value->count == 0) && !(value->type == JSON_TEXT && !*value->text))
            json_set(arena, body, taken[i], json_copy(arena, value));
    }
    if (!json_get(body, "capacityProviderStrategy"))
        json_set_text(arena, body, "launchType", json_get_text(service, "launchType"));
    json_set(arena, body, "overrides", overrides);
    *out = body;
    return true;
}

static const char *meaning(int64_t code) {
    switch (code) {
    case KILLED:
        return " (killed: out of memory, or it did not stop in time)";
    case SEGMENT_FAULT:
        return " (segmentation fault)";
    case TERMINATED:
        return " (terminated)";
    default:
        return "";
    }
}

struct run_task_end run_task_end(struct arena *arena, const struct json *task, const char *container) {
    struct run_task_end end = {0};
    const char *stopped = json_get_text_or(task, "stoppedReason", "ECS gives no reason");
    const char *reason = NULL;
    json_each(item, json_get(task, "containers")) {
        const struct json *code = json_get(item, "exitCode");
        if (!str_equal(json_get_text(item, "name"), container))
            continue;
        reason = json_get_text(item, "reason");
        if (code && code->is_integer) {
            end.has_code = true;
            end.code = code->integer;
        }
    }
    end.good = end.has_code && end.code == 0;
    if (end.good)
        end.sentence = arena_printf(arena, "container '%s' ended with exit code 0", container);
    else if (end.has_code)
        end.sentence = arena_printf(arena, "container '%s' ended with exit code %lld%s%s%.300s", container,
                                    (long long)end.code, meaning(end.code), reason ? ": " : "", reason ? reason : "");
    else
        end.sentence = arena_printf(arena, "container '%s' did not run: %.500s", container, reason ? reason : stopped);
    return end;
}
