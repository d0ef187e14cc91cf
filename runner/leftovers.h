/*
 * What a runner that was killed left on the engine: containers, networks and volumes with its label. For a runner of a
 * server that is the process before; local builds keep a claim each, and the next one removes what dead claims left.
 */
#ifndef RUNNER_LEFTOVERS_H
#define RUNNER_LEFTOVERS_H

#include "common/arena.h"
#include "common/err.h"

struct engine;

/* *kept: some of its networks or volumes stay, because somebody uses them; a warning said so. Errors: the engine does
 * not answer, or a container cannot be removed: it may still run what a job began. */
bool leftovers_remove(struct arena *arena, const struct engine *engine, const char *runner_id, bool *kept,
                      struct err *err);

/* Claims `runner_id` for as long as this process lives, by a locked file in STATE/local; removes what claims without a
 * living process left, folders in STATE/work included. Errors: the state folder cannot be written. */
bool leftovers_claim(struct arena *arena, const struct engine *engine, const char *state, const char *runner_id,
                     struct err *err);

/* At the end, when nothing is left. */
void leftovers_give_up(struct arena *arena, const char *state, const char *runner_id);

#endif
