/*
 * The tree of all texts. A node knows its parent; children are found by a hash table of (node, byte), since most nodes
 * have one. Before a tree is entered, a bitmap of the texts' first four bytes, with line breaks where there may be
 * some, says whether it is worth it: that is where nearly all bytes of a log end.
 */
#include "runner/mask_patterns.h"

#include "common/hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILTER_BITS 19
#define FILTERED 4 /* bytes: PATTERNS_LEAST */
#define FIRST_NODES 1024

struct node {
    uint32_t parent;
    uint32_t fail;     /* the longest other beginning that these bytes end with */
    uint32_t depth;    /* how many bytes lead here */
    uint32_t match;    /* of the longest text that ends here */
    uint32_t shortest; /* of the texts that lead through here */
    unsigned char byte;
    bool has_child;
};

struct edge {
    uint64_t key; /* node and byte; 0: free */
    uint32_t child;
};

struct patterns {
    struct node *nodes;
    uint32_t count;
    uint32_t capacity;
    struct edge *edges;
    size_t room; /* a power of two, at least twice the nodes */
    size_t bytes;
    uint32_t wrapped_depth;
    uint64_t filter[(1 << FILTER_BITS) / 64];
};

static void *must(void *memory) {
    if (!memory)
        abort();
    return memory;
}

struct patterns *patterns_new(void) {
    struct patterns *patterns = must(calloc(1, sizeof *patterns));
    patterns->capacity = FIRST_NODES;
    patterns->nodes = must(calloc(patterns->capacity, sizeof *patterns->nodes));
    patterns->count = 2; /* the starts: each is its own parent and fails to itself */
    patterns->nodes[PATTERNS_WRAPPED].parent = patterns->nodes[PATTERNS_WRAPPED].fail = PATTERNS_WRAPPED;
    patterns->room = 2 * (size_t)FIRST_NODES;
    patterns->edges = must(calloc(patterns->room, sizeof *patterns->edges));
    return patterns;
}

void patterns_free(struct patterns *patterns) {
    if (!patterns)
        return;
    hash_wipe(patterns->nodes, patterns->count * sizeof *patterns->nodes);
    hash_wipe(patterns->edges, patterns->room * sizeof *patterns->edges);
    free(patterns->nodes);
    free(patterns->edges);
    free(patterns);
}

static uint64_t key_of(uint32_t node, unsigned char byte) {
    return (uint64_t)node << 9 | 256 | byte;
}

static struct edge *find(const struct patterns *patterns, uint64_t key) {
    size_t at = (size_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 20) & (patterns->room - 1);
    while (patterns->edges[at].key != 0 && patterns->edges[at].key != key)
        at = (at + 1) & (patterns->room - 1);
    return &patterns->edges[at];
}

static void grow(struct patterns *patterns) {
    uint32_t capacity = patterns->capacity * 2;
    struct node *nodes = must(calloc(capacity, sizeof *nodes));
    memcpy(nodes, patterns->nodes, patterns->count * sizeof *nodes);
    hash_wipe(patterns->nodes, patterns->count * sizeof *nodes);
    free(patterns->nodes);
    patterns->nodes = nodes;
    patterns->capacity = capacity;
    struct edge *old = patterns->edges;
    size_t old_room = patterns->room;
    patterns->room = 2 * (size_t)capacity;
    patterns->edges = must(calloc(patterns->room, sizeof *patterns->edges));
    for (size_t i = 0; i < old_room; i++)
        if (old[i].key != 0)
            *find(patterns, old[i].key) = old[i];
    hash_wipe(old, old_room * sizeof *old);
    free(old);
}

static uint32_t child_made(struct patterns *patterns, uint32_t node, unsigned char byte) {
    struct edge *edge = find(patterns, key_of(node, byte));
    if (edge->key != 0)
        return edge->child;
    if (patterns->count == patterns->capacity) {
        grow(patterns);
        edge = find(patterns, key_of(node, byte));
    }
    uint32_t child = patterns->count++;
    patterns->nodes[child] =
        (struct node){.parent = node, .depth = patterns->nodes[node].depth + 1, .shortest = UINT32_MAX, .byte = byte};
    patterns->nodes[node].has_child = true;
    *edge = (struct edge){.key = key_of(node, byte), .child = child};
    return child;
}

static uint32_t filter_bit(const char *bytes) {
    uint32_t first;
    memcpy(&first, bytes, sizeof first);
    return (first * UINT32_C(2654435761)) >> (32 - FILTER_BITS);
}

static void let_pass(struct patterns *patterns, const char *bytes) {
    uint32_t bit = filter_bit(bytes);
    patterns->filter[bit / 64] |= UINT64_C(1) << bit % 64;
}

/* Every way in which the text may begin with line breaks in it, as \n or \r\n; `bytes` holds its first. */
static void let_wrapped_pass(struct patterns *patterns, const char *text, const char *bytes, size_t filled) {
    const char *const next[] = {(const char[]){*text, '\0'}, "\n", "\r\n"};
    if (filled >= FILTERED) {
        let_pass(patterns, bytes);
        return;
    }
    for (size_t i = 0; i < sizeof next / sizeof *next; i++) {
        char longer[FILTERED + 2];
        (void)snprintf(longer, sizeof longer, "%.*s%s", (int)filled, bytes, next[i]);
        if (i == 0 || !strchr("\r\n", bytes[filled - 1]))
            let_wrapped_pass(patterns, i == 0 ? text + 1 : text, longer, strlen(longer));
    }
}

bool patterns_add(struct patterns *patterns, uint32_t start, const char *text, size_t length) {
    if (length > PATTERNS_BYTES_MAX - patterns->bytes)
        return false;
    patterns->bytes += length;
    uint32_t node = start;
    for (size_t i = 0; i < length; i++) {
        node = child_made(patterns, node, (unsigned char)text[i]);
        if (length < patterns->nodes[node].shortest)
            patterns->nodes[node].shortest = (uint32_t)length;
    }
    patterns->nodes[node].match = (uint32_t)length;
    if (start != PATTERNS_WRAPPED) {
        let_pass(patterns, text);
        return true;
    }
    let_wrapped_pass(patterns, text + 1, text, 1);
    if (length > patterns->wrapped_depth)
        patterns->wrapped_depth = (uint32_t)length;
    return true;
}

uint32_t patterns_step(const struct patterns *patterns, uint32_t state, unsigned char byte) {
    for (;;) {
        const struct edge *edge = find(patterns, key_of(state, byte));
        if (edge->key != 0)
            return edge->child;
        if (patterns->nodes[state].depth == 0)
            return state;
        state = patterns->nodes[state].fail;
    }
}

uint32_t patterns_unfinished(const struct patterns *patterns, uint32_t state) {
    while (patterns->nodes[state].depth > 0 && !patterns->nodes[state].has_child)
        state = patterns->nodes[state].fail;
    return state;
}

static int by_depth(const void *a, const void *b, void *context) {
    const struct node *nodes = context;
    uint32_t one = nodes[*(const uint32_t *)a].depth, other = nodes[*(const uint32_t *)b].depth;
    return one < other ? -1 : one > other;
}

/* By depth: a node's `fail` lies higher up, and is known when it is needed. */
void patterns_finish(struct patterns *patterns) {
    uint32_t *order = must(calloc(patterns->count, sizeof *order));
    for (uint32_t i = 0; i < patterns->count; i++)
        order[i] = i;
    qsort_r(order, patterns->count, sizeof *order, by_depth, patterns->nodes);
    for (uint32_t i = 0; i < patterns->count; i++) {
        struct node *node = &patterns->nodes[order[i]];
        if (node->depth == 0)
            continue;
        node->fail =
            node->depth == 1 ? node->parent : patterns_step(patterns, patterns->nodes[node->parent].fail, node->byte);
        if (node->match != node->depth)
            node->match = patterns->nodes[node->fail].match;
    }
    free(order);
}

uint32_t patterns_depth(const struct patterns *patterns, uint32_t state) {
    return patterns->nodes[state].depth;
}

uint32_t patterns_wrapped_depth(const struct patterns *patterns) {
    return patterns->wrapped_depth;
}

uint32_t patterns_match(const struct patterns *patterns, uint32_t state) {
    return patterns->nodes[state].match;
}

uint32_t patterns_half(const struct patterns *patterns, uint32_t state, uint32_t least) {
    for (; patterns->nodes[state].depth > 0; state = patterns->nodes[state].fail) {
        const struct node *node = &patterns->nodes[state];
        if (node->depth < least)
            return 0;
        if (node->depth >= node->shortest - node->depth)
            return node->depth;
    }
    return 0;
}

size_t patterns_skip(const struct patterns *patterns, const char *bytes, size_t size) {
    size_t at = 0;
    for (; at + PATTERNS_LEAST <= size; at++) {
        uint32_t bit = filter_bit(bytes + at);
        if (patterns->filter[bit / 64] >> bit % 64 & 1)
            break;
    }
    return at;
}
