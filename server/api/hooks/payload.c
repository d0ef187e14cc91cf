/* The bytes of a delivery, and the JSON in them. */
#include "server/api/hooks/payload.h"

#include "common/str.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <unistd.h>

#define FORM "application/x-www-form-urlencoded"
#define FIELD "payload="
#define PIECE_BYTES (16 * 1024)

static bool sign_file(int fd, struct hash_hmac_state *state, struct err *err) {
    char piece[PIECE_BYTES];
    int64_t offset = 0;
    ssize_t got;
    while ((got = pread(fd, piece, sizeof piece, offset)) != 0) {
        if (got < 0 && errno != EINTR)
            return err_set_errno(err, errno, "cannot read the body");
        if (got > 0) {
            hash_hmac_update(state, piece, (size_t)got);
            offset += got;
        }
    }
    return true;
}

bool payload_sign(const struct request *request, const char *secret, uint8_t out[SHA256_BYTES], struct err *err) {
    struct hash_hmac_state state;
    hash_hmac_begin(&state, secret, strlen(secret));
    bool read = true;
    if (request->body_fd >= 0)
        read = sign_file(request->body_fd, &state, err);
    else
        hash_hmac_update(&state, request->body, request->body_size);
    hash_hmac_end(&state, out);
    return read;
}

bool payload_open(const struct request *request, struct payload *out, struct err *err) {
    if (request->body_fd < 0 || request->body_size == 0) {
        *out = (struct payload){.bytes = request->body, .size = request->body_size};
        return true;
    }
    void *mapping = mmap(NULL, request->body_size, PROT_READ, MAP_PRIVATE, request->body_fd, 0);
    if (mapping == MAP_FAILED)
        return err_set_errno(err, errno, "cannot read the body");
    *out = (struct payload){.bytes = mapping, .size = request->body_size, .mapping = mapping};
    return true;
}

void payload_release(struct payload *payload) {
    if (payload->mapping)
        (void)munmap(payload->mapping, payload->size);
    *payload = (struct payload){0};
}

static int hex_value(char digit) {
    static const char lower[] = "0123456789abcdef", upper[] = "0123456789ABCDEF";
    const char *at = digit ? strchr(lower, digit) : NULL;
    if (at)
        return (int)(at - lower);
    at = digit ? strchr(upper, digit) : NULL;
    return at ? (int)(at - upper) : -1;
}

/* The field's value, decoded; *size without an end. A broken escape stands for itself: JSON will not like it. */
static char *decode(struct arena *arena, const char *text, size_t length, size_t *size) {
    char *out = arena_alloc(arena, length + 1), *end = out;
    for (size_t i = 0; i < length; i++) {
        int high = text[i] == '%' && length - i > 2 ? hex_value(text[i + 1]) : -1;
        int low = high >= 0 ? hex_value(text[i + 2]) : -1;
        if (low >= 0) {
            *end++ = (char)(high * 16 + low);
            i += 2;
        } else {
            *end++ = text[i] == '+' ? ' ' : text[i];
        }
    }
    *size = (size_t)(end - out);
    return out;
}

static bool find_field(const struct payload *payload, const char **value, size_t *length) {
    const char *at = payload->bytes, *end = payload->bytes + payload->size;
    while (at < end) {
        const char *next = memchr(at, '&', (size_t)(end - at));
        size_t size = (size_t)((next ? next : end) - at);
        if (size >= strlen(FIELD) && memcmp(at, FIELD, strlen(FIELD)) == 0) {
            *value = at + strlen(FIELD);
            *length = size - strlen(FIELD);
            return true;
        }
        at += size + 1;
    }
    return false;
}

bool payload_json(const struct request *request, const struct payload *payload, const struct json **out,
                  struct err *err) {
    const char *type = request_header(request, "content-type");
    const char *text = payload->bytes;
    size_t size = payload->size;
    if (type && strncasecmp(type, FORM, strlen(FORM)) == 0) {
        if (!find_field(payload, &text, &size))
            return err_set(err, ERR_INVALID, "the form has no field 'payload'");
        text = decode(request->arena, text, size, &size);
    }
    return json_parse(request->arena, text, size, out, err);
}
