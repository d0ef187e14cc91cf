/* The moving part of a build: {currentPhase, phases, …}. Only for this room. */
#ifndef SERVER_JOBS_BUILD_STATE_H
#define SERVER_JOBS_BUILD_STATE_H

#include "server/jobs/build_start.h"

/* A build that has just been asked for: SUBMITTED is over, QUEUED began. */
struct json *build_state_new(struct arena *arena, int64_t now_ms);

/* Writes the event "build". */
bool build_tell(struct tx *tx, const struct build_row *build, enum build_status status, struct err *err);

/* A build that is to be made: its row without id and number, its settings, its job's log. */
struct build_draft {
    struct build_row row; /* project, initiator, idempotency_token, action_run_id, branch, retry_…, batch_…; log_id: of
                             its action run, else NULL */
    const struct json *document;
    const char *provider; /* of its job; NULL: its environment says which */
};

/* Counts it in its project, writes it, queues its job. Errors: ERR_NOT_FOUND ResourceNotFoundException. */
bool build_make(struct tx *tx, struct arena *arena, const struct build_draft *draft, struct build_row *out,
                struct err *err);

/* The build that was started with this token in the last minutes. token may be NULL. */
bool build_find_started(struct tx *tx, struct arena *arena, const char *project, const char *token, bool *found,
                        struct build_row *out, struct err *err);

/* The hosted repository that a CODECOMMIT source names: the last part of ".../v1/repos/NAME". */
const char *build_repository(const struct json *source);

#endif
