/* Artifacts: named by what they hold, from unnamed files and others. */
#include "server/artifacts/artifacts.h"

#include <fcntl.h>
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

#define ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static char directory[64];
static struct artifacts *artifacts;
static struct err err;

static int setup(void **state) {
    (void)state;
    memcpy(directory, "/tmp/penstock-artifacts-XXXXXX", sizeof "/tmp/penstock-artifacts-XXXXXX");
    assert_non_null(mkdtemp(directory));
    assert_true(artifacts_open(directory, &artifacts, &err));
    return 0;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *ftw) {
    (void)status, (void)kind, (void)ftw;
    return remove(path);
}

static int teardown(void **state) {
    (void)state;
    artifacts_close(artifacts);
    return nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void put_and_get(int fd) {
    char sha256[SHA256_HEX_SIZE], bytes[4] = "";
    int64_t size;
    int got;
    assert_int_equal(write(fd, "abc", 3), 3);
    for (int i = 0; i < 2; i++) { /* again: the same bytes lie there once */
        if (!artifacts_put(artifacts, fd, ABC, sha256, &size, &err))
            fail_msg("%s", err.message);
        assert_string_equal(sha256, ABC);
        assert_int_equal(size, 3);
    }
    close(fd);
    assert_true(artifacts_get(artifacts, ABC, &got, &size, &err));
    assert_int_equal(size, 3);
    assert_int_equal(read(got, bytes, 3), 3);
    assert_string_equal(bytes, "abc");
    close(got);
}

static void unnamed_test(void **state) {
    (void)state;
    int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    put_and_get(fd);
}

static void copied_test(void **state) {
    (void)state;
    char name[] = "/tmp/penstock-artifact-XXXXXX";
    int fd = mkstemp(name);
    unlink(name); /* it had a name once: the kernel links it no more */
    put_and_get(fd);
}

static void refused_test(void **state) {
    (void)state;
    char sha256[SHA256_HEX_SIZE] = "untouched";
    int64_t size;
    int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600), got;
    assert_int_equal(write(fd, "abd", 3), 3);
    assert_false(artifacts_put(artifacts, fd, ABC, sha256, &size, &err));
    assert_int_equal(err.kind, ERR_INVALID);
    assert_string_equal(sha256, "untouched");
    close(fd);
    assert_false(artifacts_get(artifacts, ABC, &got, &size, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    static const char *const bad[] = {"", "..", "../../../etc/passwd", ABC "0",
                                      "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(artifacts_get(artifacts, bad[i], &got, &size, &err));
        assert_int_equal(err.kind, ERR_INVALID);
    }
}

int main(void) {
    hash_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(unnamed_test, setup, teardown),
        cmocka_unit_test_setup_teardown(copied_test, setup, teardown),
        cmocka_unit_test_setup_teardown(refused_test, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
