/*
 * Trees of values in memory: looking up, building, changing, copying, comparing.
 */
#include "common/json.h"

#include "common/str.h"

#include <assert.h>
#include <string.h>

const struct json *json_get(const struct json *object, const char *name) {
    if (!object || object->type != JSON_OBJECT)
        return NULL;
    json_each(member, object) {
        if (strcmp(member->name, name) == 0)
            return member->type == JSON_NULL ? NULL : member;
    }
    return NULL;
}

const char *json_get_text_or(const struct json *object, const char *name, const char *fallback) {
    const struct json *member = json_get(object, name);
    return member && member->type == JSON_TEXT ? member->text : fallback;
}

const char *json_get_text(const struct json *object, const char *name) {
    return json_get_text_or(object, name, NULL);
}

int64_t json_get_integer(const struct json *object, const char *name, int64_t fallback) {
    const struct json *member = json_get(object, name);
    return member && member->type == JSON_NUMBER && member->is_integer ? member->integer : fallback;
}

bool json_get_bool(const struct json *object, const char *name, bool fallback) {
    const struct json *member = json_get(object, name);
    return member && member->type == JSON_BOOL ? member->boolean : fallback;
}

const char *json_type_name(enum json_type type) {
    switch (type) {
    case JSON_NULL:
        return "null";
    case JSON_BOOL:
        return "true or false";
    case JSON_NUMBER:
        return "number";
    case JSON_TEXT:
        return "text";
    case JSON_ARRAY:
        return "list";
    case JSON_OBJECT:
        return "object";
    }
    return "unknown";
}

static struct json *new_value(struct arena *arena, enum json_type type) {
    struct json *value = arena_new(arena, struct json);
    value->type = type;
    return value;
}

struct json *json_object(struct arena *arena) {
    return new_value(arena, JSON_OBJECT);
}

struct json *json_array(struct arena *arena) {
    return new_value(arena, JSON_ARRAY);
}

struct json *json_new_text(struct arena *arena, const char *text) {
    if (!text)
        return NULL;
    struct json *value = new_value(arena, JSON_TEXT);
    value->text = arena_strdup(arena, text);
    return value;
}

struct json *json_new_integer(struct arena *arena, int64_t integer) {
    struct json *value = new_value(arena, JSON_NUMBER);
    value->is_integer = true;
    value->integer = integer;
    value->number = (double)integer;
    return value;
}

void json_append(struct json *array, struct json *value) {
    if (!value)
        return;
    assert(!value->next);
    if (array->last)
        array->last->next = value;
    else
        array->first = value;
    array->last = value;
    array->count++;
}

/* The link that points to the member of that name, or to the end; *before is the member in front of it. */
static struct json **find_link(struct json *object, const char *name, struct json **before) {
    struct json **link = &object->first;
    *before = NULL;
    while (*link && strcmp((*link)->name, name) != 0) {
        *before = *link;
        link = &(*link)->next;
    }
    return link;
}

void json_remove(struct json *object, const char *name) {
    struct json *before;
    struct json **link = find_link(object, name, &before);
    struct json *member = *link;
    if (!member)
        return;
    *link = member->next;
    if (object->last == member)
        object->last = before;
    member->next = NULL;
    object->count--;
}

void json_set(struct arena *arena, struct json *object, const char *name, struct json *value) {
    assert(object->type == JSON_OBJECT);
    if (!value) {
        json_remove(object, name);
        return;
    }
    assert(!value->next);
    value->name = arena_strdup(arena, name);
    struct json *before;
    struct json **link = find_link(object, name, &before);
    struct json *old = *link;
    if (!old) {
        json_append(object, value);
        return;
    }
    value->next = old->next;
    *link = value;
    if (object->last == old)
        object->last = value;
    old->next = NULL;
}

/* For the setters of one type: nothing to set must not remove what stands there. */
static void set_present(struct arena *arena, struct json *object, const char *name, struct json *value) {
    if (value)
        json_set(arena, object, name, value);
}

void json_set_text(struct arena *arena, struct json *object, const char *name, const char *text) {
    set_present(arena, object, name, json_new_text(arena, text));
}

void json_set_integer(struct arena *arena, struct json *object, const char *name, int64_t integer) {
    json_set(arena, object, name, json_new_integer(arena, integer));
}

void json_set_number(struct arena *arena, struct json *object, const char *name, double number) {
    struct json *value = new_value(arena, JSON_NUMBER);
    value->number = number;
    json_set(arena, object, name, value);
}

void json_set_bool(struct arena *arena, struct json *object, const char *name, bool boolean) {
    struct json *value = new_value(arena, JSON_BOOL);
    value->boolean = boolean;
    json_set(arena, object, name, value);
}

void json_set_time(struct arena *arena, struct json *object, const char *name, int64_t wall_ms) {
    if (wall_ms == 0)
        return;
    struct json *value = new_value(arena, JSON_NUMBER);
    value->number = (double)wall_ms / 1000.0;
    int64_t thousandths = wall_ms % 1000;
    value->text = arena_printf(arena, "%s%lld.%03d", wall_ms < 0 ? "-" : "",
                               (long long)(wall_ms / 1000 < 0 ? -(wall_ms / 1000) : wall_ms / 1000),
                               (int)(thousandths < 0 ? -thousandths : thousandths));
    json_set(arena, object, name, value);
}

struct json *json_set_object(struct arena *arena, struct json *object, const char *name) {
    struct json *value = json_object(arena);
    json_set(arena, object, name, value);
    return value;
}

struct json *json_set_array(struct arena *arena, struct json *object, const char *name) {
    struct json *value = json_array(arena);
    json_set(arena, object, name, value);
    return value;
}

void json_append_text(struct arena *arena, struct json *array, const char *text) {
    json_append(array, json_new_text(arena, text));
}

struct json *json_append_object(struct arena *arena, struct json *array) {
    struct json *value = json_object(arena);
    json_append(array, value);
    return value;
}

struct json *json_copy(struct arena *arena, const struct json *value) {
    if (!value)
        return NULL;
    struct json *copy = arena_memdup(arena, value, sizeof *value);
    copy->text = arena_strdup(arena, value->text);
    copy->name = NULL;
    copy->next = copy->first = copy->last = NULL;
    copy->count = 0;
    json_each(member, value) {
        struct json *member_copy = json_copy(arena, member);
        member_copy->name = arena_strdup(arena, member->name);
        json_append(copy, member_copy);
    }
    return copy;
}

static bool numbers_equal(const struct json *a, const struct json *b) {
    if (a->is_integer && b->is_integer)
        return a->integer == b->integer;
    return !(a->number < b->number) && !(a->number > b->number);
}

static const struct json *find_member(const struct json *object, const char *name) {
    json_each(member, object) {
        if (strcmp(member->name, name) == 0)
            return member;
    }
    return NULL;
}

static bool members_equal(const struct json *a, const struct json *b) {
    if (a->count != b->count)
        return false;
    const struct json *other = b->first;
    json_each(member, a) {
        const struct json *match = other;
        /* Mostly both are in the same order; else look. */
        if (a->type == JSON_OBJECT && strcmp(member->name, other->name) != 0)
            match = find_member(b, member->name);
        if (!match || !json_equal(member, match))
            return false;
        other = other->next;
    }
    return true;
}

bool json_equal(const struct json *a, const struct json *b) {
    if (!a || !b)
        return a == b;
    if (a->type != b->type)
        return false;
    switch (a->type) {
    case JSON_NULL:
        return true;
    case JSON_BOOL:
        return a->boolean == b->boolean;
    case JSON_NUMBER:
        return numbers_equal(a, b);
    case JSON_TEXT:
        return str_equal(a->text, b->text);
    case JSON_ARRAY:
    case JSON_OBJECT:
        return members_equal(a, b);
    }
    return false;
}
