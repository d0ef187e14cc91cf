/* Lines, hash and counts. */
#include "tests/sim/record.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VIOLATION_EXIT 1

static const char *const names[] = {
    [COUNT_HISTORIES] = "histories",
    [COUNT_STEPS] = "steps",
    [COUNT_WRITES] = "transactions",
    [COUNT_EXECUTIONS] = "executions",
    [COUNT_ACTIONS] = "actions started",
    [COUNT_WORKER_JOBS] = "jobs of job workers ended",
    [COUNT_EFFECTS] = "deploys done",
    [COUNT_UNDONE] = "deploys undone",
    [COUNT_ADOPTED] = "deploys found done by an earlier holder",
    [COUNT_CRASH_BEFORE] = "server crashes before a transaction",
    [COUNT_CRASH_AFTER] = "server crashes after a commit",
    [COUNT_CRASH_WITHIN] = "server crashes within a transaction",
    [COUNT_CRASH_OPENING] = "server crashes while it started",
    [COUNT_POWER_LOSS] = "of all crashes, power losses",
    [COUNT_RESTARTS] = "restarts in good order",
    [COUNT_DISK_FULL] = "times that the disk was full",
    [COUNT_DISK_REFUSED] = "writes refused by a full disk",
    [COUNT_DISK_FAILED] = "failed writes and syncs",
    [COUNT_CLOCK_JUMPS] = "jumps of the wall clock",
    [COUNT_REQUEST_LOST] = "requests lost",
    [COUNT_ANSWER_LOST] = "answers lost",
    [COUNT_DOUBLED] = "messages doubled",
    [COUNT_LATE] = "messages late or out of order",
    [COUNT_FENCED] = "messages fenced off",
    [COUNT_RUNNER_CRASHES] = "runner crashes",
    [COUNT_RUNNER_STALLS] = "runner stalls",
    [COUNT_RETURNED] = "jobs given back by runners that end",
    [COUNT_RUNNERS_REMOVED] = "runners removed",
    [COUNT_LEASES_OVER] = "leases that ran out",
    [COUNT_STARTS_AGAIN] = "starts sent again",
    [COUNT_GROUPS] = "groups of starts committed together",
    [COUNT_STOPS] = "stops",
    [COUNT_ABANDONS] = "stops with abandon",
    [COUNT_GIVEN_UP] = "actions given up",
    [COUNT_APPROVALS] = "approvals answered",
    [COUNT_PAUSES] = "deploys that asked a person",
    [COUNT_REJECTED] = "deploys that heard a no",
    [COUNT_BUILDS_AGAIN] = "builds tried again",
    [COUNT_BUILDS_HELD] = "builds held back by a limit",
    [COUNT_BUILDS_STOPPED] = "builds stopped",
    [COUNT_UPDATES] = "pipelines updated",
    [COUNT_DELETIONS] = "pipelines deleted",
    [COUNT_SCHEDULED] = "starts by a schedule",
    [COUNT_SCHEDULES] = "schedules written",
    [COUNT_RETRIES] = "stages retried",
    [COUNT_ROLLBACKS] = "stages rolled back",
    [COUNT_TRANSITIONS] = "transitions opened or closed",
    [COUNT_OVERRIDES] = "conditions overridden",
    [COUNT_REFUSALS] = "orders refused",
};

static struct record *here;
static bool talks;

const char *count_name(enum count what) {
    return names[what];
}

void record_open(struct record *record, bool verbose) {
    here = record;
    talks = verbose;
}

void record_begin(uint64_t seed) {
    here->seed = seed;
    here->step = 0;
    here->line_count = 0;
    here->hash = UINT64_C(0xcbf29ce484222325);
    here->violation[0] = '\0';
}

uint64_t record_hash(void) {
    return here->hash;
}

void note_hash(const void *bytes, size_t size) {
    const unsigned char *byte = bytes;
    for (size_t i = 0; i < size; i++)
        here->hash = (here->hash ^ byte[i]) * UINT64_C(0x100000001b3);
}

void note(const char *format, ...) {
    char *line = here->lines[here->line_count++ % RECORD_LINES];
    va_list arguments;
    int length = snprintf(line, RECORD_LINE_BYTES, "%4llu  ", (unsigned long long)here->step);
    va_start(arguments, format);
    (void)vsnprintf(line + length, (size_t)(RECORD_LINE_BYTES - length), format, arguments);
    va_end(arguments);
    note_hash(line, strlen(line));
    if (talks)
        (void)puts(line);
}

void count(enum count what) {
    here->counts[what]++;
    if (what == COUNT_STEPS)
        here->step++;
}

void count_more(enum count what, uint64_t times) {
    here->counts[what] += times;
}

void tell(const char *format, ...) {
    va_list arguments;
    if (!talks)
        return;
    va_start(arguments, format);
    (void)vprintf(format, arguments);
    va_end(arguments);
    (void)putchar('\n');
    (void)fflush(stdout);
}

void violated(const char *invariant, const char *format, ...) {
    char text[900];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    (void)snprintf(here->violation, sizeof here->violation, "%s: %s", invariant, text);
    (void)fflush(stdout);
    _exit(VIOLATION_EXIT);
}
