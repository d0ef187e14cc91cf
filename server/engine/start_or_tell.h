/* Starting what nobody waits for. Only for this room. */
#ifndef SERVER_ENGINE_START_OR_TELL_H
#define SERVER_ENGINE_START_OR_TELL_H

#include "server/engine/engine.h"

/* engine_start for a change or a schedule: a pipeline that cannot be started now (too many executions, a variable
 * without value, a definition that this program cannot read) keeps nobody else, so the refusal is an event. *execution
 * is NULL then, and *refusal (in the arena) says why. False is trouble of ours: to be tried again. */
bool start_or_tell(struct tx *tx, struct arena *arena, const struct engine_start_request *request,
                   const char **execution, const char **refusal, struct err *err);

/* The event of a start that did not come. */
bool tell_not_started(struct tx *tx, struct arena *arena, const char *pipeline, const char *message, struct err *err);

#endif
