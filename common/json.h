/*
 * Trees of values: what a JSON text, a YAML file (common/doc.h) or a message is in memory. A tree lives in an arena and
 * is never freed singly. Reading refuses what parsers disagree about: duplicate keys, NUL, bad UTF-8, trailing bytes,
 * numbers out of range, nesting past JSON_DEPTH_MAX. Names are compared exactly, case and all.
 *
 * The only room that knows cJSON (it reads; printing is ours, because cJSON prints 16-digit integers wrongly).
 */
#ifndef COMMON_JSON_H
#define COMMON_JSON_H

#include "common/arena.h"
#include "common/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_DEPTH_MAX 64
#define JSON_SIZE_MAX (32 * 1024 * 1024) /* the largest webhook is 25 MiB */
#define JSON_VALUES_MAX 500000           /* about 200 bytes of memory each while reading */

enum json_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_TEXT, JSON_ARRAY, JSON_OBJECT };

struct json {
    enum json_type type;
    bool boolean;       /* JSON_BOOL */
    bool is_integer;    /* JSON_NUMBER: `integer` is exact (also for 1.0 and 1e3) */
    int64_t integer;    /* JSON_NUMBER */
    double number;      /* JSON_NUMBER */
    const char *text;   /* JSON_TEXT; for a scalar read from a file also the other types: as it was written */
    const char *name;   /* the member's name, where the parent is an object; else NULL */
    struct json *first; /* JSON_ARRAY, JSON_OBJECT: members in the order written */
    struct json *last;
    struct json *next; /* the next sibling */
    size_t count;      /* number of members */
    int line;          /* where the value begins in its file, from 1; 0 where it came from no file */
    int column;
    int name_line; /* where its name begins */
    int name_column;
};

/* Reads one JSON value that fills the whole text (which needs no final NUL). Whole numbers must fit int64 and stay
 * exact. Errors: ERR_INVALID with the byte offset in the message, ERR_LIMIT past one of the caps above. */
bool json_parse(struct arena *arena, const char *text, size_t length, const struct json **out, struct err *err);

/* The member of that name; NULL where there is none, where it is null, or where `object` is NULL or no object. */
const struct json *json_get(const struct json *object, const char *name);

/* Members by type: the fallback where the member is absent or of another type. */
const char *json_get_text(const struct json *object, const char *name); /* fallback NULL */
const char *json_get_text_or(const struct json *object, const char *name, const char *fallback);
int64_t json_get_integer(const struct json *object, const char *name, int64_t fallback);
bool json_get_bool(const struct json *object, const char *name, bool fallback);

/* Walks an array's or an object's members; nothing where `parent` is NULL. */
static inline const struct json *json_first(const struct json *parent) {
    return parent ? parent->first : NULL;
}
#define json_each(item, parent) for (const struct json *item = json_first(parent); item; item = item->next)

/* "object", "list", "text", "number", "true or false", "null": for messages. */
const char *json_type_name(enum json_type type);

/* Building. Texts are copied into the arena. A NULL text sets nothing: the member stays absent, as AWS's answers want.
 */
struct json *json_object(struct arena *arena);
struct json *json_array(struct arena *arena);
struct json *json_new_text(struct arena *arena, const char *text);
struct json *json_new_integer(struct arena *arena, int64_t integer);

/* Sets a member; one of the same name is replaced in its place. `value` must not be part of another tree (use
 * json_copy); NULL removes the member. */
void json_set(struct arena *arena, struct json *object, const char *name, struct json *value);
void json_set_text(struct arena *arena, struct json *object, const char *name, const char *text);
void json_set_integer(struct arena *arena, struct json *object, const char *name, int64_t integer);
void json_set_number(struct arena *arena, struct json *object, const char *name, double number);
void json_set_bool(struct arena *arena, struct json *object, const char *name, bool boolean);
/* A moment as AWS's JSON wants it: seconds since 1970 with three decimals, from milliseconds. 0 sets nothing. */
void json_set_time(struct arena *arena, struct json *object, const char *name, int64_t wall_ms);
struct json *json_set_object(struct arena *arena, struct json *object, const char *name); /* a new, empty one */
struct json *json_set_array(struct arena *arena, struct json *object, const char *name);

void json_append(struct json *array, struct json *value);
void json_append_text(struct arena *arena, struct json *array, const char *text);
struct json *json_append_object(struct arena *arena, struct json *array);

/* Takes a member away; nothing where there is none. */
void json_remove(struct json *object, const char *name);

/* A deep copy that can be changed. The copy of a member has no name. */
struct json *json_copy(struct arena *arena, const struct json *value);

/* Same type, same members in any order, same values. */
bool json_equal(const struct json *a, const struct json *b);

/* The tree as text, compact or indented by two spaces. Bytes that are no UTF-8 are printed as U+FFFD. */
char *json_print(struct arena *arena, const struct json *value);
char *json_print_pretty(struct arena *arena, const struct json *value);

#endif
