/*
 * The stream. Each occurrence found becomes a span; spans that overlap become one; what lies before the place where the
 * latest possible secret begins is settled and goes out. What line breaks may cut is looked for beside the rest, among
 * the bytes without the breaks; `places` tells where its letters stood.
 */
#include "runner/mask.h"

#include "common/hash.h"
#include "runner/mask_patterns.h"

#include <stdlib.h>
#include <string.h>

#define SECRET_CEILING (64 * 1024)
#define HELD_CEILING (SIZE_MAX / 2)
#define HALF_LEAST 8 /* bytes: a shorter beginning of a secret says little, and may be anything */
#define BREAKS_MAX 2 /* bytes in a row: \r\n */

void mask_init(struct mask *mask) {
    *mask = (struct mask){.wrapped = PATTERNS_WRAPPED, .held = STR_INIT(HELD_CEILING)};
}

static void end_stream(struct mask *mask) {
    if (mask->held.length > 0)
        hash_wipe(mask->held.text, mask->held.length);
    str_release(&mask->held);
    free(mask->spans);
    free(mask->places);
    mask->spans = NULL;
    mask->places = NULL;
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

static void add_form(void *context, const char *form, size_t length, bool wrapped) {
    struct adding *adding = context;
    uint32_t start = wrapped ? PATTERNS_WRAPPED : PATTERNS_START;
    adding->full = !patterns_add(adding->patterns, start, form, length) || adding->full;
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
    /* Only half a secret at the end of all, with line breaks behind it, does not reach as far as those before. */
    if (mask->span_count > 0 && mask->spans[mask->span_count - 1].end > end)
        end = mask->spans[mask->span_count - 1].end;
    /* It touches what is covered already: that goes on. Spans lie behind, so this one has taken them all. */
    if (begin < mask->shown) {
        if (mask->shown < end)
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

/* ---- what line breaks may cut ---- */

static void make_places(struct mask *mask) {
    mask->place_count = 1;
    while (mask->place_count < patterns_wrapped_depth(mask->patterns))
        mask->place_count *= 2;
    free(mask->places);
    mask->places = calloc(mask->place_count, sizeof *mask->places);
    if (!mask->places)
        abort();
}

/* 1: the letter that came last. */
static int64_t *place_of(const struct mask *mask, uint32_t letters_ago) {
    return &mask->places[(mask->letters - letters_ago) & (mask->place_count - 1)];
}

static void step_over_break(struct mask *mask) {
    mask->wrapped = ++mask->breaks > BREAKS_MAX ? PATTERNS_WRAPPED : patterns_unfinished(mask->patterns, mask->wrapped);
    /* A single letter may begin anything: no line is held back for that. It counts as if it stood behind the break. */
    if (patterns_depth(mask->patterns, mask->wrapped) == 1)
        *place_of(mask, 1) = mask->position;
}

static void step_wrapped(struct mask *mask, unsigned char byte) {
    if (byte == '\n' || byte == '\r') {
        step_over_break(mask);
        return;
    }
    mask->breaks = 0;
    mask->wrapped = patterns_step(mask->patterns, mask->wrapped, byte);
    if (mask->wrapped == PATTERNS_WRAPPED)
        return;
    mask->letters++;
    *place_of(mask, 1) = mask->position - 1;
    uint32_t found = patterns_match(mask->patterns, mask->wrapped);
    if (found > 0)
        add_span(mask, *place_of(mask, found), mask->position);
}

/* ---- the stream ---- */

static void step(struct mask *mask, unsigned char byte) {
    mask->state = patterns_step(mask->patterns, mask->state, byte);
    mask->position++;
    uint32_t found = patterns_match(mask->patterns, mask->state);
    if (found > 0)
        add_span(mask, mask->position - found, mask->position);
    step_wrapped(mask, byte);
}

/* Where the longest beginning of a secret begins that the bytes end with. */
static int64_t beginning(const struct mask *mask) {
    int64_t begin = mask->position - patterns_depth(mask->patterns, mask->state);
    uint32_t letters = patterns_depth(mask->patterns, mask->wrapped);
    return letters > 0 && *place_of(mask, letters) < begin ? *place_of(mask, letters) : begin;
}

static void begin_again(struct mask *mask) {
    mask->state = PATTERNS_START;
    mask->wrapped = PATTERNS_WRAPPED;
    mask->breaks = 0;
}

/* 0: nothing has begun. 1: at most the last byte begins something; a look at those behind it mostly tells that it does
 * not, and any letter begins something where there are many secrets. 2: more. */
static size_t begun_at_most(const struct mask *mask) {
    uint32_t plain = patterns_depth(mask->patterns, mask->state);
    uint32_t wrapped = patterns_depth(mask->patterns, mask->wrapped);
    if (plain > 1 || wrapped > 1 || (wrapped == 1 && mask->breaks > 0))
        return 2;
    return plain > wrapped ? plain : wrapped;
}

static void look_through(struct mask *mask, const struct piece *piece, size_t size, struct str *out) {
    const struct patterns *patterns = mask->patterns;
    size_t at = 0;
    while (at < size) {
        size_t begun = begun_at_most(mask);
        size_t skipped =
            begun <= at && begun < 2 ? patterns_skip(patterns, piece->bytes + at - begun, size - at + begun) : 0;
        if (skipped > 0) {
            begin_again(mask);
            at = at - begun + skipped;
            mask->position += (int64_t)skipped - (int64_t)begun;
            if (mask->span_count > 0)
                show(mask, piece, mask->position, out);
        }
        step(mask, (unsigned char)piece->bytes[at++]);
    }
}

/* Keeps of held + piece what may begin a secret. */
static void hold(struct mask *mask, const struct piece *piece, size_t size) {
    size_t depth = (size_t)(mask->position - beginning(mask));
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
    make_places(mask);
    mask->stale = false;
    begin_again(mask);
    mask->span_count = 0;
    mask->position -= (int64_t)mask->held.length;
    for (size_t i = 0; i < mask->held.length; i++)
        step(mask, (unsigned char)mask->held.text[i]);
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
    show(mask, &piece, beginning(mask), out);
    hold(mask, &piece, size);
}

void mask_flush(struct mask *mask, struct str *out) {
    if (!mask->patterns)
        return;
    if (mask->stale)
        renew(mask);
    const struct piece none = {.bytes = "", .begin = mask->position};
    uint32_t half = patterns_half(mask->patterns, mask->wrapped, HALF_LEAST);
    if (half > 0)
        add_span(mask, *place_of(mask, half), *place_of(mask, 1) + 1);
    half = patterns_half(mask->patterns, mask->state, HALF_LEAST);
    if (half > 0)
        add_span(mask, mask->position - half, mask->position);
    show(mask, &none, mask->position, out);
    begin_again(mask);
    str_clear(&mask->held);
}

void mask_text(struct mask *mask, const char *text, size_t length, struct str *out) {
    if (mask->stale)
        renew(mask);
    struct mask stream;
    mask_init(&stream);
    stream.patterns = mask->patterns;
    if (stream.patterns)
        make_places(&stream);
    mask_feed(&stream, text, length, out);
    mask_flush(&stream, out);
    end_stream(&stream);
}
