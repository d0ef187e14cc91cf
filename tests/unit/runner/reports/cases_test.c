/*
 * How times and names are written, which cases are kept of many, and how coverage of one file is joined.
 */
#include "runner/reports/insides.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void seconds(void **state) {
    static const struct {
        const char *text;
        int64_t nanoseconds;
    } times[] = {
        {"1.5", 1500000000},
        {"0", 0},
        {"0.", 0},
        {"1,234.5", 1234500000000},
        {"1,234", 1234000000000},
        {"0,234", 234000000},
        {"12,5", 12500000000},
        {"1.234,5", 1234500000000},
        {"1e-3", 1000000},
        {" 2 ", 2000000000},
        {"-1", 0},
        {"nan", 0},
        {"inf", 0},
        {"", 0},
        {"soon", 0},
        {"1e300", 0},
        {"1,234,567.5", 1234567500000000},
        {NULL, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++)
        if (cases_seconds(times[i].text) != times[i].nanoseconds)
            fail_msg("'%s' is read as %lld", times[i].text, (long long)cases_seconds(times[i].text));
}

static void time_spans(void **state) {
    (void)state;
    assert_int_equal(cases_time_span("00:00:01.5"), 1500000000);
    assert_int_equal(cases_time_span("01:02:03"), 3723000000000);
    assert_int_equal(cases_time_span("1.00:00:01"), 86401000000000);
    assert_int_equal(cases_time_span("1:2"), 0);
    assert_int_equal(cases_time_span("a:b:c"), 0);
    assert_int_equal(cases_time_span(""), 0);
    assert_int_equal(cases_time_span(NULL), 0);
}

static void names(void **state) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const char *last;
    (void)state;
    assert_string_equal(cases_split_name(&arena, "A.B.c", &last), "A.B");
    assert_string_equal(last, "c");
    assert_string_equal(cases_split_name(&arena, "A.b(1.5)", &last), "A");
    assert_string_equal(last, "b(1.5)");
    assert_null(cases_split_name(&arena, "alone", &last));
    assert_string_equal(last, "alone");
    assert_int_equal(report_cut("a\xc3\xa9", 2), 1);
    assert_int_equal(report_cut("a\xc3\xa9", 3), 3);
}

static void add_many(struct report *report, size_t count, enum report_case_status status) {
    for (size_t i = 0; i < count; i++)
        cases_add(report, &(struct report_case){.name = "n", .status = status, .duration_ns = 2});
}

static void failed_ones_are_kept(void **state) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct report report;
    (void)state;
    report_begin(&report, &arena, "JUNITXML");
    add_many(&report, 700, CASE_SUCCEEDED);
    add_many(&report, 30, CASE_FAILED);
    add_many(&report, 20, CASE_ERROR);
    add_many(&report, 10, CASE_SKIPPED);
    report_finish(&report);
    assert_int_equal(report.total, 760);
    assert_int_equal(report.counts[CASE_SKIPPED], 10);
    assert_int_equal(report.duration_ns, 1520);
    assert_int_equal(report.case_count, REPORT_CASES_MAX);
    assert_true(report.truncated);
    size_t failed = 0;
    for (size_t i = 0; i < report.case_count; i++)
        failed += report.cases[i].status == CASE_FAILED || report.cases[i].status == CASE_ERROR;
    assert_int_equal(failed, 50);
    report_begin(&report, &arena, "JUNITXML");
    add_many(&report, 10, CASE_SUCCEEDED);
    add_many(&report, 900, CASE_FAILED);
    report_finish(&report);
    assert_int_equal(report.case_count, REPORT_CASES_MAX);
    assert_int_equal(report.cases[0].status, CASE_FAILED);
}

static void coverage_is_joined(void **state) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct report report;
    (void)state;
    report_begin(&report, &arena, "LCOV");
    assert_true(coverage_begin(&report, "b", NULL));
    assert_true(coverage_line(&report, 1, false, NULL) && coverage_line(&report, 2, true, NULL));
    assert_true(coverage_branches(&report, 2, 1, 3, NULL));
    assert_true(coverage_begin(&report, "a", NULL));
    coverage_line_sums(&report, 3, 1);
    assert_true(coverage_begin(&report, "b", NULL));
    assert_true(coverage_line(&report, 1, true, NULL) && coverage_line(&report, 3, false, NULL));
    assert_true(coverage_branches(&report, 2, 2, 0, NULL));
    report_finish(&report);
    assert_int_equal(report.source_count, 2);
    assert_string_equal(report.sources[0].path, "a");
    assert_int_equal(report.sources[0].counts.lines_covered, 3);
    const struct report_counts *b = &report.sources[1].counts;
    assert_int_equal(b->lines_covered, 2);
    assert_int_equal(b->lines_missed, 1);
    assert_int_equal(b->branches_covered, 2);
    assert_int_equal(b->branches_missed, 2);
    assert_int_equal(report.all.lines_covered, 5);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seconds),
        cmocka_unit_test(time_spans),
        cmocka_unit_test(names),
        cmocka_unit_test(failed_ones_are_kept),
        cmocka_unit_test(coverage_is_joined),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
