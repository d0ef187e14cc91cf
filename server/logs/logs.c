/*
 * Appending to logs and reading them. Nothing is kept in memory between calls: what an append needs to know stands at
 * the ends of the two files (open_log.h).
 */
#include "server/logs/logs.h"

#include "common/str.h"
#include "server/logs/line.h"
#include "server/logs/open_log.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCKS 64
#define CUT_NOTICE "\n[penstock] this log is larger than %lld MiB; what follows was not kept\n"
#define CUT_NOTICE_SIZE 128
#define RECORDS_AT_ONCE 2048

struct logs {
    char *directory;
    int64_t bytes_max;
    const struct clock *clock;
    pthread_mutex_t locks[LOCKS]; /* by id: one append at a time to a log */
};

bool logs_open(const char *directory, const struct clock *clock, struct logs **out, struct err *err) {
    if (mkdir(directory, 0700) != 0 && errno != EEXIST)
        return err_set_errno(err, errno, "cannot make '%s'", directory);
    struct logs *logs = calloc(1, sizeof *logs);
    if (!logs || !(logs->directory = strdup(directory))) {
        free(logs);
        return err_set(err, ERR_INTERNAL, "no memory for the logs");
    }
    logs->clock = clock;
    logs->bytes_max = LOG_BYTES_DEFAULT;
    for (int i = 0; i < LOCKS; i++)
        pthread_mutex_init(&logs->locks[i], NULL);
    *out = logs;
    return true;
}

void logs_close(struct logs *logs) {
    if (!logs)
        return;
    for (int i = 0; i < LOCKS; i++)
        pthread_mutex_destroy(&logs->locks[i]);
    free(logs->directory);
    free(logs);
}

void logs_set_limit(struct logs *logs, int64_t bytes_max) {
    logs->bytes_max = bytes_max;
}

bool logs_id_valid(const char *id) {
    size_t length = strlen(id);
    return length >= 2 && length <= 64 &&
           strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") == length;
}

static pthread_mutex_t *lock_of(struct logs *logs, const char *id) {
    unsigned hash = 5381;
    for (; *id; id++)
        hash = hash * 33 + (unsigned char)*id;
    return &logs->locks[hash % LOCKS];
}

static void unlock(pthread_mutex_t **lock) {
    pthread_mutex_unlock(*lock);
}

/* Appending */

static bool is_closed(const struct open_log *log) {
    return (log->head.magic & CLOSED_FLAG) != 0;
}

static bool is_full(const struct open_log *log) {
    return (log->head.magic & FULL_FLAG) != 0;
}

static bool write_head(const struct logs *logs, struct open_log *log, uint64_t flag, struct err *err) {
    if (log->head.magic == 0)
        log->head = (struct head){MAGIC, clock_wall_ms(logs->clock)};
    log->head.magic |= flag;
    return open_log_write(log->index_fd, &log->head, sizeof log->head, 0, err);
}

/* Records on their way to the index: one write for many lines. */
struct batch {
    const struct logs *logs;
    struct open_log *log;
    struct record records[RECORDS_AT_ONCE];
    size_t count;
    uint32_t ms;
};

static bool write_records(struct batch *batch, struct err *err) {
    struct open_log *log = batch->log;
    size_t size = batch->count * sizeof *batch->records;
    if (size > 0 && !open_log_write(log->index_fd, batch->records, size, open_log_record_offset(log->lines), err))
        return false;
    log->lines += (int64_t)batch->count;
    batch->count = 0;
    return true;
}

static void begin_batch(struct batch *batch, const struct logs *logs, struct open_log *log) {
    int64_t ms = clock_wall_ms(logs->clock) - log->head.began_ms;
    if (ms < (int64_t)log->last.ms) /* the wall clock was set back */
        ms = log->last.ms;
    batch->logs = logs;
    batch->log = log;
    batch->count = 0;
    batch->ms = ms > UINT32_MAX ? UINT32_MAX : (uint32_t)ms;
}

static bool add_record(struct batch *batch, const char *line, size_t size, struct err *err) {
    struct record *last = &batch->log->last;
    *last = (struct record){
        .end = last->end + size, .ms = batch->ms, .colour = line_colour_after(last->colour, line, size)};
    batch->records[batch->count++] = *last;
    return batch->count < RECORDS_AT_ONCE || write_records(batch, err);
}

/* The lines of a part of the file that begins with a line; *taken is what they are long. `final` takes the rest, too.
 */
static bool add_lines(struct batch *batch, const char *bytes, size_t size, bool final, size_t *taken, struct err *err) {
    size_t at = 0;
    while (at < size) {
        const char *feed = memchr(bytes + at, '\n', size - at);
        size_t length = feed ? (size_t)(feed + 1 - bytes) - at : size - at;
        if (length > LOG_LINE_MAX)
            length = line_cut(bytes + at, LOG_LINE_MAX);
        else if (!feed && !final)
            break;
        if (!add_record(batch, bytes + at, length, err))
            return false;
        at += length;
    }
    *taken = at;
    return true;
}

/* Makes records of all lines that are complete behind the last one. `final` takes the rest as a line too. */
static bool index_rest(const struct logs *logs, struct open_log *log, bool final, struct err *err) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    size_t room = 4 * LOG_LINE_MAX;
    if (log->size - (int64_t)log->last.end < (int64_t)room)
        room = (size_t)(log->size - (int64_t)log->last.end);
    if (room == 0)
        return true;
    char *buffer = arena_alloc(&arena, room);
    struct batch *batch = arena_alloc(&arena, sizeof *batch);
    begin_batch(batch, logs, log);
    while ((int64_t)log->last.end < log->size) {
        int64_t start = (int64_t)log->last.end;
        size_t size = log->size - start > (int64_t)room ? room : (size_t)(log->size - start);
        size_t taken;
        if (!open_log_read(log->bytes_fd, buffer, size, start, err) ||
            !add_lines(batch, buffer, size, final && start + (int64_t)size == log->size, &taken, err))
            return false;
        if (taken == 0)
            break; /* the line's end has not come */
    }
    return write_records(batch, err);
}

/* The log's last line, and no more after it. */
static bool end_full(const struct logs *logs, struct open_log *log, struct err *err) {
    char notice[CUT_NOTICE_SIZE];
    int length = snprintf(notice, sizeof notice, CUT_NOTICE, (long long)(logs->bytes_max >> 20));
    if (!open_log_write(log->bytes_fd, notice, (size_t)length, log->size, err))
        return false;
    log->size += length;
    return write_head(logs, log, FULL_FLAG, err);
}

/* Writes at the log's end and makes the records; past the ceiling one notice and no more. */
static bool add_bytes(const struct logs *logs, struct open_log *log, const char *bytes, size_t size, struct err *err) {
    int64_t room = log->lines < logs->bytes_max / LOG_LINE_LEAST ? logs->bytes_max - log->size : 0;
    if (is_full(log))
        return true;
    bool full = (int64_t)size > room;
    if (full)
        size = room > 0 ? (size_t)room : 0;
    if (!open_log_write(log->bytes_fd, bytes, size, log->size, err))
        return false;
    log->size += (int64_t)size;
    return (!full || end_full(logs, log, err)) && index_rest(logs, log, false, err);
}

static bool prepare(const struct logs *logs, const char *id, struct open_log *log, struct err *err) {
    bool found;
    if (!open_log(logs->directory, id, true, log, &found, err))
        return false;
    /* Records of bytes that a crash took away would count again once there are as many other bytes. */
    if (log->head.magic != 0 && ftruncate(log->index_fd, open_log_record_offset(log->lines)) != 0)
        return err_set_errno(err, errno, "cannot write to a log");
    return log->head.magic != 0 || write_head(logs, log, 0, err);
}

static bool append(struct logs *logs, const char *id, struct open_log *log, const struct log_piece *piece,
                   int64_t *out_size, struct err *err) {
    int64_t offset = piece->offset;
    if ((piece->may_write && !piece->may_write(piece->context, err)) || !prepare(logs, id, log, err))
        return false;
    /* What was dropped past the ceiling counts as there, so that the sender goes on. */
    int64_t end = is_full(log) && offset > log->size ? offset : log->size;
    *out_size = end;
    if (is_closed(log))
        return err_set_code(err, ERR_CONFLICT, "LogClosedException", "log '%s' is closed", id);
    if (offset > end)
        return err_set_code(err, ERR_CONFLICT, "LogGapException", "log '%s' ends at %lld, so nothing can begin at %lld",
                            id, (long long)end, (long long)offset);
    int64_t known = end - offset;
    if (known < (int64_t)piece->size) {
        if (!add_bytes(logs, log, (const char *)piece->bytes + known, piece->size - (size_t)known, err))
            return false;
        *out_size = offset + (int64_t)piece->size;
    }
    if (piece->full)
        *piece->full = is_full(log);
    return true;
}

bool logs_append(struct logs *logs, const char *id, const struct log_piece *piece, int64_t *out_size, struct err *err) {
    struct open_log log CLEANUP(open_log_release) = OPEN_LOG_INIT;
    pthread_mutex_t *lock CLEANUP(unlock) = lock_of(logs, id);
    pthread_mutex_lock(lock);
    return append(logs, id, &log, piece, out_size, err);
}

bool logs_finish(struct logs *logs, const char *id, struct err *err) {
    struct open_log log CLEANUP(open_log_release) = OPEN_LOG_INIT;
    pthread_mutex_t *lock CLEANUP(unlock) = lock_of(logs, id);
    pthread_mutex_lock(lock);
    if (!prepare(logs, id, &log, err))
        return false;
    if (is_closed(&log))
        return true;
    if (!index_rest(logs, &log, true, err) || !write_head(logs, &log, CLOSED_FLAG, err))
        return false;
    /* Without a byte there is nothing to lose: that it is closed stands in the store, too (api/watch/log.c). */
    if (log.size == 0)
        return true;
    if (fdatasync(log.bytes_fd) != 0 || fdatasync(log.index_fd) != 0)
        return err_set_errno(err, errno, "cannot write log '%s' to disk", id);
    return true;
}

/* Reading */

static struct log_info info_of(const struct open_log *log) {
    return (struct log_info){.lines = log->lines, .bytes = log->size, .closed = is_closed(log)};
}

bool logs_info(struct logs *logs, const char *id, struct log_info *out, struct err *err) {
    struct open_log log CLEANUP(open_log_release) = OPEN_LOG_INIT;
    bool found;
    if (!open_log(logs->directory, id, false, &log, &found, err))
        return false;
    *out = found ? info_of(&log) : (struct log_info){0};
    return true;
}

bool logs_settle(struct logs *logs, const char *id, struct log_info *out, struct err *err) {
    pthread_mutex_t *lock CLEANUP(unlock) = lock_of(logs, id);
    pthread_mutex_lock(lock);
    return logs_info(logs, id, out, err);
}

/* The records of lines from-1 .. from+count-1: a line begins where the one before it ends. */
static bool read_records(const struct open_log *log, struct arena *arena, int64_t from, size_t count,
                         const struct record **out, struct err *err) {
    struct record *records = arena_array(arena, struct record, count + 1);
    size_t skipped = from == 0; /* line 0 begins at 0 */
    if (!open_log_read(log->index_fd, records + skipped, (count + 1 - skipped) * sizeof *records,
                       open_log_record_offset(from - 1 + (int64_t)skipped), err))
        return false;
    *out = records;
    return true;
}

bool logs_read(struct logs *logs, struct arena *arena, const char *id, int64_t from, size_t count,
               const struct log_line **out, size_t *out_count, struct log_info *out_info, struct err *err) {
    struct open_log log CLEANUP(open_log_release) = OPEN_LOG_INIT;
    bool found;
    if (!open_log(logs->directory, id, false, &log, &found, err))
        return false;
    *out_info = found ? info_of(&log) : (struct log_info){0};
    *out = NULL;
    *out_count = 0;
    if (!found || from < 0 || from >= log.lines || count == 0)
        return true;
    if ((int64_t)count > log.lines - from)
        count = (size_t)(log.lines - from);
    const struct record *records;
    if (!read_records(&log, arena, from, count, &records, err))
        return false;
    struct log_line *lines = arena_array(arena, struct log_line, count);
    char *buffer = arena_alloc(arena, LOG_LINE_MAX);
    size_t bytes = 0, taken = 0;
    for (size_t i = 0; i < count && bytes < LOG_READ_BYTES_MAX; i++) {
        size_t size = (size_t)(records[i + 1].end - records[i].end);
        if (size > LOG_LINE_MAX || records[i + 1].end < records[i].end)
            return err_set(err, ERR_INTERNAL, "the index of log '%s' is damaged at line %lld", id,
                           (long long)(from + (int64_t)i));
        if (!open_log_read(log.bytes_fd, buffer, size, (int64_t)records[i].end, err))
            return false;
        lines[i] =
            (struct log_line){from + (int64_t)i, records[i + 1].ms, line_text(arena, records[i].colour, buffer, size)};
        bytes += size;
        taken++;
    }
    *out = lines;
    *out_count = taken;
    return true;
}

bool logs_raw(struct logs *logs, const char *id, int *out_fd, int64_t *out_size, struct err *err) {
    struct open_log log CLEANUP(open_log_release) = OPEN_LOG_INIT;
    bool found;
    if (!open_log(logs->directory, id, false, &log, &found, err))
        return false;
    if (!found)
        return err_set_code(err, ERR_NOT_FOUND, "ResourceNotFoundException", "there is no log '%s'", id);
    *out_fd = log.bytes_fd;
    *out_size = log.size;
    log.bytes_fd = -1;
    return true;
}
