/*
 * imagedefinitions.json: what is taken, and the sentence where it is not.
 */
#include "runner/actions/ecs_images.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    const char *text;
    const char *message;
} bad[] = {
    {"", "the image definition file 'f.json' contains invalid JSON format: "},
    {"[{\"name\":\"a\",\"imageUri\":\"b\"},]", "the image definition file 'f.json' contains invalid JSON format: "},
    {"[]", "'f.json' names no container"},
    {"{}", "'f.json' must be a list: "},
    {"{\"ImageURI\":\"x\"}", "'f.json' holds imageDetail.json's object; the ECS action wants a list: "},
    {"[1]", "entry 1 of 'f.json' must be {\"name\", \"imageUri\"}"},
    {"[{\"imageUri\":\"x\"}]", "entry 1 of 'f.json' lacks 'name', the container's name"},
    {"[{\"name\":\"a\"}]", "entry 1 of 'f.json' lacks 'imageUri'"},
    {"[{\"name\":\"a\",\"imageUri\":\"\"}]", "entry 1 of 'f.json' lacks 'imageUri'"},
    {"[{\"name\":\"a\",\"imageUri\":\"x\"},{\"name\":\"b\",\"imageUrl\":\"y\"}]",
     "entry 2 of 'f.json' has 'imageUrl'; write 'imageUri' instead"},
    {"[{\"name\":\"a\",\"ImageURI\":\"x\"}]", "entry 1 of 'f.json' has 'ImageURI'; write 'imageUri' instead"},
    {"[{\"name\":\"a\",\"imageUri\":\"x\"},{\"name\":\"a\",\"imageUri\":\"y\"}]", "'f.json' names container 'a' twice"},
};

static void each_mistake_has_its_sentence(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct arena arena CLEANUP(arena_release) = ARENA_INIT;
        struct ecs_images images;
        struct err err = {0};
        if (ecs_images_parse(&arena, "f.json", bad[i].text, strlen(bad[i].text), &images, &err))
            fail_msg("row %zu was accepted", i);
        if (strncmp(err.message, bad[i].message, strlen(bad[i].message)) != 0)
            fail_msg("row %zu: %s", i, err.message);
    }
}

static void several_containers(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct ecs_images images;
    struct err err = {0};
    const char *text =
        "\xef\xbb\xbf[{\"name\":\"a\",\"imageUri\":\"x\"},{\"name\":\"b\",\"imageUri\":\"y@sha256:1\"}]\n";
    assert_true(ecs_images_parse(&arena, "f.json", text, strlen(text), &images, &err));
    assert_int_equal(images.count, 2);
    assert_string_equal(images.items[1].container, "b");
    assert_string_equal(images.items[1].uri, "y@sha256:1");
}

static void the_limit_is_awss(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct ecs_images images;
    struct err err = {0};
    char *text = arena_alloc(&arena, ECS_IMAGES_CEILING + 2);
    memset(text, ' ', ECS_IMAGES_CEILING + 1);
    assert_false(ecs_images_parse(&arena, "f.json", text, ECS_IMAGES_CEILING + 1, &images, &err));
    assert_string_equal(err.message, "'f.json' is larger than 100 KB");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_mistake_has_its_sentence),
        cmocka_unit_test(several_containers),
        cmocka_unit_test(the_limit_is_awss),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
