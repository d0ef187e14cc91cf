/* What may name a repository, a branch, a commit: nothing else reaches git or libgit2. */
#include "server/git/hosting.h"
#include "server/git/reading.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

static void repositories_test(void **state) {
    (void)state;
    static const char *const good[] = {"a", "shop", "My_repo-1.2", "a.git.b", "0"};
    static const char *const bad[] = {"",      ".",        "..",       ".hidden", "-rf",
                                      "a/b",   "a b",      "shop.git", "a\n",     "a;b",
                                      "$(id)", "\xc3\xa4", "a\\b",     "a:b",     "--upload-pack=id"};
    char longest[102];
    memset(longest, 'a', sizeof longest);
    longest[100] = '\0';
    assert_true(hosting_name_valid(longest));
    longest[100] = 'a';
    longest[101] = '\0';
    assert_false(hosting_name_valid(longest));
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(hosting_name_valid(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (hosting_name_valid(bad[i]))
            fail_msg("'%s' was let through", bad[i]);
    }
}

static void branches_test(void **state) {
    (void)state;
    static const char *const good[] = {"main", "feature/x", "a@b", "release-1.2", "$(id)", "gr\xc3\xbcn", "a.b/c.d"};
    static const char *const bad[] = {"",     "-x",    "/a",   "a/",     "a//b",
                                      "a..b", ".a",    "a/.b", "a.lock", "a.lock/b",
                                      "a b",  "a~1",   "a^",   "a:b",    "a?",
                                      "a*",   "a[b",   "a\\b", "@",      "a@{1}",
                                      "a\nb", "a\x7f", "\xff", "a.",     "--upload-pack=id"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(reading_branch_name_valid(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (reading_branch_name_valid(bad[i]))
            fail_msg("'%s' was let through", bad[i]);
    }
}

static void ids_test(void **state) {
    (void)state;
    assert_true(reading_id_valid("0123456789abcdef0123456789abcdef01234567"));
    assert_false(reading_id_valid("0123456789ABCDEF0123456789abcdef01234567"));
    assert_false(reading_id_valid("0123456789abcdef0123456789abcdef0123456"));
    assert_false(reading_id_valid("0123456789abcdef0123456789abcdef012345678"));
    assert_false(reading_id_valid("HEAD"));
    assert_false(reading_id_valid(""));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(repositories_test),
        cmocka_unit_test(branches_test),
        cmocka_unit_test(ids_test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
