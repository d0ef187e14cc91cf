/*
 * One SQL statement at a time: opened from its text, bound by name, stepped, closed at the end of its scope. An error
 * is remembered and reported once, by query_done or query_run, so that the lines between stay plain. Statements are
 * compiled once per connection and kept. Only for the store's own files.
 *
 *     static const char sql[] = "SELECT commit_id FROM repository_refs WHERE repository = :repository";
 *     struct query query CLEANUP(query_close) = query_open(tx, sql);
 *     query_text(&query, ":repository", name);
 *     while (query_next(&query))
 *         use(query_column_text(&query, arena, 0));
 *     return query_done(&query, err);
 */
#ifndef SERVER_STORE_QUERY_H
#define SERVER_STORE_QUERY_H

#include "server/store/db.h"
#include "server/store/states.h"

#include <sqlite3.h>
#include <stdint.h>

struct kept_statement;

struct query {
    struct tx *tx;
    sqlite3_stmt *statement;     /* NULL: could not be compiled */
    struct kept_statement *kept; /* its place in the connection's table; NULL: not kept */
    int code;                    /* the first error, or SQLITE_OK, SQLITE_ROW, SQLITE_DONE */
};

/* `sql` must be static text: its address is the key it is kept under. */
struct query query_open(struct tx *tx, const char *sql);
void query_close(struct query *query);

/* Binding. NULL text binds NULL; texts and bytes must live until the query is closed. */
void query_text(struct query *query, const char *name, const char *text);
void query_integer(struct query *query, const char *name, int64_t value);
void query_integer_or_null(struct query *query, const char *name, int64_t value, int64_t null_value);
void query_state(struct query *query, const char *name, const struct state_table *table, int state);
void query_number(struct query *query, const char *name, double value);
void query_bytes(struct query *query, const char *name, const void *bytes, size_t size);

/* True: there is a row. False: no more rows, or an error that query_done reports. */
bool query_next(struct query *query);
/* Whether all went well so far. */
bool query_done(struct query *query, struct err *err);

/* Runs a statement that returns no rows. Errors: ERR_CONFLICT where a constraint refused it. */
bool query_run(struct query *query, struct err *err);
/* The same, and how many rows it changed. */
bool query_run_changes(struct query *query, int64_t *changes, struct err *err);
/* The same, and exactly one row must have changed: else ERR_INTERNAL "<what> is not in the state that was read". Every
 * transition is written with this. */
bool query_run_one(struct query *query, const char *what, struct err *err);

/* The row's columns from 0. Text and bytes are copied into the arena; NULL where the column is. */
const char *query_column_text(struct query *query, struct arena *arena, int column);
int64_t query_column_integer(struct query *query, int column); /* 0 where it is NULL */
const void *query_column_bytes(struct query *query, struct arena *arena, int column, size_t *size);
int query_column_state(struct query *query, const struct state_table *table, int column);
bool query_column_is_null(struct query *query, int column);

/* The id that the last INSERT gave. */
int64_t query_last_id(struct query *query);

#endif
