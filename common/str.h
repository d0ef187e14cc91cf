/*
 * Growing strings with a ceiling given at birth. Text past the ceiling is dropped and remembered in `cut`, so that a
 * loop of appends needs one check at its end. Always terminated; may hold NUL bytes (use length).
 */
#ifndef COMMON_STR_H
#define COMMON_STR_H

#include "common/attributes.h"

#include <stdbool.h>
#include <stddef.h>

struct str {
    char *text; /* never NULL after the first append; NULL before */
    size_t length;
    size_t capacity;
    size_t ceiling; /* most bytes it may hold */
    bool cut;       /* something did not fit */
};

#define STR_INIT(ceiling_bytes)                                                                                        \
    { .ceiling = (ceiling_bytes) }

/* Frees the text; the struct is empty again with its old ceiling. Accepts NULL. */
void str_release(struct str *str);

void str_append(struct str *str, const char *text);
void str_append_bytes(struct str *str, const void *bytes, size_t length);
void str_append_char(struct str *str, char character);
void str_printf(struct str *str, const char *format, ...) PRINTF_LIKE(2, 3);

/* Empties the string and keeps its memory. */
void str_clear(struct str *str);

/* The text, "" where nothing was appended. Owned by the string, valid until the next append. */
const char *str_text(const struct str *str);

/* Comparisons that say what they mean; NULL equals NULL only. */
bool str_equal(const char *a, const char *b);
bool str_starts_with(const char *text, const char *prefix);
bool str_ends_with(const char *text, const char *suffix);

/* Whole text as a decimal number within [least, most]; false otherwise (sign, spaces and overflow refused). */
bool str_to_int64(const char *text, long long least, long long most, long long *out);

#endif
