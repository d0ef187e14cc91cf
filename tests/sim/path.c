/* A folder for one run, in it a database for each worker. */
#include "tests/sim/path.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char folder[64], database[96], write_ahead_log[112];

void path_begin(void) {
    const char *temporary = getenv("TMPDIR"); // NOLINT(concurrency-mt-unsafe)
    (void)snprintf(folder, sizeof folder, "%s/penstock-sim-XXXXXX", temporary ? temporary : "/tmp");
    if (!mkdtemp(folder)) {
        perror(folder);
        exit(2); // NOLINT(concurrency-mt-unsafe)
    }
}

void path_make(uint64_t worker) {
    (void)snprintf(database, sizeof database, "%s/db-%llu", folder, (unsigned long long)worker);
    (void)snprintf(write_ahead_log, sizeof write_ahead_log, "%s-wal", database);
}

void path_remove(long workers) {
    for (long i = 0; i < workers; i++) {
        char lock[112];
        path_make((uint64_t)i);
        (void)snprintf(lock, sizeof lock, "%s.lock", database);
        (void)unlink(database);
        (void)unlink(lock);
    }
    (void)rmdir(folder);
}

const char *path_of_database(void) {
    return database;
}

const char *path_of_log(void) {
    return write_ahead_log;
}
