/*
 * A foreign zip on our own disk: what it may write, and where that ends.
 */
#include "runner/archive/unzip.h"

#include "common/arena.h"
#include "common/str.h"
#include "runner/archive/zip.h"
#include "runner/folder.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/penstock-unzip-XXXXXX";
static struct str said = STR_INIT(4096);

static int make_folder(void **state) {
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state) {
    (void)state;
    folder_remove(folder);
    str_release(&said);
    return 0;
}

static void left_out(void *context, const char *sentence) {
    (void)context;
    str_printf(&said, "%s\n", sentence);
}

/* Writes the entries into a zip and unpacks it at folder/NAME. */
static bool try(const char *name, const struct zip_entry *entries, size_t count, int64_t most, struct err *err) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const char *zip = arena_printf(&arena, "%s/%s.zip", folder, name);
    struct zip_writer *writer;
    assert_true(zip_writer_open(zip, &writer, err));
    for (size_t i = 0; i < count; i++)
        assert_true(zip_writer_add(writer, &entries[i], err));
    assert_true(zip_writer_close(writer, err));
    str_clear(&said);
    const struct unzip request = {
        .zip = zip, .folder = arena_printf(&arena, "%s/%s", folder, name), .bytes_max = most, .left_out = left_out};
    return unzip(&request, err);
}

static bool exists(const char *name) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct stat status;
    return lstat(arena_printf(&arena, "%s/%s", folder, name), &status) == 0;
}

static void links_that_stay_are_made(void **state) {
    (void)state;
    const struct zip_entry entries[] = {
        {.name = "run.sh", .mode = 0755, .bytes = "echo\n", .size = 5},
        {.name = "a/b/up", .target = "../../run.sh"},
        {.name = "a/dot", .target = "./b/../b"},
        {.name = "a/b/out", .target = "../../../run.sh"},
        {.name = "root", .target = "/run.sh"},
        {.name = "out", .target = ".."},
        {.name = "back", .target = "a/../../tmp"},
    };
    struct err err = {0};
    assert_true(try("links", entries, sizeof entries / sizeof *entries, 0, &err));
    assert_true(exists("links/run.sh") && exists("links/a/b/up") && exists("links/a/dot"));
    assert_false(exists("links/a/b/out") || exists("links/root") || exists("links/out") || exists("links/back"));
    assert_string_equal(str_text(&said), "'a/b/out' is left out: the link leads out of the artifact\n"
                                         "'root' is left out: the link leads out of the artifact\n"
                                         "'out' is left out: the link leads out of the artifact\n"
                                         "'back' is left out: the link leads out of the artifact\n");
}

/* Each link stays inside by its own name; together they would not. */
static void nothing_is_written_through_a_link(void **state) {
    (void)state;
    const struct zip_entry entries[] = {
        {.name = "d/here", .target = "."},
        {.name = "d/here/out", .target = "../.."},
        {.name = "d/here/out/escaped", .mode = 0644, .bytes = "x", .size = 1},
    };
    struct err err = {0};
    (void)try("through", entries, sizeof entries / sizeof *entries, 0, &err);
    assert_false(exists("escaped"));
}

static void what_climbs_out_ends_it(void **state) {
    (void)state;
    const struct zip_entry entries[] = {{.name = "../escaped", .mode = 0644, .bytes = "x", .size = 1}};
    struct err err = {0};
    assert_false(try("climb", entries, 1, 0, &err));
    assert_int_equal(err.kind, ERR_INVALID);
    assert_false(exists("escaped"));
}

static void a_bomb_ends_at_the_limit(void **state) {
    (void)state;
    const size_t size = 8 << 20;
    char *zeros = calloc(1, size);
    const struct zip_entry entries[] = {{.name = "bomb", .mode = 0644, .bytes = zeros, .size = (int64_t)size}};
    struct err err = {0};
    assert_false(try("bomb", entries, 1, 1 << 20, &err));
    assert_string_equal(err.message, "the artifact unpacks to more than 1048576 bytes");
    assert_int_equal(err.kind, ERR_LIMIT);
    free(zeros);
}

static void set_user_id_is_taken_away(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct zip_entry entries[] = {{.name = "program", .mode = 04755, .bytes = "x", .size = 1}};
    struct err err = {0};
    struct stat status;
    assert_true(try("suid", entries, 1, 0, &err));
    assert_int_equal(stat(arena_printf(&arena, "%s/suid/program", folder), &status), 0);
    assert_int_equal(status.st_mode & 07777, 0755);
}

/* The flags of the zip's first entry. */
static unsigned flags_of(const char *name) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    uint8_t header[8];
    FILE *file = fopen(arena_printf(&arena, "%s/%s.zip", folder, name), "re");
    assert_non_null(file);
    assert_int_equal(fread(header, 1, sizeof header, file), sizeof header);
    (void)fclose(file);
    return header[6] | (unsigned)header[7] << 8;
}

/* Marked as UTF-8, such a name keeps others from opening the zip at all. */
static void a_name_that_is_no_utf8(void **state) {
    (void)state;
    const unsigned marked = 1 << 11;
    const struct zip_entry good = {.name = "g\303\274t", .mode = 0644, .bytes = "x", .size = 1};
    const struct zip_entry bad = {.name = "\377bad", .mode = 0644, .bytes = "x", .size = 1};
    struct err err = {0};
    assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
    assert_true(try("good", &good, 1, 0, &err));
    assert_true(try("bad", &bad, 1, 0, &err));
    assert_int_equal(flags_of("good") & marked, marked);
    assert_int_equal(flags_of("bad") & marked, 0);
    assert_true(exists("good/g\303\274t"));
    assert_true(exists("bad/\377bad"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(links_that_stay_are_made),  cmocka_unit_test(nothing_is_written_through_a_link),
        cmocka_unit_test(what_climbs_out_ends_it),   cmocka_unit_test(a_bomb_ends_at_the_limit),
        cmocka_unit_test(set_user_id_is_taken_away), cmocka_unit_test(a_name_that_is_no_utf8),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
