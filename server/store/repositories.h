/* Hosted git repositories, and what each of their refs was when the server last acted on it: a push is found by
 * comparing, also one that a crash cut off from its notice. */
#ifndef SERVER_STORE_REPOSITORIES_H
#define SERVER_STORE_REPOSITORIES_H

#include "server/store/db.h"

#include <stdint.h>

struct repository_row {
    const char *name;
    const char *uuid;           /* AWS's repositoryId */
    const char *description;    /* or NULL */
    const char *default_branch; /* "main", or NULL while empty */
    const char *tags;           /* JSON object */
    int64_t created_ms;
    int64_t updated_ms;
    bool tags_noted; /* its tags are among the refs last seen */
};

/* Errors: ERR_NOT_FOUND RepositoryDoesNotExistException. */
bool repositories_get(struct tx *tx, struct arena *arena, const char *name, struct repository_row *out,
                      struct err *err);
bool repositories_list(struct tx *tx, struct arena *arena, const char *after, size_t limit, struct repository_row **out,
                       size_t *count, struct err *err);

/* Of the row, name, description and tags are read; the store gives uuid and times. Errors: ERR_CONFLICT
 * RepositoryNameExistsException. */
bool repositories_add(struct tx *tx, const struct repository_row *repository, struct err *err);
bool repositories_set_default_branch(struct tx *tx, const char *name, const char *branch, struct err *err);
bool repositories_set_description(struct tx *tx, const char *name, const char *description, struct err *err);
bool repositories_set_tags(struct tx *tx, const char *name, const char *tags, struct err *err);
/* From now on tags count. */
bool repositories_note_tags(struct tx *tx, const char *name, struct err *err);
/* One that is not there is no error. */
bool repositories_delete(struct tx *tx, const char *name, struct err *err);

struct repository_ref {
    const char *ref; /* "refs/heads/main" */
    const char *commit_id;
};

/* All refs last seen, by name. */
bool repositories_refs(struct tx *tx, struct arena *arena, const char *name, struct repository_ref **out, size_t *count,
                       struct err *err);

/* Remembers a ref (commit_id NULL: it is gone). *changed: it was something else before. Writes a `repository` event
 * where it changed. Call engine_change in the same transaction for a branch or a tag that has a new commit. */
bool repositories_see_ref(struct tx *tx, const char *name, const char *ref, const char *commit_id, bool *changed,
                          struct err *err);

#endif
