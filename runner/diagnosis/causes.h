/*
 * What a rollout can hang on: the table of causes, most specific first, which is also the order in which they are
 * believed where several hold. Each row says what signs it takes, what gets over it, and what to tell people.
 */
#ifndef RUNNER_DIAGNOSIS_CAUSES_H
#define RUNNER_DIAGNOSIS_CAUSES_H

#include <stdbool.h>
#include <stdint.h>

enum cause_kind {
    CAUSE_IMAGE_PLATFORM,
    CAUSE_IMAGE_MISSING,
    CAUSE_PULL_DENIED,
    CAUSE_PULL_LIMIT,
    CAUSE_PULL_NETWORK,
    CAUSE_ROLE,
    CAUSE_SECRET_DENIED,
    CAUSE_LOG_GROUP,
    CAUSE_VOLUME,
    CAUSE_PORT_TAKEN,
    CAUSE_PORT_NO_PLACE, /* found out before the task has a place: it is got over otherwise */
    CAUSE_START_FAILED,
    CAUSE_NO_IP_ADDRESS,
    CAUSE_QUOTA,
    CAUSE_NO_CAPACITY,
    CAUSE_TARGET_GROUP,
    CAUSE_OUT_OF_MEMORY,
    CAUSE_CONTAINER_HEALTH,
    CAUSE_HEALTH_CHECK,
    CAUSE_CRASH_LOOP,
    CAUSE_PERCENT_DEADLOCK,
    CAUSE_PROTECTED_TASKS,
    CAUSE_ALARM,
    CAUSE_SLOW_DRAIN,
    CAUSE_THROTTLED,
    CAUSE_HELD_BACK, /* by ECS, after many failures */
    CAUSE_CIRCUIT_BREAKER,
    CAUSE_START_UNKNOWN, /* tasks fail to start, and AWS does not say why */
    CAUSE_KINDS,
};

/* What shows that a rollout has got over earlier signs: a task of ours that came this far after them. */
enum got_over {
    OVER_NEVER,
    OVER_PLACED,  /* it has a place, and pulls its images */
    OVER_STARTED, /* its containers run */
    OVER_ROUTED,  /* the load balancer finds it healthy */
    OVER_GOOD,    /* it has run for a while, and what checks its health says so */
};

struct cause_rule {
    const char *id;
    enum got_over over;
    bool again;           /* one generation of tasks may be an accident: a replacement has to end so, too */
    int signs;            /* how many it takes while no task of ours is good */
    int signs_among_good; /* and while one is */
    int64_t patience_ms;  /* or fewer, but for so long nothing has got over them; 0: never */
    bool keeps_new_tasks; /* the new tasks are well: going back would not help */
    const char *sentence; /* "{}" is what the sign is about */
    const char *change;
};

extern const struct cause_rule cause_rules[CAUSE_KINDS];

#endif
