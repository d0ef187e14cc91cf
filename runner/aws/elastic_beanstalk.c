/*
 * Elastic Beanstalk, 2010-12-01, by the Query protocol.
 */
#include "runner/aws/elastic_beanstalk.h"

#include "common/clock.h"
#include "common/str.h"

#include <string.h>

static bool call(const struct beanstalk *beanstalk, struct arena *arena, const char *operation,
                 const struct aws_parameter *parameters, size_t count, const struct json **answer, struct err *err) {
    const struct aws_request request = {.service = "elasticbeanstalk",
                                        .host_prefix = "elasticbeanstalk",
                                        .region = beanstalk->region,
                                        .operation = operation,
                                        .version = "2010-12-01",
                                        .parameters = parameters,
                                        .parameter_count = count,
                                        .urgent = beanstalk->urgent,
                                        .interrupted = beanstalk->interrupted,
                                        .context = beanstalk->context};
    *answer = NULL;
    return aws_call_query(beanstalk->aws, arena, &request, answer, err);
}

#define COUNT(list) (sizeof(list) / sizeof *(list))

bool beanstalk_environment(const struct beanstalk *beanstalk, struct arena *arena, const struct json **environment,
                           struct err *err) {
    const struct aws_parameter parameters[] = {
        {.name = "ApplicationName", .value = beanstalk->application},
        {.name = "EnvironmentNames.member.1", .value = beanstalk->environment},
        {.name = "IncludeDeleted", .value = "false"},
    };
    const struct json *answer;
    if (!call(beanstalk, arena, "DescribeEnvironments", parameters, COUNT(parameters), &answer, err))
        return false;
    *environment = json_first(json_get(answer, "Environments"));
    return *environment || err_set_code(err, ERR_NOT_FOUND, "ConfigurationError",
                                        "Elastic Beanstalk's application '%s' has no environment '%s' in region '%s'; "
                                        "create it, or correct EnvironmentName",
                                        beanstalk->application, beanstalk->environment, beanstalk->region);
}

bool beanstalk_create_version(const struct beanstalk *beanstalk, struct arena *arena, const char *label,
                              const char *bucket, const char *key, const char *description, struct err *err) {
    const struct aws_parameter parameters[] = {
        {.name = "ApplicationName", .value = beanstalk->application},
        {.name = "VersionLabel", .value = label},
        {.name = "Description", .value = description},
        {.name = "SourceBundle.S3Bucket", .value = bucket},
        {.name = "SourceBundle.S3Key", .value = key},
        {.name = "AutoCreateApplication", .value = "false"},
    };
    const struct json *answer;
    struct err own = {0};
    return call(beanstalk, arena, "CreateApplicationVersion", parameters, COUNT(parameters), &answer, &own) ||
           strstr(own.message, "already exists") || err_set_code(err, own.kind, own.code, "%s", own.message);
}

static bool refuse_state(const struct err *own, struct err *err) {
    if (own->kind == ERR_INVALID && (strstr(own->message, "Must be Ready") || strstr(own->message, "invalid state")))
        return err_set_code(err, ERR_CONFLICT, "JobFailed", "%s", own->message);
    return err_set_code(err, own->kind, own->code, "%s", own->message);
}

bool beanstalk_update(const struct beanstalk *beanstalk, struct arena *arena, const char *label, struct err *err) {
    const struct aws_parameter parameters[] = {
        {.name = "ApplicationName", .value = beanstalk->application},
        {.name = "EnvironmentName", .value = beanstalk->environment},
        {.name = "VersionLabel", .value = label},
    };
    const struct json *answer;
    struct err own = {0};
    return call(beanstalk, arena, "UpdateEnvironment", parameters, COUNT(parameters), &answer, &own) ||
           refuse_state(&own, err);
}

bool beanstalk_abort(const struct beanstalk *beanstalk, struct arena *arena, struct err *err) {
    const struct aws_parameter parameters[] = {{.name = "EnvironmentName", .value = beanstalk->environment}};
    const struct json *answer;
    struct err own = {0};
    return call(beanstalk, arena, "AbortEnvironmentUpdate", parameters, COUNT(parameters), &answer, &own) ||
           refuse_state(&own, err);
}

bool beanstalk_events(const struct beanstalk *beanstalk, struct arena *arena, int64_t since_ms,
                      const struct json **events, struct err *err) {
    char since[CLOCK_TEXT_SIZE];
    clock_format_rfc3339(since_ms, since);
    const struct aws_parameter parameters[] = {
        {.name = "ApplicationName", .value = beanstalk->application},
        {.name = "EnvironmentName", .value = beanstalk->environment},
        {.name = "StartTime", .value = since},
        {.name = "MaxRecords", .value = "100"},
    };
    const struct json *answer;
    if (!call(beanstalk, arena, "DescribeEvents", parameters, COUNT(parameters), &answer, err))
        return false;
    *events = json_get(answer, "Events");
    return true;
}
