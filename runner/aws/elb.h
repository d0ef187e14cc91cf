/*
 * Elastic Load Balancing v2: target groups and the health of what is registered in them.
 */
#ifndef RUNNER_AWS_ELB_H
#define RUNNER_AWS_ELB_H

#include "runner/aws/call.h"

struct elb {
    struct aws *aws;
    const char *region;
    bool (*interrupted)(void *context);
    void *context;
};

/* The texts as AWS has them; NULL where a group has none of it. */
struct elb_target_group {
    const char *name;
    const char *target_type; /* "ip", "instance", "lambda", "alb" */
    const char *protocol;    /* "HTTP", "TCP", … */
    const char *port;        /* what targets listen on where nothing else was said at their registration */
    const char *vpc;
    const char *health_path; /* HTTP and HTTPS checks */
    const char *health_port; /* "traffic-port" or a number */
    const char *health_codes;
    const char *health_interval; /* seconds */
    const char *health_timeout;
    const char *healthy_count; /* checks in a row */
    const char *unhealthy_count;
    bool in_use; /* a load balancer sends to it */
};

/* Errors: ERR_NOT_FOUND: no such target group; those of aws_call. */
bool elb_target_group(const struct elb *elb, struct arena *arena, const char *arn, struct elb_target_group *out,
                      struct err *err);

/* DescribeTargetHealth's TargetHealthDescriptions: a list of {Target: {Id, Port}, HealthCheckPort?, TargetHealth:
 * {State, Reason?, Description?}}, all values texts; NULL where nothing is registered. The same errors. */
bool elb_target_health(const struct elb *elb, struct arena *arena, const char *arn, const struct json **descriptions,
                       struct err *err);

/* How long a target that goes away is left to finish its requests. The same errors. */
bool elb_draining_seconds(const struct elb *elb, struct arena *arena, const char *arn, int64_t *seconds,
                          struct err *err);

#endif
