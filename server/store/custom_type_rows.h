/* Custom action types: what CreateCustomActionType made. A deleted one stays, because history and pipelines made before
 * still name it, and because its version is never given again. */
#ifndef SERVER_STORE_CUSTOM_TYPE_ROWS_H
#define SERVER_STORE_CUSTOM_TYPE_ROWS_H

#include "server/store/db.h"

#include <stdint.h>

struct custom_type_row {
    int64_t id;
    const char *category; /* "Build" */
    const char *provider;
    const char *version;
    const char *document; /* JSON: settings, configurationProperties, inputArtifactDetails, outputArtifactDetails */
    const char *tags;     /* JSON list */
    int64_t created_ms;
    int64_t deleted_ms; /* 0: it is there */
};

/* The one of that name, deleted or not; *found false: there never was one. */
bool custom_type_rows_get(struct tx *tx, struct arena *arena, const char *category, const char *provider,
                          const char *version, bool *found, struct custom_type_row *out, struct err *err);

/* Those that were not deleted, in the order in which they were made; with_deleted: those too. */
bool custom_type_rows_list(struct tx *tx, struct arena *arena, bool with_deleted, struct custom_type_row **out,
                           size_t *count, struct err *err);

/* Adds the row as given but for the id; `tags` NULL: none. Errors: ERR_CONFLICT. */
bool custom_type_rows_add(struct tx *tx, const struct custom_type_row *row, struct err *err);
/* Nothing where there is none. */
bool custom_type_rows_delete(struct tx *tx, const char *category, const char *provider, const char *version,
                             struct err *err);
bool custom_type_rows_set_tags(struct tx *tx, int64_t id, const char *tags, struct err *err);

#endif
