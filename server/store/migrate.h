/* The schema's versions. The list is made from migrations/NNNN_*.sql when the server is built. Only for the store. */
#ifndef SERVER_STORE_MIGRATE_H
#define SERVER_STORE_MIGRATE_H

#include "server/store/connection.h"

struct migration {
    int version; /* 1, 2, 3 ... without gaps */
    const char *name;
    const char *sql;
};

extern const struct migration migrations[];
extern const size_t migration_count;

/* Runs what the database lacks, each in a transaction of its own together with its number, so that a crash leaves the
 * schema before or after it. Errors: ERR_INVALID a newer schema, or a database that is not ours. */
bool migrate(struct connection *connection, const struct migration *list, size_t count, struct err *err);

#endif
