/*
 * What happened in a history, in words: kept so that a violation can be told with its last steps, and hashed so that
 * two runs of one seed can be compared. It lies in memory that a worker shares with its parent, which tells of it also
 * where the worker died. And the counts: what was done and which faults there were, so that nobody believes in a fault
 * that never happened.
 */
#ifndef TESTS_SIM_RECORD_H
#define TESTS_SIM_RECORD_H

#include "common/attributes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RECORD_LINES 30
#define RECORD_LINE_BYTES 240

enum count {
    COUNT_HISTORIES,
    COUNT_STEPS,
    COUNT_WRITES, /* transactions asked for */
    COUNT_EXECUTIONS,
    COUNT_ACTIONS,     /* that were started */
    COUNT_WORKER_JOBS, /* ended by job workers */
    COUNT_EFFECTS,     /* of deploys, at the provider */
    COUNT_UNDONE,
    COUNT_ADOPTED, /* a second holder found what the first had done */
    COUNT_CRASH_BEFORE,
    COUNT_CRASH_AFTER,
    COUNT_CRASH_WITHIN, /* a transaction, its commit or its checkpoint */
    COUNT_CRASH_OPENING,
    COUNT_POWER_LOSS, /* of the crashes: what was not synced is gone */
    COUNT_RESTARTS,   /* in good order */
    COUNT_DISK_FULL,  /* times that it was; refused writes: */
    COUNT_DISK_REFUSED,
    COUNT_DISK_FAILED, /* a write or a sync */
    COUNT_CLOCK_JUMPS,
    COUNT_REQUEST_LOST,
    COUNT_ANSWER_LOST,
    COUNT_DOUBLED,
    COUNT_LATE,   /* messages that came late, or in another order */
    COUNT_FENCED, /* messages that were refused as stale */
    COUNT_RUNNER_CRASHES,
    COUNT_RUNNER_STALLS,
    COUNT_RETURNED,
    COUNT_RUNNERS_REMOVED,
    COUNT_LEASES_OVER, /* jobs that were given up or taken back */
    COUNT_STARTS_AGAIN,
    COUNT_GROUPS,
    COUNT_STOPS,
    COUNT_ABANDONS,
    COUNT_GIVEN_UP,
    COUNT_APPROVALS,
    COUNT_PAUSES,
    COUNT_REJECTED,
    COUNT_BUILDS_AGAIN,
    COUNT_BUILDS_HELD,
    COUNT_BUILDS_STOPPED,
    COUNT_UPDATES,
    COUNT_DELETIONS,
    COUNT_SCHEDULES,
    COUNT_SCHEDULED,
    COUNT_RETRIES,
    COUNT_ROLLBACKS,
    COUNT_TRANSITIONS,
    COUNT_OVERRIDES,
    COUNT_REFUSALS, /* of what people asked */
    COUNT_COUNT,
};

const char *count_name(enum count what);

/* Shared with the parent. */
struct record {
    uint64_t seed;
    uint64_t step;
    uint64_t counts[COUNT_COUNT];
    uint64_t hash; /* of the history under way */
    uint64_t line_count;
    char lines[RECORD_LINES][RECORD_LINE_BYTES];
    char violation[1024]; /* "" */
};

/* Where this process records; `verbose` prints each line too. */
void record_open(struct record *record, bool verbose);
void record_begin(uint64_t seed);

/* One line; begins with the step's number. */
void note(const char *format, ...) PRINTF_LIKE(1, 2);
/* For who replays one seed: printed where verbose, and nothing else. */
void tell(const char *format, ...) PRINTF_LIKE(1, 2);
/* Into the hash alone. */
void note_hash(const void *bytes, size_t size);
uint64_t record_hash(void); /* of the history so far */
void count(enum count what);
void count_more(enum count what, uint64_t times);

/* An invariant does not hold: ends the process. */
_Noreturn void violated(const char *invariant, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
