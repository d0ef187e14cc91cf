/*
 * Reading JSON: json_scan.c checks the text and notes places, cJSON builds its tree, which is copied into ours and
 * freed. Integers are read again from the text, since cJSON keeps only doubles.
 */
#include "common/json.h"

#include "common/json_read.h"
#include "common/json_scan.h"

#include <assert.h>
#include <cjson/cJSON.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define EXACT_DOUBLE_MAX 9007199254740992.0 /* 2^53 */
#define PAIRWISE_MAX 16

struct copier {
    struct arena *arena;
    const char *text;
    struct json_scan scan; /* its places live in another arena, for as long as this */
    size_t next_place;
    bool with_lines;
    size_t line_offset; /* up to here lines and columns are counted */
    int line, column;
    struct json_fault *fault;
};

static void free_tree(cJSON **tree) {
    cJSON_Delete(*tree);
}

static int compare_members(const void *a, const void *b) {
    const struct json *const *left = a;
    const struct json *const *right = b;
    return strcmp((*left)->name, (*right)->name);
}

static bool find_duplicate_pairwise(const struct json *object, const struct json **first, const struct json **second) {
    json_each(later, object) {
        for (const struct json *earlier = object->first; earlier != later; earlier = earlier->next) {
            if (strcmp(earlier->name, later->name) == 0) {
                *first = earlier;
                *second = later;
                return true;
            }
        }
    }
    return false;
}

/* glibc's qsort merges (members of one name stay in order) and takes memory only for large arrays. */
static bool find_duplicate_sorted(const struct json *object, const struct json **first, const struct json **second) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct json **members = arena_array(&arena, const struct json *, object->count);
    size_t count = 0;
    json_each(member, object) members[count++] = member;
    qsort(members, count, sizeof *members, compare_members);
    for (size_t i = 1; i < count; i++) {
        if (strcmp(members[i - 1]->name, members[i]->name) == 0) {
            *first = members[i - 1];
            *second = members[i];
            return true;
        }
    }
    return false;
}

bool json_find_duplicate(const struct json *object, const struct json **first, const struct json **second) {
    if (object->count <= PAIRWISE_MAX)
        return find_duplicate_pairwise(object, first, second);
    return find_duplicate_sorted(object, first, second);
}

bool json_set_number_from_text(struct json *value, const char *text, size_t length) {
    value->type = JSON_NUMBER;
    value->number = strtod(text, NULL);
    if (!isfinite(value->number))
        return false;
    if (memchr(text, '.', length) || memchr(text, 'e', length) || memchr(text, 'E', length)) {
        value->is_integer = value->number >= -EXACT_DOUBLE_MAX && value->number <= EXACT_DOUBLE_MAX &&
                            value->number == trunc(value->number);
        value->integer = value->is_integer ? (int64_t)value->number : 0;
        return true;
    }
    errno = 0;
    value->integer = strtoll(text, NULL, 10);
    value->is_integer = errno == 0;
    return value->is_integer;
}

/* Takes the next place; what it counts once is not counted again. */
static size_t take_place(struct copier *copier, int *line, int *column) {
    assert(copier->next_place < copier->scan.count);
    size_t offset = copier->scan.places[copier->next_place++];
    if (!copier->with_lines)
        return offset;
    for (; copier->line_offset < offset; copier->line_offset++) {
        unsigned char byte = (unsigned char)copier->text[copier->line_offset];
        if (byte == '\n') {
            copier->line++;
            copier->column = 1;
        } else if ((byte & 0xc0) != 0x80) {
            copier->column++;
        }
    }
    *line = copier->line;
    *column = copier->column;
    return offset;
}

static bool fail(struct copier *copier, size_t offset, const char *problem) {
    *copier->fault = (struct json_fault){.kind = ERR_INVALID, .offset = offset, .problem = problem};
    return false;
}

static bool copy_number(struct copier *copier, struct json *value, size_t offset) {
    char number[JSON_NUMBER_LENGTH_MAX + 1];
    size_t length = json_scan_number(copier->text + offset, copier->scan.length - offset);
    assert(length > 0 && length < sizeof number);
    memcpy(number, copier->text + offset, length);
    number[length] = '\0';
    if (!json_set_number_from_text(value, number, length))
        return fail(copier, offset, "a number out of range");
    if (copier->with_lines)
        value->text = arena_strdup(copier->arena, number);
    return true;
}

static bool copy_value(struct copier *copier, const cJSON *item, struct json **out);

/* Recursive; json_scan has seen to it that it goes no deeper than JSON_DEPTH_MAX. */
static bool copy_members(struct copier *copier, const cJSON *parent, struct json *value) {
    for (const cJSON *item = parent->child; item; item = item->next) {
        struct json *member;
        if (!copy_value(copier, item, &member))
            return false;
        if (value->last)
            value->last->next = member;
        else
            value->first = member;
        value->last = member;
        value->count++;
    }
    const struct json *first;
    const struct json *second;
    if (value->type == JSON_OBJECT && json_find_duplicate(value, &first, &second)) {
        (void)fail(copier, 0, "two members of one name");
        copier->fault->first = first;
        copier->fault->second = second;
        return false;
    }
    return true;
}

static bool copy_value(struct copier *copier, const cJSON *item, struct json **out) {
    struct json *value = arena_new(copier->arena, struct json);
    if (item->string) {
        (void)take_place(copier, &value->name_line, &value->name_column);
        value->name = arena_strdup(copier->arena, item->string);
    }
    size_t offset = take_place(copier, &value->line, &value->column);
    *out = value;
    if (cJSON_IsObject(item) || cJSON_IsArray(item)) {
        value->type = cJSON_IsObject(item) ? JSON_OBJECT : JSON_ARRAY;
        return copy_members(copier, item, value);
    }
    if (cJSON_IsNumber(item))
        return copy_number(copier, value, offset);
    if (cJSON_IsString(item)) {
        value->type = JSON_TEXT;
        value->text = arena_strdup(copier->arena, item->valuestring);
        return true;
    }
    value->type = cJSON_IsNull(item) ? JSON_NULL : JSON_BOOL;
    value->boolean = cJSON_IsTrue(item);
    if (copier->with_lines)
        value->text = cJSON_IsNull(item) ? "null" : value->boolean ? "true" : "false";
    return true;
}

static bool read_tree(struct copier *copier, const char *text, size_t length, size_t most_values,
                      const struct json **out) {
    struct arena scan_arena CLEANUP(arena_release) = ARENA_INIT;
    if (!json_scan(&scan_arena, text, length, most_values, &copier->scan)) {
        (void)fail(copier, copier->scan.error_offset, copier->scan.problem);
        copier->fault->kind = copier->scan.error_kind;
        return false;
    }
    const char *end = NULL;
    cJSON *tree CLEANUP(free_tree) = cJSON_ParseWithLengthOpts(text, length, &end, false);
    if (!tree)
        return fail(copier, end ? (size_t)(end - text) : 0, "not JSON");
    struct json *value;
    if (!copy_value(copier, tree, &value))
        return false;
    assert(copier->next_place == copier->scan.count);
    *out = value;
    return true;
}

bool json_read_placed(struct arena *arena, const char *text, size_t length, size_t most_values, const struct json **out,
                      struct json_fault *fault) {
    struct copier copier = {.arena = arena, .text = text, .with_lines = true, .line = 1, .column = 1, .fault = fault};
    return read_tree(&copier, text, length, most_values, out);
}

bool json_parse(struct arena *arena, const char *text, size_t length, const struct json **out, struct err *err) {
    if (length > JSON_SIZE_MAX)
        return err_set(err, ERR_LIMIT, "JSON of %zu bytes; at most %d are read", length, JSON_SIZE_MAX);
    struct json_fault fault;
    struct copier copier = {.arena = arena, .text = text, .fault = &fault};
    if (read_tree(&copier, text, length, JSON_VALUES_MAX, out))
        return true;
    if (fault.first)
        return err_set(err, ERR_INVALID, "not good JSON: the name '%.200s' stands twice in one object",
                       fault.first->name);
    return err_set(err, fault.kind, "not good JSON at byte %zu: %s", fault.offset, fault.problem);
}
