/*
 * Asking a repository elsewhere what a webhook's payload does not tell: which files changed, which commit a tag names.
 * Each question fetches the least that answers it (commits and trees, no file's content) into a folder that is removed
 * again: nothing is kept, so nothing grows, and nothing that a stranger's repository holds outlives the question.
 */
#ifndef SERVER_GIT_REMOTE_H
#define SERVER_GIT_REMOTE_H

#include "common/arena.h"
#include "common/err.h"

#include <stdbool.h>
#include <stddef.h>

struct hosting;

struct remote {
    const char *url;       /* http or https */
    const char *user_name; /* or NULL */
    const char *password;
};

struct remote_comparison {
    const char *from, *to; /* commits: 40 or 64 hex digits */
    bool since_fork;       /* not with `from` itself, but with where `to` went its own way */
};

/* A question takes at most this long, and is then ERR_UNAVAILABLE: senders of webhooks wait ten seconds. */
#define REMOTE_PATIENCE_MS 8000

/* The paths of the files that differ. Errors: ERR_UNAVAILABLE (not reached, too long, too large), ERR_DENIED,
 * ERR_NOT_FOUND (a commit is not there (any more), or the two have nothing in common), ERR_INVALID. */
bool remote_changed_files(struct hosting *hosting, struct arena *arena, const struct remote *remote,
                          const struct remote_comparison *comparison, const char *const **out, size_t *out_count,
                          struct err *err);

/* The commit that a tag ("v1") names, an annotated one too. Errors: the same. */
bool remote_tagged_commit(struct hosting *hosting, struct arena *arena, const struct remote *remote, const char *tag,
                          const char **out, struct err *err);

#endif
