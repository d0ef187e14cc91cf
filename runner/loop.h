/*
 * Slots: each a thread that leases a job, does it, and leases the next, and waits politely while the server is away.
 */
#ifndef RUNNER_LOOP_H
#define RUNNER_LOOP_H

#include "runner/runner.h"

struct slots *slots_new(void);

/* Tells the server that this is a new process of the runner; it then requeues what an earlier one held. Repeats until
 * the server answers or somebody wants the program to end. *region: the server's. Errors: ERR_DENIED (the runner was
 * removed), ERR_INVALID, ERR_UNAVAILABLE. */
bool loop_hello(const struct runner *runner, struct arena *arena, const char **region, struct err *err);

/* True where SIGTERM or SIGINT came before loop_run. */
bool loop_is_unwanted(void);

/* Starts the slots and stays until they are over. SIGTERM or SIGINT takes no new job, gives back what was offered and
 * not begun, and waits for the jobs in hand; when the grace is over these are ended without a result and given back. A
 * second signal cancels them. --once ends after one job. Returns the program's exit code. Signals must be blocked. */
int loop_run(const struct runner *runner);

#endif
