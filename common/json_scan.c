/*
 * A checker for JSON with a stack of one bit a level. It builds nothing but the list of places.
 */
#include "common/json_scan.h"

#include "common/json.h"
#include "common/utf8.h"

#include <string.h>

#define NO_SUCH_WORD "a word that is not true, false or null; put texts in double quotes"

struct scanner {
    struct arena *arena;
    const char *text;
    size_t length;
    size_t at;
    size_t most_values;
    size_t values;
    bool in_object[JSON_DEPTH_MAX + 1];
    size_t depth;
    struct json_scan *out;
};

static bool refuse(struct scanner *scanner, size_t offset, const char *problem) {
    scanner->out->error_offset = offset;
    scanner->out->error_kind = ERR_INVALID;
    scanner->out->problem = problem;
    return false;
}

static bool refuse_limit(struct scanner *scanner, const char *problem) {
    (void)refuse(scanner, scanner->at, problem);
    scanner->out->error_kind = ERR_LIMIT;
    return false;
}

static void note_place(struct scanner *scanner) {
    struct json_scan *out = scanner->out;
    if (out->count == out->capacity)
        out->places = arena_grow(scanner->arena, out->places, sizeof *out->places, &out->capacity);
    out->places[out->count++] = (uint32_t)scanner->at;
}

static void skip_space(struct scanner *scanner) {
    while (scanner->at < scanner->length && memchr(" \t\r\n", scanner->text[scanner->at], 4))
        scanner->at++;
}

static bool next_is(const struct scanner *scanner, char wanted) {
    return scanner->at < scanner->length && scanner->text[scanner->at] == wanted;
}

/* The four digits behind \u; -1 where they are no hex digits. */
static int hex4(const struct scanner *scanner, size_t at) {
    if (scanner->length - at < 4)
        return -1;
    int value = 0;
    for (size_t i = at; i < at + 4; i++) {
        char digit = scanner->text[i];
        int nibble = digit >= '0' && digit <= '9'   ? digit - '0'
                     : digit >= 'a' && digit <= 'f' ? digit - 'a' + 10
                     : digit >= 'A' && digit <= 'F' ? digit - 'A' + 10
                                                    : -1;
        if (nibble < 0)
            return -1;
        value = value * 16 + nibble;
    }
    return value;
}

/* At the `u` of an escape whose backslash is at `start`. */
static bool scan_unicode_escape(struct scanner *scanner, size_t start) {
    int unit = hex4(scanner, scanner->at + 1);
    if (unit < 0)
        return refuse(scanner, start, "\\u needs four hex digits");
    if (unit == 0)
        return refuse(scanner, start, "a text must not hold \\u0000");
    scanner->at += 5;
    if (unit < 0xd800 || unit > 0xdfff)
        return true;
    bool pair = unit <= 0xdbff && scanner->length - scanner->at >= 6 && scanner->text[scanner->at] == '\\' &&
                scanner->text[scanner->at + 1] == 'u';
    int low = pair ? hex4(scanner, scanner->at + 2) : -1;
    if (low < 0xdc00 || low > 0xdfff)
        return refuse(scanner, start, "half of a surrogate pair without its other half");
    scanner->at += 6;
    return true;
}

static bool scan_escape(struct scanner *scanner) {
    size_t start = scanner->at++;
    if (scanner->at >= scanner->length)
        return refuse(scanner, start, "the text ends in the middle of an escape");
    if (scanner->text[scanner->at] == 'u')
        return scan_unicode_escape(scanner, start);
    if (!memchr("\"\\/bfnrt", scanner->text[scanner->at], 8))
        return refuse(scanner, start, "an escape that JSON does not have; write a backslash as \\\\");
    scanner->at++;
    return true;
}

static bool scan_text(struct scanner *scanner) {
    note_place(scanner);
    size_t start = scanner->at++;
    while (scanner->at < scanner->length) {
        unsigned char byte = (unsigned char)scanner->text[scanner->at];
        if (byte == '"') {
            scanner->at++;
            return true;
        }
        if (byte == '\\') {
            if (!scan_escape(scanner))
                return false;
            continue;
        }
        if (byte == 0)
            return refuse(scanner, scanner->at, "a NUL byte");
        if (byte < 0x20)
            return refuse(scanner, scanner->at,
                          "a line break or control character inside a text; write it as an escape");
        size_t length = utf8_length(scanner->text + scanner->at, scanner->length - scanner->at);
        if (length == 0)
            return refuse(scanner, scanner->at, "a byte that is not UTF-8");
        scanner->at += length;
    }
    return refuse(scanner, start, "a text whose closing quote is missing");
}

static size_t count_digits(const char *text, size_t length) {
    size_t count = 0;
    while (count < length && text[count] >= '0' && text[count] <= '9')
        count++;
    return count;
}

size_t json_scan_number(const char *text, size_t length) {
    size_t at = length > 0 && text[0] == '-' ? 1 : 0;
    size_t digits = count_digits(text + at, length - at);
    if (digits == 0 || (digits > 1 && text[at] == '0'))
        return 0;
    at += digits;
    if (at < length && text[at] == '.') {
        digits = count_digits(text + at + 1, length - at - 1);
        if (digits == 0)
            return 0;
        at += 1 + digits;
    }
    if (at < length && (text[at] == 'e' || text[at] == 'E')) {
        size_t sign = at + 1 < length && (text[at + 1] == '+' || text[at + 1] == '-') ? 1 : 0;
        digits = count_digits(text + at + 1 + sign, length - at - 1 - sign);
        if (digits == 0)
            return 0;
        at += 1 + sign + digits;
    }
    return at;
}

static bool scan_number(struct scanner *scanner) {
    size_t length = json_scan_number(scanner->text + scanner->at, scanner->length - scanner->at);
    if (length == 0)
        return refuse(scanner, scanner->at,
                      "not a number as JSON writes it (no leading 0 or '+', digits on both sides of '.')");
    if (length > JSON_NUMBER_LENGTH_MAX)
        return refuse(scanner, scanner->at, "a number with too many digits");
    note_place(scanner);
    scanner->at += length;
    return true;
}

static bool scan_word(struct scanner *scanner, const char *word) {
    size_t length = strlen(word);
    if (scanner->length - scanner->at < length || memcmp(scanner->text + scanner->at, word, length) != 0)
        return refuse(scanner, scanner->at, NO_SUCH_WORD);
    note_place(scanner);
    scanner->at += length;
    return true;
}

static bool open_container(struct scanner *scanner, bool object) {
    if (scanner->depth == JSON_DEPTH_MAX)
        return refuse_limit(scanner, "nested too deeply; at most 64 levels");
    note_place(scanner);
    scanner->in_object[++scanner->depth] = object;
    scanner->at++;
    return true;
}

static bool refuse_character(struct scanner *scanner) {
    char character = scanner->text[scanner->at];
    if (character == '/' || character == '#')
        return refuse(scanner, scanner->at, "JSON has no comments; take it away");
    if ((character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z'))
        return refuse(scanner, scanner->at, NO_SUCH_WORD);
    if (character == ',' || character == ']' || character == '}')
        return refuse(scanner, scanner->at, "a value is missing here; write one, or \"\" for an empty text");
    return refuse(scanner, scanner->at, "no value begins like this; put texts in double quotes");
}

/* A value up to its end, or for `{` and `[` up to just behind the bracket. */
static bool scan_value_start(struct scanner *scanner) {
    if (scanner->at >= scanner->length)
        return refuse(scanner, scanner->at, "the end came where a value should stand");
    if (scanner->values++ >= scanner->most_values)
        return refuse_limit(scanner, "too many values");
    switch (scanner->text[scanner->at]) {
    case '{':
        return open_container(scanner, true);
    case '[':
        return open_container(scanner, false);
    case '"':
        return scan_text(scanner);
    case 't':
        return scan_word(scanner, "true");
    case 'f':
        return scan_word(scanner, "false");
    case 'n':
        return scan_word(scanner, "null");
    case '\'':
        return refuse(scanner, scanner->at, "single quotes; JSON wants double quotes");
    case '-':
        return scan_number(scanner);
    case '\0':
        return refuse(scanner, scanner->at, "a NUL byte");
    default:
        if (scanner->text[scanner->at] >= '0' && scanner->text[scanner->at] <= '9')
            return scan_number(scanner);
        return refuse_character(scanner);
    }
}

static bool scan_name(struct scanner *scanner) {
    if (next_is(scanner, '/') || next_is(scanner, '#'))
        return refuse_character(scanner);
    if (!next_is(scanner, '"'))
        return refuse(scanner, scanner->at, "a name in double quotes should stand here");
    if (!scan_text(scanner))
        return false;
    skip_space(scanner);
    if (!next_is(scanner, ':'))
        return refuse(scanner, scanner->at, "a ':' should stand between name and value");
    scanner->at++;
    skip_space(scanner);
    return true;
}

/* Behind a value: closing brackets and at most one comma. */
static bool scan_after_value(struct scanner *scanner) {
    while (scanner->depth > 0) {
        bool object = scanner->in_object[scanner->depth];
        skip_space(scanner);
        if (next_is(scanner, object ? '}' : ']')) {
            scanner->depth--;
            scanner->at++;
            continue;
        }
        if (!next_is(scanner, ','))
            return refuse(scanner, scanner->at,
                          object ? "a ',' or '}' should stand here" : "a ',' or ']' should stand here");
        size_t comma = scanner->at++;
        skip_space(scanner);
        if (next_is(scanner, '}') || next_is(scanner, ']'))
            return refuse(scanner, comma, "a comma with nothing behind it; take it away");
        return true;
    }
    skip_space(scanner);
    return true;
}

static bool scan_document(struct scanner *scanner) {
    skip_space(scanner);
    do {
        size_t depth_before = scanner->depth;
        if (depth_before > 0 && scanner->in_object[depth_before] && !scan_name(scanner))
            return false;
        if (!scan_value_start(scanner))
            return false;
        bool opened = scanner->depth > depth_before;
        skip_space(scanner);
        if (opened && !next_is(scanner, scanner->in_object[scanner->depth] ? '}' : ']'))
            continue;
        if (!scan_after_value(scanner))
            return false;
    } while (scanner->depth > 0);
    if (scanner->at < scanner->length)
        return refuse(scanner, scanner->at, "something follows the end of the value");
    return true;
}

bool json_scan(struct arena *arena, const char *text, size_t length, size_t most_values, struct json_scan *out) {
    *out = (struct json_scan){.length = length};
    struct scanner scanner = {.arena = arena, .text = text, .length = length, .most_values = most_values, .out = out};
    if (length > UINT32_MAX)
        return refuse_limit(&scanner, "too large");
    return scan_document(&scanner);
}
