/*
 * What AWS's services say when they refuse, in each of their ways.
 */
#include "runner/aws/call.h"
#include "runner/aws/refusal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct sample {
    int status;
    const char *header; /* x-amzn-errortype, or NULL */
    const char *body;
    const char *type;
    const char *message;
    enum err_kind kind;
};

static const struct sample samples[] = {
    {400, NULL, "{\"__type\":\"com.amazonaws.ecs#ClientException\",\"message\":\"m\"}", "ClientException", "m",
     ERR_INVALID},
    {400, NULL, "{\"__type\":\"ClusterNotFoundException\",\"Message\":\"m\"}", "ClusterNotFoundException", "m",
     ERR_NOT_FOUND},
    {404, "ResourceNotFoundException:http://x/", "{\"Type\":\"User\",\"Message\":\"Function not found: f\"}",
     "ResourceNotFoundException", "Function not found: f", ERR_NOT_FOUND},
    {429, "TooManyRequestsException", "{\"Reason\":\"x\",\"message\":\"Rate exceeded\"}", "TooManyRequestsException",
     "Rate exceeded", ERR_UNAVAILABLE},
    {400, NULL,
     "<ErrorResponse xmlns=\"x\"><Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate "
     "exceeded</Message></Error><RequestId>1</RequestId></ErrorResponse>",
     "Throttling", "Rate exceeded", ERR_UNAVAILABLE},
    {403, NULL,
     "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not &lt;you&gt;</Message></Error></ErrorResponse>",
     "AccessDenied", "not <you>", ERR_DENIED},
    {403, NULL, "<Error><Code>SignatureDoesNotMatch</Code><Message>m</Message></Error>", "SignatureDoesNotMatch", "m",
     ERR_DENIED},
    {404, NULL, "<Error><Code>NoSuchKey</Code><Message>m</Message></Error>", "NoSuchKey", "m", ERR_NOT_FOUND},
    {404, NULL, "", "", "no reason given", ERR_NOT_FOUND},
    {403, NULL, "", "", "no reason given", ERR_DENIED},
    {400, NULL, "<ErrorResponse><Error><Code>Broken", "", "no reason given", ERR_INVALID},
    {502, NULL, "<html><body><h1>Bad Gateway</h1></body></html>", "", "no reason given", ERR_UNAVAILABLE},
    {503, NULL, "", "", "no reason given", ERR_UNAVAILABLE},
    {400, NULL, "{\"__type\":7}", "", "no reason given", ERR_INVALID},
    /* A quota is no throttle. */
    {400, NULL, "{\"__type\":\"LimitExceededException\",\"message\":\"m\"}", "LimitExceededException", "m", ERR_LIMIT},
    {400, NULL,
     "{\"__type\":\"ClientException\",\"message\":\"Too many concurrent attempts to create a new revision of the "
     "specified family.\"}",
     "ClientException", "Too many concurrent attempts to create a new revision of the specified family.",
     ERR_UNAVAILABLE},
};

static void each_way_is_understood(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        struct arena arena CLEANUP(arena_release) = ARENA_INIT;
        const struct sample *sample = &samples[i];
        const struct http_header header = {.name = "x-amzn-errortype", .value = sample->header};
        const struct http_answer answer = {.status = sample->status,
                                           .headers = &header,
                                           .header_count = sample->header ? 1 : 0,
                                           .body = sample->body,
                                           .body_size = strlen(sample->body)};
        const struct aws_refusal refusal = aws_refusal_read(&arena, &answer);
        assert_string_equal(refusal.type, sample->type);
        assert_string_equal(refusal.message, sample->message);
        assert_int_equal(aws_refusal_kind(&refusal), sample->kind);
    }
}

static struct aws_refusal named(const char *type, int status) {
    return (struct aws_refusal){.type = type, .message = "", .status = status};
}

static void what_may_be_tried_again(void **state) {
    (void)state;
    const struct aws_refusal throttled = named("ThrottlingException", 400), counted = named("", 429),
                             broken = named("ServiceException", 500), over = named("ExpiredToken", 403),
                             early = named("RequestTimeTooSkewed", 403);
    assert_true(aws_refusal_is_throttling(&throttled));
    assert_true(aws_refusal_is_throttling(&counted));
    assert_false(aws_refusal_is_throttling(&broken));
    assert_true(aws_refusal_is_expired(&over));
    assert_false(aws_refusal_is_expired(&early));
    assert_true(aws_refusal_is_skewed(&early));
    assert_false(aws_refusal_is_skewed(&broken));
}

static const char *right(struct arena *arena, const struct aws_request *request, const char *type,
                         const char *message) {
    const struct aws_refusal refusal = {.type = type, .message = message, .status = 403};
    return aws_refusal_right(arena, request, &refusal);
}

static void the_right_that_is_missing(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct aws_request update = {.service = "ecs", .operation = "UpdateService"};
    const struct aws_request head = {.service = "s3",
                                     .operation = "HeadObject",
                                     .base = "https://files.s3.eu-west-1.amazonaws.com",
                                     .path = "/a/b.zip"};
    const struct aws_request list = {
        .service = "s3", .operation = "ListObjectsV2", .base = "http://127.0.0.1:1", .path = "/files"};
    const struct aws_request invoke = {.service = "lambda", .operation = "Invoke"};
    assert_string_equal(
        right(&arena, &update, "AccessDeniedException",
              "User: arn:aws:sts::1:assumed-role/r/s is not authorized to perform: ecs:UpdateService on "
              "resource: arn:aws:ecs:eu-west-1:1:service/c/s because no identity-based policy allows the "
              "ecs:UpdateService action"),
        "ecs:UpdateService on arn:aws:ecs:eu-west-1:1:service/c/s");
    assert_string_equal(
        right(&arena, &update, "AccessDeniedException",
              "User: u is not authorized to perform: iam:PassRole on resource: arn:aws:iam::1:role/task "
              "with an explicit deny in a service control policy"),
        "iam:PassRole on arn:aws:iam::1:role/task, which the organization's service control policy "
        "refuses");
    assert_string_equal(right(&arena, &head, "", ""), "s3:GetObject on arn:aws:s3:::files/a/b.zip");
    assert_string_equal(right(&arena, &list, "AccessDenied", "Access Denied"), "s3:ListBucket on arn:aws:s3:::files");
    assert_string_equal(right(&arena, &list, "AccessDenied",
                              "User: u is not authorized to perform: s3:ListBucket on resource: \"arn:aws:s3:::files\" "
                              "because no identity-based policy allows the s3:ListBucket action"),
                        "s3:ListBucket on arn:aws:s3:::files");
    assert_string_equal(right(&arena, &invoke, "AccessDeniedException", "no"), "lambda:InvokeFunction");
    assert_null(right(&arena, &update, "ClusterNotFoundException", "Cluster not found."));
    assert_null(right(&arena, &update, "ExpiredTokenException", "The security token is expired"));
}

static void codes_that_people_cannot_read_are_left_out(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct aws_refusal refusal = {
        .type = "UnauthorizedOperation",
        .message = "You are not authorized to perform this operation. Encoded authorization failure message: 4GhtJ7a"};
    assert_string_equal(aws_refusal_words(&arena, &refusal),
                        "You are not authorized to perform this operation. (`aws sts decode-authorization-message` "
                        "reads the rest)");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_way_is_understood),
        cmocka_unit_test(the_right_that_is_missing),
        cmocka_unit_test(codes_that_people_cannot_read_are_left_out),
        cmocka_unit_test(what_may_be_tried_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
