/* From the store's rows to what the rules look at. Only for this room. */
#ifndef SERVER_ENGINE_LOAD_H
#define SERVER_ENGINE_LOAD_H

#include "server/engine/advance.h"
#include "server/store/db.h"
#include "server/store/pipelines.h"

/* What err->code says where a stored declaration cannot be read: by this program, or at all. */
#define UNREADABLE_DEFINITION "InvalidStructureException"

/* A version of a pipeline's definition. Errors: ERR_INVALID with code UNREADABLE_DEFINITION (never without its code).
 */
bool load_definition(struct tx *tx, struct arena *arena, int64_t pipeline_id, int64_t version,
                     const struct pipeline **out, struct err *err);

/* All executions of the pipeline that have not ended, and the one with the id `also` (0: none) even where it has. One
 * whose definition cannot be read is among them, as unreadable: it must not keep the others, nor its own end. */
bool load_view(struct tx *tx, struct arena *arena, int64_t pipeline_id, int64_t also, struct view *out,
               struct err *err);

/* Whether the pipeline may have one more execution under way. Errors: ERR_LIMIT
 * ConcurrentPipelineExecutionsLimitExceededException. */
bool check_execution_limit(struct tx *tx, struct arena *arena, const struct pipeline_row *pipeline, struct err *err);

#endif
