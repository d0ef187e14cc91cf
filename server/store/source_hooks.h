/* Repositories elsewhere whose webhooks start pipelines, and the deliveries that came: each is taken once. */
#ifndef SERVER_STORE_SOURCE_HOOKS_H
#define SERVER_STORE_SOURCE_HOOKS_H

#include "server/store/db.h"

#include <stdint.h>

struct source_hook_row {
    const char *id;
    const char *provider;   /* "github" */
    const char *repository; /* "owner/name" */
    const char *clone_url;
    const void *secret; /* sealed by the auth room */
    size_t secret_size;
    const char *clone_user_name; /* or NULL */
    const void *clone_password;  /* sealed, or NULL */
    size_t clone_password_size;
    bool fork_pull_requests; /* those from other repositories start pipelines too */
    int64_t created_ms;
    int64_t last_delivery_ms; /* 0: none yet */
};

/* Errors: ERR_NOT_FOUND. */
bool source_hooks_get(struct tx *tx, struct arena *arena, const char *id, struct source_hook_row *out, struct err *err);
/* The hook of that repository (in any letter case), whatever its provider; *found false for none. */
bool source_hooks_find(struct tx *tx, struct arena *arena, const char *repository, bool *found,
                       struct source_hook_row *out, struct err *err);
bool source_hooks_list(struct tx *tx, struct arena *arena, struct source_hook_row **out, size_t *count,
                       struct err *err);
/* Adds it; the same provider and repository keep their id and get the rest anew. *id: the one in force. */
bool source_hooks_put(struct tx *tx, struct arena *arena, const struct source_hook_row *hook, const char **id,
                      struct err *err);
bool source_hooks_delete(struct tx *tx, const char *id, struct err *err);

/* The answer that a delivery got the first time; *found false: it is new. */
bool deliveries_find(struct tx *tx, struct arena *arena, const char *hook_id, const char *delivery_id, bool *found,
                     int *status, const char **answer, struct err *err);
/* In the transaction that acts on it. A hook's deliveries are kept for 90 days. */
bool deliveries_add(struct tx *tx, const char *hook_id, const char *delivery_id, int status, const char *answer,
                    struct err *err);

#endif
