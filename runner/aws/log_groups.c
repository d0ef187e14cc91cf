/*
 * DescribeLogGroups finds by the beginning of a name; the group of just that name comes first.
 */
#include "runner/aws/log_groups.h"

#include "common/str.h"

bool log_group_find(const struct log_group_query *query, struct arena *arena, struct err *err) {
    struct json *body = json_object(arena);
    const struct json *answer = NULL;
    json_set_text(arena, body, "logGroupNamePrefix", query->group);
    const struct aws_request request = {.service = "logs",
                                        .host_prefix = "logs",
                                        .region = query->region,
                                        .target = "Logs_20140328",
                                        .operation = "DescribeLogGroups",
                                        .body = body,
                                        .interrupted = query->interrupted,
                                        .context = query->context};
    if (!aws_call(query->aws, arena, &request, &answer, err))
        return false;
    json_each(group, json_get(answer, "logGroups")) {
        if (str_equal(json_get_text(group, "logGroupName"), query->group))
            return true;
    }
    return err_set(err, ERR_NOT_FOUND, "there is no log group '%.300s' in %s", query->group, query->region);
}
