/* Several pieces of work at once: they wait in the store's queue together and are committed as a group. */
#ifndef TESTS_SIM_GROUP_H
#define TESTS_SIM_GROUP_H

#include "server/store/db.h"

#define GROUP_PIECES_MAX 4

struct piece {
    db_work *work;
    void *context;
    struct err err;
    bool done;
};

/* Runs them in their order, in one group; returns when all have their answer. Not on a database that refuses all work:
 * nothing would hold the writer up. */
void group_write(struct db *db, struct piece *pieces, size_t count);

#endif
