/*
 * Between json.c and doc.c: JSON with the place of each value, and the search for names that stand twice.
 */
#ifndef COMMON_JSON_READ_H
#define COMMON_JSON_READ_H

#include "common/json.h"

/* What was wrong with a text, for the caller to say where it was in its own words. */
struct json_fault {
    enum err_kind kind;
    size_t offset;
    const char *problem;
    const struct json *first, *second; /* two members of one name, else NULL; their places are set */
};

/* As json_parse, with lines and columns (in characters) set. */
bool json_read_placed(struct arena *arena, const char *text, size_t length, size_t most_values, const struct json **out,
                      struct json_fault *fault);

/* True where two members have one name: *first stands before *second, and no duplicate ends earlier than *second. */
bool json_find_duplicate(const struct json *object, const struct json **first, const struct json **second);

/* Sets type, number and integer of a value whose `text` is a number. False where it does not fit. */
bool json_set_number_from_text(struct json *value, const char *text, size_t length);

#endif
