/* How much of each source file a report of code coverage saw run. */
#ifndef SERVER_STORE_REPORT_COVERAGES_H
#define SERVER_STORE_REPORT_COVERAGES_H

#include "server/store/db.h"

#include <stdint.h>

struct report_coverage_row {
    int64_t position; /* from 1 */
    const char *uuid;
    const char *path;
    int64_t lines_covered;
    int64_t lines_missed;
    int64_t branches_covered;
    int64_t branches_missed;
};

enum report_coverage_order {
    COVERAGE_BY_PATH,
    COVERAGE_BY_PATH_DOWN,
    COVERAGE_BY_LINES,
    COVERAGE_BY_LINES_DOWN,
};

struct report_coverage_filter {
    int64_t report_id;
    enum report_coverage_order order;
    double least_percent; /* of lines */
    double most_percent;
    int64_t skip; /* a report never changes, so pages are counted */
    size_t limit;
};

/* covered of covered + missed, in percent; 100 where there is nothing to cover. */
double report_coverage_percent(int64_t covered, int64_t missed);

/* The uuid is filled in. */
bool report_coverages_add(struct tx *tx, int64_t report_id, const struct report_coverage_row *row, struct err *err);

bool report_coverages_list(struct tx *tx, struct arena *arena, const struct report_coverage_filter *filter,
                           struct report_coverage_row **out, size_t *count, struct err *err);

#endif
