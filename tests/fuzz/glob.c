/*
 * Glob patterns. The input is a pattern, a line feed, a text. What is accepted takes a bounded number of steps; the
 * text itself, escaped, matches itself; and where both are short the answer is that of a matcher that tries every way.
 */
#include "server/triggers/glob.h"

#include "common/arena.h"
#include "common/str.h"
#include "tests/fuzz/target.h"

#include <string.h>

#define SHORT_PATTERN 14
#define SHORT_TEXT 10
#define NOTHING '\1' /* keeps the end of an alternative and what follows the group apart */

static bool slow(struct arena *arena, const char *pattern, const char *text, const char *begin);

static const char *set_end(const char *pattern) {
    return strchr(pattern + (pattern[1] == '!' ? 2 : 1), ']');
}

static bool in_set(const char *pattern, char character) {
    const char *end = set_end(pattern), *at = pattern + 1;
    bool negated = *at == '!', found = false;
    at += negated;
    for (const char *first = at; at < end; at++) {
        bool range = at + 2 < end && at[1] == '-' && !(at == first && *at == '-');
        found |= range ? *at <= character && character <= at[2] : *at == character;
        at += range ? 2 : 0;
    }
    return character != '/' && found != negated;
}

static const char *part_end(const char *at) {
    for (; *at != ',' && *at != '}'; at++) {
        if (*at == '\\')
            at++;
        else if (*at == '[')
            at = set_end(at);
    }
    return at;
}

static bool slow_group(struct arena *arena, const char *pattern, const char *text, const char *begin) {
    const char *rest = pattern + 1;
    while (*(rest = part_end(rest)) == ',')
        rest++;
    for (const char *at = pattern; *at != '}'; at = part_end(at + 1)) {
        int length = (int)(part_end(at + 1) - at - 1);
        if (slow(arena, arena_printf(arena, "%.*s%c%s", length, at + 1, NOTHING, rest + 1), text, begin))
            return true;
    }
    return false;
}

static bool slow_run(struct arena *arena, const char *pattern, const char *text, const char *begin) {
    bool is_long = pattern[1] == '*', folders = is_long && pattern[2] == '/';
    const char *rest = pattern + 1 + is_long + folders;
    if ((!folders || text == begin || text[-1] == '/') && slow(arena, rest, text, begin))
        return true;
    for (; *text && (is_long || *text != '/'); text++) {
        if ((!folders || *text == '/') && slow(arena, rest, text + 1, begin))
            return true;
    }
    return false;
}

/* Any pattern that is accepted, of bytes that are ASCII. */
static bool slow(struct arena *arena, const char *pattern, const char *text, const char *begin) {
    switch (*pattern) {
    case '\0':
        return !*text;
    case NOTHING:
        return slow(arena, pattern + 1, text, begin);
    case '*':
        return slow_run(arena, pattern, text, begin);
    case '{':
        return slow_group(arena, pattern, text, begin);
    case '?':
        return *text && *text != '/' && slow(arena, pattern + 1, text + 1, begin);
    case '[':
        return *text && in_set(pattern, *text) && slow(arena, set_end(pattern) + 1, text + 1, begin);
    case '\\':
        return pattern[1] == *text && slow(arena, pattern + 2, text + 1, begin);
    default:
        return *pattern == *text && slow(arena, pattern + 1, text + 1, begin);
    }
}

static bool is_plain(const char *text) {
    for (; *text; text++) {
        if (*text <= NOTHING || *text > '~')
            return false;
    }
    return true;
}

static void check_escaped(const char *text) {
    struct str escaped CLEANUP(str_release) = STR_INIT(GLOB_PATTERN_BYTES_MOST);
    for (const char *at = text; *at; at++) {
        if (strchr("*?[]{},\\", *at))
            str_append_char(&escaped, '\\');
        str_append_char(&escaped, *at);
    }
    if (escaped.length > 0 && !escaped.cut)
        TARGET_CHECK(glob_check(str_text(&escaped), NULL) && glob_matches(str_text(&escaped), text));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    char *text = arena_strndup(&arena, (const char *)bytes, size);
    const char *pattern = strsep(&text, "\n");
    if (!text)
        return 0;
    struct err err = {0};
    size_t steps;
    bool good = glob_check(pattern, &err), matches = glob_matches_counted(pattern, text, &steps);
    TARGET_CHECK(good || (err.kind == ERR_INVALID && err.message[0] && !matches));
    TARGET_CHECK(steps <= strlen(pattern) * strlen(text));
    if (good && strlen(pattern) <= SHORT_PATTERN && strlen(text) <= SHORT_TEXT && is_plain(pattern) && is_plain(text))
        TARGET_CHECK(matches == slow(&arena, pattern, text, text));
    TARGET_CHECK(glob_matches("**", text));
    check_escaped(text);
    return 0;
}
