/*
 * One call, however often it is sent: signed, sent, judged, and sent again where that is safe and worth it. For the
 * files of this room that make calls.
 */
#ifndef RUNNER_AWS_EXCHANGE_H
#define RUNNER_AWS_EXCHANGE_H

#include "runner/aws/call.h"
#include "runner/aws/refusal.h"

struct exchange {
    struct aws *aws;
    const struct aws_request *request;
    const char *content_type; /* or NULL */
    const char *target;       /* X-Amz-Target, or NULL */
    const char *method;
    const char *path; /* behind the endpoint's own */
    const char *body;
    size_t body_size;

    /* Of the latest attempt. */
    struct http_client *client;
    const char *access_key;
    struct aws_refusal refusal; /* status 0: there was no answer */
    const char *date;           /* the answer's Date header, or NULL */
    int64_t asked_ms;           /* how long the service wants to be left alone, or -1 */
    bool unknown;               /* it may have arrived, and there was no answer */
};

/* Errors: of aws_call. */
bool exchange_carry_out(struct exchange *exchange, struct arena *arena, struct http_answer *reply, struct err *err);

/* What an answer asks for: "x-amz-retry-after: 1500" (milliseconds), "Retry-After: 3" or a date; -1 for nothing.
 * Pure. */
int64_t exchange_retry_after_ms(const struct http_answer *reply, int64_t wall_ms);

#endif
