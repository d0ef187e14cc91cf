/*
 * What is UTF-8 and what is not, by RFC 3629: no overlong forms, no surrogates, nothing past U+10FFFF.
 */
#ifndef COMMON_UTF8_H
#define COMMON_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* The number of bytes (1 to 4) of the character that begins at `bytes`; 0 where none of `size` bytes or fewer does. */
size_t utf8_length(const void *bytes, size_t size);

/* Where the first byte stands that is not UTF-8; `size` where all is well. */
size_t utf8_valid_length(const void *bytes, size_t size);

/* How many characters the text has, by their first bytes: it should be UTF-8. */
size_t utf8_count(const char *text);

/* Writes one character; returns its number of bytes. `code_point` is a Unicode scalar value. */
size_t utf8_encode(uint32_t code_point, char out[4]);

#endif
