/*
 * What jobs print: an append-only file per log, DATA/logs/xx/ID.log, beside it an index of 16 bytes a line (ID.idx).
 * Bytes are kept as they came and made valid UTF-8 when read. A line exists when its end has come (a line feed, 64 KiB,
 * or the log's closing); the index can be made again from the file, and is, where a crash left them apart.
 */
#ifndef SERVER_LOGS_LOGS_H
#define SERVER_LOGS_LOGS_H

#include "common/arena.h"
#include "common/clock.h"
#include "common/err.h"

#include <stddef.h>
#include <stdint.h>

#define LOG_LINE_MAX (64 * 1024)
/* Per log; then one line says so, and more is dropped. A line counts as LOG_LINE_LEAST bytes at least, since the index
 * grows with each. */
#define LOG_BYTES_DEFAULT (1LL << 30)
#define LOG_LINE_LEAST 32

#define LOG_READ_BYTES_MAX (4 << 20) /* about; one reading ends early past that */

struct logs;

bool logs_open(const char *directory, const struct clock *clock, struct logs **out, struct err *err);
void logs_close(struct logs *logs); /* accepts NULL */

/* Before the first log is written to; LOG_BYTES_DEFAULT without it. Whole MiB. */
void logs_set_limit(struct logs *logs, int64_t bytes_max);

/* 1 to 64 of A-Z a-z 0-9 - _ : what may name a log. */
bool logs_id_valid(const char *id);

struct log_info {
    int64_t lines;
    int64_t bytes;
    bool closed;
};

/* Bytes to be added. */
struct log_piece {
    int64_t offset; /* where they belong */
    const void *bytes;
    size_t size;
    /* Who sends them may still write: asked while nobody else can append, so that who is no longer allowed has either
     * appended before logs_settle looks or never will. False with *err refuses; NULL: anyone. */
    bool (*may_write)(void *context, struct err *err);
    void *context;
    bool *full; /* set to whether the log takes no more after this; or NULL */
};

/* Adds bytes that belong at `offset`. Those already there are skipped, so that a repeated call adds nothing; *out_size
 * is where the log ends now (the offset to go on from). The first append makes the log. Safe from any thread. Errors:
 * ERR_CONFLICT "LogGapException" where offset lies behind the end (*out_size is set to the end even so) or
 * "LogClosedException"; ERR_LIMIT the disk is full; may_write's own. */
bool logs_append(struct logs *logs, const char *id, const struct log_piece *piece, int64_t *out_size, struct err *err);

/* Ends the log: what stands without a line feed becomes its last line; on disk when this returns. Again: nothing. A log
 * without a byte is made and closed; only its bytes are worth waiting for the disk. */
bool logs_finish(struct logs *logs, const char *id, struct err *err);

/* A log that nobody wrote to yet is one of 0 lines. */
bool logs_info(struct logs *logs, const char *id, struct log_info *out, struct err *err);
/* The same, after the append that is under way. Not within a db_work: that append may wait for the database. */
bool logs_settle(struct logs *logs, const char *id, struct log_info *out, struct err *err);

struct log_line {
    int64_t number; /* from 0 */
    int64_t ms;     /* since the log began */
    /* Without its end, valid UTF-8, no control characters but tab and ESC. Where a colour was still on from the line
     * before, the text begins with the escape sequence that sets it: each line can be shown alone. */
    const char *text;
};

/* At most `count` lines (fewer where they are long) from line `from` on, and the log's state at that moment. */
bool logs_read(struct logs *logs, struct arena *arena, const char *id, int64_t from, size_t count,
               const struct log_line **out, size_t *out_count, struct log_info *out_info, struct err *err);

/* The bytes as written, for a download: the caller closes *out_fd. Errors: ERR_NOT_FOUND. */
bool logs_raw(struct logs *logs, const char *id, int *out_fd, int64_t *out_size, struct err *err);

#endif
