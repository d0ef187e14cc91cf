/*
 * What the action runs under way deploy to, so that two never work on one target: a release has several. The claims of
 * a run go when it ends; whether it holds its targets or waits for them is its holds_target. Written by
 * server/engine/target.c alone, which has the rules.
 */
#ifndef SERVER_STORE_TARGET_CLAIMS_H
#define SERVER_STORE_TARGET_CLAIMS_H

#include "server/store/db.h"

#include <stdint.h>

/* Again is no error. */
bool target_claims_add(struct tx *tx, int64_t action_run_id, const char *target, struct err *err);
bool target_claims_drop(struct tx *tx, int64_t action_run_id, struct err *err);

/* Who is before the run with one of its targets: who holds it, else the oldest that has waited longer; *found false for
 * nobody. */
bool target_claims_before(struct tx *tx, struct arena *arena, int64_t action_run_id, bool *found, int64_t *out,
                          const char **target, struct err *err);

/* The runs that wait for one of its targets, oldest first. */
bool target_claims_behind(struct tx *tx, struct arena *arena, int64_t action_run_id, int64_t **out, size_t *count,
                          struct err *err);

#endif
