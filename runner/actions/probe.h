/*
 * Asks for the files of the page that was there before a rollout, again and again while it goes on, and counts what
 * came of it: whoever has the old page open must not get a 404 for what it loads next. In a thread of its own, five
 * requests a second at most. Asks a server that is real, so it goes by real time also in a rehearsal.
 */
#ifndef RUNNER_ACTIONS_PROBE_H
#define RUNNER_ACTIONS_PROBE_H

#include "runner/actions/deployment.h"

struct probe;

/* Fetches the page (the old version's: call it before the change) and begins. NULL where there is nothing to ask for,
 * which the log says; `url` NULL or "": NULL without a word. */
struct probe *probe_start(struct job *job, const char *url);

/* The numbers so far into the report's `probe`. Accepts NULL. */
void probe_tell(struct probe *probe, struct deployment_report *report);

/* Asks for each file once more (unless the job is stopped), so that what the new version lacks is seen, tells, logs
 * what failed, and frees. Accepts NULL; `report` may be NULL. */
void probe_end(struct probe *probe, struct deployment_report *report);

#endif
