/*
 * Growing strings and the few comparisons that the C library has no clear name for.
 */
#include "common/str.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool reserve(struct str *str, size_t length) {
    if (length < str->capacity)
        return true;
    size_t capacity = str->capacity ? str->capacity : 64;
    while (capacity <= length)
        capacity *= 2;
    char *text = realloc(str->text, capacity);
    if (!text) {
        (void)fputs("out of memory\n", stderr);
        abort();
    }
    str->text = text;
    str->capacity = capacity;
    return true;
}

void str_release(struct str *str) {
    if (!str)
        return;
    free(str->text);
    *str = (struct str){.ceiling = str->ceiling};
}

void str_append_bytes(struct str *str, const void *bytes, size_t length) {
    size_t room = str->ceiling - str->length;
    if (length > room) {
        length = room;
        str->cut = true;
    }
    reserve(str, str->length + length);
    if (length)
        memcpy(str->text + str->length, bytes, length);
    str->length += length;
    str->text[str->length] = '\0';
}

void str_append(struct str *str, const char *text) {
    str_append_bytes(str, text, strlen(text));
}

void str_append_char(struct str *str, char character) {
    str_append_bytes(str, &character, 1);
}

void str_printf(struct str *str, const char *format, ...) {
    va_list arguments;
    va_list again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length >= 0) {
        size_t room = str->ceiling - str->length;
        size_t wanted = (size_t)length;
        if (wanted > room) {
            wanted = room;
            str->cut = true;
        }
        reserve(str, str->length + wanted);
        (void)vsnprintf(str->text + str->length, wanted + 1, format, again);
        str->length += wanted;
    }
    va_end(again);
}

void str_clear(struct str *str) {
    str->length = 0;
    str->cut = false;
    if (str->text)
        str->text[0] = '\0';
}

const char *str_text(const struct str *str) {
    return str->text ? str->text : "";
}

bool str_equal(const char *a, const char *b) {
    if (!a || !b)
        return a == b;
    return strcmp(a, b) == 0;
}

bool str_starts_with(const char *text, const char *prefix) {
    return text && strncmp(text, prefix, strlen(prefix)) == 0;
}

bool str_ends_with(const char *text, const char *suffix) {
    if (!text)
        return false;
    size_t length = strlen(text);
    size_t tail = strlen(suffix);
    return length >= tail && memcmp(text + length - tail, suffix, tail) == 0;
}

bool str_to_int64(const char *text, long long least, long long most, long long *out) {
    if (!text || !*text)
        return false;
    const char *digits = text[0] == '-' ? text + 1 : text;
    if (!*digits || strspn(digits, "0123456789") != strlen(digits))
        return false;
    errno = 0;
    long long value = strtoll(text, NULL, 10);
    if (errno || value < least || value > most)
        return false;
    *out = value;
    return true;
}
