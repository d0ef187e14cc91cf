/* Batch builds and their groups. The builds of a group are in builds.h; the newest of them is the one that counts. */
#ifndef SERVER_STORE_BATCHES_H
#define SERVER_STORE_BATCHES_H

#include "server/store/db.h"
#include "server/store/states.h"

#include <stdint.h>

struct batch_row {
    int64_t id;
    const char *uuid; /* AWS's id is project:uuid */
    const char *project;
    int64_t number;
    enum build_status status;
    const char *document; /* JSON: what its builds begin with, plus buildBatchConfig */
    const char *state;    /* JSON: {currentPhase, phases, resolvedSourceVersion} */
    const char *initiator;
    const char *idempotency_token; /* or NULL */
    int64_t action_run_id;         /* 0: no pipeline */
    bool fast_fail;
    enum batch_stop stop;
    int64_t expires_ms; /* wall time */
    const char *log;    /* a pipeline's: the lines of its action's log; else "" */
    int64_t started_ms;
    int64_t ended_ms; /* 0: not yet */
};

struct batch_group_row {
    int position;
    const char *identifier;
    enum batch_group_kind kind;
    const char *depends_on; /* JSON list of identifiers */
    bool ignore_failure;
    const char *overrides; /* JSON: {…Override} as StartBuild's, and `shard` */
    bool again;            /* a retry wants it once more, and no build was started for that yet */
    int64_t build_id;      /* its newest build; 0: none was started, and the rest is not set */
    const char *build_uuid;
    enum build_status build_status;
    int64_t build_started_ms;
};

/* By uuid. Errors: ERR_NOT_FOUND ResourceNotFoundException. */
bool batches_get(struct tx *tx, struct arena *arena, const char *project, const char *uuid, struct batch_row *out,
                 struct err *err);
bool batches_get_by_id(struct tx *tx, struct arena *arena, int64_t id, struct batch_row *out, struct err *err);
/* The newest of an action run; *found false where it has none. */
bool batches_of_action(struct tx *tx, struct arena *arena, int64_t action_run_id, bool *found, struct batch_row *out,
                       struct err *err);

/* The log of the action of that uuid, where a batch is what it does; *text NULL where not. */
bool batches_log_of(struct tx *tx, struct arena *arena, const char *action_uuid, const char **text, struct err *err);

struct batch_listing {
    const char *project;             /* NULL: all */
    const enum build_status *status; /* NULL: any */
    bool oldest_first;
    int64_t past; /* an id; 0: from the first */
    size_t limit;
};
bool batches_list(struct tx *tx, struct arena *arena, const struct batch_listing *listing, struct batch_row **out,
                  size_t *count, struct err *err);

/* By position. */
bool batch_groups_list(struct tx *tx, struct arena *arena, int64_t batch_id, struct batch_group_row **out,
                       size_t *count, struct err *err);

/* For server/jobs only. */

bool batches_next_number(struct tx *tx, const char *project, int64_t *out, struct err *err);
bool batches_find_idempotent(struct tx *tx, struct arena *arena, const char *project, const char *idempotency_token,
                             int64_t since_ms, bool *found, struct batch_row *out, struct err *err);
bool batches_add(struct tx *tx, const struct batch_row *row, int64_t *id, struct err *err);
/* Of one that is IN_PROGRESS. */
bool batches_set_state(struct tx *tx, int64_t id, const char *state, struct err *err);
bool batches_set_fast_fail(struct tx *tx, int64_t id, struct err *err);
bool batches_set_stop(struct tx *tx, const struct batch_row *row, enum batch_stop stop, struct err *err);
bool batches_add_log(struct tx *tx, int64_t id, const char *text, struct err *err);
bool batches_end(struct tx *tx, int64_t id, enum build_status status, const char *state, struct err *err);
/* It goes on: IN_PROGRESS again, nothing stops it any more. */
bool batches_reopen(struct tx *tx, const struct batch_row *row, const char *state, int64_t expires_ms, struct err *err);
/* Nobody sees it any more; one that has ended. */
bool batches_delete(struct tx *tx, int64_t id, struct err *err);
/* Those that are IN_PROGRESS past their time, and the next such moment (0: none). */
bool batches_expired(struct tx *tx, struct arena *arena, int64_t now_ms, int64_t **out, size_t *count, struct err *err);
bool batches_next_expiry(struct tx *tx, int64_t *out, struct err *err);

/* build_… are not read. */
bool batch_groups_add(struct tx *tx, int64_t batch_id, const struct batch_group_row *row, struct err *err);
bool batch_groups_set_again(struct tx *tx, int64_t batch_id, int position, bool again, struct err *err);

#endif
