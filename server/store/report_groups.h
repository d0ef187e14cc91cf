/* CodeBuild's report groups: the reports of one kind of tests, build after build. */
#ifndef SERVER_STORE_REPORT_GROUPS_H
#define SERVER_STORE_REPORT_GROUPS_H

#include "server/store/db.h"

#include <stdint.h>

struct report_group_row {
    int64_t id;
    const char *name;
    const char *type;   /* "TEST", "CODE_COVERAGE" */
    const char *export; /* JSON: exportConfig */
    const char *tags;   /* JSON list of {key, value} */
    int64_t created_ms;
    int64_t updated_ms;
};

/* Errors: ERR_NOT_FOUND ResourceNotFoundException. */
bool report_groups_get(struct tx *tx, struct arena *arena, const char *name, struct report_group_row *out,
                       struct err *err);

/* By name, past `after` (NULL: from the first). */
bool report_groups_list(struct tx *tx, struct arena *arena, const char *after, size_t limit,
                        struct report_group_row **out, size_t *count, struct err *err);

/* Of the row, name, type, export and tags are read. Errors: ERR_CONFLICT ResourceAlreadyExistsException. */
bool report_groups_add(struct tx *tx, const struct report_group_row *row, struct err *err);

/* Replaces export and tags; NULL leaves them. Errors: ERR_NOT_FOUND. */
bool report_groups_change(struct tx *tx, const char *name, const char *export, const char *tags, struct err *err);

/* Its reports are hidden from then on, and deleted little by little (reports_drop_expired). */
bool report_groups_delete(struct tx *tx, int64_t id, struct err *err);

#endif
