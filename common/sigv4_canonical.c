/*
 * Canonical requests. What clients really do, as recorded: other services than S3 encode the path once more as it is
 * sent, without its dots and empty parts; query pairs are decoded and encoded afresh, then sorted by name and value.
 */
#include "common/sigv4_canonical.h"

#include "common/str.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define HEADERS_LISTED_MAX 256

struct pair {
    const char *name;
    const char *value;
};

const char *sigv4_find_header(const struct http_header *headers, size_t count, const char *name) {
    for (size_t i = 0; i < count; i++)
        if (strcasecmp(headers[i].name, name) == 0)
            return headers[i].value;
    return NULL;
}

static int hex_digit(char digit) {
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F')
        return digit - 'A' + 10;
    return -1;
}

/* Decodes %XX and encodes afresh, without ever holding decoded text: %00 stays %00. */
static const char *encode_once(struct arena *arena, const char *text, size_t length, bool keep_slash) {
    char *out = arena_alloc(arena, length * 3 + 1);
    size_t used = 0;
    for (size_t i = 0; i < length; i++) {
        char piece[2] = {text[i], '\0'};
        if (text[i] == '%' && i + 2 < length && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0) {
            piece[0] = (char)(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
            i += 2;
        }
        const char *encoded = piece[0] ? http_encode(arena, piece, keep_slash) : "%00";
        size_t size = strlen(encoded);
        memcpy(out + used, encoded, size);
        used += size;
    }
    out[used] = '\0';
    return out;
}

/* RFC 3986, 5.2.4: no ".", "..", or empty parts; a slash at the end stays. */
static const char *normalise(struct arena *arena, const char *path) {
    char *out = arena_alloc(arena, strlen(path) + 2);
    size_t used = 0;
    for (const char *at = path; *at;) {
        at += strspn(at, "/");
        const size_t length = strcspn(at, "/");
        if (length == 2 && strncmp(at, "..", 2) == 0) {
            while (used > 0 && out[--used] != '/')
                continue;
        } else if (length > 0 && !(length == 1 && *at == '.')) {
            out[used++] = '/';
            memcpy(out + used, at, length);
            used += length;
        }
        at += length;
    }
    if (used == 0 || str_ends_with(path, "/"))
        out[used++] = '/';
    out[used] = '\0';
    return out;
}

static int compare_pairs(const void *a, const void *b) {
    const struct pair *left = a;
    const struct pair *right = b;
    int order = strcmp(left->name, right->name);
    return order ? order : strcmp(left->value, right->value);
}

static const char *canonical_query(struct arena *arena, const char *query) {
    if (!query || !*query)
        return "";
    size_t most = 1;
    for (const char *at = query; *at; at++)
        most += *at == '&';
    struct pair *pairs = arena_array(arena, struct pair, most);
    size_t count = 0;
    for (const char *at = query; at; at = strchr(at, '&') ? strchr(at, '&') + 1 : NULL) {
        size_t length = strcspn(at, "&");
        if (length == 0)
            continue;
        size_t name_length = strcspn(at, "=&");
        size_t value_start = name_length < length ? name_length + 1 : length;
        pairs[count++] = (struct pair){
            .name = encode_once(arena, at, name_length, false),
            .value = encode_once(arena, at + value_start, length - value_start, false),
        };
    }
    qsort(pairs, count, sizeof *pairs, compare_pairs);
    struct str out CLEANUP(str_release) = STR_INIT(strlen(query) * 3 + most * 2);
    for (size_t i = 0; i < count; i++)
        str_printf(&out, "%s%s=%s", i ? "&" : "", pairs[i].name, pairs[i].value);
    return arena_strdup(arena, str_text(&out));
}

/* Without the spaces at both ends, and each run of spaces inside as one. */
static void append_value(struct str *out, const char *value) {
    bool began = false;
    bool space = false;
    for (const char *at = value; *at; at++) {
        if (*at == ' ' || *at == '\t') {
            space = began;
            continue;
        }
        if (space)
            str_append_char(out, ' ');
        str_append_char(out, *at);
        began = true;
        space = false;
    }
}

/* "name:value\n" with the values of all headers of that name; false where there is none. */
static bool append_header(struct str *out, const struct sigv4_request *request, const char *name, size_t length) {
    bool found = false;
    str_append_bytes(out, name, length);
    for (size_t i = 0; i < request->header_count; i++) {
        const struct http_header *header = &request->headers[i];
        if (strlen(header->name) != length || strncasecmp(header->name, name, length) != 0)
            continue;
        str_append_char(out, found ? ',' : ':');
        append_value(out, header->value);
        found = true;
    }
    str_append_char(out, '\n');
    return found;
}

static size_t headers_size(const struct sigv4_request *request) {
    size_t size = 0;
    for (size_t i = 0; i < request->header_count; i++)
        size += strlen(request->headers[i].name) + strlen(request->headers[i].value) + 2;
    return size;
}

const char *sigv4_canonical_request(struct arena *arena, const struct sigv4_request *request,
                                    const char *signed_headers, const char *payload, bool s3) {
    const char *path = s3 ? encode_once(arena, request->path, strlen(request->path), true)
                          : http_encode(arena, normalise(arena, request->path), true);
    const char *query = canonical_query(arena, request->query);
    /* A list may name a header several times; it must not multiply the request's size at will. */
    size_t ceiling = strlen(path) + strlen(query) + strlen(signed_headers) * 2 + headers_size(request) + 1024;
    struct str out CLEANUP(str_release) = STR_INIT(ceiling);
    str_printf(&out, "%s\n%s\n%s\n", request->method, path, query);
    size_t listed = 0;
    for (const char *at = signed_headers; at; at = strchr(at, ';') ? strchr(at, ';') + 1 : NULL) {
        if (++listed > HEADERS_LISTED_MAX || !append_header(&out, request, at, strcspn(at, ";")))
            return NULL;
    }
    str_printf(&out, "\n%s\n%s", signed_headers, payload);
    return out.cut ? NULL : arena_strdup(arena, str_text(&out));
}
