/*
 * Log and progress to the server.
 */
#include "runner/reporter.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/str.h"
#include "runner/link.h"
#include "runner/mask.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WAITING_CEILING (8 * 1024 * 1024)
#define BUFFER_CEILING (2 * WAITING_CEILING)
#define LINE_CEILING (64 * 1024)
#define BATCH_BYTES (1024 * 1024) /* the most that the server takes in one call */
#define FEW_BYTES (256 * 1024)
#define GATHER_MS 40 /* a pause after each batch, while little has gathered: a chatty build must not be a flood */

struct reporter {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    pthread_t thread;
    const struct account *account; /* NULL: local */
    int descriptor;                /* local: where the log goes */
    struct heartbeat *heartbeat;
    struct mask mask;
    struct str waiting;   /* bytes not yet taken by the thread */
    struct str last_line; /* empty where the last that came was no line */
    char *progress;       /* encoded, or NULL */
    int64_t offset;       /* where the next batch belongs */
    int64_t token;
    char *job_path;
    bool finishing;
    bool refused; /* the server takes no more log */
    int copy;     /* a file that gets all that is shown, or -1 */
    bool copy_failed;
};

static bool lost(void *context) {
    return heartbeat_reason(((struct reporter *)context)->heartbeat) == STOP_LOST;
}

/* What still comes is dropped, and nobody waits for it to be sent. */
static void end_log(struct reporter *reporter) {
    pthread_mutex_lock(&reporter->mutex);
    reporter->refused = true;
    str_clear(&reporter->waiting);
    pthread_cond_broadcast(&reporter->changed);
    pthread_mutex_unlock(&reporter->mutex);
}

static void refuse_log(struct reporter *reporter, const struct err *err) {
    if (err->kind == ERR_CONFLICT || err->kind == ERR_DENIED) {
        heartbeat_raise(reporter->heartbeat, STOP_LOST);
        return;
    }
    LOG_WARNING("the server takes no more of this log", "job", reporter->job_path, "error", err->message);
    end_log(reporter);
}

static void send_batch(struct reporter *reporter, struct link *link, const char *bytes, size_t size) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct link_call call = {.method = "POST",
                                   .path = arena_printf(&arena, "%s/log?token=%lld&offset=%lld", reporter->job_path,
                                                        (long long)reporter->token, (long long)reporter->offset),
                                   .bytes = bytes,
                                   .byte_count = size,
                                   .repeat = lost,
                                   .context = reporter};
    const struct json *answer = NULL;
    struct err err = {0};
    if (link_send(link, &arena, &call, NULL, &answer, &err)) {
        reporter->offset += (int64_t)size;
        if (json_get_bool(answer, "full", false))
            end_log(reporter);
    } else if (str_equal(err.code, "LogGapException")) {
        /* The server has less than it once confirmed (restored from a backup?): go on from where it stands. */
        LOG_WARNING("the server's log is shorter than confirmed", "job", reporter->job_path);
        reporter->offset = json_get_integer(answer, "size", 0);
    } else {
        refuse_log(reporter, &err);
    }
}

static void send_progress(struct reporter *reporter, struct link *link, const char *text) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct link_call call = {.method = "POST",
                                   .path = arena_printf(&arena, "%s/progress", reporter->job_path),
                                   .bytes = text,
                                   .byte_count = strlen(text),
                                   .bytes_are_json = true,
                                   .repeat = lost,
                                   .context = reporter};
    struct err err = {0};
    if (link_send(link, &arena, &call, NULL, NULL, &err))
        return;
    if (err.kind == ERR_CONFLICT || err.kind == ERR_DENIED)
        heartbeat_raise(reporter->heartbeat, STOP_LOST);
    else
        LOG_WARNING("progress was refused", "job", reporter->job_path, "error", err.message);
}

/* Waits for something to send. False at the end. */
static bool take_work(struct reporter *reporter, struct str *batch, char **progress) {
    str_clear(batch);
    pthread_mutex_lock(&reporter->mutex);
    while (reporter->waiting.length == 0 && !reporter->progress && !reporter->finishing)
        pthread_cond_wait(&reporter->changed, &reporter->mutex);
    /* All of it, by changing the two: what came faster than it could be sent is not copied once more. */
    struct str taken = reporter->waiting;
    reporter->waiting = *batch;
    *batch = taken;
    *progress = reporter->progress;
    reporter->progress = NULL;
    bool over = reporter->finishing && batch->length == 0 && !*progress;
    pthread_cond_broadcast(&reporter->changed);
    pthread_mutex_unlock(&reporter->mutex);
    return !over;
}

static void gather(struct reporter *reporter) {
    struct timespec until;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += GATHER_MS * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    int waited = 0;
    pthread_mutex_lock(&reporter->mutex);
    while (!reporter->finishing && reporter->waiting.length < FEW_BYTES && waited == 0)
        waited = pthread_cond_timedwait(&reporter->changed, &reporter->mutex, &until);
    pthread_mutex_unlock(&reporter->mutex);
}

/* A terminal that was closed, or a pipe nobody reads, is no reason to end the build. */
static void write_batch(struct reporter *reporter, const char *bytes, size_t size) {
    while (size > 0) {
        ssize_t written = write(reporter->descriptor, bytes, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return;
        bytes += written;
        size -= (size_t)written;
    }
}

static void *run_local(void *context) {
    struct reporter *reporter = context;
    struct str batch CLEANUP(str_release) = STR_INIT(BUFFER_CEILING);
    char *progress = NULL;
    while (take_work(reporter, &batch, &progress))
        write_batch(reporter, batch.text, batch.length);
    return NULL;
}

static void send_all(struct reporter *reporter, struct link *link, const struct str *batch) {
    size_t size;
    for (size_t at = 0; at < batch->length && !reporter->refused && !lost(reporter); at += size) {
        size = batch->length - at < BATCH_BYTES ? batch->length - at : BATCH_BYTES;
        send_batch(reporter, link, batch->text + at, size);
    }
}

static void *run(void *context) {
    struct reporter *reporter = context;
    struct link *link CLEANUP(link_cleanup) = link_new(reporter->account);
    struct str batch CLEANUP(str_release) = STR_INIT(BUFFER_CEILING);
    char *progress = NULL;
    while (take_work(reporter, &batch, &progress)) {
        if (progress && !lost(reporter))
            send_progress(reporter, link, progress);
        free(progress);
        if (batch.length == 0)
            continue;
        send_all(reporter, link, &batch);
        gather(reporter);
    }
    return NULL;
}

static struct reporter *new_reporter(struct heartbeat *heartbeat, const char *job_path) {
    struct reporter *reporter = calloc(1, sizeof *reporter);
    if (!reporter)
        abort();
    pthread_mutex_init(&reporter->mutex, NULL);
    pthread_cond_init(&reporter->changed, NULL);
    mask_init(&reporter->mask);
    reporter->heartbeat = heartbeat;
    reporter->copy = -1;
    reporter->waiting = (struct str)STR_INIT(BUFFER_CEILING);
    reporter->last_line = (struct str)STR_INIT(LINE_CEILING);
    reporter->job_path = strdup(job_path);
    if (!reporter->job_path)
        abort();
    return reporter;
}

struct reporter *reporter_start(const struct account *account, struct heartbeat *heartbeat, const char *job_id,
                                int64_t token, int64_t log_size) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct reporter *reporter = new_reporter(heartbeat, arena_printf(&arena, "/runner/jobs/%s", job_id));
    reporter->account = account;
    reporter->token = token;
    reporter->offset = log_size;
    if (pthread_create(&reporter->thread, NULL, run, reporter) != 0)
        abort();
    return reporter;
}

struct reporter *reporter_start_local(int descriptor, struct heartbeat *heartbeat) {
    struct reporter *reporter = new_reporter(heartbeat, "local");
    reporter->descriptor = descriptor;
    if (pthread_create(&reporter->thread, NULL, run_local, reporter) != 0)
        abort();
    return reporter;
}

void reporter_finish(struct reporter *reporter) {
    reporter_flush_mask(reporter);
    pthread_mutex_lock(&reporter->mutex);
    reporter->finishing = true;
    pthread_cond_broadcast(&reporter->changed);
    pthread_mutex_unlock(&reporter->mutex);
    pthread_join(reporter->thread, NULL);
    pthread_mutex_destroy(&reporter->mutex);
    pthread_cond_destroy(&reporter->changed);
    mask_release(&reporter->mask);
    str_release(&reporter->waiting);
    str_release(&reporter->last_line);
    free(reporter->progress);
    free(reporter->job_path);
    free(reporter);
}

void reporter_add_secret(struct reporter *reporter, const char *secret) {
    pthread_mutex_lock(&reporter->mutex);
    bool added = mask_add(&reporter->mask, secret);
    pthread_mutex_unlock(&reporter->mutex);
    if (!added)
        LOG_WARNING("too many secrets to mask", "job", reporter->job_path);
}

/* With the mutex held: what was added to `waiting` past its first `before` bytes. */
static void copy_new(struct reporter *reporter, size_t before) {
    for (size_t at = before; at < reporter->waiting.length && reporter->copy >= 0 && !reporter->copy_failed;) {
        ssize_t written = write(reporter->copy, reporter->waiting.text + at, reporter->waiting.length - at);
        if (written > 0)
            at += (size_t)written;
        else if (errno != EINTR)
            reporter->copy_failed = true;
    }
}

bool reporter_copy_to(struct reporter *reporter, int descriptor) {
    pthread_mutex_lock(&reporter->mutex);
    bool good = !reporter->copy_failed;
    reporter->copy = descriptor;
    reporter->copy_failed = false;
    pthread_mutex_unlock(&reporter->mutex);
    return good;
}

/* With the mutex held. */
static void take(struct reporter *reporter, const char *at, size_t size) {
    while (size > 0) {
        while (reporter->waiting.length >= WAITING_CEILING && !reporter->refused)
            pthread_cond_wait(&reporter->changed, &reporter->mutex);
        size_t piece = size < BATCH_BYTES ? size : BATCH_BYTES;
        size_t before = reporter->waiting.length;
        if (!reporter->refused)
            mask_feed(&reporter->mask, at, piece, &reporter->waiting);
        copy_new(reporter, before);
        at += piece;
        size -= piece;
    }
    pthread_cond_broadcast(&reporter->changed);
}

void reporter_log(struct reporter *reporter, const void *bytes, size_t size) {
    pthread_mutex_lock(&reporter->mutex);
    str_clear(&reporter->last_line);
    take(reporter, bytes, size);
    pthread_mutex_unlock(&reporter->mutex);
}

void reporter_line(struct reporter *reporter, const char *line) {
    pthread_mutex_lock(&reporter->mutex);
    str_clear(&reporter->last_line);
    str_append(&reporter->last_line, line);
    take(reporter, line, strlen(line));
    take(reporter, "\n", 1);
    pthread_mutex_unlock(&reporter->mutex);
}

bool reporter_ends_with(struct reporter *reporter, const char *line) {
    pthread_mutex_lock(&reporter->mutex);
    bool same = str_equal(str_text(&reporter->last_line), line);
    pthread_mutex_unlock(&reporter->mutex);
    return same;
}

const char *reporter_masked(struct reporter *reporter, struct arena *arena, const char *text) {
    const size_t length = strlen(text);
    struct str shown CLEANUP(str_release) = STR_INIT(3 * length + 1); /* "***" for a byte would be the worst */
    pthread_mutex_lock(&reporter->mutex);
    mask_text(&reporter->mask, text, length, &shown);
    pthread_mutex_unlock(&reporter->mutex);
    return arena_strdup(arena, str_text(&shown));
}

void reporter_flush_mask(struct reporter *reporter) {
    pthread_mutex_lock(&reporter->mutex);
    size_t before = reporter->waiting.length;
    mask_flush(&reporter->mask, &reporter->waiting);
    copy_new(reporter, before);
    pthread_cond_broadcast(&reporter->changed);
    pthread_mutex_unlock(&reporter->mutex);
}

void reporter_progress(struct reporter *reporter, const struct wire_progress *progress) {
    if (!reporter->account)
        return;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct wire_progress message = *progress;
    message.token = reporter->token;
    char *text = strdup(json_print(&arena, wire_progress_encode(&arena, &message)));
    if (!text)
        abort();
    pthread_mutex_lock(&reporter->mutex);
    free(reporter->progress);
    reporter->progress = text;
    pthread_cond_broadcast(&reporter->changed);
    pthread_mutex_unlock(&reporter->mutex);
}
