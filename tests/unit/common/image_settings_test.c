/*
 * What an image build's configuration may say.
 */
#include "common/image_settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct json *settings_of(struct arena *arena, const char *const *pairs) {
    struct json *object = json_object(arena);
    for (; *pairs; pairs += 2)
        json_set_text(arena, object, pairs[0], pairs[1]);
    return object;
}

static void everything_is_read(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct image_settings settings;
    struct err err = {0};
    const char *const pairs[] = {"ECRRepositoryName",
                                 "team/shop",
                                 "DockerFilePath",
                                 "./build/Dockerfile",
                                 "ImageTags",
                                 "latest, v1.2,latest",
                                 "RegistryType",
                                 "public",
                                 "BuildArguments",
                                 "{\"A\": \"x=1\", \"B\": \"\"}",
                                 "BuildSecrets",
                                 "{\"npm\": \"prod/npm:token\"}",
                                 "Target",
                                 "final",
                                 "Platform",
                                 "linux/arm64",
                                 "BuildContext",
                                 "services/web/",
                                 "ContainerName",
                                 "web",
                                 "PullBaseImages",
                                 "true",
                                 NULL};
    assert_true(image_settings_read(&arena, settings_of(&arena, pairs), &settings, &err));
    assert_string_equal(settings.repository, "team/shop");
    assert_string_equal(settings.dockerfile, "build/Dockerfile");
    assert_string_equal(settings.context, "services/web");
    assert_true(settings.is_public && settings.pull);
    assert_int_equal(settings.tag_count, 2);
    assert_string_equal(settings.tags[1], "v1.2");
    assert_int_equal(settings.argument_count, 2);
    assert_string_equal(settings.arguments[0].value, "x=1");
    assert_string_equal(settings.secrets[0].name, "npm");
}

static void what_is_not_said_has_a_default(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct image_settings settings;
    struct err err = {0};
    const char *const pairs[] = {"ECRRepositoryName", "shop", "DockerFilePath", ".", NULL};
    assert_true(image_settings_read(&arena, settings_of(&arena, pairs), &settings, &err));
    assert_int_equal(settings.tag_count, 1);
    assert_string_equal(settings.tags[0], "latest");
    assert_string_equal(settings.dockerfile, "");
    assert_false(settings.is_public || settings.pull);
    assert_null(settings.target);
    const char *const nothing[] = {NULL};
    assert_false(image_settings_read(&arena, settings_of(&arena, nothing), &settings, &err));
    assert_string_equal(err.message, "the action names no repository; set ECRRepositoryName");
}

/* Among them all that docker would take for an option. */
static void what_is_wrong_is_refused(void **state) {
    (void)state;
    static const char *const rows[][2] = {
        {"ECRRepositoryName", "-v"},
        {"ECRRepositoryName", "Shop"},
        {"ECRRepositoryName", "a//b"},
        {"ECRRepositoryName", "a/"},
        {"ECRRepositoryName", "1.dkr/a:b"},
        {"DockerFilePath", "/etc/Dockerfile"},
        {"DockerFilePath", "../Dockerfile"},
        {"DockerFilePath", "a/../../b"},
        {"DockerFilePath", "a/.."},
        {"BuildContext", ".."},
        {"ImageTags", "a,,b"},
        {"ImageTags", "-x"},
        {"ImageTags", "a b"},
        {"ImageTags", "caf\303\251"},
        {"RegistryType", "other"},
        {"Target", "--output=/etc"},
        {"Platform", "-linux"},
        {"ContainerName", "a b"},
        {"PullBaseImages", "yes"},
        {"BuildArguments", "[]"},
        {"BuildArguments", "{\"a b\": \"\"}"},
        {"BuildArguments", "{\"A\": 1}"},
        {"BuildArguments", "A=1"},
        {"BuildSecrets", "{\"a/b\": \"x\"}"},
        {"BuildSecrets", "{\"a,b\": \"x\"}"},
        {"BuildSecrets", "{\"-a\": \"x\"}"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena arena CLEANUP(arena_release) = ARENA_INIT;
        struct err err = {0};
        assert_false(image_setting_check(&arena, rows[i][0], rows[i][1], &err));
        assert_int_equal(err.kind, ERR_INVALID);
        assert_non_null(strstr(err.message, rows[i][0]));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_is_read),
        cmocka_unit_test(what_is_not_said_has_a_default),
        cmocka_unit_test(what_is_wrong_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
