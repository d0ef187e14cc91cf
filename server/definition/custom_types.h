/*
 * Custom action types: what CreateCustomActionType described. A job worker of the user's own polls for their jobs, so
 * that Penstock only has to know their names, how many artifacts go in and out, and which configuration keys they have.
 * Where they are stored and who answers the worker stands elsewhere; here is what a definition has to know.
 */
#ifndef SERVER_DEFINITION_CUSTOM_TYPES_H
#define SERVER_DEFINITION_CUSTOM_TYPES_H

#include "common/action_types.h"
#include "common/arena.h"
#include "common/err.h"
#include "common/json.h"

#include <stdbool.h>
#include <stddef.h>

#define CUSTOM_PROPERTIES_MAX 10

struct custom_property {
    const char *name;
    bool required;
    bool key;
    bool secret;      /* shown as "****" except to the worker */
    bool queryable;   /* a worker may ask for the jobs where it has a certain value; at most one of a type */
    const char *type; /* "String", "Number", "Boolean" */
};

struct custom_type {
    enum action_category category;
    const char *provider;
    const char *version;
    int least_inputs, most_inputs;
    int least_outputs, most_outputs;
    struct custom_property properties[CUSTOM_PROPERTIES_MAX];
    size_t property_count;
    const char *entity_url;    /* templates with {Config:name} and {ExternalExecutionId}; NULL: none */
    const char *execution_url; /* the same */
    const char *revision_url;  /* the same */
};

/* The types that a definition may name. */
struct custom_types {
    const struct custom_type *list;
    size_t count;
    bool any; /* a server may know more: whatever else is named passes, its configuration unchecked */
};

/* Reads the parts of CreateCustomActionType's input that are stored (members settings, configurationProperties,
 * inputArtifactDetails, outputArtifactDetails). The texts of *out live as long as the arguments. Errors: ERR_INTERNAL
 * where the document is not what was checked when it was stored. */
bool custom_type_read(enum action_category category, const char *provider, const char *version,
                      const struct json *document, struct custom_type *out, struct err *err);

/* The one of the list; NULL where there is none, or `types` is NULL. */
const struct custom_type *custom_types_find(const struct custom_types *types, enum action_category category,
                                            const char *provider, const char *version);

/* The property whose value workers may ask for; NULL where the type has none. */
const struct custom_property *custom_type_queryable(const struct custom_type *type);

/* The same as the row of an action: owner "Custom", ACTION_BY_WORKER. In the arena; its texts are copies. */
const struct action_type *custom_type_action(struct arena *arena, const struct custom_type *type);

/* The row where only the name is known: any number of artifacts that custom types may have, no keys. */
const struct action_type *custom_type_named(struct arena *arena, enum action_category category, const char *provider,
                                            const char *version);

#endif
