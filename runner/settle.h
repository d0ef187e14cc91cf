/*
 * An idle runner is small: what starting or a job needed and waiting does not is given back to the machine.
 */
#ifndef RUNNER_SETTLE_H
#define RUNNER_SETTLE_H

/* Returns free heap, and drops this process's hold on library code that it is not using; the pages come back by
 * themselves, from the page cache, when they are run again. Called when there is nothing to do. */
void settle(void);

#endif
