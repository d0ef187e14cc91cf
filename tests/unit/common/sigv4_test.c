/*
 * Signature Version 4 against recorded requests, and every way in which a signature can be wrong.
 */
#include "common/sigv4.h"

#include "common/clock.h"
#include "common/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Recorded from the AWS command line, with the secret key "testing". */
static const struct http_header recorded_headers[] = {
    {"Content-Type", "application/x-amz-json-1.1"},
    {"Host", "127.0.0.1:5606"},
    {"X-Amz-Date", "20261123T034901Z"},
    {"X-Amz-Target", "CodePipeline_20150709.GetPipeline"},
    {"User-Agent", "aws-cli"},
};
static const struct sigv4_request recorded = {
    .method = "POST",
    .path = "/",
    .headers = recorded_headers,
    .header_count = 5,
    .body = "{\"name\": \"demo\"}",
    .body_size = 16,
};
static const char recorded_authorization[] =
    "AWS4-HMAC-SHA256 Credential=AKID/20261123/ap-northeast-1/codepipeline/aws4_request, "
    "SignedHeaders=content-type;host;x-amz-date;x-amz-target, "
    "Signature=45631b82d01bf2be7f05678b96e60b353af81f651e6a808a92ca1f0f7cbdc445";

static void the_recorded_request_verifies(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct sigv4_authorization authorization;
    struct err err = {0};
    assert_true(sigv4_parse(&arena, recorded_authorization, &authorization, &err));
    assert_string_equal(authorization.access_key, "AKID");
    assert_string_equal(authorization.date, "20261123");
    assert_string_equal(authorization.region, "ap-northeast-1");
    assert_string_equal(authorization.service, "codepipeline");
    assert_string_equal(authorization.signed_headers, "content-type;host;x-amz-date;x-amz-target");
    int64_t now = clock_parse_basic("20261123T034901Z");
    if (!sigv4_verify(&arena, &recorded, &authorization, "testing", now, &err))
        fail_msg("%s", err.message);
    assert_false(sigv4_verify(&arena, &recorded, &authorization, "testinG", now, &err));
    assert_string_equal(err.code, "InvalidSignatureException");
}

static void signing_gives_the_recorded_signature(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct sigv4_credentials credentials = {.access_key = "AKID", .secret_key = "testing"};
    struct sigv4_scope scope = {.region = "ap-northeast-1", .service = "codepipeline"};
    const struct http_header *headers;
    size_t count;
    sigv4_sign(&arena, &recorded, "127.0.0.1:5606", &credentials, &scope, clock_parse_basic("20261123T034901Z"),
               &headers, &count);
    assert_string_equal(headers[count - 1].name, "Authorization");
    assert_string_equal(headers[count - 1].value, recorded_authorization);
}

static int initialise(void **state) {
    (void)state;
    hash_init();
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_recorded_request_verifies),
        cmocka_unit_test(signing_gives_the_recorded_signature),
    };
    return cmocka_run_group_tests(tests, initialise, NULL);
}
