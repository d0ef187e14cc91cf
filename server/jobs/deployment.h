/*
 * What a deploy says of itself while it runs, and where it asks a person. The runner's newest word is kept; while that
 * names a pause, its token can be answered (engine_answer_approval), and the answer goes to whoever holds the job with
 * the heartbeat, as often as it takes: it is stored first. A pause that the runner names no more, that the action's end
 * or its undo overtakes, is over, and its token with it.
 */
#ifndef SERVER_JOBS_DEPLOYMENT_H
#define SERVER_JOBS_DEPLOYMENT_H

#include "server/store/action_runs.h"
#include "server/store/pauses.h"

#include "common/json.h"

/* `may_ask`: false where the action is being undone, and so nobody is to be asked. Errors: ERR_INVALID where the pause
 * has no id or no sentence. */
bool deployment_told(struct tx *tx, struct arena *arena, const struct action_run_row *action,
                     const struct json *deployment, bool may_ask, struct err *err);

/* Whoever was asked is asked no more. */
bool deployment_stop_asking(struct tx *tx, struct arena *arena, const struct action_run_row *action, struct err *err);

/* The action is in that pause, and this is the answer. */
bool deployment_answer(struct tx *tx, struct arena *arena, const struct action_run_row *action,
                       const struct pause_row *pause, bool approved, const char *by, const char *summary,
                       struct err *err);

/* What the action's runner is to hear: the answer to its newest pause; *found false where there is none. */
bool deployment_get_answer(struct tx *tx, struct arena *arena, int64_t action_run_id, bool *found,
                           struct pause_row *out, struct err *err);

#endif
