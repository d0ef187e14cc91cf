/*
 * Source/S3: a zip in a bucket that keeps versions. The revision is the object's version; a start may name an older one
 * (S3_OBJECT_VERSION_ID). The artifact is the zip as it lies there.
 */
#include "common/str.h"
#include "runner/actions/actions.h"
#include "runner/archive/names.h"
#include "runner/archive/zip.h"
#include "runner/aws/s3.h"

#include <string.h>
#include <time.h>

#define VARIABLES 4

/* "Mon, 23 Nov 2026 05:37:00 GMT", of HEAD; 0 where it is anything else. */
static int64_t modified_ms(const char *text) {
    struct tm moment = {0};
    if (!text || !strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &moment))
        return 0;
    return (int64_t)timegm(&moment) * 1000;
}

/* Without its quotes. */
static const char *etag(struct arena *arena, const char *text) {
    const size_t length = text ? strlen(text) : 0;
    return length >= 2 && text[0] == '"' ? arena_strndup(arena, text + 1, length - 2) : text;
}

static const char *revision(struct arena *arena, const struct s3_object *object) {
    if (object->version && !str_equal(object->version, "null"))
        return object->version;
    return etag(arena, object->etag);
}

static void set_result(struct job *job, const char *bucket, const char *key, const struct s3_object *object,
                       struct wire_result *result) {
    struct wire_variable *variables = arena_array(job->arena, struct wire_variable, VARIABLES);
    size_t count = 0;
    variables[count++] = (struct wire_variable){.name = "BucketName", .value = bucket};
    variables[count++] = (struct wire_variable){.name = "ObjectKey", .value = key};
    variables[count++] = (struct wire_variable){.name = "ETag", .value = etag(job->arena, object->etag)};
    if (object->version)
        variables[count++] = (struct wire_variable){.name = "VersionId", .value = object->version};
    *result = (struct wire_result){
        .outcome = WIRE_SUCCEEDED,
        .summary = arena_printf(job->arena, "s3://%s/%.300s", bucket, key),
        .external_id = revision(job->arena, object),
        .revision_id = revision(job->arena, object),
        .revision_summary = arena_printf(job->arena, "Amazon S3 version id: %s", revision(job->arena, object)),
        .revision_created_ms = modified_ms(object->modified),
        .variables = variables,
        .variable_count = count};
}

bool action_s3_source(struct job *job, struct wire_result *result, struct err *err) {
    const char *bucket = job_setting(job, "S3Bucket");
    const char *key = job_setting(job, "S3ObjectKey");
    const char *asked = json_get_text(job->message->source, "commit");
    const char *path = arena_printf(job->arena, "%s/object.zip", job->folder);
    struct s3 s3 = {.aws = job_aws(job), .region = job->message->region, .interrupted = job_is_stopped, .context = job};
    struct s3_object object;
    if (!bucket || !*bucket || !key || !*key)
        return err_set(err, ERR_INVALID, "the action's configuration lacks S3Bucket or S3ObjectKey");
    if (job->message->cancelled)
        return err_set(err, ERR_CONFLICT, "cancelled");
    if (!s3_head(&s3, job->arena, bucket, key, asked, &object, err))
        return false;
    if (!object.version || str_equal(object.version, "null"))
        return err_set_code(
            err, ERR_INVALID, "ConfigurationError",
            "bucket '%s' keeps no versions, so that its object '%.300s' has no revision; turn versioning "
            "on, and put the object again",
            bucket, key);
    job_log(job, "fetching s3://%s/%s, version %s", bucket, key, object.version);
    if (!s3_download_limited(&s3, job->arena, bucket, key, object.version, ARCHIVE_BYTES_MAX, path, err))
        return false;
    if (!zip_check(path, err))
        return err_wrap(err, "the source s3://%s/%.300s", bucket, key);
    for (size_t i = 0; i < job->message->output_count; i++)
        if (!job_output(job, job->message->outputs[i], path, err))
            return false;
    set_result(job, bucket, key, &object, result);
    return true;
}
