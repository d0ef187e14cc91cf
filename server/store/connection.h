/* One SQLite connection with its compiled statements, and the transaction that runs on it. Only for the store's own
 * files. */
#ifndef SERVER_STORE_CONNECTION_H
#define SERVER_STORE_CONNECTION_H

#include "server/store/db.h"
#include "server/wake.h"

#include <sqlite3.h>

#define STATEMENTS_MAX 512 /* a power of two, well above the number of SQL texts in this room */

struct kept_statement {
    const char *sql; /* NULL: a free place */
    sqlite3_stmt *statement;
    bool busy;
};

struct connection {
    sqlite3 *handle;
    struct kept_statement kept[STATEMENTS_MAX];
    size_t kept_count;
    struct connection *next; /* in the pool of readers */
};

struct tx_wakes {
    struct arena arena;
    char (*topics)[WAKE_TOPIC_SIZE];
    size_t count;
    size_t capacity;
};

struct tx {
    struct connection *connection;
    const struct clock *clock;
    struct tx_wakes *wakes; /* NULL: a read */
};

enum connection_kind { CONNECTION_WRITER, CONNECTION_READER, CONNECTION_MEMORY };

/* Opens the file and sets the connection up. Errors: as db_open. */
bool connection_open(const char *path, enum connection_kind kind, struct connection **out, struct err *err);
void connection_close(struct connection *connection); /* accepts NULL */

/* Runs SQL texts of our own without parameters: BEGIN, COMMIT, pragmas, migrations. Returns SQLite's code. */
int connection_run(struct connection *connection, const char *sql);
/* The same for one statement without rows, compiled once and kept: what each transaction needs. */
int connection_step(struct connection *connection, const char *sql);

/* Sets *err from SQLite's code and the connection's message; returns false. */
bool connection_error(struct connection *connection, int code, struct err *err);

#endif
