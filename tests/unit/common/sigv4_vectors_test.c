/*
 * Signature Version 4 against tests/data/sigv4/vectors.json: the requests of AWS's published test suite and many more,
 * with the signatures of AWS's own signer. What is signed is verified, too.
 */
#include "common/clock.h"
#include "common/file.h"
#include "common/json.h"
#include "common/sigv4.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#define SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define HOST "example.amazonaws.com"
#define LEAST_VECTORS 70

static struct arena arena = ARENA_INIT;
static const struct json *vectors;

static int read_vectors(void **state) {
    (void)state;
    const char *text;
    size_t size;
    struct err err = {0};
    if (!file_get(&arena, TEST_DATA "/sigv4/vectors.json", (size_t)1024 * 1024, &text, &size, &err) ||
        !json_parse(&arena, text, size, &vectors, &err))
        fail_msg("%s", err.message);
    return 0;
}

static int release(void **state) {
    (void)state;
    arena_release(&arena);
    return 0;
}

static struct sigv4_request request_of(const struct json *vector) {
    const struct json *list = json_get(vector, "headers");
    struct http_header *headers = arena_array(&arena, struct http_header, list->count);
    size_t count = 0;
    json_each(item, list) {
        headers[count++] =
            (struct http_header){.name = json_get_text(item, "name"), .value = json_get_text(item, "value")};
    }
    const char *body = json_get_text(vector, "body");
    return (struct sigv4_request){.method = json_get_text(vector, "method"),
                                  .path = json_get_text(vector, "path"),
                                  .query = json_get_text(vector, "query"),
                                  .headers = headers,
                                  .header_count = count,
                                  .body = body,
                                  .body_size = strlen(body)};
}

static struct sigv4_request sign(const struct json *vector) {
    struct sigv4_request request = request_of(vector);
    const struct sigv4_credentials keys = {
        .access_key = "AKIDEXAMPLE", .secret_key = SECRET, .session_token = json_get_text(vector, "sessionToken")};
    const struct sigv4_scope scope = {.region = json_get_text(vector, "region"),
                                      .service = json_get_text(vector, "service")};
    const struct sigv4_request unsigned_request = request;
    sigv4_sign(&arena, &unsigned_request, HOST, &keys, &scope, clock_parse_basic(json_get_text(vector, "moment")),
               &request.headers, &request.header_count);
    return request;
}

static const char *authorization_of(const struct sigv4_request *request) {
    for (size_t i = 0; i < request->header_count; i++)
        if (strcasecmp(request->headers[i].name, "Authorization") == 0)
            return request->headers[i].value;
    return "";
}

static void signatures_are_awss(void **state) {
    (void)state;
    assert_true(vectors->count >= LEAST_VECTORS);
    json_each(vector, vectors) {
        const struct sigv4_request request = sign(vector);
        const char *wanted = arena_printf(
            &arena, "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/%.8s/%s/%s/aws4_request, SignedHeaders=%s, Signature=%s",
            json_get_text(vector, "moment"), json_get_text(vector, "region"), json_get_text(vector, "service"),
            json_get_text(vector, "signedHeaders"), json_get_text(vector, "signature"));
        if (strcmp(authorization_of(&request), wanted) != 0)
            fail_msg("%s:\n%s\nis not\n%s", json_get_text(vector, "name"), authorization_of(&request), wanted);
    }
}

static bool verifies(const struct json *vector, const struct sigv4_request *request, const char *secret,
                     struct err *err) {
    struct sigv4_authorization authorization;
    const int64_t moment = clock_parse_basic(json_get_text(vector, "moment"));
    return sigv4_parse(&arena, authorization_of(request), &authorization, err) &&
           sigv4_verify(&arena, request, &authorization, secret, moment, err);
}

static void signatures_verify(void **state) {
    (void)state;
    json_each(vector, vectors) {
        struct sigv4_request request = sign(vector);
        struct err err = {0};
        if (!verifies(vector, &request, SECRET, &err))
            fail_msg("%s: %s", json_get_text(vector, "name"), err.message);
        assert_false(verifies(vector, &request, SECRET "x", &err));
        request.method = "PATCH";
        assert_false(verifies(vector, &request, SECRET, &err));
    }
}

/* As AWS published them: that the signer which made the vectors is right. */
static void what_aws_published(void **state) {
    (void)state;
    static const char *const published[][2] = {
        {"get-vanilla", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
        {"get-vanilla-query-order-key-case", "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
        {"post-vanilla", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
    };
    size_t found = 0;
    json_each(vector, vectors) {
        for (size_t i = 0; i < sizeof published / sizeof *published; i++) {
            if (strcmp(json_get_text(vector, "name"), published[i][0]) != 0)
                continue;
            assert_string_equal(json_get_text(vector, "signature"), published[i][1]);
            found++;
        }
    }
    assert_int_equal(found, sizeof published / sizeof *published);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signatures_are_awss),
        cmocka_unit_test(signatures_verify),
        cmocka_unit_test(what_aws_published),
    };
    return cmocka_run_group_tests(tests, read_vectors, release);
}
