/*
 * Custom action types out of the store.
 */
#include "server/engine/worker_types.h"

#include "common/str.h"

#include <string.h>

bool worker_type_read(struct arena *arena, const struct custom_type_row *row, struct custom_type *out,
                      struct err *err) {
    enum action_category category;
    const struct json *document = NULL;
    if (!action_category_parse(row->category, &category))
        return err_set(err, ERR_INTERNAL, "stored action type '%s' has an unknown category", row->provider);
    return json_parse(arena, row->document, strlen(row->document), &document, err) &&
           custom_type_read(category, row->provider, row->version, document, out, err);
}

bool worker_types_load(struct tx *tx, struct arena *arena, bool with_deleted, struct custom_types *out,
                       struct err *err) {
    struct custom_type_row *rows = NULL;
    size_t count = 0;
    if (!custom_type_rows_list(tx, arena, with_deleted, &rows, &count, err))
        return false;
    struct custom_type *list = arena_array(arena, struct custom_type, count);
    for (size_t i = 0; i < count; i++) {
        if (!worker_type_read(arena, &rows[i], &list[i], err))
            return false;
    }
    *out = (struct custom_types){.list = list, .count = count};
    return true;
}

bool worker_types_secret(const struct custom_types *types, const struct action_type *type, const char *key) {
    const struct custom_type *custom = type->worker == ACTION_BY_WORKER
                                           ? custom_types_find(types, type->category, type->provider, type->version)
                                           : NULL;
    for (size_t i = 0; custom && i < custom->property_count; i++) {
        if (custom->properties[i].secret && str_equal(custom->properties[i].name, key))
            return true;
    }
    for (const struct action_key *known = type->keys; known->name; known++) {
        if (known->secret && str_equal(known->name, key))
            return true;
    }
    return false;
}
