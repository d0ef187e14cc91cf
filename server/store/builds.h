/* CodeBuild builds, with or without a pipeline. */
#ifndef SERVER_STORE_BUILDS_H
#define SERVER_STORE_BUILDS_H

#include "server/store/db.h"
#include "server/store/states.h"

#include <stdint.h>

struct build_row {
    int64_t id;
    const char *uuid; /* AWS's id is project:uuid */
    const char *project;
    int64_t number;
    enum build_status status;
    const char *document; /* JSON: the settled part of what BatchGetBuilds shows, plus `buildspec` */
    const char *state;    /* JSON: {currentPhase, phases, …} as in wire progress; wins over the document */
    const char *initiator;
    const char *idempotency_token; /* or NULL */
    int64_t action_run_id;         /* 0: no pipeline */
    const char *log_id;            /* the build's own uuid, or its action run's */
    const char *branch;            /* whose badge it counts for; NULL: not known */
    int64_t retry_of;              /* the failed build that it does again by itself; 0: none */
    int retry_number;              /* how many of those came before it */
    int retry_limit;               /* how many may; autoRetryLimit */
    const char *previous_uuid;     /* of retry_of, or NULL */
    const char *next_uuid;         /* of the build that does this one again by itself, or NULL */
    int64_t batch_id;              /* 0: no batch */
    const char *batch_uuid;        /* or NULL, as is the next */
    const char *batch_identifier;  /* its group */
    int64_t started_ms;
    int64_t ended_ms; /* 0: not yet */
};

/* By uuid; one that was deleted is not there any more, here as where a project or an action is named. Errors:
 * ERR_NOT_FOUND ResourceNotFoundException. */
bool builds_get(struct tx *tx, struct arena *arena, const char *project, const char *uuid, struct build_row *out,
                struct err *err);
bool builds_get_by_id(struct tx *tx, struct arena *arena, int64_t id, struct build_row *out, struct err *err);
/* *found false where the action run has none; the builds of a batch are not looked at. */
bool builds_of_action(struct tx *tx, struct arena *arena, int64_t action_run_id, bool *found, struct build_row *out,
                      struct err *err);

/* The newest of a project, of its branch where one is named, those of batches left out; *found false for none. */
bool builds_newest(struct tx *tx, struct arena *arena, const char *project, const char *branch, bool *found,
                   struct build_row *out, struct err *err);

/* Newest first (or oldest first), of one project (NULL: all), past `past` (an id; 0: from the first). */
bool builds_list(struct tx *tx, struct arena *arena, const char *project, bool oldest_first, int64_t past, size_t limit,
                 struct build_row **out, size_t *count, struct err *err);

/* Those of a batch, oldest first. */
bool builds_of_batch(struct tx *tx, struct arena *arena, int64_t batch_id, struct build_row **out, size_t *count,
                     struct err *err);

/* For server/jobs only. */
bool builds_add(struct tx *tx, const struct build_row *row, int64_t *id, struct err *err);
bool builds_find_idempotent(struct tx *tx, struct arena *arena, const char *project, const char *idempotency_token,
                            int64_t since_ms, bool *found, struct build_row *out, struct err *err);
bool builds_set_retry_limit(struct tx *tx, int64_t id, int limit, struct err *err);
bool builds_set_state(struct tx *tx, int64_t id, const char *state, struct err *err);
bool builds_end(struct tx *tx, int64_t id, enum build_status status, const char *state, struct err *err);

/* Nobody sees it any more, and what it was and did is forgotten; its number stays taken. One that has ended. */
bool builds_delete(struct tx *tx, int64_t id, struct err *err);

#endif
