/*
 * The raw files of a report in S3, where its group says so: PATH/GROUP/ID/FILE for each, or all of them in
 * PATH/GROUP/ID.zip. Only the runner has them, and its credentials put them there.
 */
#include "runner/actions/build_reports.h"

#include "common/http_client.h"
#include "common/str.h"
#include "runner/actions/artifact_set.h"
#include "runner/aws/s3.h"
#include "runner/runner.h"

#include <string.h>
#include <unistd.h>

/* "results/shop-units/3137f7cb-…" out of the path "results" and the ARN "…:report/shop-units:3137f7cb-…". */
static const char *key_of(struct arena *arena, const char *path, const char *report_arn) {
    static const char mark[] = ":report/";
    const char *found = strstr(report_arn, mark);
    char *id = arena_strdup(arena, found ? found + sizeof mark - 1 : report_arn);
    char *colon = strrchr(id, ':');
    while (*path == '/')
        path++;
    size_t length = strlen(path);
    while (length > 0 && path[length - 1] == '/')
        length--;
    if (colon)
        *colon = '/';
    return arena_printf(arena, "%.*s%s%s", (int)length, path, length > 0 ? "/" : "", id);
}

/* S3 encrypts with its own key by itself. */
static const char *kms_key_of(const struct json *destination) {
    const char *key = json_get_text(destination, "encryptionKey");
    bool off = json_get_bool(destination, "encryptionDisabled", false);
    return off || !key || !*key || str_ends_with(key, "alias/aws/s3") ? NULL : key;
}

static bool upload_zip(struct build *build, struct s3 *s3, const char *bucket, const char *key,
                       const struct s3_object_settings *settings, const struct container_files *files,
                       struct err *err) {
    static const struct buildspec_artifacts plain = {0};
    const char *zip = arena_printf(build->arena, "%s/report.zip", build->job->folder);
    struct s3_object_settings of_zip = *settings;
    of_zip.content_type = "application/zip";
    bool good = artifact_set_pack(build, &plain, files, zip, err) &&
                s3_upload(s3, build->arena, bucket, arena_printf(build->arena, "%s.zip", key), zip, &of_zip, err);
    (void)unlink(zip);
    return good;
}

static bool upload_files(struct build *build, struct s3 *s3, const char *bucket, const char *key,
                         const struct s3_object_settings *settings, const struct container_files *files,
                         struct err *err) {
    for (size_t i = 0; i < files->count; i++) {
        struct arena scratch CLEANUP(arena_release) = ARENA_INIT;
        struct tree_file found;
        int descriptor;
        if (!artifact_set_open(build, files, &files->files[i], &descriptor, &found, err)) {
            if (err->kind == ERR_NONE)
                continue;
            return false;
        }
        bool good =
            s3_upload_descriptor(s3, &scratch, bucket, arena_printf(&scratch, "%s/%s", key, files->files[i].name),
                                 descriptor, settings, err);
        (void)close(descriptor);
        if (!good)
            return false;
    }
    return true;
}

bool report_export(struct build *build, const struct json *destination, const char *report_arn,
                   const struct container_files *files, struct err *err) {
    struct http_client *client CLEANUP(http_client_cleanup) = http_client_new();
    struct s3 s3 = {.aws = build->job->runner->aws,
                    .region = build->job->message->region,
                    .client = client,
                    .interrupted = job_is_stopped,
                    .context = build->job};
    const struct s3_object_settings settings = {.kms_key = kms_key_of(destination)};
    const char *bucket = json_get_text_or(destination, "bucket", "");
    const char *key = key_of(build->arena, json_get_text_or(destination, "path", ""), report_arn);
    const bool zip = str_equal(json_get_text(destination, "packaging"), "ZIP");
    if (!(zip ? upload_zip(build, &s3, bucket, key, &settings, files, err)
              : upload_files(build, &s3, bucket, key, &settings, files, err)))
        return err_wrap(err, "exporting the report's files");
    build_say(build, "Exported the report's files to s3://%s/%s%s", bucket, key, zip ? ".zip" : "");
    return true;
}
