/*
 * What deploys are doing and did, as their runners told it last: one JSON document per action run, kept with it.
 * Written by server/jobs/deployment.c alone.
 */
#ifndef SERVER_STORE_DEPLOYMENTS_H
#define SERVER_STORE_DEPLOYMENTS_H

#include "server/store/db.h"

#include <stdint.h>

struct deployment_row {
    const char *document; /* JSON object, docs/doors.md says its members */
    int64_t updated_ms;
};

/* Replaces what was told before. */
bool deployments_put(struct tx *tx, int64_t action_run_id, const char *document, struct err *err);

/* *found false for an action that has told nothing. */
bool deployments_get(struct tx *tx, struct arena *arena, int64_t action_run_id, bool *found, struct deployment_row *out,
                     struct err *err);

/* Its member "cause" as JSON, without reading the rest; NULL for none. */
bool deployments_cause(struct tx *tx, struct arena *arena, int64_t action_run_id, const char **out, struct err *err);

/* The document of that action in the newest of its runs in the execution that succeeded; NULL for none. */
bool deployments_of_execution(struct tx *tx, struct arena *arena, int64_t execution_id, const char *stage,
                              const char *action, const char **out, struct err *err);

#endif
