/*
 * Archives that others made: names that climb, links that lead out, limits; and that ours are the same bytes each time.
 */
#include "runner/archive/names.h"
#include "runner/archive/tar_feed.h"
#include "runner/archive/tree.h"
#include "runner/archive/zip.h"

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
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/penstock-zip-XXXXXX";

static int make_folder(void **state) {
    (void)state;
    (void)setenv("TZ", "UTC", 1);
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

static void names_are_judged(void **state) {
    (void)state;
    static const struct {
        const char *name;
        const char *clean; /* NULL: refused */
    } rows[] = {{"a/b", "a/b"}, {"./a//b/", "a/b"},    {"", ""},       {"./", ""},
                {"..", NULL},   {"a/../b", NULL},      {"../a", NULL}, {"/etc/passwd", NULL},
                {"a/..", NULL}, {"..a/b..", "..a/b.."}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena arena CLEANUP(arena_release) = ARENA_INIT;
        const char *clean = NULL;
        assert_int_equal(archive_name(&arena, rows[i].name, &clean, NULL), rows[i].clean != NULL);
        if (rows[i].clean)
            assert_string_equal(clean, rows[i].clean);
    }
}

/* Entries with a target are symlinks. */
static void write_zip(const char *path, const struct zip_entry *entries, size_t count) {
    struct zip_writer *writer;
    assert_true(zip_writer_open(path, &writer, NULL));
    for (size_t i = 0; i < count; i++)
        assert_true(zip_writer_add(writer, &entries[i], NULL));
    assert_true(zip_writer_close(writer, NULL));
}

static void feed_to_file(struct tar_feed *feed, const char *path, bool *failed, struct err *err) {
    FILE *file = fopen(path, "w");
    char piece[1000];
    ptrdiff_t got;
    assert_non_null(file);
    while ((got = tar_feed_read(feed, piece, sizeof piece)) > 0)
        assert_int_equal(fwrite(piece, 1, (size_t)got, file), got);
    (void)fclose(file);
    *failed = got < 0;
    assert_int_equal(tar_feed_failed(feed, err), *failed);
}

static bool unpack(const char *tar_path, const char *into, struct err *err) {
    struct tree_room room = TREE_ROOM_INIT;
    int tar = open(tar_path, O_RDONLY | O_CLOEXEC);
    assert_true(tar >= 0);
    bool good = tree_unpack(tar, into, &(struct tree_filter){0}, &room, err);
    (void)close(tar);
    return good;
}

static void a_zip_becomes_a_tar_and_a_tree(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct tar_feed *feed CLEANUP(tar_feed_cleanup) = tar_feed_new();
    const struct zip_entry entries[] = {
        {.name = "run.sh", .mode = 0755, .modified = 1000000000, .bytes = "echo hi\n", .size = 8},
        {.name = "d/link", .target = "../run.sh"},
        {.name = "d/out", .target = "/etc/passwd"},
        {.name = "d/up", .target = "../../../../../../../../../../etc/passwd"},
        {.name = "empty", .mode = 0644, .bytes = "", .size = 0}};
    struct err err = {0};
    bool failed;
    const char *zip = in_folder(&arena, "in.zip");
    write_zip(zip, entries, 5);
    tar_feed_add_folder(feed, "src", 0755);
    tar_feed_add_text(feed, "note", "text", 0600);
    tar_feed_add_zip(feed, zip, "src");
    feed_to_file(feed, in_folder(&arena, "out.tar"), &failed, &err);
    assert_false(failed);
    const char *tree = in_folder(&arena, "tree");
    assert_true(unpack(in_folder(&arena, "out.tar"), tree, &err));
    const struct tree_file *files;
    size_t count;
    assert_true(tree_list(&arena, tree, "", &files, &count, &err));
    assert_int_equal(count, 6);
    assert_string_equal(files[5].path, "src/run.sh");
    assert_int_equal(files[5].mode, 0755);
    struct tree_file found;
    int descriptor;
    assert_string_equal(files[1].path, "src/d/link");
    assert_true(tree_open(tree, &files[1], &descriptor, &found, &err));
    assert_int_equal(found.size, 8);
    (void)close(descriptor);
    assert_string_equal(files[2].path, "src/d/out");
    assert_false(tree_open(tree, &files[2], &descriptor, &found, &err)); /* leads out */
    assert_string_equal(files[3].path, "src/d/up");
    assert_false(tree_open(tree, &files[3], &descriptor, &found, &err));
    assert_string_equal(err.message, "'src/d/up' leads out of the artifact");
}

static void a_broken_zip_is_refused(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const char *path = in_folder(&arena, "broken.zip");
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    (void)fputs("PK\3\4 this is no zip", file);
    (void)fclose(file);
    struct tar_feed *feed CLEANUP(tar_feed_cleanup) = tar_feed_new();
    struct err err = {0};
    bool failed;
    tar_feed_add_zip(feed, path, "src");
    feed_to_file(feed, in_folder(&arena, "broken.tar"), &failed, &err);
    assert_true(failed);
    assert_int_equal(err.kind, ERR_INVALID);
}

static void a_climbing_zip_is_refused(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct tar_feed *feed CLEANUP(tar_feed_cleanup) = tar_feed_new();
    const struct zip_entry entry = {.name = "../../escaped", .mode = 0644, .bytes = "x", .size = 1};
    struct err err = {0};
    bool failed;
    write_zip(in_folder(&arena, "climb.zip"), &entry, 1);
    tar_feed_add_zip(feed, in_folder(&arena, "climb.zip"), "src");
    feed_to_file(feed, in_folder(&arena, "climb.tar"), &failed, &err);
    assert_true(failed);
    assert_string_equal(err.message, "the archive's entry '../../escaped' climbs out of it");
}

/* A symlink to a folder outside, then a file through it. */
static void a_tar_cannot_write_through_a_symlink(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const char *canary = in_folder(&arena, "canary");
    assert_int_equal(mkdir(canary, 0755), 0);
    const struct zip_entry entries[] = {{.name = "door", .target = canary},
                                        {.name = "door/file", .mode = 0644, .bytes = "x", .size = 1}};
    struct tar_feed *feed CLEANUP(tar_feed_cleanup) = tar_feed_new();
    struct err err = {0};
    bool failed;
    write_zip(in_folder(&arena, "link.zip"), entries, 2);
    tar_feed_add_zip(feed, in_folder(&arena, "link.zip"), "src");
    feed_to_file(feed, in_folder(&arena, "link.tar"), &failed, &err);
    assert_false(failed);
    (void)unpack(in_folder(&arena, "link.tar"), in_folder(&arena, "linked"), &err);
    struct stat status;
    assert_int_not_equal(stat(arena_printf(&arena, "%s/file", canary), &status), 0);
}

struct tar_entry {
    const char *name;
    char kind; /* '0' file, '1' hard link, '2' symlink, '5' folder */
    const char *link;
    const char *text;
};

/* size: as the header has it, twelve bytes. */
static void put_header(FILE *file, const struct tar_entry *entry, const char *size) {
    char header[512] = "";
    unsigned sum = 0;
    (void)snprintf(header, 100, "%s", entry->name);
    (void)memcpy(header + 100, "0000644\0000000000\0000000000", 23);
    (void)memcpy(header + 124, size, 12);
    (void)memcpy(header + 136, "00000000000", 11);
    (void)memcpy(header + 148, "        ", 8);
    header[156] = entry->kind;
    (void)snprintf(header + 157, 100, "%s", entry->link ? entry->link : "");
    (void)memcpy(header + 257, "ustar\00000", 8);
    for (size_t i = 0; i < sizeof header; i++)
        sum += (unsigned char)header[i];
    (void)snprintf(header + 148, 8, "%06o", sum);
    header[155] = ' ';
    assert_int_equal(fwrite(header, 1, sizeof header, file), sizeof header);
}

static void write_tar(const char *path, const struct tar_entry *entries, size_t count) {
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (size_t i = 0; i < count; i++) {
        char block[512] = "";
        char size[13];
        (void)snprintf(size, sizeof size, "%011zo", entries[i].text ? strlen(entries[i].text) : 0);
        put_header(file, &entries[i], size);
        if (!entries[i].text)
            continue;
        (void)snprintf(block, sizeof block, "%s", entries[i].text);
        assert_int_equal(fwrite(block, 1, sizeof block, file), sizeof block);
    }
    char end[1024] = "";
    assert_int_equal(fwrite(end, 1, sizeof end, file), sizeof end);
    (void)fclose(file);
}

/* Its header says a terabyte; the file holds nothing of it. */
static void a_terabyte_is_refused_by_its_header(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const char *path = in_folder(&arena, "huge.tar");
    struct err err = {0};
    struct stat status;
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    /* base 256: two to the power of 40 */
    put_header(file, &(struct tar_entry){.name = "huge.bin", .kind = '0'}, "\200\0\0\0\0\0\1\0\0\0\0\0");
    (void)fclose(file);
    const char *into = in_folder(&arena, "huge");
    assert_false(unpack(path, into, &err));
    assert_int_equal(err.kind, ERR_LIMIT);
    assert_non_null(strstr(err.message, "'huge.bin' is one file too many"));
    assert_int_not_equal(stat(arena_printf(&arena, "%s/huge.bin", into), &status), 0);
}

static bool is_kept(void *context, const char *path) {
    (void)context;
    return !str_starts_with(path, "modules/");
}

static void count_lacking(void *context, const char *path) {
    assert_string_equal(path, "kept/twin");
    ++*(int *)context;
}

static bool is_in_tree(struct arena *arena, const char *name) {
    struct stat status;
    return lstat(arena_printf(arena, "%s/some/%s", folder, name), &status) == 0;
}

/* There is room for three entries of four bytes together: what is refused is not counted. */
static void what_is_refused_takes_no_room(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct tar_entry entries[] = {{.name = "modules/", .kind = '5'},
                                        {.name = "modules/a.js", .kind = '0', .text = "many bytes"},
                                        {.name = "modules/b.js", .kind = '0', .text = "many bytes"},
                                        {.name = "modules/link", .kind = '2', .link = "../kept/c"},
                                        {.name = "kept/", .kind = '5'},
                                        {.name = "kept/c", .kind = '0', .text = "four"},
                                        {.name = "kept/same", .kind = '1', .link = "kept/c"},
                                        {.name = "kept/twin", .kind = '1', .link = "modules/a.js"}};
    const char *path = in_folder(&arena, "some.tar");
    int lacking = 0;
    const struct tree_filter filter = {.accepts = is_kept, .lacks = count_lacking, .context = &lacking};
    struct tree_room room = {.bytes = 4, .entries = 3, .most_bytes = 4};
    struct err err = {0};
    write_tar(path, entries, sizeof entries / sizeof *entries);
    int tar = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(tree_unpack(tar, in_folder(&arena, "some"), &filter, &room, &err));
    (void)close(tar);
    assert_true(is_in_tree(&arena, "kept/c") && is_in_tree(&arena, "kept/same") && is_in_tree(&arena, "modules/link"));
    assert_false(is_in_tree(&arena, "modules/a.js") || is_in_tree(&arena, "kept/twin"));
    assert_int_equal(lacking, 1);
    assert_int_equal(room.bytes, 0);
    assert_int_equal(room.entries, 0);
}

static bool is_third_question(void *context) {
    return ++*(int *)context == 3;
}

/* Once before the entry, then at each piece of 64 KiB. */
static void a_zip_is_given_up_within_a_file(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct zip_writer *writer;
    struct err err = {0};
    int questions = 0;
    int large = open(in_folder(&arena, "large"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(ftruncate(large, 1024 * 1024), 0);
    assert_true(zip_writer_open(in_folder(&arena, "given-up.zip"), &writer, NULL));
    zip_writer_watch(writer, is_third_question, &questions);
    const struct zip_entry entry = {.name = "large", .mode = 0644, .descriptor = large, .size = 1024 * 1024};
    assert_false(zip_writer_add(writer, &entry, &err));
    assert_int_equal(err.kind, ERR_UNAVAILABLE);
    assert_int_equal(lseek(large, 0, SEEK_CUR), 65536);
    zip_writer_abandon(writer);
    (void)close(large);
}

static void one_file_out_of_a_zip(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct zip_entry entries[] = {{.name = "a/b.json", .mode = 0644, .bytes = "[1]", .size = 3}};
    const char *path = in_folder(&arena, "one.zip");
    const char *bytes;
    size_t size;
    struct err err = {0};
    write_zip(path, entries, 1);
    assert_true(zip_read(&arena, path, "./a/b.json", 100, &bytes, &size, &err));
    assert_string_equal(bytes, "[1]");
    assert_false(zip_read(&arena, path, "a/b.json", 2, &bytes, &size, &err));
    assert_int_equal(err.kind, ERR_LIMIT);
    assert_false(zip_read(&arena, path, "b.json", 100, &bytes, &size, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
}

static void the_same_files_give_the_same_bytes(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct zip_entry entries[] = {{.name = "a", .mode = 0755, .modified = 1700000000, .bytes = "aaaa", .size = 4},
                                        {.name = "b", .target = "a"}};
    char *bytes[2];
    size_t sizes[2];
    for (int i = 0; i < 2; i++) {
        const char *path = in_folder(&arena, i ? "same1.zip" : "same2.zip");
        write_zip(path, entries, 2);
        FILE *file = fopen(path, "r");
        assert_non_null(file);
        bytes[i] = arena_alloc(&arena, 4096);
        sizes[i] = fread(bytes[i], 1, 4096, file);
        (void)fclose(file);
    }
    assert_int_equal(sizes[0], sizes[1]);
    assert_memory_equal(bytes[0], bytes[1], sizes[0]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_judged),
        cmocka_unit_test(a_zip_becomes_a_tar_and_a_tree),
        cmocka_unit_test(a_broken_zip_is_refused),
        cmocka_unit_test(a_climbing_zip_is_refused),
        cmocka_unit_test(a_tar_cannot_write_through_a_symlink),
        cmocka_unit_test(a_terabyte_is_refused_by_its_header),
        cmocka_unit_test(what_is_refused_takes_no_room),
        cmocka_unit_test(a_zip_is_given_up_within_a_file),
        cmocka_unit_test(one_file_out_of_a_zip),
        cmocka_unit_test(the_same_files_give_the_same_bytes),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
