/*
 * What durable commits cost on this disk at least: so many transactions of one row of 100 bytes each, one after the
 * other, in a new SQLite database with the server's settings (WAL, synchronous=FULL). Prints the microseconds of each.
 *
 *   commit-floor FILE COUNT
 */
#include "common/str.h"

#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static void must(int code, sqlite3 *database) {
    if (code == SQLITE_OK || code == SQLITE_DONE)
        return;
    (void)fprintf(stderr, "commit-floor: %s\n", sqlite3_errmsg(database));
    exit(1);
}

static int64_t now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

int main(int argument_count, char **arguments) {
    sqlite3 *database = NULL;
    sqlite3_stmt *insert = NULL;
    long long count = 0;
    if (argument_count != 3 || !str_to_int64(arguments[2], 1, 100000000, &count))
        return 2;
    must(sqlite3_open(arguments[1], &database), database);
    must(sqlite3_exec(database,
                      "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                      "CREATE TABLE rows (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;",
                      NULL, NULL, NULL),
         database);
    must(sqlite3_prepare_v2(database, "INSERT INTO rows (bytes) VALUES (randomblob(100))", -1, &insert, NULL),
         database);
    for (long long i = 0; i < count; i++) {
        int64_t began_us = now_us();
        must(sqlite3_step(insert), database); /* a statement by itself is a transaction */
        must(sqlite3_reset(insert), database);
        (void)printf("%lld\n", (long long)(now_us() - began_us));
    }
    must(sqlite3_finalize(insert), database);
    must(sqlite3_close(database), database);
    return 0;
}
