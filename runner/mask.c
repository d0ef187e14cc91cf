/*
 * A search for few, short strings: at each position the longest secret that fits is replaced. What might become a
 * secret with the next piece is held back.
 */
#include "runner/mask.h"

#include "common/hash.h"

#include <stdlib.h>
#include <string.h>

#define SECRET_CEILING (64 * 1024)
#define HELD_CEILING (SIZE_MAX / 2)

void mask_init(struct mask *mask) {
    *mask = (struct mask){.held = STR_INIT(HELD_CEILING)};
}

void mask_release(struct mask *mask) {
    for (size_t i = 0; i < mask->count; i++) {
        hash_wipe(mask->secrets[i], strlen(mask->secrets[i]));
        free(mask->secrets[i]);
    }
    str_release(&mask->held);
    mask->count = 0;
}

bool mask_add(struct mask *mask, const char *secret) {
    size_t length = secret ? strlen(secret) : 0;
    if (length < MASK_LEAST_LENGTH || length > SECRET_CEILING)
        return true;
    for (size_t i = 0; i < mask->count; i++)
        if (strcmp(mask->secrets[i], secret) == 0)
            return true;
    if (mask->count == MASK_SECRETS_MAX)
        return false;
    char *copy = strdup(secret);
    if (!copy)
        abort();
    mask->secrets[mask->count++] = copy;
    if (length > mask->longest)
        mask->longest = length;
    return true;
}

/* The length of the longest secret that begins at `text`; *maybe where a longer one could, if more came. */
static size_t match(const struct mask *mask, const char *text, size_t left, bool *maybe) {
    size_t best = 0;
    *maybe = false;
    for (size_t i = 0; i < mask->count; i++) {
        size_t length = strlen(mask->secrets[i]);
        size_t compared = length < left ? length : left;
        if (mask->secrets[i][0] != text[0] || memcmp(mask->secrets[i], text, compared) != 0)
            continue;
        if (compared < length)
            *maybe = true;
        else if (length > best)
            best = length;
    }
    return best;
}

static size_t show(const struct mask *mask, const char *text, size_t length, bool last, struct str *out) {
    size_t at = 0;
    size_t plain = 0; /* where the text that can be shown as it is begins */
    while (at < length) {
        bool maybe;
        size_t found = match(mask, text + at, length - at, &maybe);
        if (maybe && !last)
            break;
        if (found) {
            str_append_bytes(out, text + plain, at - plain);
            str_append(out, "***");
            at += found;
            plain = at;
        } else {
            at++;
        }
    }
    str_append_bytes(out, text + plain, at - plain);
    return at;
}

static void feed(struct mask *mask, const char *bytes, size_t size, bool last, struct str *out) {
    if (mask->held.length == 0) {
        size_t shown = show(mask, bytes, size, last, out);
        str_append_bytes(&mask->held, bytes + shown, size - shown);
        return;
    }
    struct str whole = STR_INIT(HELD_CEILING);
    str_append_bytes(&whole, mask->held.text, mask->held.length);
    str_append_bytes(&whole, bytes, size);
    str_clear(&mask->held);
    size_t shown = show(mask, whole.text, whole.length, last, out);
    str_append_bytes(&mask->held, whole.text + shown, whole.length - shown);
    str_release(&whole);
}

void mask_feed(struct mask *mask, const void *bytes, size_t size, struct str *out) {
    feed(mask, bytes, size, false, out);
}

void mask_flush(struct mask *mask, struct str *out) {
    feed(mask, "", 0, true, out);
}
