#include "server/logs/open_log.h"

#include "server/logs/logs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

bool open_log_read(int fd, void *out, size_t size, int64_t offset, struct err *err) {
    char *at = out;
    while (size > 0) {
        ssize_t got = pread(fd, at, size, offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return err_set_errno(err, got < 0 ? errno : EIO, "cannot read a log");
        at += got;
        offset += got;
        size -= (size_t)got;
    }
    return true;
}

bool open_log_write(int fd, const void *bytes, size_t size, int64_t offset, struct err *err) {
    const char *at = bytes;
    while (size > 0) {
        ssize_t written = pwrite(fd, at, size, offset);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return err_set_errno(err, errno, "cannot write to a log");
        at += written;
        offset += written;
        size -= (size_t)written;
    }
    return true;
}

/* Opening */

void open_log_release(struct open_log *log) {
    if (log->bytes_fd >= 0)
        close(log->bytes_fd);
    if (log->index_fd >= 0)
        close(log->index_fd);
}

static int open_file(const char *directory, const char *id, const char *ending, bool make) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%.2s/%s%s", directory, id, id, ending);
    int fd = open(path, make ? O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW : O_RDONLY | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 && errno == ENOENT && make) {
        char folder[4096];
        snprintf(folder, sizeof folder, "%s/%.2s", directory, id);
        if (mkdir(folder, 0700) == 0 || errno == EEXIST)
            fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    }
    return fd;
}

int64_t open_log_record_offset(int64_t line) {
    return (int64_t)sizeof(struct head) + line * (int64_t)sizeof(struct record);
}

/* The last record that agrees with the file: records of bytes that a crash took away are not counted. */
static bool read_last(struct open_log *log, struct err *err) {
    for (; log->lines > 0; log->lines--) {
        if (!open_log_read(log->index_fd, &log->last, sizeof log->last, open_log_record_offset(log->lines - 1), err))
            return false;
        if ((int64_t)log->last.end <= log->size)
            return true;
    }
    log->last = (struct record){0};
    return true;
}

static bool load(struct open_log *log, const char *id, struct err *err) {
    struct stat bytes, index;
    if (fstat(log->bytes_fd, &bytes) != 0 || fstat(log->index_fd, &index) != 0)
        return err_set_errno(err, errno, "cannot look at log '%s'", id);
    log->size = bytes.st_size;
    if (index.st_size < (off_t)sizeof log->head)
        return true; /* new, or cut off before its head was there: made again by the next append */
    if (!open_log_read(log->index_fd, &log->head, sizeof log->head, 0, err))
        return false;
    if ((log->head.magic & ~(CLOSED_FLAG | FULL_FLAG)) != MAGIC)
        return err_set(err, ERR_INTERNAL, "the index of log '%s' is not one of ours", id);
    log->lines = (index.st_size - (int64_t)sizeof log->head) / (int64_t)sizeof(struct record);
    return read_last(log, err);
}

/* True with *found false where there is no such log and none is to be made. */
bool open_log(const char *directory, const char *id, bool make, struct open_log *log, bool *found, struct err *err) {
    if (!logs_id_valid(id))
        return err_set(err, ERR_INVALID, "'%s' cannot name a log", id);
    log->index_fd = open_file(directory, id, ".idx", make);
    if (log->index_fd >= 0)
        log->bytes_fd = open_file(directory, id, ".log", make);
    *found = log->bytes_fd >= 0;
    if (!*found && (make || errno != ENOENT))
        return err_set_errno(err, errno, "cannot open log '%s'", id);
    return !*found || load(log, id, err);
}
