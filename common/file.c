/*
 * Writing files for good. The order is the point: the bytes reach the disk before the name does, and the name before
 * anybody is told, because a rename alone may survive a power loss that the bytes do not.
 */
#include "common/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void close_fd(int *fd) {
    if (*fd >= 0)
        close(*fd);
}

static bool write_all(int fd, const char *bytes, size_t size) {
    while (size > 0) {
        ssize_t written = write(fd, bytes, size);
        if (written < 0 && errno != EINTR)
            return false;
        if (written > 0) {
            bytes += written;
            size -= (size_t)written;
        }
    }
    return true;
}

bool file_sync_folder(const char *path, struct err *err) {
    int fd CLEANUP(close_fd) = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return (fd >= 0 && fsync(fd) == 0) || err_set_errno(err, errno, "cannot write the folder '%s' to disk", path);
}

static bool sync_folder_of(struct arena *arena, const char *path, struct err *err) {
    const char *slash = strrchr(path, '/');
    if (!slash)
        return file_sync_folder(".", err);
    return file_sync_folder(slash == path ? "/" : arena_strndup(arena, path, (size_t)(slash - path)), err);
}

bool file_put(const char *path, const void *bytes, size_t size, mode_t mode, struct err *err) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const char *draft = arena_printf(&arena, "%s.new", path);
    (void)unlink(draft); /* of one that was cut off; O_EXCL: never through somebody's link */
    int fd CLEANUP(close_fd) = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd >= 0 && write_all(fd, bytes, size) && fsync(fd) == 0 && rename(draft, path) == 0)
        return sync_folder_of(&arena, path, err);
    int failure = errno;
    (void)unlink(draft);
    return err_set_errno(err, failure, "cannot write '%s'", path);
}

bool file_get(struct arena *arena, const char *path, size_t ceiling, const char **bytes, size_t *size,
              struct err *err) {
    int fd CLEANUP(close_fd) = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) != 0)
        return err_set_errno(err, errno, "cannot read '%s'", path);
    size_t room =
        S_ISREG(status.st_mode) && (size_t)status.st_size < ceiling ? (size_t)status.st_size + 1 : ceiling + 1;
    char *text = arena_alloc(arena, room + 1);
    size_t length = 0;
    while (length < room) {
        ssize_t got = read(fd, text + length, room - length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_set_errno(err, errno, "cannot read '%s'", path);
        if (got == 0)
            break;
        length += (size_t)got;
    }
    if (length == room)
        return err_set(err, ERR_LIMIT, "'%s' holds more than %zu bytes", path, room - 1);
    text[length] = '\0';
    *bytes = text;
    *size = length;
    return true;
}
