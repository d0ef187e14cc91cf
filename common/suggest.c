/*
 * "Did you mean": the nearest known word to what somebody wrote, by the fewest letters to change, add, drop or swap,
 * where case, hyphens and underscores count for nothing.
 */
#include "common/suggest.h"

#include <ctype.h>
#include <string.h>

#define WORD_MAX 48

static size_t reduce(const char *word, char out[WORD_MAX]) {
    size_t length = 0;
    for (; *word; word++) {
        if (*word == '-' || *word == '_')
            continue;
        if (length == WORD_MAX)
            return WORD_MAX;
        out[length++] = (char)tolower((unsigned char)*word);
    }
    return length;
}

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

/* Optimal string alignment: edits, with a swap of neighbours as one. */
static size_t distance(const char *a, size_t a_length, const char *b, size_t b_length) {
    size_t rows[3][WORD_MAX + 1];
    size_t *before = rows[0], *last = rows[1], *now = rows[2];
    for (size_t j = 0; j <= b_length; j++)
        last[j] = j;
    memset(before, 0, sizeof rows[0]);
    for (size_t i = 1; i <= a_length; i++) {
        now[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            now[j] = least(least(last[j] + 1, now[j - 1] + 1), last[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                now[j] = least(now[j], before[j - 2] + 1);
        }
        size_t *spare = before;
        before = last;
        last = now;
        now = spare;
    }
    return last[b_length];
}

const char *suggest_nearest(const char *written, const char *const *candidates) {
    char a[WORD_MAX], b[WORD_MAX];
    size_t a_length = reduce(written, a);
    const char *best = NULL;
    size_t best_distance = WORD_MAX;
    if (a_length == WORD_MAX)
        return NULL;
    for (; *candidates; candidates++) {
        size_t b_length = reduce(*candidates, b);
        if (b_length == WORD_MAX)
            continue;
        size_t edits = distance(a, a_length, b, b_length);
        if (edits < best_distance && edits * 3 <= (a_length > b_length ? a_length : b_length)) {
            best = *candidates;
            best_distance = edits;
        }
    }
    return best;
}
