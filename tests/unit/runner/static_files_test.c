/*
 * Types, caching and order of a web site's files.
 */
#include "runner/actions/static_files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void each_file_has_its_type(void **state) {
    static const struct {
        const char *path;
        const char *type;
        const char *encoding;
    } table[] = {
        {"index.html", "text/html; charset=utf-8", NULL},
        {"a/B.CSS", "text/css; charset=utf-8", NULL},
        {"app.js.map", "application/json", NULL},
        {"m.mjs", "text/javascript; charset=utf-8", NULL},
        {"x.wasm", "application/wasm", NULL},
        {"f/a.woff2", "font/woff2", NULL},
        {"logo.svg", "image/svg+xml", NULL},
        {"app.js.gz", "text/javascript; charset=utf-8", "gzip"},
        {"app.css.br", "text/css; charset=utf-8", "br"},
        {"backup.tar.gz", "application/gzip", NULL},
        {"data.gz", "application/gzip", NULL},
        {"model.glb", "model/gltf-binary", NULL},
        {"model.glb.gz", "model/gltf-binary", "gzip"},
        {"LICENSE", "application/octet-stream", NULL},
        {".html", "application/octet-stream", NULL},
        {"a.b/file", "application/octet-stream", NULL},
    };
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct static_rules rules;
    (void)state;
    assert_true(static_rules_read(&arena, "{\".glb\": \"model/gltf-binary\"}", NULL, "", &rules, NULL));
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct static_headers headers = static_headers(&arena, &rules, table[i].path);
        assert_string_equal(headers.content_type, table[i].type);
        assert_null(headers.cache_control);
        if (table[i].encoding)
            assert_string_equal(headers.content_encoding, table[i].encoding);
        else
            assert_null(headers.content_encoding);
    }
}

static void entry_points_come_last(void **state) {
    static const struct {
        const char *path;
        enum static_rank rank;
    } table[] = {
        {"assets/index-BfR3xk9a.js", STATIC_HASHED},
        {"static/js/main.4f3e2d1c.chunk.js", STATIC_HASHED},
        {"static/js/main.4f3e2d1c.chunk.js.gz", STATIC_HASHED},
        {"app.9b1deb4d3b7d4bad9bdd2b0d7b3dcb6d.css", STATIC_HASHED},
        {"_next/static/3Zk9xQ1aBcD2eF5gH7iJk/_buildManifest.js", STATIC_HASHED},
        {"index.html", STATIC_ENTRY},
        {"blog/4f3e2d1c.html", STATIC_ENTRY},
        {"index.html.br", STATIC_ENTRY},
        {"sw.js", STATIC_ENTRY},
        {"app.webmanifest", STATIC_ENTRY},
        {"pkg/manifest.json", STATIC_ENTRY},
        {"main.js", STATIC_PLAIN},
        {"report-20240131.pdf", STATIC_PLAIN},
        {"player-version1.js", STATIC_PLAIN},
        {"UserSettings.js", STATIC_PLAIN},
        {"deadbeef.js", STATIC_PLAIN},
        {"jquery-3.7.1.min.js", STATIC_PLAIN},
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (static_rank(table[i].path) != table[i].rank)
            fail_msg("'%s' has rank %d", table[i].path, static_rank(table[i].path));
}

static const char *cache_of(struct arena *arena, const char *rules_text, const char *fallback, const char *path) {
    struct static_rules rules;
    assert_true(static_rules_read(arena, NULL, rules_text, fallback, &rules, NULL));
    const char *found = static_headers(arena, &rules, path).cache_control;
    return found ? found : "none";
}

static void caching_goes_by_rules(void **state) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const char *rules = "[{\"glob\": \"assets/**\", \"cacheControl\": \"max-age=9\"},"
                        " {\"glob\": \"*.html\", \"cacheControl\": \"no-store\"}]";
    (void)state;
    assert_string_equal(cache_of(&arena, rules, "max-age=1", "assets/x/a.js"), "max-age=9");
    assert_string_equal(cache_of(&arena, rules, "max-age=1", "index.html"), "no-store");
    assert_string_equal(cache_of(&arena, rules, "max-age=1", "blog/index.html"), "max-age=1");
    assert_string_equal(cache_of(&arena, rules, NULL, "a.js"), "none");
    assert_string_equal(cache_of(&arena, "HASHED", NULL, "a-4f3e2d1c.js"), "public, max-age=31536000, immutable");
    assert_string_equal(cache_of(&arena, "HASHED", NULL, "a.js"), "no-cache");
    assert_string_equal(cache_of(&arena, "HASHED", "max-age=60", "a.js"), "max-age=60");
    assert_string_equal(cache_of(&arena, "HASHED", "max-age=60", "index.html"), "no-cache");
}

static void wrong_settings_are_named(void **state) {
    static const struct {
        const char *types;
        const char *rules;
        const char *cache;
        const char *says;
    } table[] = {
        {"{", NULL, NULL, "ContentTypes is no JSON"},
        {"[]", NULL, NULL, "ContentTypes must be a JSON object, not a list"},
        {"{\"glb\": \"model/x\"}", NULL, NULL, "'glb' must be an extension"},
        {"{\".glb\": \"a/b\\r\\nx: y\"}", NULL, NULL, "'.glb' must be an extension"},
        {NULL, "hashed", NULL, "CacheControlRules is no JSON"},
        {NULL, "{}", NULL, "CacheControlRules must be a JSON list"},
        {NULL, "[{\"glob\": \"*\"}]", NULL, "each rule must be"},
        {NULL, "[{\"glob\": \"*\", \"cacheControl\": \"a\\nb\"}]", NULL, "each rule must be"},
        {NULL, NULL, "a\nb", "CacheControl holds a character"},
    };
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct static_rules rules;
        struct err err = {0};
        assert_false(static_rules_read(&arena, table[i].types, table[i].rules, table[i].cache, &rules, &err));
        assert_int_equal(err.kind, ERR_INVALID);
        if (!strstr(err.message, table[i].says))
            fail_msg("%s", err.message);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_file_has_its_type),
        cmocka_unit_test(entry_points_come_last),
        cmocka_unit_test(caching_goes_by_rules),
        cmocka_unit_test(wrong_settings_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
