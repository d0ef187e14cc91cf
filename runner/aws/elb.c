/*
 * Elastic Load Balancing v2, 2015-12-01, by the Query protocol.
 */
#include "runner/aws/elb.h"

#include "common/str.h"

#include <string.h>

#define DRAINING_SECONDS 300 /* AWS's default */

static bool call(const struct elb *elb, struct arena *arena, const char *operation, const char *parameter,
                 const char *arn, const struct json **result, struct err *err) {
    const struct aws_parameter of_group = {.name = parameter, .value = arn};
    const struct aws_request request = {.service = "elastic-load-balancing-v2",
                                        .signing_name = "elasticloadbalancing",
                                        .host_prefix = "elasticloadbalancing",
                                        .region = elb->region,
                                        .operation = operation,
                                        .version = "2015-12-01",
                                        .parameters = &of_group,
                                        .parameter_count = 1,
                                        .interrupted = elb->interrupted,
                                        .context = elb->context};
    struct err own = {0};
    if (aws_call_query(elb->aws, arena, &request, result, &own))
        return true;
    if (strstr(own.message, ": TargetGroupNotFound"))
        return err_set(err, ERR_NOT_FOUND, "there is no target group '%.300s'", arn);
    if (err)
        *err = own;
    return false;
}

/* An empty list comes as an empty text. */
static const struct json *list_of(const struct json *result, const char *name) {
    const struct json *list = json_get(result, name);
    return list && list->type == JSON_ARRAY && list->count > 0 ? list : NULL;
}

bool elb_target_group(const struct elb *elb, struct arena *arena, const char *arn, struct elb_target_group *out,
                      struct err *err) {
    const struct json *result = NULL;
    if (!call(elb, arena, "DescribeTargetGroups", "TargetGroupArns.member.1", arn, &result, err))
        return false;
    const struct json *group = json_first(list_of(result, "TargetGroups"));
    if (!group)
        return err_set(err, ERR_NOT_FOUND, "there is no target group '%.300s'", arn);
    *out = (struct elb_target_group){
        .name = json_get_text(group, "TargetGroupName"),
        .target_type = json_get_text_or(group, "TargetType", "instance"),
        .protocol = json_get_text(group, "Protocol"),
        .port = json_get_text(group, "Port"),
        .vpc = json_get_text(group, "VpcId"),
        .health_path = json_get_text(group, "HealthCheckPath"),
        .health_port = json_get_text(group, "HealthCheckPort"),
        .health_codes = json_get_text(json_get(group, "Matcher"), "HttpCode"),
        .health_interval = json_get_text(group, "HealthCheckIntervalSeconds"),
        .health_timeout = json_get_text(group, "HealthCheckTimeoutSeconds"),
        .healthy_count = json_get_text(group, "HealthyThresholdCount"),
        .unhealthy_count = json_get_text(group, "UnhealthyThresholdCount"),
        .in_use = list_of(group, "LoadBalancerArns") != NULL,
    };
    return true;
}

bool elb_target_health(const struct elb *elb, struct arena *arena, const char *arn, const struct json **descriptions,
                       struct err *err) {
    const struct json *result = NULL;
    if (!call(elb, arena, "DescribeTargetHealth", "TargetGroupArn", arn, &result, err))
        return false;
    *descriptions = list_of(result, "TargetHealthDescriptions");
    return true;
}

bool elb_draining_seconds(const struct elb *elb, struct arena *arena, const char *arn, int64_t *seconds,
                          struct err *err) {
    const struct json *result = NULL;
    if (!call(elb, arena, "DescribeTargetGroupAttributes", "TargetGroupArn", arn, &result, err))
        return false;
    long long found = DRAINING_SECONDS;
    json_each(attribute, list_of(result, "Attributes")) {
        if (str_equal(json_get_text(attribute, "Key"), "deregistration_delay.timeout_seconds"))
            (void)str_to_int64(json_get_text_or(attribute, "Value", ""), 0, 3600, &found);
    }
    *seconds = found;
    return true;
}
