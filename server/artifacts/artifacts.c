#include "server/artifacts/artifacts.h"

#include "common/arena.h"
#include "common/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE_BYTES (64 * 1024)
#define PATH_SIZE 4096

struct artifacts {
    char *directory;
};

bool artifacts_open(const char *directory, struct artifacts **out, struct err *err) {
    if (mkdir(directory, 0700) != 0 && errno != EEXIST)
        return err_set_errno(err, errno, "cannot make '%s'", directory);
    struct artifacts *artifacts = calloc(1, sizeof *artifacts);
    if (!artifacts || !(artifacts->directory = strdup(directory))) {
        free(artifacts);
        return err_set(err, ERR_INTERNAL, "no memory for the artifacts");
    }
    *out = artifacts;
    return true;
}

void artifacts_close(struct artifacts *artifacts) {
    if (!artifacts)
        return;
    free(artifacts->directory);
    free(artifacts);
}

static void close_fd(int *fd) {
    if (*fd >= 0)
        close(*fd);
}

/* Walks the file from its beginning: hashes it, and writes it to `copy` where that is not -1. */
static bool walk(int fd, int copy, char out_sha256[SHA256_HEX_SIZE], int64_t *out_size, struct err *err) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    char *piece = arena_alloc(&arena, PIECE_BYTES);
    struct hash_sha256_state state;
    hash_sha256_begin(&state);
    int64_t size = 0;
    for (;;) {
        ssize_t got = pread(fd, piece, PIECE_BYTES, size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_set_errno(err, errno, "cannot read the artifact");
        if (got == 0)
            break;
        hash_sha256_update(&state, piece, (size_t)got);
        for (ssize_t done = 0; copy >= 0 && done < got;) {
            ssize_t written = write(copy, piece + done, (size_t)(got - done));
            if (written < 0 && errno != EINTR)
                return err_set_errno(err, errno, "cannot keep the artifact");
            done += written < 0 ? 0 : written;
        }
        size += got;
    }
    uint8_t hash[SHA256_BYTES];
    hash_sha256_end(&state, hash);
    hash_to_hex(hash, sizeof hash, out_sha256);
    *out_size = size;
    return true;
}

static bool sync_folder(const char *path, struct err *err) {
    int fd CLEANUP(close_fd) = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0)
        return err_set_errno(err, errno, "cannot write folder '%s' to disk", path);
    return true;
}

static bool make_folder(const struct artifacts *artifacts, const char *folder, struct err *err) {
    if (mkdir(folder, 0700) == 0)
        return sync_folder(artifacts->directory, err);
    return errno == EEXIST || err_set_errno(err, errno, "cannot make '%s'", folder);
}

/* Gives an unnamed file a name. False with errno where that cannot be (another disk, or it has a name already). */
static bool link_unnamed(int fd, const char *path) {
    char self[64];
    snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
    return linkat(AT_FDCWD, self, AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0 || errno == EEXIST;
}

static bool copy_to(int fd, const char *folder, const char *path, struct err *err) {
    char temporary[PATH_SIZE], sha256[SHA256_HEX_SIZE];
    int64_t size;
    snprintf(temporary, sizeof temporary, "%s/.copyXXXXXX", folder);
    int copy CLEANUP(close_fd) = mkostemp(temporary, O_CLOEXEC);
    if (copy < 0)
        return err_set_errno(err, errno, "cannot make a file in '%s'", folder);
    bool kept = walk(fd, copy, sha256, &size, err);
    if (kept && (fsync(copy) != 0 || rename(temporary, path) != 0))
        kept = err_set_errno(err, errno, "cannot keep the artifact as '%s'", path);
    if (!kept)
        unlink(temporary);
    return kept;
}

static bool keep(const struct artifacts *artifacts, int fd, const char *sha256, struct err *err) {
    char folder[PATH_SIZE - 80], path[PATH_SIZE];
    snprintf(folder, sizeof folder, "%s/%.2s", artifacts->directory, sha256);
    snprintf(path, sizeof path, "%s/%s", folder, sha256);
    if (!make_folder(artifacts, folder, err))
        return false;
    if (fsync(fd) != 0)
        return err_set_errno(err, errno, "cannot write the artifact to disk");
    if (!link_unnamed(fd, path) && !copy_to(fd, folder, path, err))
        return false;
    return sync_folder(folder, err);
}

bool artifacts_put(struct artifacts *artifacts, int fd, const char *expected, char out_sha256[SHA256_HEX_SIZE],
                   int64_t *out_size, struct err *err) {
    char sha256[SHA256_HEX_SIZE];
    int64_t size;
    if (!walk(fd, -1, sha256, &size, err))
        return false;
    if (expected && !str_equal(expected, sha256))
        return err_set_code(err, ERR_INVALID, "HashMismatchException",
                            "the artifact's SHA-256 is %s, but the sender says '%.80s'; send it again", sha256,
                            expected);
    if (!keep(artifacts, fd, sha256, err))
        return false;
    memcpy(out_sha256, sha256, sizeof sha256);
    *out_size = size;
    return true;
}

bool artifacts_get(struct artifacts *artifacts, const char *sha256, int *out_fd, int64_t *out_size, struct err *err) {
    char path[PATH_SIZE];
    struct stat status;
    if (strlen(sha256) != SHA256_HEX_SIZE - 1 || strspn(sha256, "0123456789abcdef") != SHA256_HEX_SIZE - 1)
        return err_set(err, ERR_INVALID, "'%.80s' is not a SHA-256 in lower-case hex", sha256);
    snprintf(path, sizeof path, "%s/%.2s/%s", artifacts->directory, sha256, sha256);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return err_set_errno(err, errno, "cannot open artifact %s", sha256);
    if (fstat(fd, &status) != 0) {
        close(fd);
        return err_set_errno(err, errno, "cannot look at artifact %s", sha256);
    }
    *out_fd = fd;
    *out_size = status.st_size;
    return true;
}
