/*
 * Contents of objects. Down: one range after the other, each of the same object (If-Match), so that a lost connection
 * costs the rest of a range. Up: from the file as it is mapped into memory, whole where it is small, else in parts.
 */
#include "common/hash.h"
#include "common/str.h"
#include "runner/aws/s3_request.h"
#include "runner/aws/xml.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define RANGE_BYTES (INT64_C(64) * 1024 * 1024)
#define PART_BYTES (INT64_C(16) * 1024 * 1024)
#define PARTS_MAX 10000
#define HEADERS_MAX 16
#define MULTI_STATUS 206

struct download {
    struct s3 *s3;
    int file;
    int64_t done; /* bytes of complete ranges */
    int64_t ceiling;
    int64_t here; /* bytes of the range under way */
    int error_number;
    bool too_large;
};

static void close_file(int *file) {
    if (*file >= 0)
        (void)close(*file);
}

/* An attempt before this one may have written something. */
static bool begin_range(void *context, struct err *err) {
    struct download *download = context;
    download->here = 0;
    if (lseek(download->file, download->done, SEEK_SET) < 0 || ftruncate(download->file, download->done) != 0)
        return err_set_errno(err, errno, "unable to write a download");
    return true;
}

static bool take(void *context, const void *bytes, size_t size) {
    struct download *download = context;
    const char *at = bytes;
    download->here += (int64_t)size;
    download->too_large = download->ceiling > 0 && download->done + download->here > download->ceiling;
    while (size > 0 && !download->too_large) {
        ssize_t written = write(download->file, at, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0) {
            download->error_number = errno;
            return false;
        }
        at += written;
        size -= (size_t)written;
    }
    return !download->too_large;
}

static bool interrupted(void *context) {
    const struct s3 *s3 = ((struct download *)context)->s3;
    return s3->interrupted && s3->interrupted(s3->context);
}

/* "bytes 0-1023/4096" */
static int64_t total_of(const struct http_answer *answer) {
    const char *range = http_answer_header(answer, "content-range");
    const char *slash = range ? strchr(range, '/') : NULL;
    long long total = 0;
    return slash && str_to_int64(slash + 1, 0, INT64_MAX, &total) ? total : -1;
}

static bool fail(const struct download *download, const char *path, const struct err *own, struct err *err) {
    if (download->error_number)
        return err_set_errno(err, download->error_number, "unable to write '%s'", path);
    if (download->too_large)
        return err_set(err, ERR_LIMIT, "the object is larger than %lld bytes", (long long)download->ceiling);
    return err_set_code(err, own->kind, own->code, "%s", own->message);
}

/* *etag: of the first range's answer; *total: -1 before it. An object without contents has no range to ask for. */
static bool download_range(struct download *download, struct arena *arena, const struct s3_request *base,
                           const char **etag, int64_t *total, struct err *err) {
    bool ranged = *total != 0;
    const struct http_header headers[] = {
        {.name = "Range",
         .value = ranged ? arena_printf(arena, "bytes=%lld-%lld", (long long)download->done,
                                        (long long)(download->done + RANGE_BYTES - 1))
                         : NULL},
        {.name = "If-Match", .value = *etag}};
    struct s3_request request = *base;
    struct http_answer answer;
    struct err own = {0};
    request.headers = headers;
    request.header_count = 2;
    if (!s3_send(download->s3, arena, &request, &answer, &own)) {
        if (ranged && download->done == 0 && strstr(own.message, "InvalidRange")) {
            *total = 0;
            return true;
        }
        return err_set_code(err, own.kind, own.code, "%s", own.message);
    }
    download->done += download->here;
    if (!*etag)
        *etag = http_answer_header(&answer, "etag");
    *total = answer.status == MULTI_STATUS ? total_of(&answer) : download->done;
    if (*total < 0 || download->here == 0)
        return *total == download->done || err_set(err, ERR_UNAVAILABLE, "S3 sent a part without saying of what");
    return true;
}

static bool download_all(struct download *download, struct arena *arena, const struct s3_request *base,
                         struct err *err) {
    const char *etag = NULL;
    int64_t total = -1;
    do {
        if (!download_range(download, arena, base, &etag, &total, err))
            return false;
        if (download->ceiling > 0 && total > download->ceiling) {
            download->too_large = true;
            return false;
        }
    } while (download->done < total);
    return true;
}

bool s3_download_limited(struct s3 *s3, struct arena *arena, const char *bucket, const char *key, const char *version,
                         int64_t ceiling, const char *path, struct err *err) {
    int file CLEANUP(close_file) = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    struct download download = {.s3 = s3, .file = file, .ceiling = ceiling};
    struct err own = {0};
    if (file < 0)
        return err_set_errno(err, errno, "unable to write '%s'", path);
    const struct s3_request request = {
        .operation = "GetObject",
        .method = "GET",
        .bucket = bucket,
        .key = key,
        .query = version ? arena_printf(arena, "versionId=%s", http_encode(arena, version, false)) : NULL,
        .begin = begin_range,
        .write_body = take,
        .interrupted = interrupted,
        .context = &download};
    if (download_all(&download, arena, &request, &own))
        return true;
    (void)unlink(path);
    return fail(&download, path, &own, err);
}

bool s3_download(struct s3 *s3, struct arena *arena, const char *bucket, const char *key, const char *version,
                 const char *path, struct err *err) {
    return s3_download_limited(s3, arena, bucket, key, version, 0, path, err);
}

/* ---- up ---- */

struct upload {
    struct s3 *s3;
    const char *bucket;
    const char *key;
    const char *bytes; /* the file, mapped */
    int64_t size;
};

static size_t add(struct http_header *headers, size_t count, const char *name, const char *value) {
    if (value)
        headers[count++] = (struct http_header){.name = name, .value = value};
    return count;
}

static size_t settings_headers(const struct s3_object_settings *settings, struct http_header *headers) {
    static const struct s3_object_settings none = {0};
    const struct s3_object_settings *from = settings ? settings : &none;
    size_t count =
        add(headers, 0, "Content-Type", from->content_type ? from->content_type : "application/octet-stream");
    count = add(headers, count, "Content-Encoding", from->content_encoding);
    count = add(headers, count, "Cache-Control", from->cache_control);
    count = add(headers, count, "x-amz-meta-codebuild-buildarn", from->build_arn);
    count = add(headers, count, "x-amz-acl", from->acl);
    count = add(headers, count, "x-amz-server-side-encryption", from->kms_key ? "aws:kms" : NULL);
    count = add(headers, count, "x-amz-server-side-encryption-aws-kms-key-id", from->kms_key);
    for (size_t i = 0; i < from->metadata_count && count < HEADERS_MAX; i++)
        count = add(headers, count, from->metadata[i].name, from->metadata[i].value);
    return count;
}

static bool put_whole(const struct upload *upload, struct arena *arena, const struct http_header *headers, size_t count,
                      struct err *err) {
    const struct s3_request request = {.operation = "PutObject",
                                       .method = "PUT",
                                       .bucket = upload->bucket,
                                       .key = upload->key,
                                       .payload = upload->size > 0 ? upload->bytes : "",
                                       .payload_size = (size_t)upload->size,
                                       .headers = headers,
                                       .header_count = count};
    struct http_answer answer;
    return s3_send(upload->s3, arena, &request, &answer, err);
}

/* The answer's XML; the last of the three operations may fail with a status of 200. */
static bool post(const struct upload *upload, struct arena *arena, const char *operation, const char *query,
                 const char *payload, const struct http_header *headers, size_t count, const struct json **root,
                 struct err *err) {
    const struct s3_request request = {.operation = operation,
                                       .method = "POST",
                                       .bucket = upload->bucket,
                                       .key = upload->key,
                                       .query = query,
                                       .payload = payload,
                                       .headers = headers,
                                       .header_count = count};
    struct http_answer answer;
    if (!s3_send(upload->s3, arena, &request, &answer, err))
        return false;
    if (!xml_parse(arena, answer.body, answer.body_size, root, err))
        return err_wrap(err, "s3 %s: the answer", operation);
    return !json_get(*root, "Code") ||
           err_set(err, ERR_UNAVAILABLE, "s3 %s: %s: %s", operation, json_get_text_or(*root, "Code", ""),
                   json_get_text_or(*root, "Message", ""));
}

static bool put_part(const struct upload *upload, struct arena *arena, int number, const char *id, int64_t part_bytes,
                     struct str *list, struct err *err) {
    int64_t from = part_bytes * (number - 1);
    int64_t size = upload->size - from < part_bytes ? upload->size - from : part_bytes;
    const struct s3_request request = {.operation = "UploadPart",
                                       .method = "PUT",
                                       .bucket = upload->bucket,
                                       .key = upload->key,
                                       .query = arena_printf(arena, "partNumber=%d&uploadId=%s", number, id),
                                       .payload = upload->bytes + from,
                                       .payload_size = (size_t)size};
    struct http_answer answer;
    if (!s3_send(upload->s3, arena, &request, &answer, err))
        return false;
    const char *etag = http_answer_header(&answer, "etag");
    if (!etag)
        return err_set(err, ERR_UNAVAILABLE, "s3 UploadPart: the answer has no ETag");
    str_printf(list, "<Part><PartNumber>%d</PartNumber><ETag>", number);
    for (; *etag; etag++)
        str_append(list, *etag == '"' ? "&quot;" : (const char[]){*etag, '\0'});
    str_append(list, "</ETag></Part>");
    return true;
}

/* It may be done although its answer was lost: asked again, S3 knows nothing of the upload, and the object is there. */
static bool complete(const struct upload *upload, struct arena *arena, const char *id, const char *list,
                     struct err *err) {
    const struct json *root = NULL;
    struct s3_object object;
    struct err own = {0};
    if (post(upload, arena, "CompleteMultipartUpload", arena_printf(arena, "uploadId=%s", id), list, NULL, 0, &root,
             &own))
        return true;
    if (own.kind == ERR_NOT_FOUND && s3_head(upload->s3, arena, upload->bucket, upload->key, NULL, &object, NULL) &&
        object.size == upload->size && object.etag && strchr(object.etag, '-'))
        return true;
    return err_set_code(err, own.kind, own.code, "%s", own.message);
}

/* Parts that are left lying cost their owner money. */
static void abort_parts(const struct upload *upload, struct arena *arena, const char *id) {
    struct s3 unstoppable = *upload->s3;
    unstoppable.interrupted = NULL;
    const struct s3_request request = {.operation = "AbortMultipartUpload",
                                       .method = "DELETE",
                                       .bucket = upload->bucket,
                                       .key = upload->key,
                                       .query = arena_printf(arena, "uploadId=%s", id)};
    struct http_answer answer;
    (void)s3_send(&unstoppable, arena, &request, &answer, NULL);
}

static bool put_parts(const struct upload *upload, struct arena *arena, const struct http_header *headers, size_t count,
                      struct err *err) {
    struct str list CLEANUP(str_release) = STR_INIT((size_t)PARTS_MAX * 256);
    const struct json *root = NULL;
    int64_t part_bytes = PART_BYTES;
    while (upload->size > part_bytes * PARTS_MAX)
        part_bytes *= 2;
    if (!post(upload, arena, "CreateMultipartUpload", "uploads=", "", headers, count, &root, err))
        return false;
    const char *id = json_get_text(root, "UploadId");
    if (!id)
        return err_set(err, ERR_UNAVAILABLE, "s3 CreateMultipartUpload: the answer has no UploadId");
    id = http_encode(arena, id, false);
    str_append(&list, "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
    bool good = true;
    for (int number = 1; good && part_bytes * (number - 1) < upload->size; number++)
        good = put_part(upload, arena, number, id, part_bytes, &list, err);
    str_append(&list, "</CompleteMultipartUpload>");
    good = good && complete(upload, arena, id, str_text(&list), err);
    if (!good)
        abort_parts(upload, arena, id);
    return good;
}

bool s3_upload_descriptor(struct s3 *s3, struct arena *arena, const char *bucket, const char *key, int descriptor,
                          const struct s3_object_settings *settings, struct err *err) {
    struct http_header headers[HEADERS_MAX];
    struct stat status;
    if (fstat(descriptor, &status) != 0)
        return err_set_errno(err, errno, "unable to look at what is to be uploaded as '%s'", key);
    struct upload upload = {.s3 = s3, .bucket = bucket, .key = key, .size = status.st_size};
    void *map = NULL;
    if (status.st_size > 0) {
        map = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
        if (map == MAP_FAILED)
            return err_set_errno(err, errno, "unable to read what is to be uploaded as '%s'", key);
        (void)madvise(map, (size_t)status.st_size, MADV_SEQUENTIAL);
        upload.bytes = map;
    }
    size_t count = settings_headers(settings, headers);
    bool good = status.st_size > PART_BYTES ? put_parts(&upload, arena, headers, count, err)
                                            : put_whole(&upload, arena, headers, count, err);
    if (map)
        (void)munmap(map, (size_t)status.st_size);
    return good;
}

bool s3_upload(struct s3 *s3, struct arena *arena, const char *bucket, const char *key, const char *path,
               const struct s3_object_settings *settings, struct err *err) {
    int file CLEANUP(close_file) = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return err_set_errno(err, errno, "unable to read '%s'", path);
    return s3_upload_descriptor(s3, arena, bucket, key, file, settings, err);
}
