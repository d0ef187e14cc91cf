/* What the files of this room share. */
#ifndef SERVER_GIT_INSIDES_H
#define SERVER_GIT_INSIDES_H

#include "common/arena.h"
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

/* What every git here runs with: where git is, no configuration but the repository's. An array in the arena with room
 * for more up to GIT_ENVIRONMENT_MAX, zeroed. */
#define GIT_ENVIRONMENT_MAX 32
const char **git_environment(const struct hosting *hosting, struct arena *arena, const char *repository, size_t *count);

/* The path of a folder that is not there yet, beside the repositories; what is left there is removed at the next start.
 */
char *hosting_new_folder(const struct hosting *hosting, struct arena *arena);
void hosting_remove_folder(const char *path);
/* Whether programs under way are to end: for struct spawn, with the hosting as context. */
bool hosting_is_stopping(void *hosting);

void hosting_lock(struct hosting *hosting, const char *name);
bool hosting_try_lock(struct hosting *hosting, const char *name); /* false: somebody else holds it */
void hosting_unlock(struct hosting *hosting, const char *name);

/* hosting_scan for who holds the repository's lock; `by` is who pushed, or NULL. */
bool scan_locked(struct server *server, const char *name, const char *by, struct err *err);

#endif
