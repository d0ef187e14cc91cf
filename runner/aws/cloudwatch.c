/*
 * CloudWatch, 2010-08-01, by the Query protocol, which every endpoint of it understands.
 */
#include "runner/aws/cloudwatch.h"

#include "common/str.h"

/* AWS's names are exact, and so is what a filter by name gives; one that does not hold to it is found out here. */
static const struct json *find(const struct json *result, const char *list, const char *name) {
    json_each(alarm, json_get(result, list)) {
        if (str_equal(json_get_text(alarm, "AlarmName"), name))
            return alarm;
    }
    return NULL;
}

bool cloudwatch_alarm_state(const struct cloudwatch *cloudwatch, struct arena *arena, const char *name,
                            struct cloudwatch_alarm *out, struct err *err) {
    const struct aws_parameter parameters[] = {
        {.name = "AlarmNames.member.1", .value = name},
        {.name = "AlarmTypes.member.1", .value = "MetricAlarm"},
        {.name = "AlarmTypes.member.2", .value = "CompositeAlarm"},
    };
    const struct aws_request request = {.service = "cloudwatch",
                                        .signing_name = "monitoring",
                                        .host_prefix = "monitoring",
                                        .region = cloudwatch->region,
                                        .operation = "DescribeAlarms",
                                        .version = "2010-08-01",
                                        .parameters = parameters,
                                        .parameter_count = sizeof parameters / sizeof *parameters,
                                        .interrupted = cloudwatch->interrupted,
                                        .context = cloudwatch->context};
    const struct json *result = NULL;
    if (!aws_call_query(cloudwatch->aws, arena, &request, &result, err))
        return false;
    const struct json *alarm = find(result, "MetricAlarms", name);
    if (!alarm)
        alarm = find(result, "CompositeAlarms", name);
    if (!alarm)
        return err_set_code(err, ERR_NOT_FOUND, "ConfigurationError",
                            "no alarm '%.255s' in region '%s'; create it, or correct AlarmName", name,
                            cloudwatch->region);
    const char *state = json_get_text(alarm, "StateValue");
    if (!state || !*state)
        return err_set(err, ERR_INTERNAL, "CloudWatch answered without the state of alarm '%.255s'", name);
    *out = (struct cloudwatch_alarm){.state = state, .reason = json_get_text_or(alarm, "StateReason", "")};
    return true;
}
