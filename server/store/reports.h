/*
 * Reports of builds. One that has expired is not there for anybody who asks; its rows go when others are written.
 */
#ifndef SERVER_STORE_REPORTS_H
#define SERVER_STORE_REPORTS_H

#include "server/store/db.h"

#include <stdint.h>

#define REPORT_KEPT_MS (30LL * 24 * 60 * 60 * 1000)

struct report_row {
    int64_t id;
    const char *uuid; /* AWS's id is GROUP:UUID */
    int64_t group_id;
    const char *group; /* name */
    int64_t build_id;
    const char *build_project;
    const char *build_uuid;
    int64_t entry;       /* of the buildspec's `reports` */
    const char *type;    /* "TEST", "CODE_COVERAGE" */
    const char *status;  /* "SUCCEEDED", "FAILED", "INCOMPLETE" */
    bool truncated;      /* not every test case is kept */
    const char *summary; /* JSON: testSummary or codeCoverageSummary */
    const char *export;  /* JSON: exportConfig */
    const char *problem; /* why it is INCOMPLETE, or NULL */
    int64_t created_ms;
    int64_t expires_ms;
};

struct report_filter {
    int64_t group_id;   /* 0: of any */
    const char *status; /* NULL: any */
    bool oldest_first;
    int64_t past; /* an id; 0: from the first */
    size_t limit;
};

/* The report of that group. Errors: ERR_NOT_FOUND ResourceNotFoundException. */
bool reports_get(struct tx *tx, struct arena *arena, const char *group, const char *uuid, struct report_row *out,
                 struct err *err);

bool reports_list(struct tx *tx, struct arena *arena, const struct report_filter *filter, struct report_row **out,
                  size_t *count, struct err *err);

/* In the order of the buildspec. */
bool reports_of_build(struct tx *tx, struct arena *arena, int64_t build_id, struct report_row **out, size_t *count,
                      struct err *err);

/* The build's report of that entry: a new one, or in place of what it reported for it before, whose rows (cases,
 * coverages) are gone then. id, uuid and the two times are filled in. */
bool reports_put(struct tx *tx, struct arena *arena, struct report_row *row, struct err *err);

bool reports_delete(struct tx *tx, int64_t id, struct err *err);

/* Deletes some of those that have expired: a few each time that one is written keep the table from growing. */
bool reports_drop_expired(struct tx *tx, struct err *err);

#endif
