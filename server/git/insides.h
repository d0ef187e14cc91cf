/* What the files of this room share. */
#ifndef SERVER_GIT_INSIDES_H
#define SERVER_GIT_INSIDES_H

#include "common/err.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#define HOSTING_LOCKS 64

struct hosting {
    char *directory;
    pthread_mutex_t locks[HOSTING_LOCKS]; /* by name: one push (and its scan) at a time to a repository */
    atomic_llong stop_boot_ms;            /* when programs under way are ended; INT64_MAX: not */
};

struct server;

void hosting_lock(struct hosting *hosting, const char *name);
void hosting_unlock(struct hosting *hosting, const char *name);

/* hosting_scan for who holds the repository's lock; `by` is who pushed, or NULL. */
bool scan_locked(struct server *server, const char *name, const char *by, struct err *err);

#endif
