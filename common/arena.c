/*
 * Arenas: a list of blocks, filled from the front. Small things share a block of 4 KiB that doubles up to 64 KiB;
 * something large gets a block of its own.
 */
#include "common/arena.h"

#include <assert.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BLOCK_BYTES 4096u
#define LARGEST_SHARED_BLOCK_BYTES 65536u

struct arena_block {
    struct arena_block *next;
    size_t size;
    size_t used;
    alignas(max_align_t) unsigned char bytes[];
};

static void out_of_memory(void) {
    (void)fputs("out of memory\n", stderr);
    abort();
}

static struct arena_block *new_block(struct arena *arena, size_t least) {
    size_t size = FIRST_BLOCK_BYTES;
    if (arena->blocks)
        size = arena->blocks->size * 2;
    if (size > LARGEST_SHARED_BLOCK_BYTES)
        size = LARGEST_SHARED_BLOCK_BYTES;
    if (size < least)
        size = least;
    if (size > SIZE_MAX - sizeof(struct arena_block))
        out_of_memory();
    struct arena_block *block = calloc(1, sizeof(struct arena_block) + size);
    if (!block)
        out_of_memory();
    block->size = size;
    block->next = arena->blocks;
    arena->blocks = block;
    return block;
}

void arena_release(struct arena *arena) {
    if (!arena)
        return;
    struct arena_block *block = arena->blocks;
    while (block) {
        struct arena_block *next = block->next;
        free(block);
        block = next;
    }
    arena->blocks = NULL;
}

void *arena_alloc(struct arena *arena, size_t size) {
    if (size > SIZE_MAX - alignof(max_align_t))
        out_of_memory();
    size_t rounded = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    struct arena_block *block = arena->blocks;
    if (!block || block->size - block->used < rounded)
        block = new_block(arena, rounded);
    void *result = block->bytes + block->used;
    block->used += rounded;
    return result;
}

void *arena_alloc_array(struct arena *arena, size_t size, size_t count) {
    size_t total;
    if (__builtin_mul_overflow(size, count, &total))
        out_of_memory();
    return arena_alloc(arena, total);
}

void *arena_memdup(struct arena *arena, const void *bytes, size_t size) {
    void *copy = arena_alloc(arena, size);
    if (size)
        memcpy(copy, bytes, size);
    return copy;
}

char *arena_strndup(struct arena *arena, const char *text, size_t length) {
    char *copy = arena_alloc(arena, length + 1);
    if (length)
        memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

char *arena_strdup(struct arena *arena, const char *text) {
    return text ? arena_strndup(arena, text, strlen(text)) : NULL;
}

char *arena_vprintf(struct arena *arena, const char *format, va_list arguments) {
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    assert(length >= 0);
    char *text = arena_alloc(arena, (size_t)length + 1);
    (void)vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    return text;
}

char *arena_printf(struct arena *arena, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    char *text = arena_vprintf(arena, format, arguments);
    va_end(arguments);
    return text;
}

void *arena_grow(struct arena *arena, void *elements, size_t size, size_t *capacity) {
    size_t grown = *capacity ? *capacity * 2 : 8;
    void *copy = arena_alloc_array(arena, size, grown);
    if (*capacity)
        memcpy(copy, elements, size * *capacity);
    *capacity = grown;
    return copy;
}
