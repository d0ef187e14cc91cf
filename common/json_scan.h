/*
 * The gate before cJSON: walks a JSON text once, in time proportional to its length, refuses whatever is not strict
 * JSON (RFC 8259) or past a cap, and notes where each value and name begins. cJSON 1.7.15 by itself accepts `01`, `1.`,
 * raw control characters and bad UTF-8, cuts texts at \u0000, and knows no places.
 */
#ifndef COMMON_JSON_SCAN_H
#define COMMON_JSON_SCAN_H

#include "common/arena.h"
#include "common/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* cJSON copies a number into a buffer of this size and reads no further. */
#define JSON_NUMBER_LENGTH_MAX 63

struct json_scan {
    uint32_t *places; /* offsets of names and values, in the order of the text: an object's own before its members' */
    size_t count;
    size_t capacity;
    size_t length; /* of the text */
    /* Where the text was refused: */
    size_t error_offset;
    enum err_kind error_kind;
    const char *problem; /* static text */
};

/* True where the text is good. The places live in the arena. */
bool json_scan(struct arena *arena, const char *text, size_t length, size_t most_values, struct json_scan *out);

/* The length of the JSON number that begins at `text`; 0 where none does. */
size_t json_scan_number(const char *text, size_t length);

#endif
