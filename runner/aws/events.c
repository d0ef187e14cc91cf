/*
 * ListTargetsByRule, PutTargets.
 */
#include "runner/aws/events.h"

#include "common/str.h"

static bool call(const struct events_rule *rule, struct arena *arena, const char *operation, struct json *body,
                 const struct json **answer, struct err *err) {
    const struct aws_request request = {.service = "events",
                                        .host_prefix = "events",
                                        .region = rule->region,
                                        .target = "AWSEvents",
                                        .operation = operation,
                                        .body = body,
                                        .interrupted = rule->interrupted,
                                        .context = rule->context};
    struct err own = {0};
    json_set_text(arena, body, "Rule", rule->name);
    json_set_text(arena, body, "EventBusName", rule->bus);
    if (aws_call(rule->aws, arena, &request, answer, &own))
        return true;
    if (own.kind == ERR_NOT_FOUND)
        return err_set_code(err, ERR_NOT_FOUND, "ConfigurationError",
                            "no rule '%.100s' on event bus '%.100s' in region '%s'; create it, or correct RuleName",
                            rule->name, rule->bus ? rule->bus : "default", rule->region);
    return err_set_code(err, own.kind, own.code, "%s", own.message);
}

bool events_target(const struct events_rule *rule, struct arena *arena, const char *id, const struct json **target,
                   struct err *err) {
    const char *token = NULL;
    do {
        struct json *body = json_object(arena);
        const struct json *answer = NULL;
        json_set_text(arena, body, "NextToken", token);
        if (!call(rule, arena, "ListTargetsByRule", body, &answer, err))
            return false;
        json_each(found, json_get(answer, "Targets")) {
            if (str_equal(json_get_text(found, "Id"), id)) {
                *target = found;
                return true;
            }
        }
        token = json_get_text(answer, "NextToken");
    } while (token);
    return err_set_code(err, ERR_NOT_FOUND, "ConfigurationError",
                        "rule '%.100s' has no target '%.100s'; correct TargetId", rule->name, id);
}

bool events_put_target(const struct events_rule *rule, struct arena *arena, const struct json *target,
                       struct err *err) {
    struct json *body = json_object(arena);
    const struct json *answer = NULL;
    json_append(json_set_array(arena, body, "Targets"), json_copy(arena, target));
    if (!call(rule, arena, "PutTargets", body, &answer, err))
        return false;
    const struct json *failed = json_first(json_get(answer, "FailedEntries"));
    return json_get_integer(answer, "FailedEntryCount", 0) == 0 ||
           err_set(err, ERR_INVALID, "EventBridge did not take the target: %.100s: %.400s",
                   json_get_text_or(failed, "ErrorCode", ""), json_get_text_or(failed, "ErrorMessage", ""));
}
