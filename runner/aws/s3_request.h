/*
 * One request to S3: the address of a bucket, and finding its region. For the files s3*.c only.
 */
#ifndef RUNNER_AWS_S3_REQUEST_H
#define RUNNER_AWS_S3_REQUEST_H

#include "runner/aws/s3.h"

struct s3_request {
    const char *operation; /* for messages */
    const char *method;
    const char *bucket;
    const char *key;   /* or NULL */
    const char *query; /* or NULL */
    const char *payload;
    size_t payload_size;
    const struct http_header *headers;
    size_t header_count;
    bool (*begin)(void *context, struct err *err);
    bool (*write_body)(void *context, const void *bytes, size_t size);
    void *context; /* of the two, and of `interrupted` where there is one, else s3->context is asked */
    bool (*interrupted)(void *context);
};

bool s3_send(struct s3 *s3, struct arena *arena, const struct s3_request *request, struct http_answer *answer,
             struct err *err);

#endif
