/* CodeBuild projects. The document is JSON as BatchGetProjects shows it, defaults filled in by its door or the
 * definition room; the store only keeps it. */
#ifndef SERVER_STORE_PROJECTS_H
#define SERVER_STORE_PROJECTS_H

#include "server/store/pipelines.h"

struct project_row {
    int64_t id;
    const char *name;
    const char *document; /* JSON text, without arn, created, lastModified, tags */
    enum origin origin;
    const char *file;         /* or NULL */
    const char *tags;         /* JSON list of {key, value} */
    const char *badge_uuid;   /* the badge's address has it; NULL: the project is older than badges are */
    int64_t cache_generation; /* caches saved under another one are not found */
    int64_t created_ms;
    int64_t updated_ms;
};

/* Errors: ERR_NOT_FOUND ResourceNotFoundException. */
bool projects_get(struct tx *tx, struct arena *arena, const char *name, struct project_row *out, struct err *err);

bool projects_list(struct tx *tx, struct arena *arena, const char *after, size_t limit, struct project_row **out,
                   size_t *count, struct err *err);

/* Makes its badge's id too. Errors: ERR_CONFLICT ResourceAlreadyExistsException. Of the row, name, document, origin,
 * file and tags are read. */
bool projects_add(struct tx *tx, const struct project_row *project, struct err *err);

/* Replaces document, origin, file and tags of the project of that name. Errors: ERR_NOT_FOUND. */
bool projects_change(struct tx *tx, const struct project_row *project, struct err *err);

/* Builds stay. A project that is not there is no error, as in AWS. */
bool projects_delete(struct tx *tx, const char *name, struct err *err);

/* Counts its builds: the number of the next one. Errors: ERR_NOT_FOUND. */
bool projects_next_number(struct tx *tx, const char *name, int64_t *out, struct err *err);

/* The project whose badge has that address; *found false for none. */
bool projects_find_badge(struct tx *tx, struct arena *arena, const char *badge_uuid, bool *found,
                         struct project_row *out, struct err *err);

/* Forgets its caches. Errors: ERR_NOT_FOUND. */
bool projects_invalidate_cache(struct tx *tx, const char *name, struct err *err);

#endif
