/*
 * The two files of a log, open: for this room only.
 *
 * ID.log holds the bytes. ID.idx begins with a head of 16 bytes (magic, wall time of the first byte) and then has 16
 * bytes for each line that is complete: where it ends in the file, when it was completed, and the colour that is on
 * behind it. Records never change, so appending is all that ever happens; where a crash left lines without records, the
 * next append makes them, and records past the file's end do not count.
 */
#ifndef SERVER_LOGS_OPEN_LOG_H
#define SERVER_LOGS_OPEN_LOG_H

#include "common/err.h"

#include <stddef.h>
#include <stdint.h>

#define MAGIC 0x31676f6c6e6570ULL /* "penlog1" */
#define CLOSED_FLAG (1ULL << 56)  /* in the magic's last byte: the log is closed */
#define FULL_FLAG (1ULL << 57)    /* it takes no more, and says so */
struct head {
    uint64_t magic;
    int64_t began_ms;
};

struct record {
    uint64_t end;    /* the offset behind the line, its line feed included */
    uint32_t ms;     /* since the log began */
    uint32_t colour; /* behind the line */
};

/* A log whose two files are open. */
struct open_log {
    int bytes_fd, index_fd;
    int64_t size;  /* of the bytes */
    int64_t lines; /* records */
    struct head head;
    struct record last; /* zeroed where there is no line yet */
};
#define OPEN_LOG_INIT                                                                                                  \
    { .bytes_fd = -1, .index_fd = -1 }

/* `make` has both made where they are missing. True with *found false where there is no such log and none is to be
 * made. */
bool open_log(const char *directory, const char *id, bool make, struct open_log *log, bool *found, struct err *err);
void open_log_release(struct open_log *log);

int64_t open_log_record_offset(int64_t line);
bool open_log_read(int fd, void *out, size_t size, int64_t offset, struct err *err);
bool open_log_write(int fd, const void *bytes, size_t size, int64_t offset, struct err *err);

#endif
