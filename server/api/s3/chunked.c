/*
 * aws-chunked: how SDKs send a body whose hash they do not know yet. Each chunk is its length in hex, perhaps a
 * signature, and the bytes; behind the last one, of no length, may come a trailer with the checksum of the whole.
 *
 *     10000;chunk-signature=ad80c730…\r\n BYTES \r\n … 0;chunk-signature=b6c6ea8a…\r\n
 * x-amz-checksum-crc32:AAAAAA==\r\n \r\n
 *
 * What is taken out is written back to where it has been read already, so that no second file is needed.
 *
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
 */
#include "server/api/s3/body.h"

#include "common/hash.h"
#include "common/sigv4.h"
#include "common/str.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_BYTES 1024
#define TRAILER_MAX 8192
#define PIECE_BYTES (64 * 1024)
#define CHUNK_MAX (5LL << 30)
#define CHUNK_MIN 8192 /* S3's own; the last one may be smaller. Each costs a few reads, however little it brings. */

struct unwrapping {
    int fd;
    struct sigv4_chunks *chunks;
    struct arena *arena;
    char *piece;
    int64_t read_at;
    int64_t write_at;
    bool was_small;                /* the chunk before: it must have been the last */
    char line[LINE_MAX_BYTES + 1]; /* one for all: there may be a great many chunks */
};

static bool broken(struct err *err) {
    return err_set_code(err, ERR_INVALID, "IncompleteBody", "the body is not whole, or not in aws-chunked's form");
}

static bool read_at(const struct unwrapping *unwrapping, int64_t offset, size_t size, size_t *got, struct err *err) {
    *got = 0;
    while (*got < size) {
        ssize_t count = pread(unwrapping->fd, unwrapping->piece + *got, size - *got, offset + (int64_t)*got);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return err_set_errno(err, errno, "cannot read the body");
        if (count == 0)
            break;
        *got += (size_t)count;
    }
    return true;
}

/* Into unwrapping->line, without its CR LF. */
static bool read_line(struct unwrapping *unwrapping, struct err *err) {
    size_t got;
    if (!read_at(unwrapping, unwrapping->read_at, LINE_MAX_BYTES, &got, err))
        return false;
    const char *end = memmem(unwrapping->piece, got, "\r\n", 2);
    if (!end || memchr(unwrapping->piece, '\0', (size_t)(end - unwrapping->piece)))
        return broken(err);
    size_t length = (size_t)(end - unwrapping->piece);
    memcpy(unwrapping->line, unwrapping->piece, length);
    unwrapping->line[length] = '\0';
    unwrapping->read_at += (int64_t)length + 2;
    return true;
}

static bool check_size(struct unwrapping *unwrapping, int64_t size, struct err *err) {
    if (size > CHUNK_MAX)
        return broken(err);
    if (size > 0 && unwrapping->was_small)
        return err_set_code(err, ERR_INVALID, "InvalidChunkSizeError",
                            "only the last chunk may have less than %d bytes", CHUNK_MIN);
    unwrapping->was_small = size < CHUNK_MIN;
    return true;
}

/* "10000;chunk-signature=…"; *signature stays good until the next line is read. */
static bool read_head(struct unwrapping *unwrapping, int64_t *size, const char **signature, struct err *err) {
    const char *line = unwrapping->line;
    if (!read_line(unwrapping, err))
        return false;
    size_t digits = strspn(line, "0123456789abcdefABCDEF");
    const char *rest = line + digits;
    if (digits == 0 || digits > 10 || (*rest && *rest != ';'))
        return broken(err);
    *size = strtoll(line, NULL, 16);
    *signature = str_starts_with(rest, ";chunk-signature=") ? rest + strlen(";chunk-signature=") : NULL;
    return check_size(unwrapping, *size, err);
}

static bool move_piece(struct unwrapping *unwrapping, size_t size, struct hash_sha256_state *hash, struct err *err) {
    size_t got;
    if (!read_at(unwrapping, unwrapping->read_at, size, &got, err))
        return false;
    if (got < size)
        return broken(err);
    hash_sha256_update(hash, unwrapping->piece, size);
    for (size_t done = 0; done < size;) {
        ssize_t count =
            pwrite(unwrapping->fd, unwrapping->piece + done, size - done, unwrapping->write_at + (int64_t)done);
        if (count < 0 && errno != EINTR)
            return err_set_errno(err, errno, "cannot keep the body");
        done += count > 0 ? (size_t)count : 0;
    }
    unwrapping->read_at += (int64_t)size;
    unwrapping->write_at += (int64_t)size;
    return true;
}

static bool check_signature(struct unwrapping *unwrapping, struct hash_sha256_state *state, const char *signature,
                            struct err *err) {
    uint8_t hash[SHA256_BYTES];
    char hex[SHA256_HEX_SIZE];
    hash_sha256_end(state, hash);
    hash_to_hex(hash, sizeof hash, hex);
    if (!unwrapping->chunks || (signature && sigv4_chunk_verify(unwrapping->chunks, hex, signature)))
        return true;
    return err_set_code(err, ERR_DENIED, "InvalidSignatureException", "the signature of a chunk does not match");
}

static bool take_chunk(struct unwrapping *unwrapping, bool *last, struct err *err) {
    struct hash_sha256_state hash;
    const char *signature;
    int64_t left;
    hash_sha256_begin(&hash);
    if (!read_head(unwrapping, &left, &signature, err))
        return false;
    *last = left == 0;
    while (left > 0) {
        size_t size = left < PIECE_BYTES ? (size_t)left : PIECE_BYTES;
        if (!move_piece(unwrapping, size, &hash, err))
            return false;
        left -= (int64_t)size;
    }
    if (!check_signature(unwrapping, &hash, signature, err))
        return false;
    return *last || (read_line(unwrapping, err) && (!*unwrapping->line || broken(err)));
}

static bool read_trailer(struct unwrapping *unwrapping, const char **out, struct err *err) {
    size_t got;
    if (!read_at(unwrapping, unwrapping->read_at, TRAILER_MAX, &got, err))
        return false;
    *out = arena_strndup(unwrapping->arena, unwrapping->piece, got);
    return true;
}

bool s3_unwrap(int fd, struct sigv4_chunks *chunks, struct arena *arena, int64_t *size, const char **trailer,
               struct err *err) {
    struct unwrapping unwrapping = {
        .fd = fd, .chunks = chunks, .arena = arena, .piece = arena_alloc(arena, PIECE_BYTES)};
    for (bool last = false; !last;) {
        if (!take_chunk(&unwrapping, &last, err))
            return false;
    }
    if (!read_trailer(&unwrapping, trailer, err))
        return false;
    if (ftruncate(fd, unwrapping.write_at) != 0)
        return err_set_errno(err, errno, "cannot keep the body");
    *size = unwrapping.write_at;
    return true;
}
