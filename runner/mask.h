/*
 * Secrets in a build's output become "***": exact values, also where a value arrives in pieces. What a build makes of a
 * secret (base64, reversed) is not found; masking is a seat-belt, as CodeBuild's is.
 */
#ifndef RUNNER_MASK_H
#define RUNNER_MASK_H

#include "common/str.h"

#define MASK_LEAST_LENGTH 4 /* masking a shorter text would wreck the log and protect nothing */
#define MASK_SECRETS_MAX 64

struct mask {
    char *secrets[MASK_SECRETS_MAX];
    size_t count;
    size_t longest;
    struct str held; /* the end of what came, while it may be the beginning of a secret */
};

void mask_init(struct mask *mask);
void mask_release(struct mask *mask);

/* NULL and texts that are too short are passed over; past MASK_SECRETS_MAX nothing is added (returns false). */
bool mask_add(struct mask *mask, const char *secret);

/* Appends to `out` what can be shown of held + bytes. */
void mask_feed(struct mask *mask, const void *bytes, size_t size, struct str *out);

/* Appends what was held back: at the end, and when the output pauses for long. */
void mask_flush(struct mask *mask, struct str *out);

#endif
