/*
 * The writer's thread and the pool of readers. Callers queue their work and sleep; the writer takes everything that
 * waits, runs it in one transaction with a savepoint around each piece, commits, fires the wakes, and lets the callers
 * go. Nothing happens when nothing waits.
 */
#include "server/store/db.h"

#include "common/str.h"
#include "server/store/connection.h"
#include "server/store/migrate.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* Enough for a burst, few enough that the first of a group does not wait for long. */
#define GROUP_MAX 200
/* 4 MiB of pages of 4 KiB in the WAL: then it is written back, after the callers were answered. */
#define CHECKPOINT_PAGES 1000
#define IDLE_READERS_MAX 4

struct pending {
    db_work *work;
    void *context;
    struct err *err;
    bool read;
    bool succeeded;
    bool finished;
    pthread_cond_t done;
    struct pending *next;
};

struct db {
    char *path;
    bool in_memory;
    int lock_fd;
    const struct clock *clock;
    void (*wake)(void *context, const char *topic);
    void *wake_context;

    pthread_t thread;
    bool thread_runs;
    pthread_mutex_t mutex; /* guards all below */
    pthread_cond_t work_waits;
    struct pending *first, *last;
    size_t waiting;
    bool closing;
    struct connection *readers; /* idle ones */
    size_t reader_count;

    /* The writer's thread only. */
    struct connection *writer;
    struct tx_wakes wakes;
    int wal_pages;
    bool broken; /* a sync failed: what is on disk is unknown until the next start */
};

const struct clock *tx_clock(const struct tx *tx) {
    return tx->clock;
}

void tx_wake(struct tx *tx, const char *topic) {
    struct tx_wakes *wakes = tx->wakes;
    assert(wakes && strlen(topic) < WAKE_TOPIC_SIZE);
    for (size_t i = 0; i < wakes->count; i++) {
        if (str_equal(wakes->topics[i], topic))
            return;
    }
    if (wakes->count == wakes->capacity)
        wakes->topics = arena_grow(&wakes->arena, wakes->topics, sizeof *wakes->topics, &wakes->capacity);
    memcpy(wakes->topics[wakes->count++], topic, strlen(topic) + 1);
}

static void forget_wakes(struct tx_wakes *wakes) {
    arena_release(&wakes->arena);
    *wakes = (struct tx_wakes){.arena = ARENA_INIT};
}

static void fire_wakes(struct db *db) {
    for (size_t i = 0; db->wake && i < db->wakes.count; i++)
        db->wake(db->wake_context, db->wakes.topics[i]);
    forget_wakes(&db->wakes);
}

static bool refuse(struct connection *connection, struct pending *piece, int code) {
    piece->succeeded = false;
    return connection_error(connection, code, piece->err);
}

static int roll_back_piece(struct connection *writer) {
    int code = connection_step(writer, "ROLLBACK TO piece");
    return code == SQLITE_OK ? connection_step(writer, "RELEASE piece") : code;
}

/* Runs one piece between savepoints. Returns SQLite's code of our own statements. */
static int run_piece(struct db *db, struct pending *piece) {
    struct connection *writer = db->writer;
    struct tx tx = {.connection = writer, .clock = db->clock, .wakes = &db->wakes};
    size_t wakes = db->wakes.count;
    int code = connection_step(writer, "SAVEPOINT piece");
    if (code == SQLITE_OK && piece->read)
        code = connection_run(writer, "PRAGMA query_only = ON");
    if (code != SQLITE_OK)
        return code;
    piece->succeeded = piece->work(&tx, piece->context, piece->err);
    if (piece->read)
        (void)connection_run(writer, "PRAGMA query_only = OFF");
    /* Where the disk is full SQLite may have rolled back everything, savepoints and all. */
    if (sqlite3_get_autocommit(writer->handle))
        return SQLITE_ABORT_ROLLBACK;
    if (piece->succeeded && !piece->read)
        return connection_step(writer, "RELEASE piece");
    db->wakes.count = wakes;
    return roll_back_piece(writer);
}

/* Runs the pieces from `first` up to before `end` in one transaction. Returns SQLITE_OK where it is durable. */
static int run_group(struct db *db, struct pending *first, const struct pending *end) {
    struct connection *writer = db->writer;
    int code = connection_step(writer, "BEGIN IMMEDIATE");
    for (struct pending *piece = first; code == SQLITE_OK && piece != end; piece = piece->next)
        code = run_piece(db, piece);
    if (code == SQLITE_OK)
        code = connection_step(writer, "COMMIT");
    if (code == SQLITE_OK)
        return code;
    forget_wakes(&db->wakes);
    if (!sqlite3_get_autocommit(writer->handle))
        (void)connection_run(writer, "ROLLBACK");
    if (code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC)
        db->broken = true;
    return code;
}

/* A piece that failed by itself keeps its own error: where SQLite rolled back under it, that error is the cause. */
static void run_alone(struct db *db, struct pending *piece) {
    if (db->broken) {
        piece->succeeded = false;
        err_set(piece->err, ERR_UNAVAILABLE, "the database could not be synced to disk; check the disk and restart");
        return;
    }
    piece->succeeded = true;
    int code = run_group(db, piece, piece->next);
    if (code == SQLITE_OK)
        fire_wakes(db);
    else if (code != SQLITE_ABORT_ROLLBACK || piece->succeeded)
        refuse(db->writer, piece, code);
}

static void run_all(struct db *db, struct pending *first) {
    int code = SQLITE_ABORT;
    if (!db->broken && first->next)
        code = run_group(db, first, NULL);
    if (code == SQLITE_OK) {
        fire_wakes(db);
        return;
    }
    /* One piece, or a group that could not be committed because of one of them: each by itself. */
    for (struct pending *piece = first; piece; piece = piece->next) {
        if ((code & 0xff) == SQLITE_BUSY)
            refuse(db->writer, piece, code);
        else
            run_alone(db, piece);
    }
}

/* Takes what waits, at most a group; NULL: the database is to be closed. Called with the mutex held. */
static struct pending *take_group(struct db *db) {
    while (!db->first && !db->closing)
        pthread_cond_wait(&db->work_waits, &db->mutex);
    struct pending *first = db->first, *last = first;
    if (!first)
        return NULL;
    size_t count = 1;
    for (; last->next && count < GROUP_MAX; count++)
        last = last->next;
    db->waiting -= count;
    db->first = last->next;
    if (!db->first)
        db->last = NULL;
    last->next = NULL;
    return first;
}

static int count_wal_pages(void *context, sqlite3 *handle, const char *name, int pages) {
    (void)handle;
    (void)name;
    ((struct db *)context)->wal_pages = pages;
    return SQLITE_OK;
}

static void checkpoint(struct db *db) {
    if (db->wal_pages < CHECKPOINT_PAGES)
        return;
    db->wal_pages = 0;
    /* Passive: it copies what no reader still needs. Where one pins the rest, the next commit brings us here again. */
    (void)sqlite3_wal_checkpoint_v2(db->writer->handle, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
}

static void *writer_main(void *argument) {
    struct db *db = argument;
    pthread_mutex_lock(&db->mutex);
    for (;;) {
        struct pending *group = take_group(db);
        if (!group)
            break;
        pthread_mutex_unlock(&db->mutex);
        run_all(db, group);
        pthread_mutex_lock(&db->mutex);
        while (group) {
            struct pending *next = group->next; /* the caller's stack is gone once it is told */
            group->finished = true;
            pthread_cond_signal(&group->done);
            group = next;
        }
        pthread_mutex_unlock(&db->mutex);
        checkpoint(db);
        pthread_mutex_lock(&db->mutex);
    }
    pthread_mutex_unlock(&db->mutex);
    return NULL;
}

static bool submit(struct db *db, db_work *work, void *context, bool read, struct err *err) {
    struct err own;
    struct pending piece = {.work = work, .context = context, .read = read, .err = err ? err : &own};
    pthread_cond_init(&piece.done, NULL);
    pthread_mutex_lock(&db->mutex);
    assert(!db->closing);
    if (db->last)
        db->last->next = &piece;
    else
        db->first = &piece;
    db->last = &piece;
    db->waiting++;
    pthread_cond_signal(&db->work_waits);
    while (!piece.finished)
        pthread_cond_wait(&piece.done, &db->mutex);
    pthread_mutex_unlock(&db->mutex);
    pthread_cond_destroy(&piece.done);
    return piece.succeeded;
}

bool db_write(struct db *db, db_work *work, void *context, struct err *err) {
    return submit(db, work, context, false, err);
}

size_t db_waiting(struct db *db) {
    pthread_mutex_lock(&db->mutex);
    size_t waiting = db->waiting;
    pthread_mutex_unlock(&db->mutex);
    return waiting;
}

static bool borrow_reader(struct db *db, struct connection **out, struct err *err) {
    pthread_mutex_lock(&db->mutex);
    struct connection *reader = db->readers;
    if (reader) {
        db->readers = reader->next;
        db->reader_count--;
    }
    pthread_mutex_unlock(&db->mutex);
    *out = reader;
    return reader || connection_open(db->path, CONNECTION_READER, out, err);
}

static void return_reader(struct db *db, struct connection *reader) {
    pthread_mutex_lock(&db->mutex);
    bool keep = db->reader_count < IDLE_READERS_MAX;
    if (keep) {
        reader->next = db->readers;
        db->readers = reader;
        db->reader_count++;
    }
    pthread_mutex_unlock(&db->mutex);
    if (!keep)
        connection_close(reader);
}

bool db_read(struct db *db, db_work *work, void *context, struct err *err) {
    if (db->in_memory)
        return submit(db, work, context, true, err);
    struct connection *reader = NULL;
    if (!borrow_reader(db, &reader, err))
        return false;
    struct tx tx = {.connection = reader, .clock = db->clock};
    int code = connection_step(reader, "BEGIN");
    bool succeeded = code == SQLITE_OK ? work(&tx, context, err) : connection_error(reader, code, err);
    if (!sqlite3_get_autocommit(reader->handle))
        (void)connection_step(reader, "ROLLBACK");
    return_reader(db, reader);
    return succeeded;
}

/* A second server on the same file would be a second writer. The lock is beside the database: closing any descriptor of
 * the database itself would drop SQLite's own locks. */
static bool lock_file(struct db *db, struct err *err) {
    struct str path = STR_INIT(4096);
    str_printf(&path, "%s.lock", db->path);
    db->lock_fd = open(str_text(&path), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    bool ok = db->lock_fd >= 0;
    if (!ok)
        err_set_errno(err, errno, "opening '%s'", str_text(&path));
    else if (flock(db->lock_fd, LOCK_EX | LOCK_NB) != 0)
        ok = err_set(err, ERR_UNAVAILABLE, "'%s' is in use by another process", db->path);
    str_release(&path);
    return ok;
}

/* The database holds sealed secrets and who did what: nobody else reads it. SQLite gives its other files the mode of
 * this one. Before SQLite opens it, since closing it later would drop SQLite's locks. */
static bool make_private(const char *path, struct err *err) {
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno == EEXIST || err_set_errno(err, errno, "creating '%s'", path);
    close(fd);
    return true;
}

static bool open_writer(struct db *db, struct err *err) {
    enum connection_kind kind = db->in_memory ? CONNECTION_MEMORY : CONNECTION_WRITER;
    if (!db->in_memory && (!lock_file(db, err) || !make_private(db->path, err)))
        return false;
    if (!connection_open(db->path, kind, &db->writer, err))
        return false;
    sqlite3_wal_hook(db->writer->handle, count_wal_pages, db);
    if (!migrate(db->writer, migrations, migration_count, err))
        return err_wrap(err, "opening '%s'", db->path);
    return true;
}

bool db_open(const char *path, const struct clock *clock, void (*wake)(void *context, const char *topic),
             void *wake_context, struct db **out, struct err *err) {
    struct db *db = calloc(1, sizeof *db);
    char *copy = strdup(path);
    if (!db || !copy) {
        free(db);
        free(copy);
        return err_set(err, ERR_LIMIT, "out of memory");
    }
    *db = (struct db){.path = copy,
                      .in_memory = str_equal(path, ":memory:"),
                      .lock_fd = -1,
                      .clock = clock,
                      .wake = wake,
                      .wake_context = wake_context};
    pthread_mutex_init(&db->mutex, NULL);
    pthread_cond_init(&db->work_waits, NULL);
    bool ok = open_writer(db, err);
    if (ok) {
        int code = pthread_create(&db->thread, NULL, writer_main, db);
        db->thread_runs = code == 0;
        ok = code == 0 || err_set_errno(err, code, "starting the writer's thread");
    }
    if (ok)
        *out = db;
    else
        db_close(db);
    return ok;
}

void db_close(struct db *db) {
    if (!db)
        return;
    if (db->thread_runs) {
        pthread_mutex_lock(&db->mutex);
        db->closing = true;
        pthread_cond_signal(&db->work_waits);
        pthread_mutex_unlock(&db->mutex);
        pthread_join(db->thread, NULL);
    }
    while (db->readers) {
        struct connection *next = db->readers->next;
        connection_close(db->readers);
        db->readers = next;
    }
    /* Closing the last connection of a WAL database checkpoints it and takes the -wal file away. */
    connection_close(db->writer);
    forget_wakes(&db->wakes);
    if (db->lock_fd >= 0)
        close(db->lock_fd);
    pthread_cond_destroy(&db->work_waits);
    pthread_mutex_destroy(&db->mutex);
    free(db->path);
    free(db);
}
