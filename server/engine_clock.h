/*
 * The thread that does what is due by the clock: offers and leases that are over, approvals that expire, schedules. It
 * sleeps exactly until the next deadline that the database knows, and with none until a commit names WAKE_CLOCK or the
 * wall clock is set.
 */
#ifndef SERVER_ENGINE_CLOCK_H
#define SERVER_ENGINE_CLOCK_H

#include "common/err.h"

struct engine_clock;
struct server;

/* Before the database opens: its commits may wake it from then on. */
bool engine_clock_new(struct engine_clock **out, struct err *err);
bool engine_clock_start(struct engine_clock *clock, struct server *server, struct err *err);
/* The deadlines may have changed; from any thread, never blocks. */
void engine_clock_wake(struct engine_clock *clock);
/* Ends the thread where it was started. */
void engine_clock_stop(struct engine_clock *clock);
void engine_clock_free(struct engine_clock *clock); /* accepts NULL */

#endif
