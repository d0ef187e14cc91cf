/*
 * Artifacts in S3. Each object carries the build's ARN as metadata, as CodeBuild's do.
 */
#include "runner/actions/s3_artifacts.h"

#include "common/hash.h"
#include "common/str.h"
#include "runner/actions/artifact_set.h"
#include "runner/actions/s3_place.h"
#include "runner/aws/s3.h"
#include "runner/runner.h"

#include <errno.h>
#include <md5.h>
#include <stdio.h>
#include <unistd.h>

#define PIECE_BYTES 65536

static void close_file(FILE **file) {
    if (*file)
        (void)fclose(*file);
}

/* {sha256sum, md5sum} of a zip, added to `told`. */
static bool add_sums(struct build *build, const char *path, struct json *told, struct err *err) {
    FILE *file CLEANUP(close_file) = fopen(path, "re");
    if (!file)
        return err_set_errno(err, errno, "unable to read '%s'", path);
    struct hash_sha256_state sha256;
    MD5_CTX md5;
    char piece[PIECE_BYTES];
    uint8_t digest[SHA256_BYTES];
    char hex[SHA256_HEX_SIZE];
    hash_sha256_begin(&sha256);
    MD5Init(&md5);
    for (size_t got; (got = fread(piece, 1, sizeof piece, file)) > 0;) {
        if (job_is_stopped(build->job))
            return err_set(err, ERR_UNAVAILABLE, "interrupted");
        hash_sha256_update(&sha256, piece, got);
        MD5Update(&md5, (const uint8_t *)piece, got);
    }
    if (ferror(file))
        return err_set(err, ERR_INTERNAL, "unable to read '%s'", path);
    hash_sha256_end(&sha256, digest);
    hash_to_hex(digest, SHA256_BYTES, hex);
    json_set_text(build->arena, told, "sha256sum", hex);
    MD5Final(digest, &md5);
    hash_to_hex(digest, MD5_DIGEST_LENGTH, hex);
    json_set_text(build->arena, told, "md5sum", hex);
    return true;
}

static const char *acl_of(const struct json *artifacts) {
    const char *access = json_get_text(artifacts, "bucketOwnerAccess");
    return str_equal(access, "READ_ONLY") ? "bucket-owner-read"
           : str_equal(access, "FULL")    ? "bucket-owner-full-control"
                                          : NULL;
}

/* S3's own key is what a bucket uses by itself. */
static const char *key_of(const struct build *build, const struct json *artifacts) {
    const char *key = json_get_text(build->job->message->build, "encryptionKey");
    bool off = json_get_bool(artifacts, "encryptionDisabled", false);
    return off || !key || !*key || str_ends_with(key, "alias/aws/s3") ? NULL : key;
}

static bool upload_zip(struct build *build, struct s3 *s3, const struct buildspec_artifacts *set,
                       const struct container_files *files, const struct s3_place *place,
                       const struct s3_object_settings *settings, struct json *told, struct err *err) {
    const char *zip =
        arena_printf(build->arena, "%s/s3-%s.zip", build->job->folder, set->identifier ? set->identifier : "");
    if (!artifact_set_pack(build, set, files, zip, err) || !add_sums(build, zip, told, err))
        return false;
    struct s3_object_settings with_sums = *settings;
    const struct http_header sums[] = {
        {.name = "x-amz-meta-codebuild-content-sha256", .value = json_get_text(told, "sha256sum")},
        {.name = "x-amz-meta-codebuild-content-md5", .value = json_get_text(told, "md5sum")}};
    with_sums.content_type = "application/zip";
    with_sums.metadata = sums;
    with_sums.metadata_count = sizeof sums / sizeof *sums;
    bool good = s3_upload(s3, build->arena, place->bucket, place->key, zip, &with_sums, err);
    (void)unlink(zip);
    return good;
}

static bool upload_files(struct build *build, struct s3 *s3, const struct container_files *files,
                         const struct s3_place *place, const struct s3_object_settings *settings, struct err *err) {
    for (size_t i = 0; i < files->count; i++) {
        struct arena scratch CLEANUP(arena_release) = ARENA_INIT;
        const struct container_file *file = &files->files[i];
        int descriptor;
        struct tree_file found;
        struct err own = {0};
        if (!artifact_set_open(build, files, file, &descriptor, &found, &own)) {
            if (own.kind == ERR_NONE)
                continue;
            return err_set(err, own.kind, "%s", own.message);
        }
        bool good =
            s3_upload_descriptor(s3, &scratch, place->bucket, arena_printf(&scratch, "%s%s", place->key, file->name),
                                 descriptor, settings, err);
        (void)close(descriptor);
        if (!good)
            return false;
    }
    return true;
}

static bool find_place(struct build *build, const struct buildspec_artifacts *set, const struct json *artifacts,
                       struct s3_place *out, struct err *err) {
    const char *const texts[] = {set->name, set->s3_prefix};
    const char *expanded[2] = {0};
    const struct json *description = build->job->message->build;
    if (!build_expand(build, texts, 2, expanded, err))
        return false;
    const struct s3_place_question question = {.artifacts = artifacts,
                                               .project = json_get_text_or(description, "projectName", "build"),
                                               .build_id = build->id,
                                               .name = expanded[0],
                                               .s3_prefix = expanded[1]};
    return s3_place_find(build->arena, &question, out, err);
}

/* What is wrong there is for the project's owner to mend. */
static bool refuse(const struct s3_place *place, const struct err *own, struct err *err) {
    if (own->code)
        return err_set_code(err, own->kind, own->code, "%s", own->message);
    return err_set_code(err, own->kind, "CLIENT_ERROR", "Error in UPLOAD_ARTIFACTS phase: %.800s%s%s", own->message,
                        own->kind == ERR_DENIED ? "; allow the runner's credentials s3:PutObject on arn:aws:s3:::" : "",
                        own->kind == ERR_DENIED ? place->bucket : "");
}

bool s3_artifacts_upload(struct build *build, const struct buildspec_artifacts *set, const struct json *artifacts,
                         struct json **told, struct err *err) {
    struct http_client *client CLEANUP(http_client_cleanup) = http_client_new();
    struct s3 s3 = {.aws = build->job->runner->aws,
                    .region = build->job->message->region,
                    .client = client,
                    .interrupted = job_is_stopped,
                    .context = build->job};
    struct container_files files;
    struct s3_place place;
    struct err own = {0};
    if (!find_place(build, set, artifacts, &place, err) || !artifact_set_collect(build, set, &files, err))
        return false;
    const struct s3_object_settings settings = {
        .build_arn = json_get_text_or(build->job->message->build, "arn",
                                      environment_get(&build->environment, "CODEBUILD_BUILD_ARN")),
        .acl = acl_of(artifacts),
        .kms_key = key_of(build, artifacts)};
    struct json *out = json_object(build->arena);
    json_set_text(build->arena, out, "location",
                  arena_printf(build->arena, "arn:aws:s3:::%s/%s", place.bucket, place.key));
    bool good = place.zip ? upload_zip(build, &s3, set, &files, &place, &settings, out, &own)
                          : upload_files(build, &s3, &files, &place, &settings, &own);
    container_files_release(build, &files);
    if (!good)
        return refuse(&place, &own, err);
    json_set_text(build->arena, out, "artifactIdentifier", set->identifier);
    json_set_text(build->arena, out, "bucketOwnerAccess", json_get_text(artifacts, "bucketOwnerAccess"));
    json_set_bool(build->arena, out, "overrideArtifactName", json_get_bool(artifacts, "overrideArtifactName", false));
    json_set_bool(build->arena, out, "encryptionDisabled", json_get_bool(artifacts, "encryptionDisabled", false));
    build_say(build, "Uploaded artifacts to s3://%s/%s", place.bucket, place.key);
    *told = out;
    return true;
}
