/*
 * The stream. Each occurrence found becomes a span; spans that overlap become one; what lies before the place where the
 * latest possible secret begins is settled and goes out.
 */
#include "runner/mask.h"

#include "common/hash.h"
#include "runner/mask_patterns.h"

#include <stdlib.h>
#include <string.h>

#define SECRET_CEILING (64 * 1024)
#define HELD_CEILING (SIZE_MAX / 2)
#define HALF_LEAST 8 /* bytes: a shorter beginning of a secret says little, and may be anything */

void mask_init(struct mask *mask) {
    *mask = (struct mask){.held = STR_INIT(HELD_CEILING)};
}

static void end_stream(struct mask *mask) {
    if (mask->held.length > 0)
        hash_wipe(mask->held.text, mask->held.length);
    str_release(&mask->held);
    free(mask->spans);
    mask->spans = NULL;
    mask->span_count = mask->span_capacity = 0;
}

void mask_release(struct mask *mask) {
    end_stream(mask);
    patterns_free(mask->patterns);
    mask->patterns = NULL;
}

struct adding {
    struct patterns *patterns;
    bool full;
};

static void add_form(void *context, const char *form, size_t length) {
    struct adding *adding = context;
    adding->full = !patterns_add(adding->patterns, form, length) || adding->full;
}

bool mask_add(struct mask *mask, const char *secret) {
    size_t length = secret ? strlen(secret) : 0;
    if (length < MASK_LEAST_LENGTH)
        return true;
    if (length > SECRET_CEILING)
        return false;
    if (!mask->patterns)
        mask->patterns = patterns_new();
    struct adding adding = {.patterns = mask->patterns};
    mask_forms(secret, add_form, &adding);
    mask->stale = true;
    return !adding.full;
}

/* ---- spans ---- */

static void add_span(struct mask *mask, int64_t begin, int64_t end) {
    /* It touches what is covered already: that goes on. Spans lie behind, so this one has taken them all. */
    if (begin < mask->shown) {
        mask->shown = end;
        mask->span_count = 0;
        return;
    }
    while (mask->span_count > 0 && mask->spans[mask->span_count - 1].end > begin) {
        mask->span_count--;
        if (mask->spans[mask->span_count].begin < begin)
            begin = mask->spans[mask->span_count].begin;
    }
    if (mask->span_count == mask->span_capacity) {
        mask->span_capacity = mask->span_capacity ? 2 * mask->span_capacity : 16;
        mask->spans = reallocarray(mask->spans, mask->span_capacity, sizeof *mask->spans);
        if (!mask->spans)
            abort();
    }
    mask->spans[mask->span_count++] = (struct mask_span){.begin = begin, .end = end};
}

/* The bytes of one feed, behind those held. */
struct piece {
    const char *bytes;
    int64_t begin; /* position of the first */
};

static void append_plain(const struct mask *mask, const struct piece *piece, int64_t end, struct str *out) {
    int64_t held_begin = piece->begin - (int64_t)mask->held.length;
    int64_t at = mask->shown;
    if (at < piece->begin && at < end) {
        int64_t until = end < piece->begin ? end : piece->begin;
        str_append_bytes(out, mask->held.text + (at - held_begin), (size_t)(until - at));
        at = until;
    }
    if (at < end)
        str_append_bytes(out, piece->bytes + (at - piece->begin), (size_t)(end - at));
}

/* Everything that begins before `settled` goes out. */
static void show(struct mask *mask, const struct piece *piece, int64_t settled, struct str *out) {
    size_t taken = 0;
    for (; taken < mask->span_count && mask->spans[taken].begin < settled; taken++) {
        append_plain(mask, piece, mask->spans[taken].begin, out);
        str_append(out, "***");
        mask->shown = mask->spans[taken].end;
    }
    if (taken > 0) {
        mask->span_count -= taken;
        memmove(mask->spans, mask->spans + taken, mask->span_count * sizeof *mask->spans);
    }
    if (mask->shown < settled) {
        append_plain(mask, piece, settled, out);
        mask->shown = settled;
    }
}

/* ---- the stream ---- */

static void look_through(struct mask *mask, const struct piece *piece, size_t size, struct str *out) {
    const struct patterns *patterns = mask->patterns;
    size_t at = 0;
    while (at < size) {
        if (mask->state == PATTERNS_START) {
            size_t skipped = patterns_skip(patterns, piece->bytes + at, size - at);
            at += skipped;
            mask->position += (int64_t)skipped;
            if (mask->span_count > 0)
                show(mask, piece, mask->position, out);
            if (at == size)
                break;
        }
        mask->state = patterns_step(patterns, mask->state, (unsigned char)piece->bytes[at++]);
        mask->position++;
        uint32_t found = patterns_match(patterns, mask->state);
        if (found > 0)
            add_span(mask, mask->position - found, mask->position);
    }
}

/* Keeps of held + piece what may begin a secret. */
static void hold(struct mask *mask, const struct piece *piece, size_t size) {
    size_t depth = patterns_depth(mask->patterns, mask->state);
    size_t drop = mask->held.length + size - depth;
    if (drop >= mask->held.length) {
        str_clear(&mask->held);
        str_append_bytes(&mask->held, piece->bytes + size - depth, depth);
        return;
    }
    memmove(mask->held.text, mask->held.text + drop, mask->held.length - drop);
    mask->held.length -= drop;
    str_append_bytes(&mask->held, piece->bytes, size);
}

/* New secrets: what is held is looked through once more. */
static void renew(struct mask *mask) {
    patterns_finish(mask->patterns);
    mask->stale = false;
    mask->state = PATTERNS_START;
    mask->span_count = 0;
    int64_t begin = mask->position - (int64_t)mask->held.length;
    for (size_t i = 0; i < mask->held.length; i++) {
        mask->state = patterns_step(mask->patterns, mask->state, (unsigned char)mask->held.text[i]);
        uint32_t found = patterns_match(mask->patterns, mask->state);
        int64_t end = begin + (int64_t)i + 1;
        if (found > 0)
            add_span(mask, end - found, end);
    }
}

void mask_feed(struct mask *mask, const void *bytes, size_t size, struct str *out) {
    if (!mask->patterns) {
        str_append_bytes(out, bytes, size);
        return;
    }
    if (mask->stale)
        renew(mask);
    const struct piece piece = {.bytes = bytes, .begin = mask->position};
    look_through(mask, &piece, size, out);
    show(mask, &piece, mask->position - patterns_depth(mask->patterns, mask->state), out);
    hold(mask, &piece, size);
}

void mask_flush(struct mask *mask, struct str *out) {
    if (!mask->patterns)
        return;
    if (mask->stale)
        renew(mask);
    const struct piece none = {.bytes = "", .begin = mask->position};
    uint32_t half = patterns_half(mask->patterns, mask->state, HALF_LEAST);
    if (half > 0)
        add_span(mask, mask->position - half, mask->position);
    show(mask, &none, mask->position, out);
    mask->state = PATTERNS_START;
    str_clear(&mask->held);
}

void mask_text(struct mask *mask, const char *text, size_t length, struct str *out) {
    if (mask->stale)
        renew(mask);
    struct mask stream = {.patterns = mask->patterns, .held = STR_INIT(HELD_CEILING)};
    mask_feed(&stream, text, length, out);
    mask_flush(&stream, out);
    end_stream(&stream);
}
