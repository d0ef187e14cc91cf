/* The custom action type that simulated pipelines use, and its workers. */
#ifndef TESTS_SIM_WORKERS_H
#define TESTS_SIM_WORKERS_H

#include "common/hash.h"

#include <stdint.h>

#define WORKERS 2
#define WORKER_CATEGORY "Test"
#define WORKER_PROVIDER "Probe"
#define WORKER_VERSION "1"
#define WORKER_TYPE_DOCUMENT                                                                                           \
    "{\"configurationProperties\":[],\"inputArtifactDetails\":{\"minimumCount\":0,\"maximumCount\":1},"                \
    "\"outputArtifactDetails\":{\"minimumCount\":0,\"maximumCount\":0}}"

enum worker_state { WORKER_FREE, WORKER_OFFERED, WORKER_HOLDS };

struct worker {
    enum worker_state state;
    char job[UUID_SIZE], nonce[UUID_SIZE];
    int64_t busy_ms; /* until then it works */
    int outcome;     /* 0 fails, 1 goes on with another job, else succeeds */
};

#endif
