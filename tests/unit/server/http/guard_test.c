/* The request guard without a socket: what is refused and what is not. */
#include "server/http/guard.h"

#include "common/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

static bool check(const char *target, const struct http_header *headers, size_t count, struct guard_verdict *verdict) {
    struct err err;
    struct guard_head head = {"POST", target, "HTTP/1.1", headers, count};
    return guard_check(&head, verdict, &err);
}

static void targets_test(void **state) {
    (void)state;
    static const char *const good[] = {
        "/",
        "/a/b",
        "/pipelines/shop%20one",
        "/a..b/...",
        "/a?x=%2f&y=%252e",
        "/git/shop.git/info/refs?service=git",
        "/a/.well-known",
    };
    static const char *const bad[] = {
        "",        "a",         "http://host/", "/a\\b",    "/a%5cb", "/a%2fb", "/a%2Fb", "/..",   "/a/../b", "/a/.",
        "/%2e%2e", "/a/%2e./b", "/a%00",        "/a?x=%00", "/a%0ab", "/a%",    "/a%2",   "/a%zz", "/a b",    "/a#b",
        "/\x7f",   "/\xc3\xa4", "/a?b\\c",      "/a?%",     "/a%7f",  "/a?%g1", "/a/%2E", "/./a",  "*",
    };
    const struct http_header host = {"host", "example.com"};
    struct guard_verdict verdict;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        if (!check(good[i], &host, 1, &verdict))
            fail_msg("'%s' was refused", good[i]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (check(bad[i], &host, 1, &verdict))
            fail_msg("'%s' was let through", bad[i]);
    }
}

static void headers_test(void **state) {
    (void)state;
    struct guard_verdict verdict;
    const struct http_header chunked[] = {{"host", "h"}, {"transfer-encoding", "Chunked"}};
    assert_true(check("/", chunked, 2, &verdict));
    assert_true(verdict.has_body);
    assert_int_equal(verdict.content_length, -1);
    const struct http_header sized[] = {{"host", "h"}, {"content-length", "17"}};
    assert_true(check("/", sized, 2, &verdict));
    assert_int_equal(verdict.content_length, 17);
    const struct http_header empty[] = {{"host", "h"}, {"content-length", "0"}};
    assert_true(check("/", empty, 2, &verdict));
    assert_false(verdict.has_body);

    static const struct http_header bad[][3] = {
        {{"host", "h"}, {"content-length", "1"}, {"transfer-encoding", "chunked"}},
        {{"host", "h"}, {"content-length", "1"}, {"content-length", "1"}},
        {{"host", "h"}, {"host", "h"}, {"x", "y"}},
        {{"host", ""}, {"a", "b"}, {"x", "y"}},
        {{"a", "b"}, {"c", "d"}, {"x", "y"}},
        {{"host", "h"}, {"transfer-encoding", "gzip"}, {"x", "y"}},
        {{"host", "h"}, {"transfer-encoding", "gzip, chunked"}, {"x", "y"}},
        {{"host", "h"}, {"transfer-encoding", "identity"}, {"x", "y"}},
        {{"host", "h"}, {"transfer-encoding ", "chunked"}, {"x", "y"}},
        {{"host", "h"}, {"content-length", "-1"}, {"x", "y"}},
        {{"host", "h"}, {"content-length", "1, 1"}, {"x", "y"}},
        {{"host", "h"}, {"content-length", "99999999999999999999"}, {"x", "y"}},
        {{"host", "h"}, {"content-length", "0x10"}, {"x", "y"}},
        {{"host", "h"}, {"", "v"}, {"x", "y"}},
        {{"host", "h"}, {"a b", "v"}, {"x", "y"}},
        {{"host", "h"}, {"a", "v\x01"}, {"x", "y"}},
        {{"host", "h"}, {"a", "v\r"}, {"x", "y"}},
        {{"host", "h"}, {"authorization", "a"}, {"authorization", "b"}},
        {{"host", "h"}, {"x-hub-signature-256", "a"}, {"x-hub-signature-256", "a"}},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (check("/", bad[i], 3, &verdict))
            fail_msg("bad header set %zu was let through", i);
    }
}

static void version_test(void **state) {
    (void)state;
    struct guard_verdict verdict;
    struct err err;
    const struct http_header chunked = {"transfer-encoding", "chunked"};
    assert_false(guard_check(&(struct guard_head){"GET", "/", "", NULL, 0}, &verdict, &err));
    assert_false(guard_check(&(struct guard_head){"GET", "/", "HTTP/2.0", NULL, 0}, &verdict, &err));
    assert_true(guard_check(&(struct guard_head){"GET", "/", "HTTP/1.0", NULL, 0}, &verdict, &err));
    assert_false(guard_check(&(struct guard_head){"POST", "/", "HTTP/1.0", &chunked, 1}, &verdict, &err));
    assert_false(guard_check(&(struct guard_head){"G T", "/", "HTTP/1.0", NULL, 0}, &verdict, &err));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(targets_test),
        cmocka_unit_test(headers_test),
        cmocka_unit_test(version_test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
