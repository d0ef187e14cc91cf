/*
 * What must hold of every report that was read from whatever bytes, in each format of a family.
 */
#ifndef TESTS_FUZZ_REPORT_TARGET_H
#define TESTS_FUZZ_REPORT_TARGET_H

#include "runner/reports/report.h"

#include "tests/fuzz/target.h"

#include <string.h>

static inline void check_sums(const struct report *report) {
    size_t by_status = 0;
    struct report_counts sum = {0};
    for (int i = 0; i < CASE_STATUS_COUNT; i++)
        by_status += report->counts[i];
    TARGET_CHECK(by_status == report->total && report->duration_ns >= 0);
    TARGET_CHECK(report->case_count <= REPORT_CASES_MAX && report->case_count <= report->total);
    TARGET_CHECK(report->truncated || report->type == REPORT_COVERAGE || report->case_count == report->total);
    for (size_t i = 0; i < report->source_count; i++) {
        const struct report_counts *counts = &report->sources[i].counts;
        TARGET_CHECK(counts->lines_covered >= 0 && counts->lines_missed >= 0);
        TARGET_CHECK(counts->branches_covered >= 0 && counts->branches_missed >= 0);
        TARGET_CHECK(i == 0 || strcmp(report->sources[i - 1].path, report->sources[i].path) < 0);
        sum.lines_covered += counts->lines_covered;
        sum.branches_missed += counts->branches_missed;
    }
    TARGET_CHECK(report->truncated || sum.lines_covered == report->all.lines_covered);
    TARGET_CHECK(report->truncated || sum.branches_missed == report->all.branches_missed);
}

/* Twice: a file that was read changes nothing of how the next is. */
static inline void try_format(const char *format, const uint8_t *bytes, size_t size) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct report report;
    struct err err = {0};
    const struct json *again;
    report_begin(&report, &arena, format);
    bool first = report_add_file(&report, "one", (const char *)bytes, size, &err);
    TARGET_CHECK(first || (err.kind != ERR_NONE && strncmp(err.message, "one", 3) == 0));
    TARGET_CHECK(first || (report.total == 0 && report.section_count == 0 && report.sighting_count == 0));
    TARGET_CHECK(report_add_file(&report, "two", (const char *)bytes, size, &err) == first);
    report_finish(&report);
    check_sums(&report);
    const char *text = json_print(&arena, report_describe(&arena, &report));
    TARGET_CHECK(json_parse(&arena, text, strlen(text), &again, NULL));
}

#endif
