/*
 * A PUT's body and what was said of it.
 */
#include "server/api/s3/body.h"

#include "common/hash.h"
#include "common/sigv4.h"
#include "common/str.h"
#include "server/auth/auth.h"
#include "server/server.h"

#include <errno.h>
#include <md5.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <unistd.h>

#define PIECE_BYTES (64 * 1024)

/* ---- what was said ---- */

/* A header's value, or that of the trailer's line of that name; NULL for neither. */
static const char *find_said(const struct request *request, const char *trailer, const char *name) {
    const char *header = request_header(request, name);
    size_t length = strlen(name);
    for (const char *at = header ? NULL : trailer; at && *at; at = strstr(at, "\r\n") ? strstr(at, "\r\n") + 2 : NULL) {
        if (strncasecmp(at, name, length) == 0 && at[length] == ':') {
            at += length + 1;
            at += strspn(at, " ");
            return arena_strndup(request->arena, at, strcspn(at, "\r\n "));
        }
    }
    return header;
}

static bool check_digest(const char *said, const void *digest, size_t size, const char *name, struct err *err) {
    char text[HASH_BASE64_SIZE(SHA256_BYTES)];
    hash_to_base64(digest, size, text);
    if (!said || str_equal(said, text))
        return true;
    return err_set_code(err, ERR_INVALID, "BadDigest", "the %s of the body is %s, not '%.100s'", name, text, said);
}

/* ---- crc32, as zlib counts it ---- */

static uint32_t crc32_of(uint32_t crc, const uint8_t *bytes, size_t size) {
    static const uint32_t table[16] = {0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
                                       0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
                                       0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
    crc = ~crc;
    for (size_t i = 0; i < size; i++) {
        crc ^= bytes[i];
        crc = table[crc & 15] ^ crc >> 4;
        crc = table[crc & 15] ^ crc >> 4;
    }
    return ~crc;
}

struct digests {
    uint8_t md5[MD5_DIGEST_LENGTH];
    uint8_t crc32[4]; /* as it goes over the wire: the high byte first */
    uint8_t sha256[SHA256_BYTES];
};

static bool digest_file(int fd, struct arena *arena, struct digests *out, struct err *err) {
    MD5_CTX md5;
    struct hash_sha256_state sha256;
    uint32_t crc = 0;
    uint8_t *piece = arena_alloc(arena, PIECE_BYTES);
    MD5Init(&md5);
    hash_sha256_begin(&sha256);
    for (int64_t at = 0;;) {
        ssize_t got = pread(fd, piece, PIECE_BYTES, at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_set_errno(err, errno, "cannot read the body");
        if (got == 0)
            break;
        MD5Update(&md5, piece, (size_t)got);
        hash_sha256_update(&sha256, piece, (size_t)got);
        crc = crc32_of(crc, piece, (size_t)got);
        at += got;
    }
    MD5Final(out->md5, &md5);
    hash_sha256_end(&sha256, out->sha256);
    for (unsigned i = 0; i < 4; i++)
        out->crc32[i] = (uint8_t)(crc >> (24 - 8 * i));
    return true;
}

static bool check_digests(const struct request *request, struct s3_body *body, const char *trailer, struct err *err) {
    struct digests digests;
    if (!digest_file(body->fd, request->arena, &digests, err))
        return false;
    hash_to_hex(digests.md5, sizeof digests.md5, body->md5);
    return check_digest(request_header(request, "content-md5"), digests.md5, sizeof digests.md5, "MD5", err) &&
           check_digest(find_said(request, trailer, "x-amz-checksum-crc32"), digests.crc32, sizeof digests.crc32,
                        "CRC32", err) &&
           check_digest(find_said(request, trailer, "x-amz-checksum-sha256"), digests.sha256, sizeof digests.sha256,
                        "SHA-256", err);
}

/* ---- taking ---- */

static bool begin_chunks(const struct request *request, struct sigv4_chunks *out, struct err *err) {
    struct sigv4_authorization authorization;
    struct auth_worker_credentials credentials;
    if (!sigv4_parse(request->arena, request_header(request, "authorization"), &authorization, err))
        return false;
    auth_worker_credentials(request->server->auth, request->arena, request->principal.id, request->principal.nonce,
                            &credentials);
    sigv4_chunks_begin(request->arena, &authorization, request_header(request, "x-amz-date"),
                       credentials.secret_access_key, out);
    return true;
}

static bool unwrap(const struct request *request, struct s3_body *body, bool is_signed, const char **trailer,
                   struct err *err) {
    struct sigv4_chunks chunks;
    long long said = 0;
    const char *length = request_header(request, "x-amz-decoded-content-length");
    if (is_signed && !begin_chunks(request, &chunks, err))
        return false;
    if (!s3_unwrap(body->fd, is_signed ? &chunks : NULL, request->arena, &body->size, trailer, err))
        return false;
    if (length && (!str_to_int64(length, 0, INT64_MAX, &said) || said != body->size))
        return err_set_code(err, ERR_INVALID, "IncompleteBody", "the body has %lld bytes, not '%.20s'",
                            (long long)body->size, length);
    return true;
}

static bool read_payload(const struct request *request, struct s3_body *body, const char **trailer, struct err *err) {
    const char *payload = request_header(request, "x-amz-content-sha256"); /* signed: auth_worker has seen it */
    if (str_equal(payload, "UNSIGNED-PAYLOAD"))
        return true;
    if (str_equal(payload, "STREAMING-UNSIGNED-PAYLOAD-TRAILER"))
        return unwrap(request, body, false, trailer, err);
    if (str_equal(payload, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD") ||
        str_equal(payload, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"))
        return unwrap(request, body, true, trailer, err);
    if (strlen(payload) != SHA256_HEX_SIZE - 1)
        return err_set_code(err, ERR_INVALID, "InvalidArgument", "x-amz-content-sha256 cannot be '%.60s'", payload);
    body->sha256 = payload;
    return true;
}

bool s3_body_take(struct request *request, struct s3_body *out, struct err *err) {
    const char *trailer = NULL;
    struct s3_body body = {.fd = request->body_fd, .size = (int64_t)request->body_size};
    if (body.fd < 0) { /* no byte came */
        body.fd = memfd_create("empty", MFD_CLOEXEC);
        body.own = true;
    }
    if (body.fd < 0)
        return err_set_errno(err, errno, "cannot make an empty file");
    if (!read_payload(request, &body, &trailer, err) || !check_digests(request, &body, trailer, err)) {
        s3_body_close(&body);
        return false;
    }
    *out = body;
    return true;
}

void s3_body_close(struct s3_body *body) {
    if (body->own)
        close(body->fd);
    body->own = false;
}
