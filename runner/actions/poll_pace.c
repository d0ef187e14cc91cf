/*
 * A bucket that fills by one call every five seconds.
 */
#include "runner/actions/poll_pace.h"

#define CALL_MS 5000
#define CREDIT_AT_FIRST_MS (5 * CALL_MS)
#define CREDIT_MAX_MS (12 * CALL_MS)
#define SHORTEST_MS 2000
#define QUIET_MS 30000         /* the longest wait: whoever looks at it wants to see that it is looked after */
#define BEFORE_THE_END_MS 5000 /* clocks differ */

void poll_pace_begin(struct poll_pace *pace, int64_t now_ms) {
    *pace = (struct poll_pace){.at_ms = now_ms, .credit_ms = CREDIT_AT_FIRST_MS};
}

int64_t poll_pace_wait(struct poll_pace *pace, int64_t now_ms, int calls, int next, int64_t quiet_until_ms) {
    pace->credit_ms += (now_ms > pace->at_ms ? now_ms - pace->at_ms : 0);
    if (pace->credit_ms > CREDIT_MAX_MS)
        pace->credit_ms = CREDIT_MAX_MS;
    pace->at_ms = now_ms;
    pace->credit_ms -= (int64_t)calls * CALL_MS;
    int64_t wait = (int64_t)next * CALL_MS - pace->credit_ms;
    if (wait < SHORTEST_MS)
        wait = SHORTEST_MS;
    int64_t quiet = quiet_until_ms - BEFORE_THE_END_MS - now_ms;
    if (quiet > QUIET_MS)
        quiet = QUIET_MS;
    return wait > quiet ? wait : quiet;
}
