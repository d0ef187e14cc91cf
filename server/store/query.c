/*
 * Statements: compiling and keeping them, binding, stepping, reading columns.
 */
#include "server/store/query.h"

#include "server/store/connection.h"

#include <assert.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>

static struct kept_statement *place_of(struct connection *connection, const char *sql) {
    size_t place = ((uintptr_t)sql >> 3) % STATEMENTS_MAX;
    while (connection->kept[place].sql && connection->kept[place].sql != sql)
        place = (place + 1) % STATEMENTS_MAX;
    return &connection->kept[place];
}

static void compile(struct query *query, const char *sql, unsigned flags) {
    struct connection *connection = query->tx->connection;
    query->code = sqlite3_prepare_v3(connection->handle, sql, -1, flags, &query->statement, NULL);
}

struct query query_open(struct tx *tx, const char *sql) {
    struct query query = {.tx = tx, .code = SQLITE_OK};
    struct connection *connection = tx->connection;
    struct kept_statement *kept = place_of(connection, sql);
    bool room = connection->kept_count < STATEMENTS_MAX * 3 / 4;
    /* A statement that is already being stepped (further up in the call stack) gets a second copy. */
    if (kept->busy || (!kept->sql && !room)) {
        compile(&query, sql, 0);
        return query;
    }
    if (!kept->sql) {
        compile(&query, sql, SQLITE_PREPARE_PERSISTENT);
        if (query.code != SQLITE_OK)
            return query;
        kept->sql = sql;
        kept->statement = query.statement;
        connection->kept_count++;
    }
    kept->busy = true;
    query.statement = kept->statement;
    query.kept = kept;
    return query;
}

void query_close(struct query *query) {
    if (!query->statement)
        return;
    if (query->kept) {
        sqlite3_reset(query->statement);
        sqlite3_clear_bindings(query->statement);
        query->kept->busy = false;
    } else {
        sqlite3_finalize(query->statement);
    }
    query->statement = NULL;
}

static int parameter(struct query *query, const char *name) {
    if (query->code != SQLITE_OK)
        return 0;
    int index = sqlite3_bind_parameter_index(query->statement, name);
    assert(index > 0);
    return index;
}

static void note(struct query *query, int code) {
    if (query->code == SQLITE_OK)
        query->code = code;
}

void query_text(struct query *query, const char *name, const char *text) {
    int index = parameter(query, name);
    if (!index)
        return;
    if (text)
        note(query, sqlite3_bind_text(query->statement, index, text, -1, SQLITE_STATIC));
    else
        note(query, sqlite3_bind_null(query->statement, index));
}

void query_integer(struct query *query, const char *name, int64_t value) {
    int index = parameter(query, name);
    if (index)
        note(query, sqlite3_bind_int64(query->statement, index, value));
}

void query_number(struct query *query, const char *name, double value) {
    int index = parameter(query, name);
    if (index)
        note(query, sqlite3_bind_double(query->statement, index, value));
}

void query_integer_or_null(struct query *query, const char *name, int64_t value, int64_t null_value) {
    int index = parameter(query, name);
    if (!index)
        return;
    if (value == null_value)
        note(query, sqlite3_bind_null(query->statement, index));
    else
        note(query, sqlite3_bind_int64(query->statement, index, value));
}

void query_state(struct query *query, const char *name, const struct state_table *table, int state) {
    query_text(query, name, state_name(table, state));
}

void query_bytes(struct query *query, const char *name, const void *bytes, size_t size) {
    int index = parameter(query, name);
    if (!index)
        return;
    assert(size <= INT_MAX);
    if (bytes)
        note(query, sqlite3_bind_blob(query->statement, index, bytes, (int)size, SQLITE_STATIC));
    else
        note(query, sqlite3_bind_null(query->statement, index));
}

bool query_next(struct query *query) {
    if (query->code != SQLITE_OK && query->code != SQLITE_ROW)
        return false;
    query->code = sqlite3_step(query->statement);
    return query->code == SQLITE_ROW;
}

bool query_done(struct query *query, struct err *err) {
    if (query->code == SQLITE_OK || query->code == SQLITE_ROW || query->code == SQLITE_DONE)
        return true;
    return connection_error(query->tx->connection, query->code, err);
}

bool query_run(struct query *query, struct err *err) {
    while (query_next(query)) {
    }
    return query_done(query, err);
}

bool query_run_changes(struct query *query, int64_t *changes, struct err *err) {
    if (!query_run(query, err))
        return false;
    *changes = sqlite3_changes64(query->tx->connection->handle);
    return true;
}

bool query_run_one(struct query *query, const char *what, struct err *err) {
    int64_t changes = 0;
    if (!query_run_changes(query, &changes, err))
        return false;
    if (changes != 1)
        return err_set(err, ERR_INTERNAL, "%s is not in the state that was read", what);
    return true;
}

const char *query_column_text(struct query *query, struct arena *arena, int column) {
    const char *text = (const char *)sqlite3_column_text(query->statement, column);
    return text ? arena_strndup(arena, text, (size_t)sqlite3_column_bytes(query->statement, column)) : NULL;
}

int64_t query_column_integer(struct query *query, int column) {
    return sqlite3_column_int64(query->statement, column);
}

const void *query_column_bytes(struct query *query, struct arena *arena, int column, size_t *size) {
    const void *bytes = sqlite3_column_blob(query->statement, column);
    *size = (size_t)sqlite3_column_bytes(query->statement, column);
    if (!bytes)
        return NULL;
    /* One more byte, zero: sealed secrets are texts. */
    char *copy = arena_alloc(arena, *size + 1);
    memcpy(copy, bytes, *size);
    return copy;
}

int query_column_state(struct query *query, const struct state_table *table, int column) {
    int state = state_parse(table, (const char *)sqlite3_column_text(query->statement, column));
    assert(state >= 0); /* the column's CHECK and the table name the same states */
    return state;
}

bool query_column_is_null(struct query *query, int column) {
    return sqlite3_column_type(query->statement, column) == SQLITE_NULL;
}

int64_t query_last_id(struct query *query) {
    return sqlite3_last_insert_rowid(query->tx->connection->handle);
}
