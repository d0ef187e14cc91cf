/*
 * The tree of all texts. A node knows its parent; children are found by a hash table of (node, byte), since most nodes
 * have one. Before the tree is entered, a bitmap of the texts' first four bytes says whether it is worth it: that is
 * where nearly all bytes of a log end.
 */
#include "runner/mask_patterns.h"

#include "common/hash.h"

#include <stdlib.h>
#include <string.h>

#define FILTER_BITS 17
#define FIRST_NODES 1024

struct node {
    uint32_t parent;
    uint32_t fail;     /* the longest other beginning that these bytes end with */
    uint32_t depth;    /* how many bytes lead here */
    uint32_t match;    /* of the longest text that ends here */
    uint32_t shortest; /* of the texts that lead through here */
    unsigned char byte;
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
    patterns->count = 1;
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
    *edge = (struct edge){.key = key_of(node, byte), .child = child};
    return child;
}

static uint32_t filter_bit(const char *bytes) {
    uint32_t first;
    memcpy(&first, bytes, sizeof first);
    return (first * UINT32_C(2654435761)) >> (32 - FILTER_BITS);
}

bool patterns_add(struct patterns *patterns, const char *text, size_t length) {
    if (length > PATTERNS_BYTES_MAX - patterns->bytes)
        return false;
    patterns->bytes += length;
    uint32_t node = PATTERNS_START;
    for (size_t i = 0; i < length; i++) {
        node = child_made(patterns, node, (unsigned char)text[i]);
        if (length < patterns->nodes[node].shortest)
            patterns->nodes[node].shortest = (uint32_t)length;
    }
    patterns->nodes[node].match = (uint32_t)length;
    uint32_t bit = filter_bit(text);
    patterns->filter[bit / 64] |= UINT64_C(1) << bit % 64;
    return true;
}

static uint32_t child_of(const struct patterns *patterns, uint32_t node, unsigned char byte) {
    const struct edge *edge = find(patterns, key_of(node, byte));
    return edge->key != 0 ? edge->child : PATTERNS_START;
}

uint32_t patterns_step(const struct patterns *patterns, uint32_t state, unsigned char byte) {
    for (;;) {
        uint32_t child = child_of(patterns, state, byte);
        if (child != PATTERNS_START || state == PATTERNS_START)
            return child;
        state = patterns->nodes[state].fail;
    }
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
    for (uint32_t i = 1; i < patterns->count; i++) {
        struct node *node = &patterns->nodes[order[i]];
        node->fail = node->parent == PATTERNS_START
                         ? PATTERNS_START
                         : patterns_step(patterns, patterns->nodes[node->parent].fail, node->byte);
        if (node->match != node->depth)
            node->match = patterns->nodes[node->fail].match;
    }
    free(order);
}

uint32_t patterns_depth(const struct patterns *patterns, uint32_t state) {
    return patterns->nodes[state].depth;
}

uint32_t patterns_match(const struct patterns *patterns, uint32_t state) {
    return patterns->nodes[state].match;
}

uint32_t patterns_half(const struct patterns *patterns, uint32_t state, uint32_t least) {
    for (; state != PATTERNS_START; state = patterns->nodes[state].fail) {
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
