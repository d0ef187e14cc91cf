/*
 * Many texts looked for at once, byte by byte and in one pass (Aho and Corasick, 1975): the time depends on the bytes
 * that come, not on how many texts there are or how alike they are. A state is where in the texts one is: the longest
 * beginning of any of them that the bytes seen so far end with. Texts of two sorts lie in trees of their own, each with
 * a start and a state: those that stand as they are, and those that line breaks may cut.
 */
#ifndef RUNNER_MASK_PATTERNS_H
#define RUNNER_MASK_PATTERNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct patterns;

struct patterns *patterns_new(void);
void patterns_free(struct patterns *patterns); /* overwrites the texts; accepts NULL */

#define PATTERNS_START 0
#define PATTERNS_WRAPPED 1 /* the start of texts that line breaks may cut; they hold none */

/* At least PATTERNS_LEAST bytes. False where all texts together would take more than PATTERNS_BYTES_MAX. */
#define PATTERNS_LEAST 4
#define PATTERNS_BYTES_MAX (2 * 1024 * 1024)
bool patterns_add(struct patterns *patterns, uint32_t start, const char *text, size_t length);

/* Once after the last patterns_add, before the functions below. */
void patterns_finish(struct patterns *patterns);

/* With PATTERNS_WRAPPED, line breaks are not stepped over: the caller passes them by. */
uint32_t patterns_step(const struct patterns *patterns, uint32_t state, unsigned char byte);

/* The same without a text that is at its end: the longest beginning of which more may come. */
uint32_t patterns_unfinished(const struct patterns *patterns, uint32_t state);

/* How many of the bytes seen last are the beginning of a text. */
uint32_t patterns_depth(const struct patterns *patterns, uint32_t state);

/* The greatest depth of a text that line breaks may cut. */
uint32_t patterns_wrapped_depth(const struct patterns *patterns);

/* The length of the longest text that ends here; 0: none. */
uint32_t patterns_match(const struct patterns *patterns, uint32_t state);

/* The length of the longest beginning that the bytes end with and that is `least` bytes or more and at least half of a
 * text; 0: none. */
uint32_t patterns_half(const struct patterns *patterns, uint32_t state, uint32_t least);

/* From both starts: how many of these bytes can be passed over, because no text begins there. All but the last three
 * where none does. */
size_t patterns_skip(const struct patterns *patterns, const char *bytes, size_t size);

#endif
