/*
 * What common/doc.h reads, of files that may not be YAML.
 */
#include "runner/deployfiles/json_file.h"

#include "common/doc.h"

#include <string.h>

/* The first byte that is no blank, behind a byte order mark; '\0' where there is none. */
static char first_byte(const char *text, size_t size) {
    size_t at = size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    while (at < size && memchr(" \t\r\n", text[at], 4))
        at++;
    return at < size ? text[at] : '\0';
}

bool json_file_open(struct findings *findings, const char *word, const char *text, size_t size,
                    const struct json **root) {
    struct err err = {0};
    char first = first_byte(text, size);
    const char *before = arena_printf(findings->arena, "%s contains invalid JSON format: ", word);
    if (!first && (size == 0 || !memchr(text, '\0', size)))
        return findings_take(findings, &(struct err){.kind = ERR_INVALID, .message = "the file is empty"}, before);
    /* A file of wide characters, or with bytes that are no text, is doc.c's to explain. */
    bool is_text = (unsigned char)first < 0x80 && !memchr(text, '\0', size);
    if (is_text && first != '{' && first != '[')
        return findings_take(
            findings, &(struct err){.kind = ERR_INVALID, .message = "it begins with neither '{' nor '['"}, before);
    if (doc_parse(findings->arena, findings->file, text, size, root, &err))
        return true;
    return findings_take(findings, &err, before);
}

const char *json_file_found(const struct json *value) {
    switch (value->type) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "a list";
    case JSON_TEXT:
        return "a text";
    case JSON_NUMBER:
        return "a number";
    case JSON_BOOL:
        return "true or false";
    case JSON_NULL:
        break;
    }
    return "null";
}
