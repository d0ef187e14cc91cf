/*
 * CodePipeline's own form of key, "pipeline/artifact/…", with the hash of the contents in the place of its random
 * letters.
 */
#include "runner/actions/stored_artifact.h"

#include "common/file.h"
#include "common/hash.h"
#include "common/str.h"
#include "runner/aws/endpoint.h"
#include "runner/aws/s3.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#define PIPELINE_LETTERS 20 /* as CodePipeline cuts them */
#define ARTIFACT_LETTERS 10
#define HASH_LETTERS 32

static bool place(struct job *job, const char *name, const char *sha256, const char *ending,
                  struct stored_artifact *out, struct err *err) {
    if (!job->message->artifact_bucket)
        return err_set_code(err, ERR_INVALID, "ConfigurationError",
                            "%s fetches its input from S3, and the pipeline names no bucket for it; set "
                            "artifactStore: {type: S3, location: BUCKET} in the pipeline",
                            job->message->provider);
    out->bucket = job->message->artifact_bucket;
    out->key = arena_printf(job->arena, "%.*s/%.*s/%.*s%s", PIPELINE_LETTERS,
                            job->message->pipeline ? job->message->pipeline : "pipeline", ARTIFACT_LETTERS, name,
                            HASH_LETTERS, sha256, ending);
    return true;
}

static const struct wire_artifact *find(const struct job *job, const char *name) {
    for (size_t i = 0; i < job->message->input_count; i++)
        if (!name || str_equal(job->message->inputs[i].name, name))
            return &job->message->inputs[i];
    return NULL;
}

bool stored_artifact_place(struct job *job, const char *name, struct stored_artifact *out, struct err *err) {
    const struct wire_artifact *input = find(job, name);
    if (!input)
        return err_set_code(err, ERR_INVALID, "ConfigurationError", "the action has no input artifact '%.100s'",
                            name ? name : "");
    return place(job, input->name, input->sha256, ".zip", out, err);
}

static bool send(struct job *job, const char *path, const char *type, const struct stored_artifact *stored,
                 struct err *err) {
    struct s3 s3 = {.aws = job_aws(job), .region = job->message->region, .interrupted = job_is_stopped, .context = job};
    const struct s3_object_settings settings = {.content_type = type};
    return s3_upload(&s3, job->arena, stored->bucket, stored->key, path, &settings, err);
}

bool stored_artifact_put(struct job *job, const char *name, struct stored_artifact *out, struct err *err) {
    const char *zip;
    if (!stored_artifact_place(job, name, out, err) || !job_input(job, name, &zip, err))
        return false;
    job_log(job, "storing the input as s3://%s/%s", out->bucket, out->key);
    return send(job, zip, "application/zip", out, err);
}

static void close_file(FILE **file) {
    if (*file)
        (void)fclose(*file);
}

static bool write_text(const char *path, const char *text, size_t size, struct err *err) {
    FILE *file CLEANUP(close_file) = fopen(path, "we");
    if (!file || fwrite(text, 1, size, file) != size || fflush(file) != 0)
        return err_set_errno(err, errno, "unable to write '%s'", path);
    return true;
}

bool stored_artifact_put_text(struct job *job, const char *name, const char *text, size_t size,
                              struct stored_artifact *out, struct err *err) {
    char sum[SHA256_HEX_SIZE];
    const char *path = arena_printf(job->arena, "%s/stored", job->folder);
    hash_sha256_hex(text, size, sum);
    if (!place(job, name, sum, "", out, err) || !write_text(path, text, size, err))
        return false;
    bool good = send(job, path, "text/plain", out, err);
    (void)unlink(path);
    return good;
}

const char *stored_artifact_url(struct job *job, const struct stored_artifact *stored) {
    const char *region = job->message->region;
    return arena_printf(job->arena, "https://%s.s3.%s.%s/%s", stored->bucket, region, aws_endpoint_suffix(region),
                        stored->key);
}
