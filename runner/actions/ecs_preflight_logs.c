/*
 * Log groups: a container whose group is not there does not start.
 */
#include "runner/actions/preflight_check.h"

#include "common/str.h"
#include "runner/aws/log_groups.h"

static void ask(struct preflight_check *check) {
    const struct log_group_query query = {.aws = check->preflight->wish->aws,
                                          .region = check->region,
                                          .group = check->subject,
                                          .interrupted = preflight_is_over,
                                          .context = check->preflight};
    struct err err = {0};
    if (log_group_find(&query, &check->arena, &err))
        preflight_ok(check, "log group '%s' of container '%s' is there", check->subject, check->container);
    else if (err.kind == ERR_NOT_FOUND)
        preflight_fail(check,
                       "container '%s' logs to the group '%s', which is not there in %s; create it, or set the option "
                       "awslogs-create-group to \"true\"",
                       check->container, check->subject, check->region);
    else
        preflight_unanswered(
            check, arena_printf(&check->arena, "log group '%s' of container '%s'", check->subject, check->container),
            &err);
}

static bool is_asked(const struct preflight *preflight, const char *group, const char *region) {
    for (size_t i = 0; i < preflight->count; i++)
        if (preflight->checks[i].ask == ask && str_equal(preflight->checks[i].subject, group) &&
            str_equal(preflight->checks[i].region, region))
            return true;
    return false;
}

void preflight_add_logs(struct preflight *preflight) {
    json_each(container, json_get(preflight->wish->definition, "containerDefinitions")) {
        const struct json *logs = json_get(container, "logConfiguration");
        const struct json *options = json_get(logs, "options");
        const char *group = json_get_text(options, "awslogs-group");
        const char *region = json_get_text_or(options, "awslogs-region", preflight->wish->region);
        if (!str_equal(json_get_text(logs, "logDriver"), "awslogs") || !group || is_asked(preflight, group, region) ||
            str_equal(json_get_text(options, "awslogs-create-group"), "true"))
            continue;
        struct preflight_check *check = preflight_add(preflight, "log group", ask, group);
        check->container = json_get_text_or(container, "name", "?");
        check->region = region;
    }
}
