/*
 * Coverage by file.
 */
#include "server/store/report_coverages.h"

#include "server/store/query.h"

#include "common/hash.h"

double report_coverage_percent(int64_t covered, int64_t missed) {
    return covered + missed > 0 ? (double)covered * 100 / (double)(covered + missed) : 100;
}

bool report_coverages_add(struct tx *tx, int64_t report_id, const struct report_coverage_row *row, struct err *err) {
    static const char sql[] =
        "INSERT INTO report_coverages (report_id, position, uuid, path, line_percent, lines_covered, lines_missed, "
        "branches_covered, branches_missed) VALUES (:report_id, :position, :uuid, :path, :line_percent, "
        ":lines_covered, :lines_missed, :branches_covered, :branches_missed)";
    char uuid[UUID_SIZE];
    hash_uuid(uuid);
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":report_id", report_id);
    query_integer(&query, ":position", row->position);
    query_text(&query, ":uuid", uuid);
    query_text(&query, ":path", row->path);
    query_number(&query, ":line_percent", report_coverage_percent(row->lines_covered, row->lines_missed));
    query_integer(&query, ":lines_covered", row->lines_covered);
    query_integer(&query, ":lines_missed", row->lines_missed);
    query_integer(&query, ":branches_covered", row->branches_covered);
    query_integer(&query, ":branches_missed", row->branches_missed);
    return query_run(&query, err);
}

static const char *list_sql(enum report_coverage_order order) {
#define START                                                                                                          \
    "SELECT position, uuid, path, lines_covered, lines_missed, branches_covered, branches_missed "                     \
    "FROM report_coverages WHERE report_id = :report_id AND line_percent BETWEEN :least AND :most ORDER BY "
#define PAGE " LIMIT :limit OFFSET :skip"
    static const char by_path[] = START "path, position" PAGE;
    static const char by_path_down[] = START "path DESC, position DESC" PAGE;
    static const char by_lines[] = START "line_percent, path, position" PAGE;
    static const char by_lines_down[] = START "line_percent DESC, path, position" PAGE;
#undef START
#undef PAGE
    switch (order) {
    case COVERAGE_BY_PATH_DOWN:
        return by_path_down;
    case COVERAGE_BY_LINES:
        return by_lines;
    case COVERAGE_BY_LINES_DOWN:
        return by_lines_down;
    case COVERAGE_BY_PATH:
        break;
    }
    return by_path;
}

bool report_coverages_list(struct tx *tx, struct arena *arena, const struct report_coverage_filter *filter,
                           struct report_coverage_row **out, size_t *count, struct err *err) {
    struct query query CLEANUP(query_close) = query_open(tx, list_sql(filter->order));
    query_integer(&query, ":report_id", filter->report_id);
    query_number(&query, ":least", filter->least_percent);
    query_number(&query, ":most", filter->most_percent);
    query_integer(&query, ":skip", filter->skip);
    query_integer(&query, ":limit", (int64_t)filter->limit);
    struct report_coverage_row *rows = NULL;
    size_t capacity = 0, found = 0;
    while (query_next(&query)) {
        if (found == capacity)
            rows = arena_grow(arena, rows, sizeof *rows, &capacity);
        rows[found++] = (struct report_coverage_row){
            .position = query_column_integer(&query, 0),
            .uuid = query_column_text(&query, arena, 1),
            .path = query_column_text(&query, arena, 2),
            .lines_covered = query_column_integer(&query, 3),
            .lines_missed = query_column_integer(&query, 4),
            .branches_covered = query_column_integer(&query, 5),
            .branches_missed = query_column_integer(&query, 6),
        };
    }
    if (!query_done(&query, err))
        return false;
    *out = rows;
    *count = found;
    return true;
}
