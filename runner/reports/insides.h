/* What the readers of formats share. Only for this room. */
#ifndef RUNNER_REPORTS_INSIDES_H
#define RUNNER_REPORTS_INSIDES_H

#include "common/str.h"
#include "runner/reports/report.h"
#include "runner/xml/xml_read.h"

struct report_format {
    const char *name;
    enum report_type type;
    bool (*read)(struct report *report, const char *bytes, size_t size, struct err *err);
};

bool junit_read(struct report *report, const char *bytes, size_t size, struct err *err);
bool cucumber_read(struct report *report, const char *bytes, size_t size, struct err *err);
bool nunit_read(struct report *report, const char *bytes, size_t size, struct err *err);
bool nunit3_read(struct report *report, const char *bytes, size_t size, struct err *err);
bool testng_read(struct report *report, const char *bytes, size_t size, struct err *err);
bool trx_read(struct report *report, const char *bytes, size_t size, struct err *err);
bool clover_read(struct report *report, const char *bytes, size_t size, struct err *err);
bool cobertura_read(struct report *report, const char *bytes, size_t size, struct err *err);
bool jacoco_read(struct report *report, const char *bytes, size_t size, struct err *err);
bool simplecov_read(struct report *report, const char *bytes, size_t size, struct err *err);
bool lcov_read(struct report *report, const char *bytes, size_t size, struct err *err);

/* ---- cases.c ---- */

/* Counts the case and keeps a copy of it where there is room. raw_path is filled in; NULL or empty texts are none. */
void cases_add(struct report *report, const struct report_case *found);

/* More of a message: after a line end where there is something already and it is not the beginning of the new. */
void cases_append_message(struct str *message, const char *text);

/* "1.5", "1,234.5", "0,5", "1e-3" as nanoseconds; 0 where it is none. */
int64_t cases_seconds(const char *text);

/* "00:00:01.5", "1.02:03:04" as nanoseconds; 0 where it is none. */
int64_t cases_time_span(const char *text);

/* What stands before the last part of a name with points, not counting those within brackets; NULL where nothing does.
 * *last is that part. */
const char *cases_split_name(struct arena *arena, const char *name, const char **last);

/* ---- coverage.c ---- */

/* What is seen next belongs to that source file. Errors: ERR_LIMIT. */
bool coverage_begin(struct report *report, const char *path, struct err *err);
/* One line of it: again is no error, once covered is covered. */
bool coverage_line(struct report *report, int64_t line, bool covered, struct err *err);
/* A place of it with branches: again is no error, most of each counts. */
bool coverage_branches(struct report *report, uint64_t place, int64_t covered, int64_t missed, struct err *err);
/* Sums that the format gives itself: of lines where no line was named, of branches where no place was. */
void coverage_line_sums(struct report *report, int64_t covered, int64_t missed);
void coverage_branch_sums(struct report *report, int64_t covered, int64_t missed);
/* Joins what was seen of each path. */
void coverage_finish(struct report *report);

/* ---- report.c ---- */

/* The first element of a file is not what it should be. Returns false. */
bool report_refuse_root(const struct report *report, const struct xml_element *element, struct err *err);

/* An attribute as a whole number; the fallback where it is absent. Errors: ERR_INVALID. */
bool report_attribute_number(const struct xml_element *element, const char *name, int64_t fallback, int64_t *out,
                             struct err *err);

/* A JSON text as a tree; errors with file, line and column. */
bool report_read_json(struct report *report, const char *bytes, size_t size, const struct json **out, struct err *err);

#endif
