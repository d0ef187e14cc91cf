/*
 * Typed members of messages.
 */
#include "common/wire_read.h"

#include "common/utf8.h"

#include <string.h>

#define ALNUM "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

/* The member, of that type; *out is NULL where an optional one is absent. */
static bool find(const struct json *message, const char *name, enum wire_presence presence, enum json_type type,
                 const struct json **out, struct err *err) {
    const struct json *member = json_get(message, name);
    if (!member && presence == WIRE_REQUIRED)
        return err_set(err, ERR_INVALID, "member '%s' is missing", name);
    if (member && member->type != type)
        return err_set(err, ERR_INVALID, "member '%s' must be a value of type %s, not %s", name, json_type_name(type),
                       json_type_name(member->type));
    *out = member;
    return true;
}

bool wire_text(struct arena *arena, const struct json *message, const char *name, enum wire_presence presence,
               const char **out, struct err *err) {
    const struct json *member;
    if (!find(message, name, presence, JSON_TEXT, &member, err))
        return false;
    *out = member ? arena_strdup(arena, member->text) : NULL;
    return true;
}

bool wire_words(struct arena *arena, const struct json *message, const char *name, enum wire_presence presence,
                size_t most, const char **out, struct err *err) {
    const struct json *member;
    if (!find(message, name, presence, JSON_TEXT, &member, err))
        return false;
    size_t length = member ? strnlen(member->text, most) : 0;
    *out = member ? arena_strndup(arena, member->text, utf8_valid_length(member->text, length)) : NULL;
    return true;
}

bool wire_is_name(const char *text, size_t longest, const char *others) {
    size_t length = strlen(text);
    if (length == 0 || length > longest)
        return false;
    for (const char *at = text; *at; at++)
        if (!strchr(ALNUM, *at) && !strchr(others, *at))
            return false;
    return true;
}

bool wire_name(struct arena *arena, const struct json *message, const char *name, size_t longest, const char *others,
               const char **out, struct err *err) {
    const struct json *member;
    if (!find(message, name, WIRE_REQUIRED, JSON_TEXT, &member, err))
        return false;
    if (!wire_is_name(member->text, longest, others))
        return err_set(err, ERR_INVALID, "member '%s' must have 1 to %zu letters, digits or '%s'", name, longest,
                       others);
    *out = arena_strdup(arena, member->text);
    return true;
}

bool wire_integer(const struct json *message, const char *name, enum wire_presence presence, int64_t least,
                  int64_t most, int64_t *out, struct err *err) {
    const struct json *member;
    if (!find(message, name, presence, JSON_NUMBER, &member, err))
        return false;
    if (!member)
        return true;
    if (!member->is_integer || member->integer < least || member->integer > most)
        return err_set(err, ERR_INVALID, "member '%s' must be a whole number from %lld to %lld", name, (long long)least,
                       (long long)most);
    *out = member->integer;
    return true;
}

bool wire_bool(const struct json *message, const char *name, bool *out, struct err *err) {
    const struct json *member;
    if (!find(message, name, WIRE_OPTIONAL, JSON_BOOL, &member, err))
        return false;
    if (member)
        *out = member->boolean;
    return true;
}

bool wire_object(struct arena *arena, const struct json *message, const char *name, enum wire_presence presence,
                 const struct json **out, struct err *err) {
    const struct json *member;
    if (!find(message, name, presence, JSON_OBJECT, &member, err))
        return false;
    *out = json_copy(arena, member);
    return true;
}

bool wire_document(struct arena *arena, const struct json *message, const char *name, size_t most,
                   const struct json **out, struct err *err) {
    const struct json *member;
    if (!find(message, name, WIRE_OPTIONAL, JSON_OBJECT, &member, err))
        return false;
    size_t size = member ? strlen(json_print(arena, member)) : 0;
    if (size > most)
        return err_set(err, ERR_INVALID, "member '%s' has %zu bytes; at most %zu are taken", name, size, most);
    *out = json_copy(arena, member);
    return true;
}

bool wire_object_of_texts(struct arena *arena, const struct json *message, const char *name,
                          enum wire_presence presence, const struct json **out, struct err *err) {
    const struct json *object;
    if (!wire_object(arena, message, name, presence, &object, err))
        return false;
    json_each(member, object) {
        if (member->type != JSON_TEXT)
            return err_set(err, ERR_INVALID, "member '%.200s' of '%s' must be a text, not %s", member->name, name,
                           json_type_name(member->type));
    }
    *out = object;
    return true;
}

static bool find_list(const struct json *message, const char *name, enum wire_presence presence,
                      const struct json **out, struct err *err) {
    const struct json *list;
    if (!find(message, name, presence, JSON_ARRAY, &list, err))
        return false;
    if (list && list->count > WIRE_LIST_MAX)
        return err_set(err, ERR_INVALID, "member '%s' has %zu values; at most %d are taken", name, list->count,
                       WIRE_LIST_MAX);
    *out = list;
    return true;
}

bool wire_list(const struct json *message, const char *name, const struct json **out, struct err *err) {
    return find_list(message, name, WIRE_REQUIRED, out, err);
}

bool wire_list_or_none(const struct json *message, const char *name, const struct json **out, struct err *err) {
    return find_list(message, name, WIRE_OPTIONAL, out, err);
}

bool wire_texts(struct arena *arena, const struct json *message, const char *name, const char *const **out,
                size_t *out_count, struct err *err) {
    const struct json *list;
    if (!find_list(message, name, WIRE_OPTIONAL, &list, err))
        return false;
    const char **texts = arena_array(arena, const char *, list ? list->count : 0);
    size_t count = 0;
    json_each(item, list) {
        if (item->type != JSON_TEXT)
            return err_set(err, ERR_INVALID, "each value of '%s' must be a text, not %s", name,
                           json_type_name(item->type));
        texts[count++] = arena_strdup(arena, item->text);
    }
    *out = texts;
    *out_count = count;
    return true;
}

bool wire_names(struct arena *arena, const struct json *message, const char *name, size_t longest, const char *others,
                const char *const **out, size_t *out_count, struct err *err) {
    const struct json *list;
    if (!wire_list(message, name, &list, err))
        return false;
    const char **names = arena_array(arena, const char *, list->count);
    size_t count = 0;
    json_each(item, list) {
        if (item->type != JSON_TEXT || !wire_is_name(item->text, longest, others))
            return err_set(err, ERR_INVALID, "each value of '%s' must have 1 to %zu letters, digits or '%s'", name,
                           longest, others);
        names[count++] = arena_strdup(arena, item->text);
    }
    *out = names;
    *out_count = count;
    return true;
}
