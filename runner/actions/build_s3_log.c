/*
 * logsConfig.s3Logs: the log as people see it, masked, is copied into the job's folder while the build runs, and put
 * into the project's bucket at its end, gzipped, as CodeBuild does. That it cannot be put there fails no build.
 */
#include "runner/actions/build.h"

#include "common/str.h"
#include "runner/archive/gzip.h"
#include "runner/aws/s3.h"
#include "runner/runner.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* NULL where none is wanted. */
static const struct json *settings_of(const struct build *build) {
    const struct json *logs = json_get(json_get(build->job->message->build, "logsConfig"), "s3Logs");
    return str_equal(json_get_text(logs, "status"), "ENABLED") && !build->job->local ? logs : NULL;
}

static const char *copy_path(const struct build *build) {
    return arena_printf(build->arena, "%s/log.txt", build->job->folder);
}

void build_s3_log_begin(struct build *build) {
    build->log_copy = -1;
    if (!settings_of(build))
        return;
    build->log_copy = open(copy_path(build), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (build->log_copy >= 0)
        reporter_copy_to(build->job->reporter, build->log_copy);
}

static bool upload(struct build *build, const struct json *settings, struct err *err) {
    const char *location = json_get_text_or(settings, "location", "");
    const char *access = json_get_text(settings, "bucketOwnerAccess");
    const char *uuid = strchr(build->id, ':');
    const char *packed = arena_printf(build->arena, "%s/log.gz", build->job->folder);
    const char *bucket;
    const char *prefix;
    if (!s3_split(build->arena, location, &bucket, &prefix))
        return err_set(err, ERR_INVALID, "the project's s3Logs location '%.200s' names no bucket", location);
    /* A build that was stopped has a log, too. */
    struct s3 s3 = {.aws = build->job->runner->aws,
                    .region = build->job->message->region ? build->job->message->region : build->job->runner->region,
                    .interrupted = job_is_lost,
                    .context = build->job};
    const struct s3_object_settings object = {.content_type = "text/plain",
                                              .build_arn = environment_get(&build->environment, "CODEBUILD_BUILD_ARN"),
                                              .acl = str_equal(access, "READ_ONLY") ? "bucket-owner-read"
                                                     : str_equal(access, "FULL")    ? "bucket-owner-full-control"
                                                                                    : NULL};
    const char *key = arena_printf(build->arena, "%s%s%s.gz", prefix, *prefix && !str_ends_with(prefix, "/") ? "/" : "",
                                   uuid ? uuid + 1 : build->id);
    return gzip_file(copy_path(build), packed, err) && s3_upload(&s3, build->arena, bucket, key, packed, &object, err);
}

void build_s3_log_end(struct build *build) {
    const struct json *settings = settings_of(build);
    struct err err = {0};
    if (!settings)
        return;
    bool kept = build->log_copy >= 0;
    if (kept) {
        reporter_flush_mask(build->job->reporter);
        kept = reporter_copy_to(build->job->reporter, -1);
        (void)close(build->log_copy);
        build->log_copy = -1;
    }
    if (!kept)
        (void)err_set(&err, ERR_INTERNAL, "this machine's disk could not hold a copy of it");
    if (!kept || !upload(build, settings, &err))
        build_say(build, "Unable to upload the log to S3: %s", err.message);
    (void)unlink(copy_path(build));
}
