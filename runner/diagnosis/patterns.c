/*
 * The table of texts. Order matters: the first row that fits counts, so what says more stands before what says less;
 * "access denied" comes before the network, whose words (RequestCanceled) AWS adds to refusals, too.
 *
 * Sources: "stopped" is AWS's page "Amazon ECS stopped tasks error messages", "events" its "Service event messages",
 * "containerd" and "docker" what these engines say, "agent" the sources of the ECS agent, "elb" DescribeTargetHealth.
 */
#include "runner/diagnosis/patterns.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

struct pattern {
    enum pattern_place place;
    const char *text;
    enum cause_kind kind;
    const char *source;
    bool sure;
};

static const struct pattern patterns[] = {
    /* CPU type */
    {PATTERN_STOP, "does not contain descriptor matching platform", CAUSE_IMAGE_PLATFORM, "stopped"},
    {PATTERN_STOP, "no matching manifest for", CAUSE_IMAGE_PLATFORM, "docker"},
    {PATTERN_STOP, "no match for*platform", CAUSE_IMAGE_PLATFORM, "containerd"},
    {PATTERN_STOP, "exec format error", CAUSE_IMAGE_PLATFORM, "docker"},
    {PATTERN_STOP, "does not match the specified platform", CAUSE_IMAGE_PLATFORM, "docker"},
    {PATTERN_STOP, "operating system*does not match", CAUSE_IMAGE_PLATFORM, "docker"},
    {PATTERN_STOP, "operating system*cannot be used on this platform", CAUSE_IMAGE_PLATFORM, "docker"},
    {PATTERN_LOG, "exec format error", CAUSE_IMAGE_PLATFORM, "docker"},

    /* Roles */
    {PATTERN_STOP, "unable to assume*role", CAUSE_ROLE, "events"},
    {PATTERN_STOP, "could not assume*role", CAUSE_ROLE, "events"},
    {PATTERN_STOP, "iam:PassRole", CAUSE_ROLE, "events"},
    {PATTERN_STOP, "sts:AssumeRole", CAUSE_ROLE, "agent"},
    {PATTERN_STOP, "role*is invalid or cannot be assumed", CAUSE_ROLE, "events"},
    {PATTERN_EVENT, "IAM*misconfigured or changed", CAUSE_ROLE, "events"},
    {PATTERN_EVENT, "unable to assume*role", CAUSE_ROLE, "events"},

    /* Logs, secrets, volumes: before pulling, since AWS writes "pull secrets or registry auth" over all of it */
    {PATTERN_STOP, "log group does not exist", CAUSE_LOG_GROUP, "stopped"},
    {PATTERN_STOP, "logs:CreateLog", CAUSE_LOG_GROUP, "stopped"},
    {PATTERN_STOP, "cloudwatch*connection issue", CAUSE_PULL_NETWORK, "stopped"},
    {PATTERN_STOP, "log stream*i/o timeout", CAUSE_PULL_NETWORK, "agent"},
    {PATTERN_STOP, "log stream*deadline exceeded", CAUSE_PULL_NETWORK, "agent"},
    {PATTERN_STOP, "failed to validate logger args", CAUSE_LOG_GROUP, "stopped"},
    {PATTERN_STOP, "failed to initialize logging driver", CAUSE_LOG_GROUP, "docker"},
    {PATTERN_STOP, "failed to create Cloudwatch log", CAUSE_LOG_GROUP, "agent"},
    {PATTERN_STOP, "secretsmanager:GetSecretValue", CAUSE_SECRET_DENIED, "stopped"},
    {PATTERN_STOP, "ssm:GetParameters", CAUSE_SECRET_DENIED, "stopped"},
    {PATTERN_STOP, "ecr:GetAuthorizationToken", CAUSE_PULL_DENIED, "stopped"},
    {PATTERN_STOP, "kms:Decrypt", CAUSE_SECRET_DENIED, "stopped"},
    {PATTERN_STOP, "can't find the specified secret", CAUSE_SECRET_DENIED, "stopped"},
    {PATTERN_STOP, "invalid ssm parameters", CAUSE_SECRET_DENIED, "agent"},
    {PATTERN_STOP, "retrieved secret*did not contain json key", CAUSE_SECRET_DENIED, "agent"},
    {PATTERN_STOP, "secret*accessdenied", CAUSE_SECRET_DENIED, "agent"},
    {PATTERN_STOP, "secret*connection issue", CAUSE_PULL_NETWORK, "stopped"},
    {PATTERN_STOP, "ecr:", CAUSE_PULL_DENIED, "stopped"}, /* is not authorized to perform: ecr:… */
    {PATTERN_STOP, "unable to*i/o timeout", CAUSE_PULL_NETWORK, "stopped"},
    {PATTERN_STOP, "unable to*deadline exceeded", CAUSE_PULL_NETWORK, "stopped"},
    {PATTERN_STOP, "unable to*RequestCanceled", CAUSE_PULL_NETWORK, "agent"},
    {PATTERN_STOP, "unable to*connection timed out", CAUSE_PULL_NETWORK, "agent"},
    {PATTERN_STOP, "unable to*RequestError", CAUSE_PULL_NETWORK, "stopped"},
    {PATTERN_STOP, "unable to*no such host", CAUSE_PULL_NETWORK, "agent"},
    {PATTERN_STOP, "image not found", CAUSE_IMAGE_MISSING, "stopped"}, /* AWS writes of a connection issue, too */
    {PATTERN_STOP, "connection issue between the task and", CAUSE_PULL_NETWORK, "stopped"},
    {PATTERN_STOP, "pull command failed*signal: killed", CAUSE_PULL_NETWORK, "stopped"},
    {PATTERN_STOP, "env file*RequestCanceled", CAUSE_PULL_NETWORK, "agent"},
    {PATTERN_STOP, "env file*timeout", CAUSE_PULL_NETWORK, "agent"},
    {PATTERN_STOP, "download env file", CAUSE_SECRET_DENIED, "agent"},
    {PATTERN_STOP, "unable to retrieve secret", CAUSE_SECRET_DENIED, "agent"},
    {PATTERN_STOP, "registry auth*accessdenied", CAUSE_PULL_DENIED, "agent"},
    {PATTERN_STOP, "unable to retrieve ecr registry auth", CAUSE_PULL_DENIED, "agent"},
    {PATTERN_STOP, "unable to pull secrets or registry auth", CAUSE_SECRET_DENIED, "stopped"},
    {PATTERN_STOP, "EFS utils", CAUSE_VOLUME, "stopped"},
    {PATTERN_STOP, "mount.nfs", CAUSE_VOLUME, "stopped"},
    {PATTERN_STOP, "Timeout waiting for EBS", CAUSE_VOLUME, "stopped"},
    {PATTERN_STOP, "EBS volume", CAUSE_VOLUME, "stopped"},
    {PATTERN_STOP, "CreateVolumeError", CAUSE_VOLUME, "stopped"},
    {PATTERN_STOP, "volume mounts", CAUSE_VOLUME, "agent"},
    {PATTERN_STOP, "error while mounting volume", CAUSE_VOLUME, "docker"},
    {PATTERN_STOP, "VolumeDriver.", CAUSE_VOLUME, "docker"},
    {PATTERN_STOP, "thin pool", CAUSE_VOLUME, "docker"},
    {PATTERN_STOP, "no space left on device", CAUSE_VOLUME, "stopped"},

    /* Pulling */
    {PATTERN_STOP, "CannotPull*ThrottlingException", CAUSE_THROTTLED, "amazon-ecs-agent#498"},
    {PATTERN_STOP, "toomanyrequests", CAUSE_PULL_LIMIT, "stopped"},
    {PATTERN_STOP, "CannotPull*too many requests", CAUSE_PULL_LIMIT, "RFC 6585"},
    {PATTERN_STOP, "CannotPull*rate limit", CAUSE_PULL_LIMIT, "stopped"},
    {PATTERN_STOP, "CannotPull*rate exceeded", CAUSE_PULL_LIMIT, "stopped"},
    {PATTERN_STOP, "pull access denied", CAUSE_PULL_DENIED, "stopped"},
    {PATTERN_STOP, "no basic auth credentials", CAUSE_PULL_DENIED, "docker"},
    {PATTERN_STOP, "CannotPull*403 Forbidden", CAUSE_PULL_DENIED, "stopped"},
    {PATTERN_STOP, "CannotPull*401 Unauthorized", CAUSE_PULL_DENIED, "docker"},
    {PATTERN_STOP, "CannotPull*status code: 403", CAUSE_PULL_DENIED, "agent"},
    {PATTERN_STOP, "CannotPull*access denied", CAUSE_PULL_DENIED, "stopped"},
    {PATTERN_STOP, "CannotPull*accessdenied", CAUSE_PULL_DENIED, "agent"},
    {PATTERN_STOP, "CannotPull*not authorized", CAUSE_PULL_DENIED, "stopped"},
    {PATTERN_STOP, "CannotPull*unauthorized", CAUSE_PULL_DENIED, "docker"},
    {PATTERN_STOP, "CannotPull*denied:", CAUSE_PULL_DENIED, "docker"},
    {PATTERN_STOP, "CannotPull*token has expired", CAUSE_PULL_DENIED, "stopped"},
    {PATTERN_STOP, "CannotPull*API error (403)", CAUSE_PULL_DENIED, "docker"},
    {PATTERN_STOP, "CannotPull*NoCredentialProviders", CAUSE_PULL_DENIED, "agent"},
    {PATTERN_STOP, "CannotPull*timeout", CAUSE_PULL_NETWORK, "stopped"},
    {PATTERN_STOP, "CannotPull*no such host", CAUSE_PULL_NETWORK, "docker"},
    {PATTERN_STOP, "CannotPull*connection refused", CAUSE_PULL_NETWORK, "docker"},
    {PATTERN_STOP, "CannotPull*connection reset", CAUSE_PULL_NETWORK, "docker"},
    {PATTERN_STOP, "CannotPull*timed out", CAUSE_PULL_NETWORK, "docker"},
    {PATTERN_STOP, "CannotPull*request canceled", CAUSE_PULL_NETWORK, "stopped"},
    {PATTERN_STOP, "CannotPull*context canceled", CAUSE_PULL_NETWORK, "stopped"},
    {PATTERN_STOP, "CannotPull*deadline exceeded", CAUSE_PULL_NETWORK, "docker"},
    {PATTERN_STOP, "CannotPull*network is unreachable", CAUSE_PULL_NETWORK, "docker"},
    {PATTERN_STOP, "CannotPull*no route to host", CAUSE_PULL_NETWORK, "docker"},
    {PATTERN_STOP, "CannotPull*Service Unavailable", CAUSE_PULL_NETWORK, "RFC 9110"},
    {PATTERN_STOP, "CannotPull*Bad Gateway", CAUSE_PULL_NETWORK, "RFC 9110"},
    {PATTERN_STOP, "CannotPull*Internal Server Error", CAUSE_PULL_NETWORK, "RFC 9110"},
    {PATTERN_STOP, "CannotPull*not found", CAUSE_IMAGE_MISSING, "stopped"},
    {PATTERN_STOP, "CannotPull*manifest unknown", CAUSE_IMAGE_MISSING, "stopped"},
    {PATTERN_STOP, "CannotPull*API error (404)", CAUSE_IMAGE_MISSING, "amazon-ecs-agent#1185"},
    {PATTERN_STOP, "CannotPull*does not exist", CAUSE_IMAGE_MISSING, "stopped"},
    {PATTERN_STOP, "CannotPull*name unknown", CAUSE_IMAGE_MISSING, "docker"},
    {PATTERN_STOP, "CannotPull*ImageNotFound", CAUSE_IMAGE_MISSING, "agent"},
    {PATTERN_STOP, "CannotPull*invalid reference format", CAUSE_IMAGE_MISSING, "docker"},
    {PATTERN_STOP, "CannotPull*could not reach any registry", CAUSE_PULL_NETWORK, "amazon-ecs-agent#719"},
    {PATTERN_STOP, "CannotPull*no such image", CAUSE_IMAGE_MISSING, "docker"},
    /* AWS cuts long texts off: what was tried when it failed says where to look. */
    {PATTERN_STOP, "CannotPull*failed to do request", CAUSE_PULL_NETWORK, "containerd"},
    {PATTERN_STOP, "CannotPull*failed to authorize", CAUSE_PULL_DENIED, "containerd"},
    {PATTERN_STOP, "CannotPull*dial tcp", CAUSE_PULL_NETWORK, "docker"},
    {PATTERN_STOP, "CannotPull*RequestError", CAUSE_PULL_NETWORK, "agent"},
    {PATTERN_STOP, "CannotPull*unexpected EOF", CAUSE_PULL_NETWORK, "docker"},
    {PATTERN_STOP, "CannotPull*unexpected status code", CAUSE_PULL_DENIED, "stopped"},
    /* Nothing that we know: the evidence says what is wrong with the image. */
    {PATTERN_STOP, "CannotPull", CAUSE_START_FAILED, "stopped"},

    /* Places */
    {PATTERN_STOP, "InsufficientFreeAddressesInSubnet", CAUSE_NO_IP_ADDRESS, "stopped"},
    {PATTERN_STOP, "free addresses", CAUSE_NO_IP_ADDRESS, "stopped"},
    {PATTERN_STOP, "RequestLimitExceeded", CAUSE_THROTTLED, "EC2 error codes"},
    {PATTERN_STOP, "Throttling", CAUSE_THROTTLED, "common errors"},
    {PATTERN_STOP, "Rate exceeded", CAUSE_THROTTLED, "common errors"},
    {PATTERN_STOP, "LimitExceeded", CAUSE_QUOTA, "EC2 error codes"},
    {PATTERN_STOP, "above your limit", CAUSE_QUOTA, "events"},
    {PATTERN_STOP, "reached the limit on the number of", CAUSE_QUOTA, "events"},
    {PATTERN_STOP, "maximum number of*reached", CAUSE_QUOTA, "EC2 error codes"},
    {PATTERN_STOP, "Capacity is unavailable", CAUSE_NO_CAPACITY, "events"},
    {PATTERN_STOP, "Insufficient*Capacity", CAUSE_NO_CAPACITY, "EC2 error codes"},
    {PATTERN_STOP, "EMPTY CAPACITY PROVIDER", CAUSE_NO_CAPACITY, "API failure reasons"},
    {PATTERN_STOP, "=AGENT", CAUSE_NO_CAPACITY, "API failure reasons"},
    {PATTERN_STOP, "=ATTRIBUTE", CAUSE_NO_CAPACITY, "API failure reasons"},
    {PATTERN_STOP, "RESOURCE:PORTS", CAUSE_PORT_NO_PLACE, "events"},
    {PATTERN_STOP, "RESOURCE:", CAUSE_NO_CAPACITY, "events"},
    {PATTERN_STOP, "network interface provision", CAUSE_NO_CAPACITY, "stopped"},
    {PATTERN_STOP, "attach network interface", CAUSE_NO_CAPACITY, "containers-roadmap#1545"},

    /* Starting and running */
    {PATTERN_STOP, "port is already allocated", CAUSE_PORT_TAKEN, "docker"},
    {PATTERN_STOP, "address already in use", CAUSE_PORT_TAKEN, "docker"},
    {PATTERN_STOP, "OutOfMemory", CAUSE_OUT_OF_MEMORY, "stopped"},
    {PATTERN_STOP, "memory usage", CAUSE_OUT_OF_MEMORY, "stopped"},
    {PATTERN_STOP, "OOM-killed", CAUSE_OUT_OF_MEMORY, "docker"},
    {PATTERN_STOP, "OOMKilled", CAUSE_OUT_OF_MEMORY, "docker"},
    {PATTERN_STOP, "out of memory", CAUSE_OUT_OF_MEMORY, "docker"},
    {PATTERN_STOP, "cannot allocate memory", CAUSE_OUT_OF_MEMORY, "docker"},
    {PATTERN_STOP, "CannotStartContainerError", CAUSE_START_FAILED, "stopped"},
    {PATTERN_STOP, "CannotCreateContainerError", CAUSE_START_FAILED, "stopped"},
    {PATTERN_STOP, "could not transition to", CAUSE_START_FAILED, "stopped"},
    {PATTERN_STOP, "ContainerRuntime", CAUSE_START_FAILED, "stopped"},
    {PATTERN_STOP, "OCI runtime create failed", CAUSE_START_FAILED, "docker"},
    {PATTERN_STOP, "failed container health checks", CAUSE_CONTAINER_HEALTH, "stopped"},
    {PATTERN_STOP, "failed ELB health checks", CAUSE_HEALTH_CHECK, "stopped"},
    {PATTERN_STOP, "failed health checks", CAUSE_HEALTH_CHECK, "stopped"},

    /* Events */
    {PATTERN_EVENT, "unable to stop or start tasks*because of the service deployment configuration",
     CAUSE_PERCENT_DEADLOCK, "events"},
    {PATTERN_EVENT, "protected tasks", CAUSE_PROTECTED_TASKS, "events"},
    {PATTERN_EVENT, "target group*not found", CAUSE_TARGET_GROUP, "events"},
    {PATTERN_EVENT, "target group*does not exist", CAUSE_TARGET_GROUP, "events"},
    {PATTERN_EVENT, "zone that is not enabled for the load balancer", CAUSE_TARGET_GROUP, "elb"},
    {PATTERN_EVENT, "target is not found", CAUSE_TARGET_GROUP, "events"},
    {PATTERN_EVENT, "target group*not*associated load balancer", CAUSE_TARGET_GROUP, "events"},
    /* An answer like these comes from a program that runs: no accident of its start, but the wrong path. */
    {PATTERN_EVENT, "unhealthy in*target-group*codes: [404]", CAUSE_HEALTH_CHECK, "events", true},
    {PATTERN_EVENT, "unhealthy in*target-group*codes: [403]", CAUSE_HEALTH_CHECK, "events", true},
    {PATTERN_EVENT, "unhealthy in*target-group*codes: [401]", CAUSE_HEALTH_CHECK, "events", true},
    {PATTERN_EVENT, "unhealthy in*target-group*codes: [30", CAUSE_HEALTH_CHECK, "events", true},
    {PATTERN_EVENT, "is unhealthy in", CAUSE_HEALTH_CHECK, "events"},
    {PATTERN_EVENT, "failed container health checks", CAUSE_CONTAINER_HEALTH, "events"},
    {PATTERN_EVENT, "unable to place*RESOURCE:PORTS", CAUSE_PORT_NO_PLACE, "events"},
    {PATTERN_EVENT, "unable to place*using a port", CAUSE_PORT_NO_PLACE, "events"},
    {PATTERN_EVENT, "reached the limit on the number of", CAUSE_QUOTA, "events"},
    {PATTERN_EVENT, "above your limit", CAUSE_QUOTA, "events"},
    {PATTERN_EVENT, "RequestLimitExceeded", CAUSE_THROTTLED, "EC2 error codes"},
    {PATTERN_EVENT, "ThrottlingException", CAUSE_THROTTLED, "common errors"},
    {PATTERN_EVENT, "Rate exceeded", CAUSE_THROTTLED, "common errors"},
    {PATTERN_EVENT, "free addresses", CAUSE_NO_IP_ADDRESS, "events"},
    {PATTERN_EVENT, "InsufficientFreeAddressesInSubnet", CAUSE_NO_IP_ADDRESS, "events"},
    {PATTERN_EVENT, "unable to place", CAUSE_NO_CAPACITY, "events"},
    {PATTERN_EVENT, "No Container Instances were found", CAUSE_NO_CAPACITY, "events"},
    {PATTERN_EVENT, "provisioning capacity limit", CAUSE_NO_CAPACITY, "events"},
    {PATTERN_EVENT, "operations are being throttled", CAUSE_THROTTLED, "events"},
    {PATTERN_EVENT, "unable to consistently start tasks", CAUSE_HELD_BACK, "events"},
    {PATTERN_EVENT, "deployment failed*alarm", CAUSE_ALARM, "events"},
    {PATTERN_EVENT, "deployment failed: tasks failed to start", CAUSE_CIRCUIT_BREAKER, "events"},

    {PATTERN_ROLLOUT, "circuit breaker", CAUSE_CIRCUIT_BREAKER, "deployments"},
    {PATTERN_ROLLOUT, "alarm", CAUSE_ALARM, "deployments"},

    {PATTERN_TARGET, "Target.NotInUse", CAUSE_TARGET_GROUP, "elb"},
    {PATTERN_TARGET, "Target.InvalidState", CAUSE_KINDS, "elb"}, /* it is being stopped */
    {PATTERN_TARGET, "Target.ResponseCodeMismatch*codes: [404]", CAUSE_HEALTH_CHECK, "elb", true},
    {PATTERN_TARGET, "Target.ResponseCodeMismatch*codes: [403]", CAUSE_HEALTH_CHECK, "elb", true},
    {PATTERN_TARGET, "Target.ResponseCodeMismatch*codes: [401]", CAUSE_HEALTH_CHECK, "elb", true},
    {PATTERN_TARGET, "Target.ResponseCodeMismatch*codes: [30", CAUSE_HEALTH_CHECK, "elb", true},
    {PATTERN_TARGET, "Target.ResponseCodeMismatch", CAUSE_HEALTH_CHECK, "elb"},
    {PATTERN_TARGET, "Target.Timeout", CAUSE_HEALTH_CHECK, "elb"},
    {PATTERN_TARGET, "Target.FailedHealthChecks", CAUSE_HEALTH_CHECK, "elb"},

    {PATTERN_LOG, "address already in use", CAUSE_PORT_TAKEN, "errno.h"},
    {PATTERN_LOG, "EADDRINUSE", CAUSE_PORT_TAKEN, "Node.js"},
    {PATTERN_LOG, "address in use", CAUSE_PORT_TAKEN, "nginx on musl"},
    {PATTERN_LOG, "was already in use", CAUSE_PORT_TAKEN, "Spring"},
    {PATTERN_LOG, "port is already in use", CAUSE_PORT_TAKEN, "programs"},
    {PATTERN_LOG, "out of memory", CAUSE_OUT_OF_MEMORY, "Node.js, Go, gunicorn"},
    {PATTERN_LOG, "java.lang.OutOfMemoryError", CAUSE_OUT_OF_MEMORY, "Java"},
    {PATTERN_LOG, "OutOfMemoryException", CAUSE_OUT_OF_MEMORY, ".NET"},
    {PATTERN_LOG, "cannot allocate memory", CAUSE_OUT_OF_MEMORY, "errno.h"},
    {PATTERN_LOG, "std::bad_alloc", CAUSE_OUT_OF_MEMORY, "C++"},
    {PATTERN_LOG, "MemoryError", CAUSE_OUT_OF_MEMORY, "Python"},
    {PATTERN_LOG, "Allowed memory size*exhausted", CAUSE_OUT_OF_MEMORY, "PHP"},
};

bool pattern_fits(const char *pattern, const char *text) {
    char piece[128];
    if (*pattern == '=')
        return strcasecmp(pattern + 1, text) == 0;
    while (*pattern) {
        size_t length = strcspn(pattern, "*");
        if (length >= sizeof piece)
            return false;
        memcpy(piece, pattern, length);
        piece[length] = '\0';
        text = strcasestr(text, piece);
        if (!text)
            return false;
        text += length;
        pattern += length + (pattern[length] == '*');
    }
    return true;
}

enum cause_kind pattern_find(enum pattern_place place, const char *text, bool *sure) {
    *sure = false;
    for (size_t i = 0; text && i < sizeof patterns / sizeof *patterns; i++) {
        if (patterns[i].place != place || !pattern_fits(patterns[i].text, text))
            continue;
        *sure = patterns[i].sure;
        return patterns[i].kind;
    }
    return CAUSE_KINDS;
}
