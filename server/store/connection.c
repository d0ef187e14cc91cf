/*
 * Opening a connection: flags and pragmas. The writer is the only one that may commit or checkpoint (design, decision
 * 2); readers are opened read-only, so that SQLite itself refuses both to them.
 */
#include "server/store/connection.h"

#include "common/str.h"
#include "server/store/query.h"

#include <pthread.h>
#include <stdlib.h>

/* synchronous is a property of the connection, not of the file: FULL is what makes a commit survive a power loss.
 * wal_autocheckpoint is off because db.c checkpoints after the callers have been answered, not before. */
static const char writer_pragmas[] = "PRAGMA journal_mode = WAL;"
                                     "PRAGMA synchronous = FULL;"
                                     "PRAGMA wal_autocheckpoint = 0;"
                                     "PRAGMA journal_size_limit = 67108864;"
                                     "PRAGMA foreign_keys = ON;";
static const char memory_pragmas[] = "PRAGMA foreign_keys = ON;";
/* Half a megabyte of pages: there may be several readers, and the operating system caches the file anyway. */
static const char reader_pragmas[] = "PRAGMA wal_autocheckpoint = 0;"
                                     "PRAGMA cache_size = -512;";
/* What a savepoint may have to restore is kept in memory: in a file, each piece of work would write one. */
static const char common_pragmas[] = "PRAGMA temp_store = MEMORY;"
                                     "PRAGMA trusted_schema = OFF;"
                                     "PRAGMA cell_size_check = ON;";

static enum err_kind kind_of(int code) {
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_FULL: /* not the caller's limit: what did not fit can be tried again when there is room */
        return ERR_UNAVAILABLE;
    case SQLITE_CONSTRAINT:
        return ERR_CONFLICT;
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
        return ERR_INVALID;
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
        return ERR_DENIED;
    default:
        return ERR_INTERNAL;
    }
}

bool connection_error(struct connection *connection, int code, struct err *err) {
    if ((code & 0xff) == SQLITE_FULL)
        return err_set(err, ERR_UNAVAILABLE, "the database cannot be written: the disk is full");
    const char *message = sqlite3_errstr(code);
    if (connection && connection->handle && sqlite3_extended_errcode(connection->handle) == code)
        message = sqlite3_errmsg(connection->handle);
    return err_set(err, kind_of(code), "database: %s", message);
}

int connection_run(struct connection *connection, const char *sql) {
    return sqlite3_exec(connection->handle, sql, NULL, NULL, NULL);
}

int connection_step(struct connection *connection, const char *sql) {
    struct tx tx = {.connection = connection};
    struct query query CLEANUP(query_close) = query_open(&tx, sql);
    (void)query_next(&query);
    return query.code == SQLITE_DONE ? SQLITE_OK : query.code;
}

/* Some file systems cannot share memory between processes; SQLite then keeps its old journal and says so only here. */
static bool has_wal(struct connection *connection) {
    sqlite3_stmt *statement = NULL;
    bool wal = sqlite3_prepare_v2(connection->handle, "PRAGMA journal_mode", -1, &statement, NULL) == SQLITE_OK &&
               sqlite3_step(statement) == SQLITE_ROW &&
               str_equal((const char *)sqlite3_column_text(statement, 0), "wal");
    sqlite3_finalize(statement);
    return wal;
}

static int set_up(struct connection *connection, enum connection_kind kind) {
    sqlite3 *handle = connection->handle;
    sqlite3_extended_result_codes(handle, 1);
    sqlite3_busy_timeout(handle, 5000);
    /* Without these SQLite takes "nosuchcolumn" for a text, and lets SQL write the schema table. */
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DQS_DML, 0, (int *)NULL);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DQS_DDL, 0, (int *)NULL);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)NULL);
    int code = connection_run(connection, common_pragmas);
    if (code != SQLITE_OK)
        return code;
    if (kind == CONNECTION_WRITER)
        return connection_run(connection, writer_pragmas);
    return connection_run(connection, kind == CONNECTION_READER ? reader_pragmas : memory_pragmas);
}

/* Nobody asks SQLite how much memory it uses, and counting that takes a lock for each piece of memory. Where something
 * has used SQLite before, it goes on counting. */
static void stop_counting_memory(void) {
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

bool connection_open(const char *path, enum connection_kind kind, struct connection **out, struct err *err) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, stop_counting_memory);
    struct connection *connection = calloc(1, sizeof *connection);
    if (!connection)
        return err_set(err, ERR_LIMIT, "out of memory");
    int flags = SQLITE_OPEN_NOMUTEX;
    flags |= kind == CONNECTION_READER ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    int code = sqlite3_open_v2(path, &connection->handle, flags, NULL);
    if (code == SQLITE_OK)
        code = set_up(connection, kind);
    bool ok = code == SQLITE_OK || connection_error(connection, code, err);
    if (ok && kind == CONNECTION_WRITER && !has_wal(connection))
        ok = err_set(err, ERR_INVALID, "the file system does not support SQLite's write-ahead log; use a local disk");
    if (!ok) {
        connection_close(connection);
        return err_wrap(err, "opening '%s'", path);
    }
    *out = connection;
    return true;
}

void connection_close(struct connection *connection) {
    if (!connection)
        return;
    for (size_t i = 0; i < STATEMENTS_MAX; i++)
        sqlite3_finalize(connection->kept[i].statement);
    sqlite3_close(connection->handle);
    free(connection);
}
