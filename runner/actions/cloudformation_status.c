/*
 * Statuses and events.
 */
#include "runner/actions/cloudformation_status.h"

#include "common/str.h"

#include <string.h>

static bool is_one_of(const char *text, const char *const *list) {
    for (; *list; list++)
        if (str_equal(text, *list))
            return true;
    return false;
}

bool stack_is_at_rest(const char *status) {
    return status && (!str_ends_with(status, "_IN_PROGRESS") || stack_is_unborn(status));
}

bool stack_is_good(const char *status) {
    static const char *const good[] = {"CREATE_COMPLETE",
                                       "UPDATE_COMPLETE",
                                       "DELETE_COMPLETE",
                                       "IMPORT_COMPLETE",
                                       "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
                                       NULL};
    return is_one_of(status, good);
}

bool stack_is_unborn(const char *status) {
    return str_equal(status, "REVIEW_IN_PROGRESS");
}

bool stack_is_broken(const char *status) {
    static const char *const broken[] = {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED",        "CREATE_FAILED",
                                         "DELETE_FAILED",     "UPDATE_ROLLBACK_FAILED", NULL};
    return is_one_of(status, broken);
}

const char *stack_event_text(struct arena *arena, const struct json *event) {
    const char *reason = json_get_text(event, "ResourceStatusReason");
    return arena_printf(arena, "%s %s: %s%s%.500s", json_get_text_or(event, "ResourceType", "?"),
                        json_get_text_or(event, "LogicalResourceId", "?"),
                        json_get_text_or(event, "ResourceStatus", "?"), reason && *reason ? ": " : "",
                        reason ? reason : "");
}

bool stack_event_is_cause(const struct json *event) {
    const char *reason = json_get_text_or(event, "ResourceStatusReason", "");
    return str_ends_with(json_get_text_or(event, "ResourceStatus", ""), "_FAILED") &&
           !strstr(reason, "cancelled"); /* "Resource creation cancelled": because another one failed */
}

bool stack_event_is_of_stack(const struct json *event) {
    return str_equal(json_get_text(event, "ResourceType"), "AWS::CloudFormation::Stack") &&
           str_equal(json_get_text(event, "PhysicalResourceId"), json_get_text(event, "StackId"));
}
