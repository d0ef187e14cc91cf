/* What the builds of a pipeline's batch have put out, for the build that combines it. Only for this room. */
#ifndef SERVER_JOBS_BATCH_INPUTS_H
#define SERVER_JOBS_BATCH_INPUTS_H

#include "server/store/artifact_rows.h"
#include "server/store/batches.h"

struct batch_input {
    const char *name;       /* for the wire: "b0", "b1", … */
    const char *identifier; /* of the group */
    const char *output;     /* of the action */
    const char *sha256;
    int64_t size_bytes;
};

/* Those of the builds that succeeded, in the order of their groups. */
bool batch_inputs_list(struct tx *tx, struct arena *arena, int64_t batch_id, struct batch_input **out, size_t *count,
                       struct err *err);

#endif
