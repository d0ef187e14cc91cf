/*
 * GetObject and HeadObject of an input artifact. A download in parts (boto3's above 8 MiB) asks for ranges.
 */
#include "server/api/s3/object.h"

#include "server/artifacts/artifacts.h"
#include "server/server.h"

#include "common/str.h"

#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* One range of bytes; the whole where the header asks for several or is no range, as S3 does. */
struct range {
    bool partial;
    int64_t first;
    int64_t size;
};

static bool read_number(struct arena *arena, const char *text, size_t length, int64_t *out) {
    long long number;
    if (!str_to_int64(arena_strndup(arena, text, length), 0, INT64_MAX, &number))
        return false;
    *out = number;
    return true;
}

/* "bytes=FIRST-LAST", "bytes=FIRST-", "bytes=-COUNT" */
static bool read_range(const struct request *request, int64_t size, struct range *out, struct err *err) {
    const char *header = request_header(request, "range");
    int64_t first = 0, last = size - 1;
    *out = (struct range){.size = size};
    if (!header || !str_starts_with(header, "bytes=") || strchr(header, ','))
        return true;
    const char *start = header + strlen("bytes="), *dash = strchr(start, '-');
    if (!dash)
        return true;
    bool has_first = dash > start, has_last = dash[1] != '\0';
    if ((!has_first && !has_last) ||
        (has_first && !read_number(request->arena, start, (size_t)(dash - start), &first)) ||
        (has_last && !read_number(request->arena, dash + 1, strlen(dash + 1), &last)))
        return true;
    if (!has_first) { /* the last COUNT bytes */
        first = last < size ? size - last : 0;
        last = last > 0 ? size - 1 : -1;
    }
    if (last >= size)
        last = size - 1;
    if (first >= size || last < first)
        return err_set_code(err, ERR_INVALID, "InvalidRange", "the object has %lld bytes", (long long)size);
    *out = (struct range){.partial = true, .first = first, .size = last - first + 1};
    return true;
}

static const char *http_date(struct arena *arena, time_t seconds) {
    char text[64];
    struct tm broken_down;
    gmtime_r(&seconds, &broken_down);
    strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &broken_down);
    return arena_strdup(arena, text);
}

static void set_headers(const struct request *request, struct reply *reply, const struct worker_artifact *artifact,
                        const struct range *range, int64_t size) {
    struct stat status;
    if (fstat(reply->body_fd, &status) == 0)
        reply_header(request, reply, "Last-Modified", http_date(request->arena, status.st_mtime));
    /* With a dash: no client takes it for the MD5 of the bytes. */
    reply_header(request, reply, "ETag", arena_printf(request->arena, "\"%.32s-1\"", artifact->sha256));
    reply_header(request, reply, "Accept-Ranges", "bytes");
    reply_header(request, reply, "x-amz-request-id", request->id);
    if (range->partial)
        reply_header(request, reply, "Content-Range",
                     arena_printf(request->arena, "bytes %lld-%lld/%lld", (long long)range->first,
                                  (long long)(range->first + range->size - 1), (long long)size));
}

static bool open_object(const struct request *request, struct reply *reply, struct err *err) {
    struct s3_object object;
    struct range range;
    int fd = -1;
    int64_t size = 0;
    if (!s3_find(request, false, &object, err))
        return false;
    if (object.uploads || object.upload_id || object.part_number)
        return err_set_code(err, ERR_INVALID, "NotImplemented", "uploads cannot be listed or read here");
    if (!artifacts_get(request->server->artifacts, object.artifact->sha256, &fd, &size, err))
        return false;
    if (!read_range(request, size, &range, err)) {
        close(fd);
        return false;
    }
    reply->status = range.partial ? 206 : 200;
    reply->content_type = "application/zip";
    reply->body_fd = fd;
    reply->body_offset = range.first;
    reply->body_size = (size_t)range.size;
    set_headers(request, reply, object.artifact, &range, size);
    return true;
}

void s3_get(struct request *request, struct reply *reply) {
    struct err err = {0};
    if (!open_object(request, reply, &err))
        s3_fail(request, reply, &err);
}
