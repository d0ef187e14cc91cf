/*
 * A repository that was made is there whole after a power loss: everything in it was brought to disk before its name,
 * and the name before the caller writes the row.
 */
#include "server/git/hosting.h"

#include "common/arena.h"
#include "common/hash.h"
#include "server/server.h"
#include "server/store/db.h"

#include <ftw.h>
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

#define SYNCED_MAX 100

static ino_t synced[SYNCED_MAX];
static size_t synced_count;
static int missing, placed;

int __wrap_fsync(int fd);
int __real_fsync(int fd);
int __wrap_rename(const char *from, const char *to);
int __real_rename(const char *from, const char *to);

int __wrap_fsync(int fd) {
    struct stat status;
    if (fstat(fd, &status) == 0 && synced_count < SYNCED_MAX)
        synced[synced_count++] = status.st_ino;
    return __real_fsync(fd);
}

static bool was_synced(ino_t inode) {
    for (size_t i = 0; i < synced_count; i++) {
        if (synced[i] == inode)
            return true;
    }
    return false;
}

static int look(const char *path, const struct stat *status, int kind, struct FTW *ftw) {
    (void)kind, (void)ftw;
    if (!was_synced(status->st_ino)) {
        print_message("%s was not brought to disk\n", path);
        missing++;
    }
    return 0;
}

int __wrap_rename(const char *from, const char *to) {
    const char *end = strrchr(to, '/');
    if (end && strcmp(end, "/shop.git") == 0) {
        nftw(from, look, 8, FTW_PHYS);
        synced_count = 0;
        placed++;
    }
    return __real_rename(from, to);
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *ftw) {
    (void)status, (void)kind, (void)ftw;
    return remove(path);
}

static void durable_test(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct err err = {0};
    struct server server = {.clock = &clock_system};
    char folder[] = "/tmp/penstock-hosting-XXXXXX";
    struct stat status;
    hash_init();
    assert_non_null(mkdtemp(folder));
    assert_true(db_open(":memory:", &clock_system, NULL, NULL, &server.db, &err));
    assert_true(hosting_open(folder, &server.hosting, &err));
    if (!hosting_create(&server, "shop", &err))
        fail_msg("%s", err.message);
    assert_int_equal(placed, 1);
    assert_int_equal(missing, 0);
    assert_int_equal(stat(folder, &status), 0);
    assert_true(was_synced(status.st_ino)); /* the name */
    assert_int_equal(access(hosting_path(server.hosting, &arena, "shop"), F_OK), 0);
    hosting_close(server.hosting);
    db_close(server.db);
    nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(durable_test)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
