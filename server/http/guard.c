#include "server/http/guard.h"

#include "common/str.h"

#include <string.h>
#include <strings.h>

#define HEADERS_MAX 100

/* Headers that mean something else when they come twice. */
static const char *const single[] = {
    "authorization",
    "content-length",
    "content-type",
    "cookie",
    "expect",
    "host",
    "last-event-id",
    "origin",
    "te",
    "transfer-encoding",
    "x-amz-content-sha256",
    "x-amz-date",
    "x-amz-target",
    "x-amz-security-token",
    "x-github-delivery",
    "x-github-event",
    "x-penstock-csrf",
    "x-hub-signature-256",
    "x-penstock-sha256",
};

static bool is_token_character(char character) {
    if (character >= 'a' && character <= 'z')
        return true;
    if (character >= 'A' && character <= 'Z')
        return true;
    if (character >= '0' && character <= '9')
        return true;
    return character != '\0' && strchr("!#$%&'*+-.^_`|~", character) != NULL;
}

static bool is_token(const char *text) {
    if (!*text)
        return false;
    for (; *text; text++) {
        if (!is_token_character(*text))
            return false;
    }
    return true;
}

static int hex_value(char digit) {
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F')
        return digit - 'A' + 10;
    return -1;
}

/* One step through the target: a byte as sent or the byte that an escape stands for; -1 for a broken escape. */
static int next_byte(const char **text) {
    const char *at = *text;
    if (*at != '%') {
        *text = at + 1;
        return (unsigned char)*at;
    }
    int high = hex_value(at[1]);
    int low = high < 0 ? -1 : hex_value(at[2]);
    if (low < 0)
        return -1;
    *text = at + 3;
    return high * 16 + low;
}

/* An escaped slash or backslash would be one name here and two elsewhere; dot segments would leave a folder. */
static bool check_path(const char *target, const char *end, struct err *err) {
    size_t length = 0, dots = 0; /* of the segment */
    for (const char *at = target; at <= end;) {
        if (at == end || *at == '/') {
            if (length > 0 && length == dots && dots <= 2)
                return err_set(err, ERR_INVALID, "the path holds a '.' or '..' segment");
            length = dots = 0;
            at++;
            continue;
        }
        bool escaped = *at == '%';
        int byte = next_byte(&at);
        if (byte < 0 || at > end)
            return err_set(err, ERR_INVALID, "the path holds a broken percent escape");
        if (byte < 0x20 || byte == 0x7f || byte == '\\' || (escaped && byte == '/'))
            return err_set(err, ERR_INVALID, "the path holds a control character, a backslash or an escaped slash");
        length++;
        dots += byte == '.';
    }
    return true;
}

static bool check_query(const char *query, struct err *err) {
    for (const char *at = query; *at;) {
        int byte = next_byte(&at);
        if (byte <= 0)
            return err_set(err, ERR_INVALID, "the query holds a broken percent escape or a NUL");
    }
    return true;
}

static bool check_target(const char *target, struct err *err) {
    if (target[0] != '/')
        return err_set(err, ERR_INVALID, "the request's target must begin with '/'");
    for (const char *at = target; *at; at++) {
        if (*at <= ' ' || *at >= 0x7f || *at == '\\' || *at == '#')
            return err_set(err, ERR_INVALID, "the request's target holds a byte that must be percent-encoded");
    }
    const char *question = strchrnul(target, '?');
    if (!check_path(target, question, err))
        return false;
    return !*question || check_query(question + 1, err);
}

static bool check_header(const struct http_header *header, struct err *err) {
    if (!is_token(header->name))
        return err_set(err, ERR_INVALID, "a header's name holds a byte that is not allowed there");
    for (const char *at = header->value; *at; at++) {
        if (((unsigned char)*at < ' ' && *at != '\t') || *at == 0x7f)
            return err_set(err, ERR_INVALID, "header '%s' holds a control character", header->name);
    }
    return true;
}

static const char *find_single(const struct guard_head *head, const char *name, bool *out_twice) {
    const char *found = NULL;
    for (size_t i = 0; i < head->header_count; i++) {
        if (!str_equal(head->headers[i].name, name))
            continue;
        if (found)
            *out_twice = true;
        else
            found = head->headers[i].value;
    }
    return found;
}

static bool check_repetitions(const struct guard_head *head, struct err *err) {
    for (size_t i = 0; i < sizeof single / sizeof single[0]; i++) {
        bool twice = false;
        find_single(head, single[i], &twice);
        if (twice)
            return err_set(err, ERR_INVALID, "header '%s' came twice", single[i]);
    }
    return true;
}

static bool check_length(const struct guard_head *head, struct guard_verdict *out, struct err *err) {
    bool twice;
    const char *length = find_single(head, "content-length", &twice);
    const char *encoding = find_single(head, "transfer-encoding", &twice);
    if (encoding) {
        if (length)
            return err_set(err, ERR_INVALID, "a request has Content-Length or Transfer-Encoding, not both");
        if (strcasecmp(encoding, "chunked") != 0 || !str_equal(head->version, "HTTP/1.1"))
            return err_set(err, ERR_INVALID, "the only transfer encoding understood here is 'chunked' in HTTP/1.1");
        *out = (struct guard_verdict){.has_body = true, .content_length = -1};
        return true;
    }
    long long size = 0;
    if (length && (length[0] == '+' || !str_to_int64(length, 0, 1LL << 60, &size)))
        return err_set(err, ERR_INVALID, "Content-Length is not a number of bytes");
    *out = (struct guard_verdict){.has_body = size > 0, .content_length = size};
    return true;
}

bool guard_check(const struct guard_head *head, struct guard_verdict *out, struct err *err) {
    bool twice = false;
    if (!is_token(head->method))
        return err_set(err, ERR_INVALID, "the method is not a word");
    if (!str_equal(head->version, "HTTP/1.1") && !str_equal(head->version, "HTTP/1.0"))
        return err_set(err, ERR_INVALID, "only HTTP/1.1 and HTTP/1.0 are spoken here");
    if (!check_target(head->target, err))
        return false;
    if (head->header_count > HEADERS_MAX)
        return err_set(err, ERR_INVALID, "more than %d headers", HEADERS_MAX);
    for (size_t i = 0; i < head->header_count; i++) {
        if (!check_header(&head->headers[i], err))
            return false;
    }
    if (!check_repetitions(head, err))
        return false;
    const char *host = find_single(head, "host", &twice);
    if (str_equal(head->version, "HTTP/1.1") && (!host || !*host))
        return err_set(err, ERR_INVALID, "the Host header is missing");
    return check_length(head, out, err);
}
