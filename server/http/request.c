/* What handlers ask of a request: headers, query parameters, the body as JSON. */
#include "common/str.h"
#include "server/http/http.h"

#include <stdlib.h>
#include <string.h>

const char *request_header(const struct request *request, const char *name) {
    for (size_t i = 0; i < request->header_count; i++) {
        if (str_equal(request->headers[i].name, name))
            return request->headers[i].value;
    }
    return NULL;
}

/* The guard has checked that every escape is whole and none is NUL. */
static char *decode(struct arena *arena, const char *text, size_t length) {
    char *out = arena_strndup(arena, text, length), *end = out;
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '%' && length - i > 2) {
            char digits[3] = {text[i + 1], text[i + 2], '\0'};
            *end++ = (char)strtol(digits, NULL, 16);
            i += 2;
        } else {
            *end++ = text[i] == '+' ? ' ' : text[i];
        }
    }
    *end = '\0';
    return out;
}

const char *request_query(const struct request *request, const char *name) {
    for (const char *at = request->query; *at;) {
        size_t length = strcspn(at, "&");
        const char *equals = memchr(at, '=', length);
        size_t name_length = equals ? (size_t)(equals - at) : length;
        if (name_length == strlen(name) && strncmp(at, name, name_length) == 0)
            return equals ? decode(request->arena, equals + 1, length - name_length - 1) : "";
        at += length + (at[length] == '&');
    }
    return NULL;
}

bool request_json(const struct request *request, const struct json **out, struct err *err) {
    if (json_parse(request->arena, request->body, request->body_size, out, err))
        return true;
    if (err)
        err->code = "SerializationException";
    return false;
}
