/*
 * A token is base64 of "OPERATION position".
 */
#include "server/api/page.h"

#include "common/hash.h"
#include "common/str.h"

#include <inttypes.h>
#include <limits.h>
#include <string.h>

static bool refuse(const struct aws_call *call, struct err *err) {
    return err_set_code(err, ERR_INVALID, call->service->bad_token,
                        "The next token was specified in an invalid format");
}

bool page_begin(const struct aws_call *call, const char *operation, const char **position, struct err *err) {
    const char *token = aws_text(call, "nextToken");
    *position = NULL;
    if (!token)
        return true;
    char *text = arena_alloc(call->arena, strlen(token) + 1);
    size_t size, prefix = strlen(operation);
    if (!hash_from_base64(token, (uint8_t *)text, &size) || strlen(text) != size)
        return refuse(call, err);
    if (strncmp(text, operation, prefix) != 0 || text[prefix] != ' ' || !text[prefix + 1])
        return refuse(call, err);
    *position = text + prefix + 1;
    return true;
}

bool page_begin_number(const struct aws_call *call, const char *operation, int64_t *position, struct err *err) {
    const char *text;
    long long number = 0;
    if (!page_begin(call, operation, &text, err))
        return false;
    if (text && !str_to_int64(text, 1, LLONG_MAX, &number))
        return refuse(call, err);
    *position = number;
    return true;
}

void page_next(const struct aws_call *call, struct json *out, const char *operation, const char *position) {
    const char *text = arena_printf(call->arena, "%s %s", operation, position);
    char *token = arena_alloc(call->arena, HASH_BASE64_SIZE(strlen(text)));
    hash_to_base64(text, strlen(text), token);
    json_set_text(call->arena, out, "nextToken", token);
}

void page_next_number(const struct aws_call *call, struct json *out, const char *operation, int64_t position) {
    page_next(call, out, operation, arena_printf(call->arena, "%" PRId64, position));
}

size_t page_limit(const struct aws_call *call, size_t fallback) {
    return (size_t)json_get_integer(call->input, "maxResults", (int64_t)fallback);
}
