/* The moving part of a batch, {currentPhase, phases, …}, and what else the files of batches share. Only for this room.
 */
#ifndef SERVER_JOBS_BATCH_STATE_H
#define SERVER_JOBS_BATCH_STATE_H

#include "server/jobs/batch.h"

/* SUBMITTED is over, DOWNLOAD_BATCHSPEC began. */
struct json *batch_state_new(struct arena *arena, int64_t now_ms);

bool batch_state_read(struct arena *arena, const struct batch_row *batch, struct json **out, struct err *err);

/* What ended a phase, where it was no success. */
struct batch_trouble {
    const char *code; /* "YAML_FILE_ERROR", "CLIENT_ERROR" */
    const char *message;
};

/* The phase that is under way ends. trouble: or NULL. */
void batch_state_close(struct arena *arena, struct json *state, enum build_status status,
                       const struct batch_trouble *trouble, int64_t now_ms);
void batch_state_begin(struct arena *arena, struct json *state, const char *phase, int64_t now_ms);
/* The last one, which is named like the end. */
void batch_state_end(struct arena *arena, struct json *state, enum build_status status, int64_t now_ms);

/* Keeps the state of one that goes on, and tells of it. */
bool batch_keep(struct tx *tx, struct arena *arena, const struct batch_row *batch, const struct json *state,
                struct err *err);
/* Writes the event "build" of a batch. */
bool batch_tell(struct tx *tx, const struct batch_row *batch, enum build_status status, struct err *err);

/* A line of the action's log, where a pipeline runs the batch. */
bool batch_say(struct tx *tx, struct arena *arena, const struct batch_row *batch, struct err *err, const char *format,
               ...) PRINTF_LIKE(5, 6);

/* The groups that the runner has read, checked against the project's restrictions, as rows. *trouble says why they are
 * refused; its message is NULL where they are not. Errors: only of the store. */
bool batch_expand(struct tx *tx, struct arena *arena, const struct batch_row *batch, const struct json *told,
                  struct batch_trouble *trouble, struct err *err);

/* Starts a build of the group. Errors: ERR_NOT_FOUND, ERR_INVALID: it cannot be made. */
bool batch_start_group(struct tx *tx, struct arena *arena, const struct batch_row *batch,
                       const struct batch_group_row *group, struct err *err);

/* Asks the rules until they have nothing more to say. */
bool batch_look(struct tx *tx, struct arena *arena, int64_t batch_id, struct err *err);

/* When the time of a batch that begins now is over. */
int64_t batch_expiry(struct tx *tx, const struct json *document);

bool batch_read_json(struct arena *arena, const char *text, const struct json **out, struct err *err);

#endif
