/*
 * Multipart uploads: begun, put together, given up. boto3's upload_file sends what has more than 8 MiB so. An upload
 * stays until its job ends, so that a repeated CompleteMultipartUpload finds it and does the same again.
 */
#include "server/api/s3/object.h"

#include "server/artifacts/artifacts.h"
#include "server/config.h"
#include "server/server.h"
#include "server/store/worker_uploads.h"

#include "common/hash.h"
#include "common/str.h"

#include <errno.h>
#include <fcntl.h>
#include <md5.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAMESPACE "http://s3.amazonaws.com/doc/2006-03-01/"
#define UPLOADS_MAX 100 /* of one job */
#define PARTS_MAX 10000
#define ID_LENGTH 40

static void close_fd(int *fd) {
    if (*fd >= 0)
        close(*fd);
}

bool s3_check_upload(struct tx *tx, const struct request *request, const struct s3_object *object, struct err *err) {
    const char *name;
    if (!worker_uploads_find(tx, request->arena, request->principal.id, object->upload_id, &name, err))
        return false;
    return str_equal(name, object->artifact->name) ||
           err_set_code(err, ERR_NOT_FOUND, "NoSuchUpload", "there is no such upload; it may have been given up");
}

/* What was signed is the hash; that these are its bytes nobody else looks at. */
static bool check_payload(const struct request *request, struct err *err) {
    const char *said = request_header(request, "x-amz-content-sha256");
    uint8_t hash[SHA256_BYTES];
    char hex[SHA256_HEX_SIZE];
    if (str_equal(said, "UNSIGNED-PAYLOAD"))
        return true;
    hash_sha256(request->body, request->body_size, hash);
    hash_to_hex(hash, sizeof hash, hex);
    return str_equal(said, hex) || err_set_code(err, ERR_INVALID, "HashMismatchException",
                                                "the SHA-256 of the body is %s, not '%.80s'", hex, said ? said : "");
}

/* ---- begin ---- */

struct beginning {
    const struct request *request;
    struct s3_object object;
    char id[ID_LENGTH + 1];
};

static bool begin_work(struct tx *tx, void *context, struct err *err) {
    struct beginning *beginning = context;
    const struct request *request = beginning->request;
    int64_t count;
    if (!s3_find_in(tx, request, true, &beginning->object, err) ||
        !worker_uploads_count(tx, request->principal.id, &count, err))
        return false;
    if (count >= UPLOADS_MAX)
        return err_set_code(err, ERR_INVALID, "InvalidArgument", "the job has begun %d uploads already", UPLOADS_MAX);
    hash_random_text(beginning->id, ID_LENGTH);
    return worker_uploads_add(tx, beginning->id, request->principal.id, beginning->object.artifact->name, err);
}

static bool begin(const struct request *request, struct reply *reply, struct err *err) {
    struct beginning beginning = {.request = request};
    if (!db_write(request->server->db, begin_work, &beginning, err))
        return false;
    s3_reply_xml(request, reply, 200,
                 arena_printf(request->arena,
                              "<InitiateMultipartUploadResult xmlns=\"" NAMESPACE "\"><Bucket>%s</Bucket><Key>%s</Key>"
                              "<UploadId>%s</UploadId></InitiateMultipartUploadResult>",
                              s3_escape(request->arena, beginning.object.bucket),
                              s3_escape(request->arena, beginning.object.artifact->object_key), beginning.id));
    return true;
}

/* ---- complete ---- */

struct completion {
    const struct request *request;
    struct s3_object object;
    struct worker_upload_part *parts; /* all that came */
    size_t count;
    struct worker_upload_part *chosen; /* those that the client lists */
    size_t chosen_count;
    char sha256[SHA256_HEX_SIZE];
    int64_t size_bytes;
};

static bool malformed(struct err *err) {
    return err_set_code(err, ERR_INVALID, "MalformedXML", "the body is not a list of parts as S3 wants it");
}

/* The text of an element within [at, end). */
static const char *element(struct arena *arena, const char *at, const char *end, const char *name) {
    const char *open = arena_printf(arena, "<%s>", name), *close = arena_printf(arena, "</%s>", name);
    const char *start = memmem(at, (size_t)(end - at), open, strlen(open));
    if (!start)
        return NULL;
    start += strlen(open);
    const char *stop = memmem(start, (size_t)(end - start), close, strlen(close));
    return stop ? arena_strndup(arena, start, (size_t)(stop - start)) : NULL;
}

/* Clients write the quotes as they are, escaped, or leave them out. */
static const char *unquote(struct arena *arena, const char *etag) {
    char *out = arena_strdup(arena, etag), *end = out;
    for (const char *at = etag; *at;) {
        size_t skip = *at == '"' ? 1 : str_starts_with(at, "&quot;") ? 6 : str_starts_with(at, "&#34;") ? 5 : 0;
        if (skip)
            at += skip;
        else
            *end++ = *at++;
    }
    *end = '\0';
    return out;
}

static const struct worker_upload_part *find_part(const struct completion *completion, int64_t number) {
    for (size_t i = 0; i < completion->count; i++)
        if (completion->parts[i].number == number)
            return &completion->parts[i];
    return NULL;
}

static bool choose(struct completion *completion, const char *number_text, const char *etag, struct err *err) {
    long long number;
    size_t count = completion->chosen_count;
    if (!number_text || !etag || !str_to_int64(number_text, 1, PARTS_MAX, &number))
        return malformed(err);
    if (count > 0 && number <= completion->chosen[count - 1].number)
        return err_set_code(err, ERR_INVALID, "InvalidPartOrder", "the parts must be listed by their numbers");
    const struct worker_upload_part *part = find_part(completion, number);
    if (!part || !str_equal(part->etag, unquote(completion->request->arena, etag)))
        return err_set_code(err, ERR_INVALID, "InvalidPart", "part %lld did not come, or has another ETag", number);
    completion->chosen[completion->chosen_count++] = *part;
    return true;
}

static bool read_list(struct completion *completion, struct err *err) {
    const struct request *request = completion->request;
    struct arena *arena = request->arena;
    completion->chosen = arena_array(arena, struct worker_upload_part, completion->count);
    for (const char *at = strstr(request->body, "<Part>"); at; at = strstr(at, "<Part>")) {
        const char *end = strstr(at, "</Part>");
        if (!end)
            return malformed(err);
        if (!choose(completion, element(arena, at, end, "PartNumber"), element(arena, at, end, "ETag"), err))
            return false;
        at = end;
    }
    return completion->chosen_count > 0 || malformed(err);
}

static bool read_work(struct tx *tx, void *context, struct err *err) {
    struct completion *completion = context;
    return s3_find_in(tx, completion->request, true, &completion->object, err) &&
           s3_check_upload(tx, completion->request, &completion->object, err) &&
           worker_uploads_parts(tx, completion->request->arena, completion->object.upload_id, &completion->parts,
                                &completion->count, err);
}

static bool append(int to, int from, int64_t size, struct err *err) {
    while (size > 0) {
        ssize_t copied = copy_file_range(from, NULL, to, NULL, (size_t)size, 0);
        if (copied < 0 && errno == EINTR)
            continue;
        if (copied < 0)
            return err_set_errno(err, errno, "cannot put the parts together");
        if (copied == 0)
            return err_set(err, ERR_INTERNAL, "a part is shorter than it was");
        size -= copied;
    }
    return true;
}

static bool open_whole(const struct request *request, int *out, struct err *err) {
    char *path = arena_printf(request->arena, "%s/bodies/partsXXXXXX", request->server->config->data_directory);
    *out = mkostemp(path, O_CLOEXEC);
    if (*out < 0)
        return err_set_errno(err, errno, "cannot make a file for the whole upload");
    unlink(path);
    return true;
}

static bool put_together(struct completion *completion, struct err *err) {
    const struct request *request = completion->request;
    int whole CLEANUP(close_fd) = -1;
    int64_t total = 0;
    if (!open_whole(request, &whole, err))
        return false;
    for (size_t i = 0; i < completion->chosen_count; i++) {
        int part CLEANUP(close_fd) = -1;
        int64_t size;
        if (!artifacts_get(request->server->artifacts, completion->chosen[i].sha256, &part, &size, err))
            return false;
        total += size;
        if (total > ARTIFACT_BYTES_MAX)
            return err_set_code(err, ERR_INVALID, "RequestEntityTooLargeException",
                                "an artifact has at most %lld bytes", (long long)ARTIFACT_BYTES_MAX);
        if (!append(whole, part, size, err))
            return false;
    }
    return artifacts_put(request->server->artifacts, whole, NULL, completion->sha256, &completion->size_bytes, err);
}

static bool complete_work(struct tx *tx, void *context, struct err *err) {
    const struct completion *completion = context;
    const struct principal *who = &completion->request->principal;
    const struct artifact_row row = {
        .name = completion->object.artifact->name, .sha256 = completion->sha256, .size_bytes = completion->size_bytes};
    return worker_queue_put_artifact(tx, completion->request->arena, who->id, who->nonce, &row, err);
}

/* As S3 makes it: the MD5 of the parts' MD5s, and their number. */
static const char *whole_etag(const struct completion *completion) {
    MD5_CTX state;
    uint8_t digest[MD5_DIGEST_LENGTH];
    char hex[2 * MD5_DIGEST_LENGTH + 1];
    MD5Init(&state);
    for (size_t i = 0; i < completion->chosen_count; i++)
        if (hash_from_hex(completion->chosen[i].etag, digest, sizeof digest))
            MD5Update(&state, digest, sizeof digest);
    MD5Final(digest, &state);
    hash_to_hex(digest, sizeof digest, hex);
    return arena_printf(completion->request->arena, "%s-%zu", hex, completion->chosen_count);
}

static bool complete(const struct request *request, struct reply *reply, struct err *err) {
    struct completion completion = {.request = request};
    struct db *db = request->server->db;
    if (!db_read(db, read_work, &completion, err) || !read_list(&completion, err) || !put_together(&completion, err) ||
        !db_write(db, complete_work, &completion, err))
        return false;
    s3_reply_xml(
        request, reply, 200,
        arena_printf(request->arena,
                     "<CompleteMultipartUploadResult xmlns=\"" NAMESPACE "\"><Location>%s</Location>"
                     "<Bucket>%s</Bucket><Key>%s</Key><ETag>&quot;%s&quot;</ETag>"
                     "</CompleteMultipartUploadResult>",
                     s3_escape(request->arena, request->path), s3_escape(request->arena, completion.object.bucket),
                     s3_escape(request->arena, completion.object.artifact->object_key), whole_etag(&completion)));
    return true;
}

void s3_post(struct request *request, struct reply *reply) {
    struct err err = {0};
    bool done;
    if (!check_payload(request, &err))
        done = false;
    else if (request_query(request, "uploads"))
        done = begin(request, reply, &err);
    else if (request_query(request, "uploadId"))
        done = complete(request, reply, &err);
    else
        done = err_set_code(&err, ERR_INVALID, "NotImplemented", "POST is for multipart uploads only");
    if (!done)
        s3_fail(request, reply, &err);
}

/* ---- give up ---- */

static bool abort_work(struct tx *tx, void *context, struct err *err) {
    const struct request *request = context;
    struct s3_object object;
    if (!s3_find_in(tx, request, true, &object, err))
        return false;
    if (!object.upload_id)
        return err_set_code(err, ERR_INVALID, "NotImplemented", "an artifact cannot be deleted");
    return s3_check_upload(tx, request, &object, err) && worker_uploads_remove(tx, object.upload_id, err);
}

void s3_delete(struct request *request, struct reply *reply) {
    struct err err = {0};
    if (!db_write(request->server->db, abort_work, request, &err)) {
        s3_fail(request, reply, &err);
        return;
    }
    reply_text(request, reply, 204, NULL, "");
    reply_header(request, reply, "x-amz-request-id", request->id);
}
