/*
 * How much of the machine a build may use: what CodeBuild gives its computeType, and never all that the machine has.
 * Pure.
 *
 * https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-compute-types.html
 */
#ifndef RUNNER_ACTIONS_BUILD_LIMITS_H
#define RUNNER_ACTIONS_BUILD_LIMITS_H

#include "common/json.h"

struct build_limits {
    int64_t nano_cpus;    /* 0: unknown machine, no limit */
    int64_t memory_bytes; /* 0: likewise; swap counts in it */
    int64_t disk_bytes;   /* what the container may write */
    int64_t pids;         /* processes and threads: more would slow down the whole machine, whoever has the CPUs */
    bool unknown_type;    /* the computeType is none of CodeBuild's: what BUILD_GENERAL1_SMALL has is given */
};

struct machine {
    int64_t cpus; /* 0: unknown */
    int64_t memory_bytes;
};

/* `environment` is the project's, or NULL; without a computeType it is BUILD_GENERAL1_SMALL. disk_gib is the operator's
 * word, 0: as CodeBuild has it. */
struct build_limits build_limits(const struct json *environment, const struct machine *machine, int disk_gib);

#endif
