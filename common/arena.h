/*
 * Memory for one piece of work: a request, an engine step, a job. What is read from the store or parsed is copied into
 * the arena and freed with it, never singly. An arena belongs to one thread at a time.
 *
 * Allocation cannot fail for the caller: where the machine has no memory left, the program ends with one line on
 * stderr. Everything it must not lose is in the database, and a half-served request is not.
 */
#ifndef COMMON_ARENA_H
#define COMMON_ARENA_H

#include "common/attributes.h"

#include <stdarg.h>
#include <stddef.h>

struct arena_block;

struct arena {
    struct arena_block *blocks; /* newest first */
};

/* An empty arena; it takes memory with the first allocation. */
#define ARENA_INIT                                                                                                     \
    { .blocks = NULL }

/* Frees everything that came from the arena and leaves it empty and usable. Accepts NULL. */
void arena_release(struct arena *arena);

/* size bytes, zeroed, aligned for any type. Owned by the arena. */
void *arena_alloc(struct arena *arena, size_t size);

/* Room for count structs of the type, zeroed. */
#define arena_new(arena, type) ((type *)arena_alloc((arena), sizeof(type)))
#define arena_array(arena, type, count) ((type *)arena_alloc_array((arena), sizeof(type), (count)))
void *arena_alloc_array(struct arena *arena, size_t size, size_t count);

/* Copies. The string forms are terminated; arena_strdup(NULL) is NULL. */
char *arena_strdup(struct arena *arena, const char *text);
char *arena_strndup(struct arena *arena, const char *text, size_t length);
void *arena_memdup(struct arena *arena, const void *bytes, size_t size);

/* A formatted string. */
char *arena_printf(struct arena *arena, const char *format, ...) PRINTF_LIKE(2, 3);
char *arena_vprintf(struct arena *arena, const char *format, va_list arguments) PRINTF_LIKE(2, 0);

/* Grows an array whose elements came from this arena, for building lists of unknown length: returns an array with room
 * for at least *capacity + 1 elements, doubling, and updates *capacity. The old one stays valid until the release. */
void *arena_grow(struct arena *arena, void *elements, size_t size, size_t *capacity);

#endif
