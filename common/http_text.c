/*
 * The texts of HTTP requests, without any network: what may stand in one, what to call its destination, how to encode.
 */
#include "common/http_text.h"

#include "common/str.h"

#include <string.h>
#include <sys/un.h>

const char *http_destination(struct arena *arena, const struct http_request *request) {
    if (request->unix_socket)
        return request->unix_socket;
    const char *host = strstr(request->url, "://") + strlen("://");
    size_t length = strcspn(host, "/?#");
    const char *at = memrchr(host, '@', length);
    if (at) {
        length -= (size_t)(at + 1 - host);
        host = at + 1;
    }
    return arena_strndup(arena, host, length);
}

static bool is_token(const char *text) {
    if (!text || !*text)
        return false;
    for (const char *at = text; *at; at++)
        if (*at <= ' ' || *at >= 0x7f || strchr("()<>@,;:\\\"/[]?={}", *at))
            return false;
    return true;
}

bool http_check_request(const struct http_request *request, struct err *err) {
    if (!is_token(request->method))
        return err_set(err, ERR_INVALID, "'%s' is no HTTP method", request->method ? request->method : "");
    if (!str_starts_with(request->url, "http://") && !str_starts_with(request->url, "https://"))
        return err_set(err, ERR_INVALID, "the URL must begin with http:// or https://");
    for (const char *at = request->url; *at; at++)
        if (*at <= ' ' || *at >= 0x7f)
            return err_set(err, ERR_INVALID, "the URL has a space, control or non-ASCII character; percent-encode it");
    for (size_t i = 0; i < request->header_count; i++) {
        const struct http_header *header = &request->headers[i];
        if (!is_token(header->name))
            return err_set(err, ERR_INVALID, "'%s' is no header name", header->name);
        if (header->value && strpbrk(header->value, "\r\n"))
            return err_set(err, ERR_INVALID, "the value of header '%s' holds a line break", header->name);
    }
    if (request->unix_socket && strlen(request->unix_socket) >= sizeof((struct sockaddr_un *)0)->sun_path)
        return err_set(err, ERR_INVALID, "the path of socket '%s' is too long; at most 107 bytes",
                       request->unix_socket);
    return true;
}

const char *http_answer_header(const struct http_answer *answer, const char *name) {
    for (size_t i = 0; i < answer->header_count; i++)
        if (strcmp(answer->headers[i].name, name) == 0)
            return answer->headers[i].value;
    return NULL;
}

char *http_encode(struct arena *arena, const char *text, bool keep_slash) {
    static const char hex[] = "0123456789ABCDEF";
    char *out = arena_alloc(arena, strlen(text) * 3 + 1);
    char *end = out;
    for (const unsigned char *byte = (const unsigned char *)text; *byte; byte++) {
        bool letter = (*byte >= 'A' && *byte <= 'Z') || (*byte >= 'a' && *byte <= 'z');
        bool kept = letter || (*byte >= '0' && *byte <= '9') || strchr("-._~", *byte) || (keep_slash && *byte == '/');
        if (kept) {
            *end++ = (char)*byte;
            continue;
        }
        *end++ = '%';
        *end++ = hex[*byte >> 4];
        *end++ = hex[*byte & 15];
    }
    *end = '\0';
    return out;
}
