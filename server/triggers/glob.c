/*
 * A pattern becomes a list of tokens, each a state of an automaton; the text is read once while the set of states that
 * it may be in moves along. So nothing is ever tried twice, and a pattern made to be slow (a*a*a*b) is not. Tokens that
 * take no character lead forward only: one walk over the set from left to right follows them all.
 */
#include "server/triggers/glob.h"

#include "common/utf8.h"

#include <stdint.h>
#include <string.h>

enum token_kind {
    TOKEN_CHARACTER,
    TOKEN_ONE,         /* ? */
    TOKEN_SET,         /* [...] */
    TOKEN_RUN,         /* * */
    TOKEN_LONG_RUN,    /* ** */
    TOKEN_NO_FOLDER,   /* first of the two tokens of ** and '/': on to the next one; past it where a name begins */
    TOKEN_FOLDERS,     /* the second: ends behind any '/' */
    TOKEN_GROUP,       /* { : on to the beginning of every alternative */
    TOKEN_ALTERNATIVE, /* the end of one that another one follows: on to the end of the group */
    TOKEN_GROUP_END,   /* } */
};

struct token {
    enum token_kind kind;
    uint32_t character;  /* of TOKEN_CHARACTER */
    uint16_t begin, end; /* of TOKEN_SET: what stands in the brackets, as bytes of the pattern */
    uint16_t next;       /* of TOKEN_GROUP and TOKEN_ALTERNATIVE: the next TOKEN_ALTERNATIVE, or TOKEN_GROUP_END */
    bool negated;        /* of TOKEN_SET */
};

/* ** and '/' are three bytes and two tokens; everything else has at least as many bytes as tokens. */
struct glob {
    const char *pattern;
    struct token tokens[GLOB_PATTERN_BYTES_MOST];
    size_t count;
};

#define NOT_UTF8 0x110000u /* such a byte is this and its value: no character's number */

/* The character at `text`, which is not at its end; *size gets its bytes. */
static uint32_t decode(const char *text, size_t *size) {
    const unsigned char *bytes = (const unsigned char *)text;
    *size = utf8_length(text, strnlen(text, 4));
    switch (*size) {
    case 1:
        return bytes[0];
    case 2:
        return (bytes[0] & 0x1fu) << 6 | (bytes[1] & 0x3fu);
    case 3:
        return (bytes[0] & 0x0fu) << 12 | (bytes[1] & 0x3fu) << 6 | (bytes[2] & 0x3fu);
    case 4:
        return (bytes[0] & 0x07u) << 18 | (bytes[1] & 0x3fu) << 12 | (bytes[2] & 0x3fu) << 6 | (bytes[3] & 0x3fu);
    default:
        *size = 1;
        return NOT_UTF8 + bytes[0];
    }
}

/* From pattern to tokens */

struct reader {
    struct glob *glob;
    size_t at;   /* in the pattern */
    size_t open; /* the token of the group, or of its last alternative; SIZE_MAX outside of one */
    struct err *err;
};

static struct token *add(struct reader *reader, enum token_kind kind) {
    struct token *token = &reader->glob->tokens[reader->glob->count++];
    *token = (struct token){.kind = kind};
    return token;
}

static bool refuse(const struct reader *reader, const char *mistake) {
    return err_set(reader->err, ERR_INVALID, "pattern '%s': %s", reader->glob->pattern, mistake);
}

static void read_character(struct reader *reader) {
    size_t size;
    uint32_t character = decode(reader->glob->pattern + reader->at, &size);
    add(reader, TOKEN_CHARACTER)->character = character;
    reader->at += size;
}

static void read_run(struct reader *reader) {
    const char *at = reader->glob->pattern + reader->at;
    if (at[1] != '*') {
        add(reader, TOKEN_RUN);
        reader->at++;
    } else if (at[2] == '/') {
        add(reader, TOKEN_NO_FOLDER);
        add(reader, TOKEN_FOLDERS);
        reader->at += 3;
    } else {
        add(reader, TOKEN_LONG_RUN);
        reader->at += 2;
    }
}

/* One member of a set, a character or a range, at `*at`. */
struct span {
    uint32_t first, last;
};

static struct span read_span(const char **at, const char *end) {
    size_t size;
    struct span span;
    span.first = span.last = decode(*at, &size);
    *at += size;
    if (end - *at >= 2 && **at == '-') { /* '-' at the end stands for itself */
        span.last = decode(*at + 1, &size);
        *at += 1 + size;
    }
    return span;
}

static bool read_set(struct reader *reader) {
    const char *begin = reader->glob->pattern + reader->at + 1;
    bool negated = *begin == '!';
    begin += negated;
    const char *end = strchr(begin, ']');
    if (!end)
        return refuse(reader, "'[' has no ']'; a '[' that means itself is written '\\['");
    if (end == begin)
        return refuse(reader, "a set in '[]' cannot be empty; a ']' that means itself stands outside of sets");
    if (memchr(begin, '/', (size_t)(end - begin)))
        return refuse(reader, "a set in '[]' never matches '/'; leave it out");
    for (const char *at = begin; at < end;) {
        /* Java's rule: a '-' that begins the set stands for itself and begins no range. */
        if (at == begin && *at == '-') {
            at++;
            continue;
        }
        struct span span = read_span(&at, end);
        if (span.first > span.last)
            return refuse(reader, "a range in '[]' goes backwards; write the lower character first");
    }
    struct token *token = add(reader, TOKEN_SET);
    token->negated = negated;
    token->begin = (uint16_t)(begin - reader->glob->pattern);
    token->end = (uint16_t)(end - reader->glob->pattern);
    reader->at = token->end + 1u;
    return true;
}

/* What ends an alternative points from the one before (or from the group's beginning) to here. */
static void end_alternative(struct reader *reader, enum token_kind kind) {
    reader->glob->tokens[reader->open].next = (uint16_t)reader->glob->count;
    reader->open = kind == TOKEN_GROUP_END ? SIZE_MAX : reader->glob->count;
    add(reader, kind);
    reader->at++;
}

static bool read_group_sign(struct reader *reader, char sign) {
    if (sign == '{') {
        if (reader->open != SIZE_MAX)
            return refuse(reader, "groups in '{}' cannot be nested; write the alternatives out");
        reader->open = reader->glob->count;
        add(reader, TOKEN_GROUP);
        reader->at++;
    } else if (reader->open == SIZE_MAX) {
        read_character(reader);
    } else if (sign == ',') {
        end_alternative(reader, TOKEN_ALTERNATIVE);
    } else {
        end_alternative(reader, TOKEN_GROUP_END);
    }
    return true;
}

static bool read_token(struct reader *reader) {
    switch (reader->glob->pattern[reader->at]) {
    case '*':
        read_run(reader);
        return true;
    case '[':
        return read_set(reader);
    case '{':
    case ',':
    case '}':
        return read_group_sign(reader, reader->glob->pattern[reader->at]);
    case '?':
        add(reader, TOKEN_ONE);
        reader->at++;
        return true;
    case '\\':
        if (!reader->glob->pattern[reader->at + 1])
            return refuse(reader, "'\\' at the end escapes nothing; a '\\' that means itself is written '\\\\'");
        reader->at++;
        read_character(reader);
        return true;
    default:
        read_character(reader);
        return true;
    }
}

static bool read_pattern(const char *pattern, struct glob *glob, struct err *err) {
    struct reader reader = {.glob = glob, .open = SIZE_MAX, .err = err};
    glob->pattern = pattern;
    glob->count = 0;
    if (!*pattern)
        return err_set(err, ERR_INVALID, "a pattern is empty; '**' matches everything");
    if (strnlen(pattern, GLOB_PATTERN_BYTES_MOST + 1) > GLOB_PATTERN_BYTES_MOST)
        return err_set(err, ERR_INVALID, "pattern '%.60s...' is longer than %d bytes; make several of it", pattern,
                       GLOB_PATTERN_BYTES_MOST);
    while (pattern[reader.at]) {
        if (!read_token(&reader))
            return false;
    }
    return reader.open == SIZE_MAX || refuse(&reader, "'{' has no '}'; a '{' that means itself is written '\\{'");
}

/* The automaton: states[i] is true where token i comes next; states[count] is the end. */

struct states {
    bool on[GLOB_PATTERN_BYTES_MOST + 1];
};

static bool set_has(const struct glob *glob, const struct token *token, uint32_t character) {
    const char *begin = glob->pattern + token->begin, *end = glob->pattern + token->end;
    bool found = *begin == '-' && character == '-';
    for (const char *at = *begin == '-' ? begin + 1 : begin; at < end && !found;) {
        struct span span = read_span(&at, end);
        found = span.first <= character && character <= span.last;
    }
    return character != '/' && found != token->negated;
}

static void follow_group(const struct glob *glob, size_t group, struct states *states) {
    for (size_t i = group; glob->tokens[i].kind != TOKEN_GROUP_END; i = glob->tokens[i].next)
        states->on[i + 1] = true;
}

/* Goes on from tokens that take no character; name_begins: the text is at its beginning or behind a '/'. */
static void follow(const struct glob *glob, struct states *states, bool name_begins) {
    for (size_t i = 0; i < glob->count; i++) {
        if (!states->on[i])
            continue;
        switch (glob->tokens[i].kind) {
        case TOKEN_RUN:
        case TOKEN_LONG_RUN:
        case TOKEN_GROUP_END:
            states->on[i + 1] = true;
            break;
        case TOKEN_NO_FOLDER:
            states->on[i + 1] = true;
            states->on[i + 2] |= name_begins;
            break;
        case TOKEN_GROUP:
            follow_group(glob, i, states);
            break;
        case TOKEN_ALTERNATIVE:
            states->on[glob->tokens[i].next] = true;
            break;
        case TOKEN_CHARACTER:
        case TOKEN_ONE:
        case TOKEN_SET:
        case TOKEN_FOLDERS:
            break;
        }
    }
}

/* Where token i leads with this character. */
static void take(const struct glob *glob, size_t i, uint32_t character, struct states *out) {
    const struct token *token = &glob->tokens[i];
    switch (token->kind) {
    case TOKEN_CHARACTER:
        out->on[i + 1] |= token->character == character;
        break;
    case TOKEN_ONE:
        out->on[i + 1] |= character != '/';
        break;
    case TOKEN_SET:
        out->on[i + 1] |= set_has(glob, token, character);
        break;
    case TOKEN_RUN:
        out->on[i] |= character != '/';
        break;
    case TOKEN_LONG_RUN:
        out->on[i] = true;
        break;
    case TOKEN_FOLDERS:
        out->on[i] = true;
        out->on[i + 1] |= character == '/';
        break;
    case TOKEN_NO_FOLDER:
    case TOKEN_GROUP:
    case TOKEN_ALTERNATIVE:
    case TOKEN_GROUP_END:
        break;
    }
}

static bool run(const struct glob *glob, const char *text, size_t *steps) {
    struct states now = {.on = {true}}, next;
    follow(glob, &now, true);
    while (*text) {
        size_t size;
        uint32_t character = decode(text, &size);
        text += size;
        memset(next.on, 0, glob->count + 1);
        for (size_t i = 0; i < glob->count; i++) {
            if (now.on[i])
                take(glob, i, character, &next);
        }
        follow(glob, &next, character == '/');
        *steps += glob->count;
        if (!memchr(next.on, true, glob->count + 1))
            return false;
        memcpy(now.on, next.on, glob->count + 1);
    }
    return now.on[glob->count];
}

bool glob_check(const char *pattern, struct err *err) {
    struct glob glob;
    return read_pattern(pattern, &glob, err);
}

bool glob_matches_counted(const char *pattern, const char *text, size_t *steps) {
    struct glob glob;
    *steps = 0;
    return read_pattern(pattern, &glob, NULL) && run(&glob, text, steps);
}

bool glob_matches(const char *pattern, const char *text) {
    size_t steps;
    return glob_matches_counted(pattern, text, &steps);
}
