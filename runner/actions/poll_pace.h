/*
 * How often to ask AWS how something goes on: one call every five seconds on average, and as soon as that allows. What
 * is not spent while nothing can happen is spent when an end comes near. Pure.
 */
#ifndef RUNNER_ACTIONS_POLL_PACE_H
#define RUNNER_ACTIONS_POLL_PACE_H

#include <stdint.h>

struct poll_pace {
    int64_t at_ms;     /* when credit_ms was right */
    int64_t credit_ms; /* five seconds of it are a call */
};

void poll_pace_begin(struct poll_pace *pace, int64_t now_ms);

/* `calls` were made since the last time, the next look takes `next` of them: milliseconds to wait before it. Before
 * `quiet_until_ms` (0: unknown) nothing is expected. */
int64_t poll_pace_wait(struct poll_pace *pace, int64_t now_ms, int calls, int next, int64_t quiet_until_ms);

#endif
