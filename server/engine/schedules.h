/* Schedules within the engine. Only for this room. */
#ifndef SERVER_ENGINE_SCHEDULES_H
#define SERVER_ENGINE_SCHEDULES_H

#include "server/engine/engine.h"

/* What a pipeline file says: those are there, others of the file's go, the API's stay. *changed is set to true where
 * something was written, else left. Errors: ERR_CONFLICT where the API has one of that name. */
bool put_file_schedules(struct tx *tx, struct arena *arena, int64_t pipeline_id,
                        const struct engine_definition *definition, bool *changed, struct err *err);

/* Starts the pipeline where the schedule is (still) due, and finds its next instant. */
bool do_schedule(struct tx *tx, struct arena *arena, int64_t schedule_id, struct err *err);

#endif
