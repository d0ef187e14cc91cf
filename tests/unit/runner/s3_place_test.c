/*
 * Where a project's artifacts go in S3: CodeBuild's table of path, namespaceType and name.
 */
#include "runner/actions/s3_place.h"

#include "common/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static bool find(struct arena *arena, const char *artifacts, const char *name, const char *prefix, struct s3_place *out,
                 struct err *err) {
    const struct json *tree = NULL;
    assert_true(json_parse(arena, artifacts, strlen(artifacts), &tree, NULL));
    const struct s3_place_question question = {
        .artifacts = tree, .project = "shop", .build_id = "shop:1234", .name = name, .s3_prefix = prefix};
    return s3_place_find(arena, &question, out, err);
}

static void keys(void **state) {
    static const struct {
        const char *artifacts;
        const char *name;
        const char *prefix;
        const char *key;
    } rows[] = {
        {"{'location':'bkt'}", NULL, NULL, "shop/"},
        {"{'location':'bkt','name':'out'}", NULL, NULL, "out/"},
        {"{'location':'bkt','name':'/'}", NULL, NULL, ""},
        {"{'location':'bkt','name':'/','namespaceType':'BUILD_ID'}", NULL, NULL, "1234/"},
        {"{'location':'bkt','path':'a/b/','name':'out'}", NULL, NULL, "a/b/out/"},
        {"{'location':'bkt','path':'MyArtifacts','namespaceType':'BUILD_ID','name':'x.zip','packaging':'ZIP'}", NULL,
         NULL, "MyArtifacts/1234/x.zip"},
        {"{'location':'bkt','packaging':'ZIP'}", NULL, NULL, "shop"},
        {"{'location':'bkt','packaging':'ZIP','name':'/'}", NULL, NULL, "shop.zip"},
        {"{'location':'arn:aws:s3:::bkt/below','path':'/p/','name':'n'}", NULL, NULL, "below/p/n/"},
        {"{'location':'bkt','name':'n'}", "spec", NULL, "n/"}, /* nobody asked for the buildspec's */
        {"{'location':'bkt','name':'n','overrideArtifactName':true,'packaging':'ZIP'}", "d/app-1.zip", NULL,
         "d/app-1.zip"},
        {"{'location':'bkt','name':'n','overrideArtifactName':true}", NULL, NULL, "n/"},
        {"{'location':'bkt','path':'p','name':'n','namespaceType':'BUILD_ID'}", NULL, "pre/fix", "pre/fix/1234/n/"},
        {"{'location':'bkt','path':'p','name':'n'}", NULL, "pre/fix", "p/n/"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena arena CLEANUP(arena_release) = ARENA_INIT;
        struct s3_place place = {0};
        struct err err = {0};
        char *artifacts = arena_strdup(&arena, rows[i].artifacts);
        for (char *letter = artifacts; *letter; letter++)
            *letter = *letter == '\'' ? '"' : *letter;
        if (!find(&arena, artifacts, rows[i].name, rows[i].prefix, &place, &err))
            fail_msg("%s: %s", artifacts, err.message);
        assert_string_equal(place.bucket, "bkt");
        assert_string_equal(place.key, rows[i].key);
        assert_int_equal(place.zip, strstr(artifacts, "ZIP") != NULL);
    }
}

static void places_that_are_none(void **state) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct s3_place place;
    struct err err = {0};
    (void)state;
    assert_false(find(&arena, "{}", NULL, NULL, &place, &err));
    assert_string_equal(err.message, "the project's artifacts name no bucket: set 'location', which is ''");
    assert_false(find(&arena, "{\"location\":\"bkt\",\"overrideArtifactName\":true}", "a/../../b", NULL, &place, &err));
    assert_string_equal(err.code, "CLIENT_ERROR");
    char *name = arena_alloc(&arena, 1200);
    memset(name, 'x', 1100);
    assert_false(find(&arena, "{\"location\":\"bkt\",\"overrideArtifactName\":true}", name, NULL, &place, &err));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys),
        cmocka_unit_test(places_that_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
