/*
 * Signature Version 4 against recorded requests, and every way in which a signature can be wrong.
 */
#include "common/sigv4.h"

#include "common/clock.h"
#include "common/hash.h"
#include "common/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

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

/* ---- against botocore's own signer, with AWS's example key ---- */

#define EXAMPLE_SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

struct vector {
    struct sigv4_request request; /* without the headers that signing adds */
    const char *host;
    const char *service;
    const char *session_token;
    const char *signed_headers;
    const char *signature;
};

static const struct http_header form_headers[] = {
    {"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"},
    {"X-Spaces", "  a   b  c "},
    {"User-Agent", "not signed"},
};
static const struct http_header zip_headers[] = {{"Content-Type", "application/zip"}};

static const struct vector vectors[] = {
    /* A path that is encoded once more; queries that want sorting by name and value, and re-encoding. */
    {.request = {.method = "GET",
                 .path = "/2015-03-31/functions/arn%3Aaws%3Alambda/a%20b/invocations",
                 .query = "b=2&a=1&a=0&B=x&empty=&flag&%c3%a9=%7E%2b%20c"},
     .host = "lambda.example.com",
     .service = "lambda",
     .signed_headers = "host;x-amz-date",
     .signature = "664c3c2d05ed5ac0c128e14ac1fecb4788dbd3ec0b400b69ca4435448ff2950a"},
    /* A session's token; spaces inside a value. */
    {.request = {.method = "POST",
                 .path = "/",
                 .headers = form_headers,
                 .header_count = 3,
                 .body = "Action=GetCallerIdentity&Version=2011-06-15",
                 .body_size = 43},
     .host = "sts.example.com",
     .service = "sts",
     .session_token = "SESSION/TOKEN==",
     .signed_headers = "content-type;host;x-amz-date;x-amz-security-token;x-spaces",
     .signature = "abe931d2001b9a2b63bff97beda98b03bf81bc68b0b4a97bf8eb372cb1c9e08a"},
    /* S3: the path encoded once, nothing normalised, the body's hash as a header. */
    {.request = {.method = "PUT",
                 .path = "/folder/a%20b%2Bc%3D%40/./x//y.zip",
                 .query = "partNumber=1&uploadId=a%2Fb",
                 .headers = zip_headers,
                 .header_count = 1,
                 .body = "zip bytes",
                 .body_size = 9},
     .host = "bucket.example.com",
     .service = "s3",
     .signed_headers = "content-type;host;x-amz-content-sha256;x-amz-date",
     .signature = "82208e9c658ef8e30c18aedf8af4da4f24374db2235ce570537fede392b8df3b"},
    {.request = {.method = "GET", .path = "/", .query = "prefix=&list-type=2"},
     .host = "bucket.example.com",
     .service = "s3",
     .signed_headers = "host;x-amz-content-sha256;x-amz-date",
     .signature = "0fc78939f4aa31b74d2aebd0ba2977f2f6a1b38675084bdbdd9a6d2291bdec41"},
};

static struct sigv4_request sign_vector(struct arena *arena, const struct vector *vector) {
    struct sigv4_credentials credentials = {
        .access_key = "AKIDEXAMPLE", .secret_key = EXAMPLE_SECRET, .session_token = vector->session_token};
    struct sigv4_scope scope = {.region = "eu-central-1", .service = vector->service};
    struct sigv4_request signed_request = vector->request;
    sigv4_sign(arena, &vector->request, vector->host, &credentials, &scope, clock_parse_basic("20261123T034901Z"),
               &signed_request.headers, &signed_request.header_count);
    return signed_request;
}

static const char *header_of(const struct sigv4_request *request, const char *name) {
    for (size_t i = 0; i < request->header_count; i++)
        if (strcasecmp(request->headers[i].name, name) == 0)
            return request->headers[i].value;
    return NULL;
}

static void signatures_are_botocores(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        struct sigv4_request request = sign_vector(&arena, &vectors[i]);
        assert_string_equal(
            header_of(&request, "Authorization"),
            arena_printf(&arena,
                         "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261123/eu-central-1/%s/aws4_request, "
                         "SignedHeaders=%s, Signature=%s",
                         vectors[i].service, vectors[i].signed_headers, vectors[i].signature));
        assert_string_equal(header_of(&request, "Host"), vectors[i].host);
        assert_string_equal(header_of(&request, "X-Amz-Date"), "20261123T034901Z");
    }
}

static bool verify_at(struct arena *arena, const struct sigv4_request *request, const char *secret, int64_t wall_ms,
                      struct err *err) {
    struct sigv4_authorization authorization;
    return sigv4_parse(arena, header_of(request, "Authorization"), &authorization, err) &&
           sigv4_verify(arena, request, &authorization, secret, wall_ms, err);
}

static void what_is_signed_verifies(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    int64_t now = clock_parse_basic("20261123T034901Z");
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        struct sigv4_request request = sign_vector(&arena, &vectors[i]);
        struct err err = {0};
        if (!verify_at(&arena, &request, EXAMPLE_SECRET, now, &err))
            fail_msg("%zu: %s", i, err.message);
    }
}

static void every_change_of_a_request_shows(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    int64_t now = clock_parse_basic("20261123T034901Z");
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        struct sigv4_request good = sign_vector(&arena, &vectors[i]);
        struct sigv4_request changed[5] = {good, good, good, good, good};
        changed[0].method = "DELETE";
        changed[1].path = "/x";
        changed[2].query = "b=2&a=1&a=0&B=x&empty=&flag&%c3%a9=%7E%2b%20d";
        changed[3].body = "zip bytez";
        changed[3].body_size = 9;
        struct http_header *headers = arena_memdup(&arena, good.headers, good.header_count * sizeof *headers);
        for (size_t j = 0; j < good.header_count; j++)
            if (strcmp(headers[j].name, "Host") == 0)
                headers[j].value = "evil.example.com";
        changed[4].headers = headers;
        for (size_t j = 0; j < 5; j++) {
            struct err err = {0};
            if (verify_at(&arena, &changed[j], EXAMPLE_SECRET, now, &err))
                fail_msg("change %zu of request %zu was taken", j, i);
            assert_int_equal(err.kind, ERR_DENIED);
            assert_string_equal(err.code, "InvalidSignatureException");
        }
    }
}

static void repeated_headers_are_joined(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct http_header headers[] = {{"X-Two", " one "}, {"Host", "ignored"}, {"x-two", "two  three"}};
    const struct vector vector = {.request = {.method = "GET", .path = "/", .headers = headers, .header_count = 3},
                                  .host = "a.example.com",
                                  .service = "ecs"};
    struct sigv4_request request = sign_vector(&arena, &vector);
    int64_t now = clock_parse_basic("20261123T034901Z");
    assert_non_null(strstr(header_of(&request, "authorization"), "SignedHeaders=host;x-amz-date;x-two,"));
    struct err err = {0};
    assert_true(verify_at(&arena, &request, EXAMPLE_SECRET, now, &err));
    const struct http_header merged[] = {
        {"X-Two", "one,two three"},
        {"Host", "a.example.com"},
        {"X-Amz-Date", "20261123T034901Z"},
        {"Authorization", header_of(&request, "authorization")},
    };
    struct sigv4_request joined = {.method = "GET", .path = "/", .headers = merged, .header_count = 4};
    assert_true(verify_at(&arena, &joined, EXAMPLE_SECRET, now, &err));
}

static void the_clock_may_be_five_minutes_off(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct sigv4_request request = sign_vector(&arena, &vectors[0]);
    int64_t now = clock_parse_basic("20261123T034901Z");
    struct err err = {0};
    assert_true(verify_at(&arena, &request, EXAMPLE_SECRET, now + SIGV4_SKEW_MS, &err));
    assert_true(verify_at(&arena, &request, EXAMPLE_SECRET, now - SIGV4_SKEW_MS, &err));
    assert_false(verify_at(&arena, &request, EXAMPLE_SECRET, now + SIGV4_SKEW_MS + 1, &err));
    assert_string_equal(err.message, "the signature is more than 5 minutes old; check the sender's clock");
    assert_false(verify_at(&arena, &request, EXAMPLE_SECRET, now - SIGV4_SKEW_MS - 1, &err));
    assert_string_equal(err.message, "the signature is more than 5 minutes in the future; check the sender's clock");
    assert_string_equal(err.code, "InvalidSignatureException");
}

/* The recorded request with other headers, and an Authorization that lists them as signed. */
static const char *refusal(struct arena *arena, const struct http_header *headers, size_t count, const char *listed,
                           const char *date) {
    struct sigv4_request request = recorded;
    request.headers = headers;
    request.header_count = count;
    struct sigv4_authorization authorization = {.access_key = "AKID",
                                                .date = date,
                                                .region = "ap-northeast-1",
                                                .service = "codepipeline",
                                                .signed_headers = listed,
                                                .signature = "0"};
    struct err err = {0};
    int64_t now = clock_parse_basic("20261123T034901Z");
    assert_false(sigv4_verify(arena, &request, &authorization, "testing", now, &err));
    assert_string_equal(err.code, "InvalidSignatureException");
    return arena_strdup(arena, err.message);
}

static void what_matters_must_be_signed(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct http_header headers[] = {{"Host", "h"},
                                          {"X-Amz-Date", "20261123T034901Z"},
                                          {"X-Amz-Target", "t"},
                                          {"X-Amz-Content-Sha256", "00"},
                                          {"X-Amz-Security-Token", "s"}};
    static const struct {
        size_t count;
        const char *listed, *date, *message;
    } cases[] = {
        {1, "host;x-amz-date", "20261123", "the header 'x-amz-date' is missing"},
        {2, "x-amz-date", "20261123", "the header 'host' must be signed"},
        {2, "host", "20261123", "the header 'x-amz-date' must be signed"},
        {2, "hostx;host-;x-amz-date", "20261123", "the header 'host' must be signed"},
        {3, "host;x-amz-date", "20261123", "the header 'x-amz-target' must be signed"},
        {5, "host;x-amz-date;x-amz-target", "20261123", "the header 'x-amz-security-token' must be signed"},
        {3, "host;x-amz-date;x-amz-target", "20261122",
         "the date in Credential is not that of the header 'x-amz-date'"},
        {4, "host;x-amz-date;x-amz-target", "20261123",
         "the header 'x-amz-content-sha256' is not the hash of the body"},
        {3, "host;x-absent;x-amz-date;x-amz-target", "20261123", "a signed header is not in the request"},
        {3, "host;;x-amz-date;x-amz-target", "20261123", "a signed header is not in the request"},
        {3, "host;x-amz-date;x-amz-target", "20261123", "the signature does not match; check the secret access key"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(refusal(&arena, headers, cases[i].count, cases[i].listed, cases[i].date), cases[i].message);
    const struct http_header wrong_date[] = {{"Host", "h"}, {"X-Amz-Date", "2026-11-23"}};
    assert_string_equal(refusal(&arena, wrong_date, 2, "host;x-amz-date", "20261123"),
                        "the header 'x-amz-date' must be like 20261123T053700Z");
}

static void a_list_of_headers_cannot_blow_up(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    char *value = arena_alloc(&arena, 8001);
    memset(value, 'x', 8000);
    const char *const values[] = {value, ""};
    const int repetitions[] = {100, 300}; /* too large as a text, too many as a list */
    for (size_t i = 0; i < 2; i++) {
        const struct http_header headers[] = {{"Host", "h"}, {"X-Amz-Date", "20261123T034901Z"}, {"X-L", values[i]}};
        struct str listed CLEANUP(str_release) = STR_INIT(10000);
        str_append(&listed, "host;x-amz-date");
        for (int j = 0; j < repetitions[i]; j++)
            str_append(&listed, ";x-l");
        assert_string_equal(refusal(&arena, headers, 3, str_text(&listed), "20261123"),
                            "a signed header is not in the request");
    }
}

static void s3_may_leave_the_body_unsigned(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct http_header headers[] = {{"X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD"}};
    struct vector vector = {
        .request = {.method = "PUT", .path = "/k", .headers = headers, .header_count = 1, .body = "a", .body_size = 1},
        .host = "bucket.example.com",
        .service = "s3",
    };
    int64_t now = clock_parse_basic("20261123T034901Z");
    struct sigv4_request request = sign_vector(&arena, &vector);
    struct err err = {0};
    assert_true(verify_at(&arena, &request, EXAMPLE_SECRET, now, &err));
    request.body = "b";
    assert_true(verify_at(&arena, &request, EXAMPLE_SECRET, now, &err));
    vector.service = "codepipeline";
    request = sign_vector(&arena, &vector);
    assert_false(verify_at(&arena, &request, EXAMPLE_SECRET, now, &err));
}

/* ---- the Authorization header ---- */

static void broken_authorizations_are_refused(void **state) {
    (void)state;
#define SIGNATURE "45631b82d01bf2be7f05678b96e60b353af81f651e6a808a92ca1f0f7cbdc445"
#define CREDENTIAL "Credential=AKID/20261123/r/s/aws4_request"
    static const struct {
        const char *text, *code;
    } cases[] = {
        {NULL, "MissingAuthenticationTokenException"},
        {"", NULL},
        {"Basic abc", NULL},
        {"AWS4-HMAC-SHA256", NULL},
        {"AWS4-HMAC-SHA256 ", NULL},
        {"AWS4-HMAC-SHA256 " CREDENTIAL, NULL},
        {"AWS4-HMAC-SHA256 " CREDENTIAL ", SignedHeaders=host", NULL},
        {"AWS4-HMAC-SHA256 " CREDENTIAL ", SignedHeaders=, Signature=" SIGNATURE, NULL},
        {"AWS4-HMAC-SHA256 " CREDENTIAL ", SignedHeaders=host, Signature=00", NULL},
        {"AWS4-HMAC-SHA256 " CREDENTIAL ", SignedHeaders=host, Signature=" SIGNATURE "0", NULL},
        {"AWS4-HMAC-SHA256 " CREDENTIAL ", SignedHeaders=host, Signature=" SIGNATURE ",", NULL},
        {"AWS4-HMAC-SHA256 " CREDENTIAL ", SignedHeaders=host, Signature=" SIGNATURE ", Signature=" SIGNATURE, NULL},
        {"AWS4-HMAC-SHA256 " CREDENTIAL ", " CREDENTIAL ", SignedHeaders=host, Signature=" SIGNATURE, NULL},
        {"AWS4-HMAC-SHA256 " CREDENTIAL ", SignedHeaders=host, Other=1, Signature=" SIGNATURE, NULL},
        {"AWS4-HMAC-SHA256 Credential=AKID/20261123/r/s, SignedHeaders=host, Signature=" SIGNATURE, NULL},
        {"AWS4-HMAC-SHA256 Credential=/20261123/r/s/aws4_request, SignedHeaders=host, Signature=" SIGNATURE, NULL},
        {"AWS4-HMAC-SHA256 Credential=AKID/2026112/r/s/aws4_request, SignedHeaders=host, Signature=" SIGNATURE, NULL},
        {"AWS4-HMAC-SHA256 Credential=AKID/20261123//s/aws4_request, SignedHeaders=host, Signature=" SIGNATURE, NULL},
        {"AWS4-HMAC-SHA256 Credential=AKID/20261123/r//aws4_request, SignedHeaders=host, Signature=" SIGNATURE, NULL},
        {"AWS4-HMAC-SHA256 Credential=AKID/20261123/r/s/aws5_request, SignedHeaders=host, Signature=" SIGNATURE, NULL},
        {"AWS4-HMAC-SHA256 Credential, SignedHeaders=host, Signature=" SIGNATURE, NULL},
    };
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sigv4_authorization authorization = {.access_key = "before"};
        struct err err = {0};
        if (sigv4_parse(&arena, cases[i].text, &authorization, &err))
            fail_msg("'%s' was taken", cases[i].text);
        assert_int_equal(err.kind, ERR_DENIED);
        assert_string_equal(err.code, cases[i].code ? cases[i].code : "IncompleteSignatureException");
        assert_string_equal(authorization.access_key, "before");
    }
}

static void spaces_and_slashes_are_no_matter(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct sigv4_authorization authorization;
    struct err err = {0};
    assert_true(sigv4_parse(&arena,
                            "AWS4-HMAC-SHA256  Signature=" SIGNATURE
                            ",SignedHeaders=host ,  Credential=A/B/20261123/r/s/aws4_request ",
                            &authorization, &err));
    assert_string_equal(authorization.access_key, "A/B");
    assert_string_equal(authorization.signed_headers, "host");
    assert_string_equal(authorization.signature, SIGNATURE);
}

/* ---- git ---- */

/* Recorded: aws codecommit credential-helper --ignore-host-check get, host=127.0.0.1:8080, path=git/shop.git */
#define GIT_PASSWORD "20261123T063456Z4a4e78839a145abc98dda553ed5e2bd4c38ba30236365e9af18dc16028e52402"

static void the_credential_helpers_password_verifies(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    int64_t now = clock_parse_basic(arena_strndup(&arena, GIT_PASSWORD, 16));
    struct err err = {0};
    if (!sigv4_verify_git(&arena, GIT_PASSWORD, "127.0.0.1", "/git/shop.git", "eu-central-1", EXAMPLE_SECRET, now,
                          &err))
        fail_msg("%s", err.message);
    assert_false(sigv4_verify_git(&arena, GIT_PASSWORD, "127.0.0.2", "/git/shop.git", "eu-central-1", EXAMPLE_SECRET,
                                  now, &err));
    assert_false(
        sigv4_verify_git(&arena, GIT_PASSWORD, "127.0.0.1", "/git/shop", "eu-central-1", EXAMPLE_SECRET, now, &err));
    assert_false(
        sigv4_verify_git(&arena, GIT_PASSWORD, "127.0.0.1", "/git/shop.git", "eu-west-1", EXAMPLE_SECRET, now, &err));
    assert_false(
        sigv4_verify_git(&arena, GIT_PASSWORD, "127.0.0.1", "/git/shop.git", "eu-central-1", "other", now, &err));
    assert_string_equal(err.code, "InvalidSignatureException");
    assert_false(sigv4_verify_git(&arena, GIT_PASSWORD, "127.0.0.1", "/git/shop.git", "eu-central-1", EXAMPLE_SECRET,
                                  now + SIGV4_SKEW_MS + 1, &err));
    assert_string_equal(err.message, "the signature is more than 5 minutes old; check the sender's clock");
}

static void other_passwords_are_refused(void **state) {
    (void)state;
    static const char *const passwords[] = {
        NULL,
        "",
        "secret",
        "20261123T034901Z",
        "20261123T034901X" SIGNATURE,
        SIGNATURE,
        "20261123T034901Z" SIGNATURE "0",
        "99999999T999999Z" SIGNATURE,
    };
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    int64_t now = clock_parse_basic("20261123T034901Z");
    for (size_t i = 0; i < sizeof passwords / sizeof *passwords; i++) {
        struct err err = {0};
        assert_false(sigv4_verify_git(&arena, passwords[i], "h", "/p", "r", "s", now, &err));
        assert_string_equal(err.code, "InvalidSignatureException");
    }
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
        cmocka_unit_test(signatures_are_botocores),
        cmocka_unit_test(what_is_signed_verifies),
        cmocka_unit_test(every_change_of_a_request_shows),
        cmocka_unit_test(repeated_headers_are_joined),
        cmocka_unit_test(the_clock_may_be_five_minutes_off),
        cmocka_unit_test(what_matters_must_be_signed),
        cmocka_unit_test(a_list_of_headers_cannot_blow_up),
        cmocka_unit_test(s3_may_leave_the_body_unsigned),
        cmocka_unit_test(broken_authorizations_are_refused),
        cmocka_unit_test(spaces_and_slashes_are_no_matter),
        cmocka_unit_test(the_credential_helpers_password_verifies),
        cmocka_unit_test(other_passwords_are_refused),
    };
    return cmocka_run_group_tests(tests, initialise, NULL);
}
