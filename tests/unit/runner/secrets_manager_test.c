/*
 * References to secrets as a buildspec writes them, and locations in S3.
 */
#include "runner/aws/secrets_manager.h"

#include "runner/aws/s3.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define ARN "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/db-AbCdEf"

static void assert_text(const char *found, const char *expected) {
    if (expected)
        assert_string_equal(found, expected);
    else
        assert_null(found);
}

static void references(void **state) {
    static const struct {
        const char *reference;
        const char *parts[4]; /* secret, key, stage, id */
    } rows[] = {
        {"db", {"db"}},
        {"db:password", {"db", "password"}},
        {"db:password:AWSPREVIOUS", {"db", "password", "AWSPREVIOUS"}},
        {"db:password::1234", {"db", "password", NULL, "1234"}},
        {"db:::1234", {"db", NULL, NULL, "1234"}},
        {"db::AWSCURRENT", {"db", NULL, "AWSCURRENT"}},
        {"db:password::", {"db", "password"}},
        {ARN, {ARN}},
        {ARN ":password", {ARN, "password"}},
        {ARN ":password::1234", {ARN, "password", NULL, "1234"}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena arena CLEANUP(arena_release) = ARENA_INIT;
        struct secret_query query = {0};
        struct err err = {0};
        if (!secret_reference(&arena, rows[i].reference, &query, &err))
            fail_msg("%s: %s", rows[i].reference, err.message);
        assert_text(query.secret, rows[i].parts[0]);
        assert_text(query.json_key, rows[i].parts[1]);
        assert_text(query.version_stage, rows[i].parts[2]);
        assert_text(query.version_id, rows[i].parts[3]);
    }
}

static void references_that_are_none(void **state) {
    static const char *const rows[] = {"",
                                       ":key",
                                       "arn:aws:secretsmanager:eu-west-1",
                                       "db:key:stage:id",
                                       "db:a:b::c",
                                       "arn:aws:secretsmanager:eu-west-1:123456789012:secret:"};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena arena CLEANUP(arena_release) = ARENA_INIT;
        struct secret_query query = {0};
        struct err err = {0};
        if (secret_reference(&arena, rows[i], &query, &err))
            fail_msg("'%s' was taken", rows[i]);
        assert_int_equal(err.kind, ERR_INVALID);
    }
}

static void locations(void **state) {
    static const struct {
        const char *location;
        const char *bucket; /* NULL: none */
        const char *key;
    } rows[] = {{"bucket/a/b.zip", "bucket", "a/b.zip"},
                {"arn:aws:s3:::bucket/key", "bucket", "key"},
                {"arn:aws-cn:s3:::bucket", "bucket", ""},
                {"s3://bucket/key", "bucket", "key"},
                {"bucket", "bucket", ""},
                {"bucket/", "bucket", ""},
                {"/key", NULL, NULL},
                {"", NULL, NULL},
                {"arn:aws:ecs:eu-west-1:1:x", NULL, NULL}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena arena CLEANUP(arena_release) = ARENA_INIT;
        const char *bucket = NULL;
        const char *key = NULL;
        assert_int_equal(s3_split(&arena, rows[i].location, &bucket, &key), rows[i].bucket != NULL);
        assert_text(bucket, rows[i].bucket);
        assert_text(key, rows[i].key);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(references),
        cmocka_unit_test(references_that_are_none),
        cmocka_unit_test(locations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
