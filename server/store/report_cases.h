/* The test cases of reports. */
#ifndef SERVER_STORE_REPORT_CASES_H
#define SERVER_STORE_REPORT_CASES_H

#include "server/store/db.h"

#include <stdint.h>

struct report_case_row {
    int64_t position; /* from 1 */
    const char *status;
    const char *name;
    const char *prefix; /* or NULL */
    const char *suite;  /* or NULL */
    int64_t duration_ns;
    const char *message; /* or NULL */
    const char *raw_path;
};

bool report_cases_add(struct tx *tx, int64_t report_id, const struct report_case_row *row, struct err *err);

/* In their order, past that position; of that status (NULL: any), with the keyword in name or prefix (NULL: any). */
bool report_cases_list(struct tx *tx, struct arena *arena, int64_t report_id, const char *status, const char *keyword,
                       int64_t past, size_t limit, struct report_case_row **out, size_t *count, struct err *err);

#endif
