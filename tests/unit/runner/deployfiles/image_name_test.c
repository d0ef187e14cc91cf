/*
 * Names of images and their parts.
 */
#include "runner/deployfiles/image_name.h"

#include "common/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct {
    const char *name;
    const char *registry, *repository, *tag, *digest, *account, *region;
} names[] = {
    {"nginx", NULL, "nginx", NULL, NULL, NULL, NULL},
    {"nginx:1.27", NULL, "nginx", "1.27", NULL, NULL, NULL},
    {"team/shop:1", NULL, "team/shop", "1", NULL, NULL, NULL},
    {"localhost:5000/a/b:1", "localhost:5000", "a/b", "1", NULL, NULL, NULL},
    {"localhost/a", "localhost", "a", NULL, NULL, NULL, NULL},
    {"public.ecr.aws/nginx/nginx:1", "public.ecr.aws", "nginx/nginx", "1", NULL, NULL, NULL},
    {"123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop:1", "123456789012.dkr.ecr.eu-west-1.amazonaws.com", "shop", "1",
     NULL, "123456789012", "eu-west-1"},
    {"123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/a/b@sha256:ab",
     "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", "a/b", NULL, "sha256:ab", "123456789012", "cn-north-1"},
    {"123456789012.dkr.ecr-fips.us-east-1.amazonaws.com/s:1@sha256:ab",
     "123456789012.dkr.ecr-fips.us-east-1.amazonaws.com", "s", "1", "sha256:ab", "123456789012", "us-east-1"},
    {"12345.dkr.ecr.eu-west-1.amazonaws.com/shop", "12345.dkr.ecr.eu-west-1.amazonaws.com", "shop", NULL, NULL, NULL,
     NULL},
};

static void check_text(const char *found, const char *wanted) {
    if (!str_equal(found, wanted))
        fail_msg("'%s' instead of '%s'", found ? found : "(none)", wanted ? wanted : "(none)");
}

static void names_fall_into_parts(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct image_name parts = image_name_read(&arena, names[i].name);
        check_text(parts.registry, names[i].registry);
        check_text(parts.repository, names[i].repository);
        check_text(parts.tag, names[i].tag);
        check_text(parts.digest, names[i].digest);
        check_text(parts.account, names[i].account);
        check_text(parts.region, names[i].region);
    }
}

static void placeholders_are_known(void **state) {
    (void)state;
    assert_true(image_name_is_placeholder("<IMAGE1_NAME>"));
    assert_true(image_name_is_placeholder("<web-image>"));
    assert_false(image_name_is_placeholder("<>"));
    assert_false(image_name_is_placeholder("<A>:1"));
    assert_false(image_name_is_placeholder("<A> <B>"));
    assert_false(image_name_is_placeholder("shop:1"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_fall_into_parts),
        cmocka_unit_test(placeholders_are_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
