/* Where a pipeline's declaration says that its artifacts are. They are in the server's own folder, whatever it says;
 * the bucket is what AWS's answers and job workers name. */
#ifndef SERVER_API_ARTIFACT_STORE_H
#define SERVER_API_ARTIFACT_STORE_H

#include "common/json.h"
#include "server/config.h"
#include "server/store/db.h"

#include <stdint.h>

struct artifact_store {
    const char *bucket;                /* "penstock-artifacts-000000000000" where the declaration names none */
    const struct json *encryption_key; /* {id, type}, or NULL */
};

/* Of that version of the pipeline, for actions in that region (NULL: the server's). */
bool artifact_store_find(struct tx *tx, struct arena *arena, const struct config *config, int64_t pipeline_id,
                         int64_t version, const char *region, struct artifact_store *out, struct err *err);

/* The same out of a declaration. */
void artifact_store_read(struct arena *arena, const struct config *config, const struct json *declaration,
                         const char *region, struct artifact_store *out);

#endif
