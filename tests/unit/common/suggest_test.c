/*
 * Near words are found, far ones are not.
 */
#include "common/suggest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void the_nearest_word_is_suggested(void **state) {
    (void)state;
    static const char *const words[] = {"CodeBuild", "CodeCommit", "ECS", "configuration", NULL};
    assert_string_equal(suggest_nearest("codebuild", words), "CodeBuild");
    assert_string_equal(suggest_nearest("CodeBulid", words), "CodeBuild");
    assert_string_equal(suggest_nearest("configuraton", words), "configuration");
    assert_string_equal(suggest_nearest("Code-Commit", words), "CodeCommit");
    assert_null(suggest_nearest("Kubernetes", words));
    assert_null(suggest_nearest("", words));
    assert_null(suggest_nearest("a-word-that-is-much-longer-than-any-of-those-that-are-known-here-at-all", words));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_nearest_word_is_suggested)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
