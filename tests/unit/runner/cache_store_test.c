/*
 * Caches on this machine: what goes when there is no room, and which one is found by the beginning of its name.
 */
#include "runner/actions/cache_store.h"

#include "common/str.h"
#include "runner/folder.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/penstock-cache-XXXXXX";

static int make_folder(void **state) {
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state) {
    (void)state;
    folder_remove(folder);
    return 0;
}

static const char *in_folder(struct arena *arena, const char *name) {
    return arena_printf(arena, "%s/%s", folder, name);
}

static bool put(struct cache_store *store, struct arena *arena, const char *name, size_t size, struct err *err) {
    const char *path = in_folder(arena, "new");
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    for (size_t i = 0; i < size; i++)
        assert_int_equal(fputc('x', file), 'x');
    assert_int_equal(fclose(file), 0);
    bool good = cache_store_put(store, arena, name, path, NULL, err);
    (void)unlink(path);
    return good;
}

/* As if it had last been used that long after 1970. */
static void set_age(struct cache_store *store, struct arena *arena, const char *name, time_t seconds) {
    const struct timespec times[2] = {{.tv_sec = seconds}, {.tv_sec = seconds}};
    assert_int_equal(utimensat(AT_FDCWD, arena_printf(arena, "%s/%s", store->folder, name), times, 0), 0);
}

static void the_least_recently_used_goes_first(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct cache_store store = {.folder = in_folder(&arena, "first"), .most_bytes = 1000};
    struct err err = {0};
    assert_true(put(&store, &arena, "a/v/default.zip", 400, &err));
    assert_true(put(&store, &arena, "b/v/default.zip", 400, &err));
    set_age(&store, &arena, "a/v/default.zip", 1000);
    set_age(&store, &arena, "b/v/default.zip", 2000);
    assert_true(cache_store_get(&store, &arena, "a/v/default.zip", in_folder(&arena, "got"), &err)); /* used just now */
    assert_true(put(&store, &arena, "c/v/default.zip", 400, &err));
    assert_true(cache_store_has(&store, &arena, "a/v/default.zip"));
    assert_false(cache_store_has(&store, &arena, "b/v/default.zip"));
    assert_true(cache_store_has(&store, &arena, "c/v/default.zip"));
    assert_false(put(&store, &arena, "d/v/default.zip", 1001, &err));
    assert_int_equal(err.kind, ERR_LIMIT);
    assert_true(cache_store_has(&store, &arena, "a/v/default.zip"));
    assert_false(cache_store_get(&store, &arena, "b/v/default.zip", in_folder(&arena, "gone"), &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
}

static void what_was_got_stays_whole(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct cache_store store = {.folder = in_folder(&arena, "second"), .most_bytes = 1000};
    struct err err = {0};
    struct stat status;
    const char *half = in_folder(&arena, "second/a/v/default.zip.7.new");
    assert_true(put(&store, &arena, "a/v/default.zip", 10, &err));
    assert_int_equal(symlink("/nowhere", half), 0);
    assert_true(cache_store_get(&store, &arena, "a/v/default.zip", in_folder(&arena, "held"), &err));
    assert_true(put(&store, &arena, "a/v/default.zip", 20, &err));
    assert_int_equal(stat(in_folder(&arena, "held"), &status), 0);
    assert_int_equal(status.st_size, 10);
    assert_int_not_equal(lstat(half, &status), 0); /* what a crash left is gone */
}

static void the_newest_beginning_so_is_found(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct cache_store store = {.folder = in_folder(&arena, "third"), .most_bytes = 1000};
    struct err err = {0};
    const char *name = NULL;
    assert_false(cache_store_find(&store, &arena, "a/v/key-npm-", &name, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    assert_true(put(&store, &arena, "a/v/key-npm-1.zip", 10, &err));
    assert_true(put(&store, &arena, "a/v/key-npm-2.zip", 10, &err));
    assert_true(put(&store, &arena, "a/v/key-npx.zip", 10, &err));
    assert_true(put(&store, &arena, "a/other/key-npm-3.zip", 10, &err));
    set_age(&store, &arena, "a/v/key-npm-1.zip", 2000);
    set_age(&store, &arena, "a/v/key-npm-2.zip", 1000);
    assert_true(cache_store_find(&store, &arena, "a/v/key-npm-", &name, &err));
    assert_string_equal(name, "a/v/key-npm-1.zip");
}

/* An earlier try that was killed left what it had got. */
static void getting_it_again_leaves_the_cache_whole(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct cache_store store = {.folder = in_folder(&arena, "fourth"), .most_bytes = 1000};
    struct err err = {0};
    struct stat status;
    assert_true(put(&store, &arena, "a/v/default.zip", 10, &err));
    for (int i = 0; i < 2; i++) {
        assert_true(cache_store_get(&store, &arena, "a/v/default.zip", in_folder(&arena, "again"), &err));
        assert_int_equal(stat(in_folder(&arena, "again"), &status), 0);
        assert_int_equal(status.st_size, 10);
    }
    assert_int_equal(stat(in_folder(&arena, "fourth/a/v/default.zip"), &status), 0);
    assert_int_equal(status.st_size, 10);
}

static void a_long_key_is_still_a_file_name(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct cache_store store = {.folder = in_folder(&arena, "fifth"), .most_bytes = 1000};
    struct err err = {0};
    const char *found = NULL;
    char key[201];
    memset(key, '/', sizeof key);
    key[200] = '\0';
    const char *name = arena_printf(&arena, "a/v/key-%s.zip", cache_store_part(&arena, key));
    key[199] = '+';
    const char *other = arena_printf(&arena, "a/v/key-%s.zip", cache_store_part(&arena, key));
    assert_string_not_equal(name, other);
    assert_true(put(&store, &arena, name, 10, &err));
    assert_true(cache_store_has(&store, &arena, name));
    assert_false(cache_store_has(&store, &arena, other));
    key[20] = '\0';
    assert_true(cache_store_find(&store, &arena, arena_printf(&arena, "a/v/key-%s", cache_store_part(&arena, key)),
                                 &found, &err));
    assert_string_equal(found, name);
    assert_string_equal(cache_store_part(&arena, "npm-1"), "npm-1");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_least_recently_used_goes_first), cmocka_unit_test(what_was_got_stays_whole),
        cmocka_unit_test(the_newest_beginning_so_is_found),   cmocka_unit_test(getting_it_again_leaves_the_cache_whole),
        cmocka_unit_test(a_long_key_is_still_a_file_name),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
