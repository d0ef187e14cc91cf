/* From the store's rows to what the rules look at. Only for this room. */
#ifndef SERVER_ENGINE_LOAD_H
#define SERVER_ENGINE_LOAD_H

#include "server/engine/advance.h"
#include "server/store/db.h"

/* A version of a pipeline's definition. */
bool load_definition(struct tx *tx, struct arena *arena, int64_t pipeline_id, int64_t version,
                     const struct pipeline **out, struct err *err);

/* All executions of the pipeline that have not ended. */
bool load_view(struct tx *tx, struct arena *arena, int64_t pipeline_id, struct view *out, struct err *err);

#endif
