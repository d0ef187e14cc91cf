/*
 * Secrets in a build's output become "***": their values, and the forms of mask_forms.h, also where they arrive in
 * pieces, however small and however late. Where two overlap, both are covered. The end of what came is held back while
 * it is the beginning of a secret, until more comes or the output ends; a pause does not bring it to light. In base64,
 * line breaks may cut a secret anywhere: it becomes one "***", the breaks in it with it. Masking is a seat-belt, as
 * CodeBuild's is: what a build makes of a secret on purpose (reversed, compressed, one letter a line) is not found.
 */
#ifndef RUNNER_MASK_H
#define RUNNER_MASK_H

#include "common/str.h"
#include "runner/mask_forms.h"

#include <stdint.h>

struct patterns;

struct mask_span {
    int64_t begin;
    int64_t end;
};

struct mask {
    struct patterns *patterns; /* NULL: no secret yet */
    bool stale;                /* secrets were added since patterns_finish */
    /* The stream. Positions count all bytes that came. */
    uint32_t state;          /* among the texts that stand as they are */
    uint32_t wrapped;        /* among those that line breaks may cut */
    uint32_t breaks;         /* how many have come since the last letter */
    uint64_t letters;        /* that came while `wrapped` was not at its start */
    int64_t *places;         /* of the last of them: a ring */
    size_t place_count;      /* a power of two */
    int64_t position;        /* of the next byte */
    int64_t shown;           /* all before it is out, as it is or as *** */
    struct str held;         /* the bytes before `position` that may begin a secret */
    struct mask_span *spans; /* secrets found behind `shown`; they do not touch */
    size_t span_count;
    size_t span_capacity;
};

void mask_init(struct mask *mask);
void mask_release(struct mask *mask);

/* NULL and texts that are too short are passed over. False where there are too many secrets: this one's forms are not
 * all masked. */
bool mask_add(struct mask *mask, const char *secret);

/* Appends to `out` what can be shown of held + bytes. */
void mask_feed(struct mask *mask, const void *bytes, size_t size, struct str *out);

/* Its source has ended: appends what was held back, or *** where it is half of a secret or more. */
void mask_flush(struct mask *mask, struct str *out);

/* A text by itself, with the same secrets; what was fed is not touched. */
void mask_text(struct mask *mask, const char *text, size_t length, struct str *out);

#endif
