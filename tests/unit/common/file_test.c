/*
 * Files that survive a power loss. What the disk would hold cannot be seen from here, so the order of the calls is
 * watched: bytes, then the name, then the folder.
 */
#include "common/arena.h"
#include "common/file.h"
#include "common/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

static struct str order = STR_INIT(64);
static bool full; /* the disk */

int __wrap_fsync(int fd);
int __wrap_rename(const char *from, const char *to);
int __real_rename(const char *from, const char *to);

int __wrap_fsync(int fd) {
    struct stat status;
    assert_int_equal(fstat(fd, &status), 0);
    str_append(&order, S_ISDIR(status.st_mode) ? "folder " : "file ");
    if (full)
        errno = ENOSPC;
    return full ? -1 : 0;
}

int __wrap_rename(const char *from, const char *to) {
    str_append(&order, "name ");
    return __real_rename(from, to);
}

static const char *read_back(struct arena *arena, const char *path) {
    char *text = arena_alloc(arena, 100);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? -1 : read(fd, text, 99);
    if (fd >= 0)
        close(fd);
    text[size < 0 ? 0 : size] = '\0';
    return text;
}

static void put_test(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct err err = {0};
    char folder[] = "/tmp/penstock-file-XXXXXX";
    struct stat status;
    assert_non_null(mkdtemp(folder));
    const char *path = arena_printf(&arena, "%s/it", folder), *draft = arena_printf(&arena, "%s.new", path);

    assert_true(file_put(path, "one", 3, 0600, &err));
    assert_string_equal(str_text(&order), "file name folder ");
    assert_string_equal(read_back(&arena, path), "one");
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);

    /* What lies in the way of the draft is not written through. */
    const char *other = arena_printf(&arena, "%s/other", folder);
    assert_true(file_put(other, "safe", 4, 0600, &err));
    assert_int_equal(symlink(other, draft), 0);
    assert_true(file_put(path, "two", 3, 0600, &err));
    assert_string_equal(read_back(&arena, other), "safe");
    assert_string_equal(read_back(&arena, path), "two");

    full = true;
    assert_false(file_put(path, "three", 5, 0600, &err));
    full = false;
    assert_string_equal(read_back(&arena, path), "two");
    assert_int_equal(access(draft, F_OK), -1);

    assert_int_equal(unlink(path), 0);
    assert_int_equal(unlink(other), 0);
    assert_int_equal(rmdir(folder), 0);
    str_release(&order);
}

static void get_test(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct err err = {0};
    char path[] = "/tmp/penstock-file-XXXXXX";
    const char *bytes;
    size_t size = 0;
    int fd = mkstemp(path);
    assert_true(fd >= 0 && write(fd, "four", 4) == 4 && close(fd) == 0);
    assert_true(file_get(&arena, path, 4, &bytes, &size, &err));
    assert_int_equal(size, 4);
    assert_string_equal(bytes, "four");
    assert_false(file_get(&arena, path, 3, &bytes, &size, &err));
    assert_int_equal(err.kind, ERR_LIMIT);
    assert_int_equal(unlink(path), 0);
    assert_false(file_get(&arena, path, 4, &bytes, &size, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    assert_false(file_get(&arena, "/tmp", 4, &bytes, &size, &err));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(put_test), cmocka_unit_test(get_test)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
