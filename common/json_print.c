/*
 * Trees as JSON text. Numbers: whole ones exactly; what came as a JSON number, and moments, as they are written; others
 * with as few digits as read back the same. No number can be infinite in JSON: such a one prints as null.
 */
#include "common/json.h"

#include "common/json_scan.h"
#include "common/str.h"
#include "common/utf8.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

static void print_character(struct str *out, unsigned char byte) {
    static const char short_forms[] = "btn?fr"; /* 0x08 to 0x0d; 0x0b has none */
    if (byte == '"' || byte == '\\')
        str_printf(out, "\\%c", byte);
    else if (byte >= 0x08 && byte <= 0x0d && byte != 0x0b)
        str_printf(out, "\\%c", short_forms[byte - 0x08]);
    else if (byte < 0x20 || byte == 0x7f)
        str_printf(out, "\\u%04x", byte);
    else
        str_append_char(out, (char)byte);
}

static void print_text(struct str *out, const char *text) {
    size_t size = strlen(text);
    size_t at = 0;
    str_append_char(out, '"');
    while (at < size) {
        size_t length = utf8_length(text + at, size - at);
        if (length == 1)
            print_character(out, (unsigned char)text[at]);
        else if (length > 1)
            str_append_bytes(out, text + at, length);
        else
            str_append(out, REPLACEMENT);
        at += length ? length : 1;
    }
    str_append_char(out, '"');
}

static void print_double(struct str *out, double number) {
    if (!isfinite(number)) {
        str_append(out, "null");
        return;
    }
    char text[40];
    for (int digits = 15; digits <= 17; digits++) {
        (void)snprintf(text, sizeof text, "%.*g", digits, number);
        double again = strtod(text, NULL);
        if (!(again < number) && !(again > number))
            break;
    }
    str_append(out, text);
}

static void print_number(struct str *out, const struct json *value) {
    size_t length = value->text ? strlen(value->text) : 0;
    bool readable = length > 0 && length <= JSON_NUMBER_LENGTH_MAX;
    if (readable && json_scan_number(value->text, length) == length)
        str_append(out, value->text);
    else if (value->is_integer)
        str_printf(out, "%lld", (long long)value->integer);
    else
        print_double(out, value->number);
}

/* depth < 0: compact. */
static void new_line(struct str *out, int depth) {
    if (depth < 0)
        return;
    str_append_char(out, '\n');
    for (int i = 0; i < depth; i++)
        str_append(out, "  ");
}

static void print_value(struct str *out, const struct json *value, int depth);

static void print_members(struct str *out, const struct json *value, int depth) {
    bool object = value->type == JSON_OBJECT;
    int inner = depth < 0 ? depth : depth + 1;
    str_append_char(out, object ? '{' : '[');
    json_each(member, value) {
        if (member != value->first)
            str_append_char(out, ',');
        new_line(out, inner);
        if (object) {
            print_text(out, member->name);
            str_append(out, depth < 0 ? ":" : ": ");
        }
        print_value(out, member, inner);
    }
    if (value->first)
        new_line(out, depth);
    str_append_char(out, object ? '}' : ']');
}

static void print_value(struct str *out, const struct json *value, int depth) {
    switch (value->type) {
    case JSON_NULL:
        str_append(out, "null");
        break;
    case JSON_BOOL:
        str_append(out, value->boolean ? "true" : "false");
        break;
    case JSON_NUMBER:
        print_number(out, value);
        break;
    case JSON_TEXT:
        print_text(out, value->text);
        break;
    case JSON_ARRAY:
    case JSON_OBJECT:
        print_members(out, value, depth);
        break;
    }
}

/* The tree is in memory already, and whoever built it from foreign bytes had a cap; cut JSON would be worse than none.
 */
static char *print_tree(struct arena *arena, const struct json *value, int depth) {
    struct str out CLEANUP(str_release) = STR_INIT(SIZE_MAX / 4);
    print_value(&out, value, depth);
    return arena_strndup(arena, str_text(&out), out.length);
}

char *json_print(struct arena *arena, const struct json *value) {
    return print_tree(arena, value, -1);
}

char *json_print_pretty(struct arena *arena, const struct json *value) {
    return print_tree(arena, value, 0);
}
