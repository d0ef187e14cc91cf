/*
 * What AWS's services say when they refuse, in each of their ways.
 */
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_way_is_understood),
        cmocka_unit_test(what_may_be_tried_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
