/* The custom action types that the store has, as definitions and doors want them. */
#ifndef SERVER_ENGINE_WORKER_TYPES_H
#define SERVER_ENGINE_WORKER_TYPES_H

#include "server/definition/custom_types.h"
#include "server/store/custom_type_rows.h"

/* Those that a new definition may name; with_deleted: also those that history and older definitions name. */
bool worker_types_load(struct tx *tx, struct arena *arena, bool with_deleted, struct custom_types *out,
                       struct err *err);

/* One row as a record. Errors: ERR_INTERNAL where the row is damaged. */
bool worker_type_read(struct arena *arena, const struct custom_type_row *row, struct custom_type *out, struct err *err);

/* Whether that key of an action's configuration is shown as "****". A custom type that is not in the list has no
 * secrets that anybody knew of. */
bool worker_types_secret(const struct custom_types *types, const struct action_type *type, const char *key);

/* The URL that a template of a custom action type means: {Config:name} is a value of the configuration (JSON object of
 * texts), {ExternalExecutionId} what the worker called its work. NULL where there is no template, where it names
 * something that has no value (yet), or where that is no http or https address. */
const char *worker_url(struct arena *arena, const char *template, const struct json *configuration,
                       const char *external_id);

#endif
