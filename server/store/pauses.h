/*
 * Where deploys wait for a person in the midst of their work: what is asked, the token that answers it, the answer.
 * Written by server/jobs/deployment.c alone, which has the rules.
 */
#ifndef SERVER_STORE_PAUSES_H
#define SERVER_STORE_PAUSES_H

#include "server/store/db.h"
#include "server/store/states.h"

#include <stdint.h>

struct pause_row {
    int64_t id;
    int64_t action_run_id;
    const char *pause; /* the runner's name for it */
    const char *stage; /* of the traffic shift, or NULL */
    const char *sentence;
    const char *test_url; /* or NULL */
    int64_t expires_ms;   /* 0: never by itself */
    const char *token;
    enum pause_state state;
    const char *summary; /* the answer's, or NULL, as is the next */
    const char *answered_by;
    int64_t asked_ms;
    int64_t answered_ms; /* 0: not */
};

/* The one that the action is in; *found false for none. */
bool pauses_waiting(struct tx *tx, struct arena *arena, int64_t action_run_id, bool *found, struct pause_row *out,
                    struct err *err);
/* The newest, in whatever state. */
bool pauses_newest(struct tx *tx, struct arena *arena, int64_t action_run_id, bool *found, struct pause_row *out,
                   struct err *err);
bool pauses_of_token(struct tx *tx, struct arena *arena, const char *token, bool *found, struct pause_row *out,
                     struct err *err);
bool pauses_of_name(struct tx *tx, struct arena *arena, int64_t action_run_id, const char *pause, bool *found,
                    struct pause_row *out, struct err *err);
/* All of an action run, oldest first. */
bool pauses_list(struct tx *tx, struct arena *arena, int64_t action_run_id, struct pause_row **out, size_t *count,
                 struct err *err);

/* Adds it, waiting; `id` and what belongs to the answer are not read. */
bool pauses_add(struct tx *tx, const struct pause_row *row, struct err *err);
/* Gone -> Waiting, with a new token: it was told again. */
bool pauses_reopen(struct tx *tx, int64_t id, const char *token, struct err *err);
/* What the runner says of one that waits may change, as its end does. */
bool pauses_describe(struct tx *tx, int64_t id, const struct pause_row *row, struct err *err);
/* Waiting -> Approved or Rejected. */
bool pauses_answer(struct tx *tx, int64_t id, enum pause_state state, const char *by, const char *summary,
                   struct err *err);
/* Waiting -> Gone. */
bool pauses_end(struct tx *tx, int64_t id, struct err *err);

#endif
