/*
 * A clock that somebody else moves: the sandbox's, in which an hour's rollout takes a second. For rehearsals and tests
 * with the sandbox only; a runner that deploys to AWS has none. Only what deployments wait for goes by it: leases,
 * heartbeats, signatures and the server's time limits go by the machine's clocks always.
 */
#ifndef RUNNER_REHEARSAL_H
#define RUNNER_REHEARSAL_H

#include <stdbool.h>
#include <stdint.h>

struct rehearsal; /* shared by all threads */

/* `url`: GET answers {"nowMs": …}, POST {"advanceMs": …} moves it and answers likewise when all that happens in between
 * has happened. NULL where `url` is NULL or empty. */
struct rehearsal *rehearsal_new(const char *url);

/* Accepts NULL. */
void rehearsal_free(struct rehearsal *rehearsal);

/* What time it is there; where it does not answer, the latest that it said, or 0. */
int64_t rehearsal_now_ms(struct rehearsal *rehearsal);

/* False where it does not answer. */
bool rehearsal_advance(struct rehearsal *rehearsal, int64_t milliseconds);

#endif
