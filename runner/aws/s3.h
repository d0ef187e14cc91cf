/*
 * S3, 2006-03-01: objects to and from files. Path style where the operator set an endpoint (AWS_ENDPOINT_URL_S3,
 * AWS_ENDPOINT_URL) or the bucket's name has dots, else the bucket is in the host's name. A bucket of another region is
 * found by S3's own answer. Large objects move in parts, so that a lost connection costs one part.
 */
#ifndef RUNNER_AWS_S3_H
#define RUNNER_AWS_S3_H

#include "runner/aws/call.h"

struct s3 {
    struct aws *aws;
    const char *region;                 /* the runner's */
    struct http_client *client;         /* kept between the calls, of this thread; or NULL */
    bool (*interrupted)(void *context); /* or NULL */
    void *context;
    /* Where the latest bucket was found to be; filled by the calls, begin with zeroes. */
    char bucket[64];
    char bucket_region[32];
};

struct s3_object {
    const char *key;
    const char *etag;    /* with its quotes */
    const char *version; /* or NULL: the bucket keeps none */
    int64_t size;
    const char *fingerprint; /* s3_head: what an upload left as S3_FINGERPRINT, or NULL */
    const char *modified;    /* as S3 writes it; in a list "2026-11-23T05:37:00.000Z", which sorts by time */
};

/* Metadata by which an upload is known again: of its contents and settings. */
#define S3_FINGERPRINT "x-amz-meta-penstock-fingerprint"

struct s3_object_settings {
    const char *content_type;           /* NULL: "application/octet-stream" */
    const char *content_encoding;       /* "gzip", or NULL */
    const char *cache_control;          /* or NULL */
    const char *build_arn;              /* metadata codebuild-buildarn, or NULL */
    const char *acl;                    /* "bucket-owner-read", "bucket-owner-full-control", or NULL */
    const char *kms_key;                /* encrypt with it; NULL: as the bucket does by itself */
    const struct http_header *metadata; /* "x-amz-meta-…" */
    size_t metadata_count;
};

/* "bucket/key", "arn:aws:s3:::bucket/key" or "s3://bucket/key"; the key may be "". False where there is no bucket. */
bool s3_split(struct arena *arena, const char *location, const char **bucket, const char **key);

/* All: the errors of aws_call_rest, ERR_NOT_FOUND among them (NoSuchKey, NoSuchBucket, NoSuchVersion), wrapped with
 * "s3://bucket/key". `version` NULL: the newest. */

bool s3_head(struct s3 *s3, struct arena *arena, const char *bucket, const char *key, const char *version,
             struct s3_object *out, struct err *err);

/* Into a new file, mode 0600; removed again after a failure. Errors: ERR_LIMIT: larger than `ceiling` (0: none). */
bool s3_download_limited(struct s3 *s3, struct arena *arena, const char *bucket, const char *key, const char *version,
                         int64_t ceiling, const char *path, struct err *err);
bool s3_download(struct s3 *s3, struct arena *arena, const char *bucket, const char *key, const char *version,
                 const char *path, struct err *err);

/* The file at `path`, or what lies behind an open descriptor. `settings` may be NULL. */
bool s3_upload(struct s3 *s3, struct arena *arena, const char *bucket, const char *key, const char *path,
               const struct s3_object_settings *settings, struct err *err);
bool s3_upload_descriptor(struct s3 *s3, struct arena *arena, const char *bucket, const char *key, int descriptor,
                          const struct s3_object_settings *settings, struct err *err);

/* The object as it is, with its own settings but for the ACL and the key of `settings` (or NULL), which S3 does not
 * copy. 5 GB at most. */
bool s3_copy(struct s3 *s3, struct arena *arena, const char *bucket, const char *from, const char *to,
             const struct s3_object_settings *settings, struct err *err);

/* Also where it is gone already. A bucket with versions keeps the contents behind a marker. */
bool s3_delete(struct s3 *s3, struct arena *arena, const char *bucket, const char *key, struct err *err);

/* A small object from memory, and into memory: terminated, ERR_LIMIT past 16 MiB. */
bool s3_put(struct s3 *s3, struct arena *arena, const char *bucket, const char *key, const char *text,
            const struct s3_object_settings *settings, struct err *err);
bool s3_get(struct s3 *s3, struct arena *arena, const char *bucket, const char *key, const char **text, size_t *size,
            struct err *err);

/* Objects whose keys begin with `prefix`, in the order of their keys, `most` of them. */
bool s3_list(struct s3 *s3, struct arena *arena, const char *bucket, const char *prefix, size_t most,
             const struct s3_object **out, size_t *count, struct err *err);

#endif
