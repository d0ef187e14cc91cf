/*
 * Artifacts between the server and this machine's disk, hashed on the way.
 */
#include "runner/link.h"

#include "common/hash.h"
#include "common/str.h"
#include "runner/link_exchange.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define TRANSFER_MS (30 * 60 * 1000)
#define PIECE_BYTES 65536

struct transfer {
    FILE *file;
    struct hash_sha256_state hash;
    const struct link_call *rules;
};

static void close_file(FILE **file) {
    if (*file)
        (void)fclose(*file);
}

static bool take(void *context, const void *bytes, size_t size) {
    struct transfer *transfer = context;
    hash_sha256_update(&transfer->hash, bytes, size);
    return fwrite(bytes, 1, size, transfer->file) == size;
}

static ptrdiff_t give(void *context, void *buffer, size_t room) {
    struct transfer *transfer = context;
    size_t got = fread(buffer, 1, room, transfer->file);
    return got == 0 && ferror(transfer->file) ? -1 : (ptrdiff_t)got;
}

static bool interrupted(void *context) {
    const struct link_call *rules = ((struct transfer *)context)->rules;
    return rules->interrupted && rules->interrupted(rules->context);
}

static bool decode_refusal(struct arena *arena, const struct http_answer *reply, struct err *err) {
    const struct json *body = NULL;
    (void)json_parse(arena, reply->body, reply->body_size, &body, NULL);
    return link_refuse(reply->status, body, err);
}

static bool download_once(struct link *link, struct arena *arena, const char *path_on_server, const char *sha256,
                          const char *path, const struct link_call *rules, struct err *err) {
    FILE *file CLEANUP(close_file) = fopen(path, "we");
    if (!file)
        return err_set_errno(err, errno, "unable to write '%s'", path);
    struct transfer transfer = {.file = file, .rules = rules};
    hash_sha256_begin(&transfer.hash);
    const struct http_header header = link_authorization(arena, link);
    const struct http_request request = {.method = "GET",
                                         .url = link_url(arena, link, path_on_server),
                                         .headers = &header,
                                         .header_count = 1,
                                         .write_body = take,
                                         .interrupted = interrupted,
                                         .context = &transfer,
                                         .timeout_ms = TRANSFER_MS,
                                         .use_proxy = true};
    struct http_answer reply;
    if (!http_send(link->client, arena, &request, &reply, err))
        return false;
    if (reply.status != 200)
        return decode_refusal(arena, &reply, err);
    if (fflush(file) != 0)
        return err_set_errno(err, errno, "unable to write '%s'", path);
    uint8_t hash[SHA256_BYTES];
    char hex[SHA256_HEX_SIZE];
    hash_sha256_end(&transfer.hash, hash);
    hash_to_hex(hash, sizeof hash, hex);
    if (sha256 && !str_equal(sha256, hex))
        return err_set(err, ERR_UNAVAILABLE, "what came for '%s' has another SHA-256 than announced", path_on_server);
    return true;
}

bool link_download(struct link *link, struct arena *arena, const char *path_on_server, const char *sha256,
                   const char *path, const struct link_call *rules, struct err *err) {
    int tries = 0;
    while (!download_once(link, arena, path_on_server, sha256, path, rules, err)) {
        if (!link_may_repeat(rules, err))
            return false;
        link_back_off(&tries, rules->repeat, rules->context);
    }
    return true;
}

static bool hash_file(FILE *file, char hex[SHA256_HEX_SIZE], size_t *size) {
    struct hash_sha256_state state;
    unsigned char piece[PIECE_BYTES];
    uint8_t hash[SHA256_BYTES];
    size_t got;
    *size = 0;
    hash_sha256_begin(&state);
    while ((got = fread(piece, 1, sizeof piece, file)) > 0) {
        hash_sha256_update(&state, piece, got);
        *size += got;
    }
    hash_sha256_end(&state, hash);
    hash_to_hex(hash, sizeof hash, hex);
    return !ferror(file);
}

static bool upload_once(struct link *link, struct arena *arena, const char *path_on_server, const char *path,
                        const struct link_call *rules, struct err *err) {
    FILE *file CLEANUP(close_file) = fopen(path, "re");
    char hex[SHA256_HEX_SIZE];
    size_t size;
    if (!file || !hash_file(file, hex, &size))
        return err_set_errno(err, errno, "unable to read '%s'", path);
    rewind(file);
    struct transfer transfer = {.file = file, .rules = rules};
    const struct http_header headers[] = {link_authorization(arena, link),
                                          {.name = "X-Penstock-Sha256", .value = hex},
                                          {.name = "Content-Type", .value = "application/zip"}};
    const struct http_request request = {.method = "PUT",
                                         .url = link_url(arena, link, path_on_server),
                                         .headers = headers,
                                         .header_count = sizeof headers / sizeof *headers,
                                         .body_size = size,
                                         .read_body = give,
                                         .interrupted = interrupted,
                                         .context = &transfer,
                                         .timeout_ms = TRANSFER_MS,
                                         .use_proxy = true};
    struct http_answer reply;
    if (!http_send(link->client, arena, &request, &reply, err))
        return false;
    return reply.status == 200 || decode_refusal(arena, &reply, err);
}

bool link_upload(struct link *link, struct arena *arena, const char *path_on_server, const char *path,
                 const struct link_call *rules, struct err *err) {
    int tries = 0;
    while (!upload_once(link, arena, path_on_server, path, rules, err)) {
        if (!link_may_repeat(rules, err))
            return false;
        link_back_off(&tries, rules->repeat, rules->context);
    }
    return true;
}
