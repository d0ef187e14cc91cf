/*
 * What may reach the git program as a URL, a branch, a commit.
 */
#include "runner/actions/git_names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void urls(void **state) {
    (void)state;
    static const char *const good[] = {"https://example.com/a.git", "http://127.0.0.1:8080/git/shop",
                                       "ssh://git@example.com/a", "https://example.com:8443/a/b/c"};
    static const char *const bad[] = {"",
                                      "/srv/repo",
                                      "./repo",
                                      "file:///srv/repo",
                                      "ext::sh -c id",
                                      "--upload-pack=id",
                                      "-u",
                                      "git://example.com/a",
                                      "https://",
                                      "https:///a",
                                      "https://example.com",
                                      "https://user@example.com/a",
                                      "https://u:p@example.com/a",
                                      "ssh://-oProxyCommand=id/a",
                                      "ssh://git@-oProxyCommand=id/a",
                                      "ssh://git:secret@example.com/a",
                                      "https://example.com/a\nb",
                                      "https://example.com/a b",
                                      "HTTPS://example.com/a",
                                      "https://-x/a"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (!git_check_url(good[i], NULL))
            fail_msg("refused '%s'", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (git_check_url(bad[i], NULL))
            fail_msg("accepted '%s'", bad[i]);
}

static void branches(void **state) {
    (void)state;
    static const char *const good[] = {"main", "feature/x-1", "$(id)", "a;id", "`id`", "\xc3\xa4", "v1.0", "a@b"};
    static const char *const bad[] = {"",     "-x",     "--upload-pack=id",
                                      "a..b", "a b",    "a:b",
                                      "a^",   "a~1",    "a?b",
                                      "a*",   "a[b",    "/a",
                                      "a/",   "a//b",   ".a",
                                      "a/.b", "a.lock", "a.lock/b",
                                      "@",    "a@{1}",  "a\\b",
                                      "a.",   "a\x7f",  "a\nb"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (!git_check_branch(good[i], NULL))
            fail_msg("refused '%s'", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (git_check_branch(bad[i], NULL))
            fail_msg("accepted '%s'", bad[i]);
}

static void commits(void **state) {
    (void)state;
    assert_true(git_check_commit("0123456789abcdef0123456789abcdef01234567", NULL));
    assert_false(git_check_commit("0123456789ABCDEF0123456789abcdef01234567", NULL));
    assert_false(git_check_commit("0123456", NULL));
    assert_false(git_check_commit("--upload-pack=touch-x-0123456789abcdef01", NULL));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls),
        cmocka_unit_test(branches),
        cmocka_unit_test(commits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
