/*
 * The database file: one writer, many readers, nothing else. Every change is `db_write`: the work runs in the writer's
 * thread inside one transaction together with what else was waiting (group commit), and the call returns when that is
 * durable. Nobody else ever commits or checkpoints: Debian 12's SQLite 3.40.1 can lose commits where one connection
 * commits while another checkpoints. Reads run in the caller's thread on a read-only connection.
 *
 * Tables have their own files beside this one (executions.c, jobs.c, …); their functions take a `struct tx`. SQL stands
 * nowhere else.
 */
#ifndef SERVER_STORE_DB_H
#define SERVER_STORE_DB_H

#include "common/arena.h"
#include "common/clock.h"
#include "common/err.h"

struct db;
struct tx; /* a transaction under way: good for the duration of one db_work */

/* Opens or creates the database and brings its schema up to date (migrations/, numbered, forward only, each in one
 * transaction). `path` may be ":memory:" for tests. `wake` is called after the commit, in the writer's thread, once for
 * each topic that the committed work named; it must not block; NULL for none. Errors: ERR_INVALID a newer schema than
 * this program's (names both versions), ERR_UNAVAILABLE locked by another process, or the disk is full, errno's
 * kinds. */
bool db_open(const char *path, const struct clock *clock, void (*wake)(void *context, const char *topic),
             void *wake_context, struct db **out, struct err *err);

/* Finishes the work that waits, checkpoints, closes. Accepts NULL. */
void db_close(struct db *db);

/* A piece of work. Returns false with *err to have everything it wrote undone. It may run twice if the commit of the
 * group failed because of another's work; it must therefore leave nothing behind outside the transaction but what it
 * would write again. */
typedef bool db_work(struct tx *tx, void *context, struct err *err);

/* Runs the work and returns when it is durable (true), or undone (false, with the work's own error or the commit's). */
bool db_write(struct db *db, db_work *work, void *context, struct err *err);

/* Runs the work on a snapshot; it cannot write. Neither may be called within a db_work. */
bool db_read(struct db *db, db_work *work, void *context, struct err *err);

/* How many pieces of work wait for the writer now: for watching, and for tests that need a full queue. */
size_t db_waiting(struct db *db);

/* Within a db_work. */
const struct clock *tx_clock(const struct tx *tx);
/* Names a topic to be woken after the commit; the text is copied. Topics: see server/wake.h. */
void tx_wake(struct tx *tx, const char *topic);

#endif
