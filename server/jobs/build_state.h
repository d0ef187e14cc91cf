/* The moving part of a build: {currentPhase, phases, …}. Only for this room. */
#ifndef SERVER_JOBS_BUILD_STATE_H
#define SERVER_JOBS_BUILD_STATE_H

#include "server/jobs/build_start.h"

/* A build that has just been asked for: SUBMITTED is over, QUEUED began. */
struct json *build_state_new(struct arena *arena, int64_t now_ms);

/* Writes the event "build". */
bool build_tell(struct tx *tx, const struct build_row *build, enum build_status status, struct err *err);

#endif
