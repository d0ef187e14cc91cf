/*
 * Sources and buildspecs in S3, with the runner's own credentials.
 */
#include "runner/actions/s3_source.h"

#include "common/file.h"
#include "common/str.h"
#include "runner/archive/names.h"
#include "runner/archive/zip.h"
#include "runner/aws/s3.h"
#include "runner/runner.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define OBJECTS_MAX 10000

static struct s3 open_s3(struct job *job) {
    return (struct s3){
        .aws = job->runner->aws, .region = job->message->region, .interrupted = job_is_stopped, .context = job};
}

static void close_descriptor(const int *descriptor) {
    if (*descriptor >= 0)
        (void)close(*descriptor);
}

static bool add_object(struct job *job, struct s3 *s3, const char *bucket, const char *prefix,
                       const struct s3_object *object, struct zip_writer *zip, struct err *err) {
    const char *path = arena_printf(job->arena, "%s/object", job->folder), *name;
    int descriptor CLEANUP(close_descriptor) = -1;
    if (!archive_name(job->arena, object->key + strlen(prefix), &name, err))
        return err_wrap(err, "s3://%s/%.300s", bucket, object->key);
    if (!*name || str_ends_with(object->key, "/"))
        return true;
    if (!s3_download_limited(s3, job->arena, bucket, object->key, NULL, ARCHIVE_BYTES_MAX, path, err))
        return false;
    descriptor = open(path, O_RDONLY | O_CLOEXEC);
    (void)unlink(path);
    const struct zip_entry entry = {.name = name, .mode = 0644, .descriptor = descriptor, .size = object->size};
    return descriptor < 0 ? err_set(err, ERR_INTERNAL, "unable to read what was fetched from '%s'", bucket)
                          : zip_writer_add(zip, &entry, err);
}

static bool gather(struct job *job, struct s3 *s3, const char *bucket, const char *prefix, const char *path,
                   struct err *err) {
    const struct s3_object *objects = NULL;
    struct zip_writer *zip;
    size_t count = 0;
    int64_t bytes = 0;
    if (!s3_list(s3, job->arena, bucket, prefix, OBJECTS_MAX + 1, &objects, &count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        bytes += objects[i].size;
    if (count == 0)
        return err_set(err, ERR_NOT_FOUND, "there is nothing at s3://%s/%s", bucket, prefix);
    if (count > OBJECTS_MAX || bytes > ARCHIVE_BYTES_MAX)
        return err_set(err, ERR_LIMIT, "s3://%s/%s has more than %d objects, or too many bytes", bucket, prefix,
                       OBJECTS_MAX);
    if (!zip_writer_open(path, &zip, err))
        return false;
    zip_writer_store(zip);
    bool good = true;
    for (size_t i = 0; i < count && good; i++)
        good = add_object(job, s3, bucket, prefix, &objects[i], zip, err);
    if (good)
        return zip_writer_close(zip, err);
    zip_writer_abandon(zip);
    return false;
}

bool s3_source(struct job *job, const char *location, const char *version, const char *name, const char **zip,
               struct err *err) {
    const char *bucket, *key, *path = arena_printf(job->arena, "%s/%s.zip", job->folder, name);
    struct s3 s3 = open_s3(job);
    if (!s3_split(job->arena, location, &bucket, &key) || !*key)
        return err_set(err, ERR_INVALID, "the source '%.300s' is no BUCKET/KEY", location);
    job_log(job, "fetching s3://%s/%s", bucket, key);
    bool good = str_ends_with(key, "/")
                    ? gather(job, &s3, bucket, key, path, err)
                    : s3_download_limited(&s3, job->arena, bucket, key, version, ARCHIVE_BYTES_MAX, path, err);
    if (!good)
        return false;
    if (!str_ends_with(key, "/") && !zip_check(path, err))
        return err_wrap(err, "the source s3://%s/%.300s", bucket, key);
    *zip = path;
    return true;
}

bool s3_text(struct job *job, const char *arn, size_t ceiling, const char **text, size_t *size, struct err *err) {
    const char *bucket, *key, *path = arena_printf(job->arena, "%s/text", job->folder);
    struct s3 s3 = open_s3(job);
    if (!s3_split(job->arena, arn, &bucket, &key) || !*key)
        return err_set(err, ERR_INVALID, "'%.300s' is no ARN of an object in S3", arn);
    bool good = s3_download_limited(&s3, job->arena, bucket, key, NULL, (int64_t)ceiling, path, err) &&
                file_get(job->arena, path, ceiling, text, size, err);
    (void)unlink(path);
    return good;
}
