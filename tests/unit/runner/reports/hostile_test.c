/*
 * Files that are no reports, end too early or mean harm: a sentence with file and line, soon, and the report is as it
 * was.
 */
#include "runner/reports/report.h"

#include "common/clock.h"
#include "common/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    const char *format;
    const char *text;
    const char *error;
} broken[] = {
    {"JUNITXML", "", "r.xml:1:1: the file is empty"},
    {"JUNITXML", "<testsuite>\n  <testcase name=\"a\">", "r.xml:2:22: no element found"},
    {"JUNITXML", "<testsuite>\n<testcase name='a'></testsuite>", "r.xml:2:22: mismatched tag"},
    {"JUNITXML", "<html></html>",
     "r.xml:1:1: a report in the format JUNITXML does not begin with <html>; check its file-format"},
    {"JUNITXML", "not XML", "r.xml:1:1: syntax error"},
    {"JUNITXML", "<testsuite>\x1b[31m</testsuite>", "r.xml:1:12: not well-formed (invalid token)"},
    {"JUNITXML", "<?xml version='1.0' encoding='EBCDIC-CP-DK'?><testsuite/>", "r.xml:1:31: unknown encoding"},
    {"JUNITXML", "<!DOCTYPE lolz [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;\">]>\n<testsuite name=\"&b;\"/>",
     "r.xml:1:16: the document type declares something of its own, which is refused"},
    {"JUNITXML", "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><testsuite>&e;</testsuite>",
     "r.xml:1:13: the document type declares something of its own, which is refused"},
    {"JUNITXML", "<testsuite>&e;</testsuite>", "r.xml:1:12: undefined entity"},
    {"NUNITXML", "<test-run/>",
     "r.xml:1:1: a report in the format NUNITXML does not begin with <test-run>; check its file-format"},
    {"NUNIT3XML", "<test-results/>",
     "r.xml:1:1: a report in the format NUNIT3XML does not begin with <test-results>; check its file-format"},
    {"TESTNGXML", "<testsuite/>",
     "r.xml:1:1: a report in the format TESTNGXML does not begin with <testsuite>; check its file-format"},
    {"VISUALSTUDIOTRX", "<testsuite/>",
     "r.xml:1:1: a report in the format VISUALSTUDIOTRX does not begin with <testsuite>; check its file-format"},
    {"CUCUMBERJSON", "{}", "r.xml:1:1: a Cucumber report is a list of features, not object"},
    {"CUCUMBERJSON", "[\n {\"name\": \"a\"},\n 7]",
     "r.xml:3:2: each feature must be an object with 'name' and 'elements'"},
    {"CUCUMBERJSON", "[\n{\"name\": ", "r.xml:2:10: the end came where a value should stand"},
    {"CLOVERXML", "<coverage><file><line num='1'/></file></coverage>", "r.xml:1:11: a source file without a name"},
    {"CLOVERXML", "<coverage>\n<file name='a'><line num='x'/></file></coverage>",
     "r.xml:2:16: attribute 'num' of <line> must be a whole number from 0 on"},
    {"CLOVERXML", "<coverage><file name='a'><metrics statements='1' coveredstatements='2'/></file></coverage>",
     "r.xml:1:26: more is covered than there is"},
    {"COBERTURAXML", "<coverage><class filename='a'><line number='1' hits='many'/></class></coverage>",
     "r.xml:1:31: attribute 'hits' of <line> must be a whole number"},
    {"COBERTURAXML",
     "<coverage><class filename='a'><line number='1' hits='1' condition-coverage='100% (3/2)'/></class></coverage>",
     "r.xml:1:31: attribute 'condition-coverage' must look like '50% (1/2)', not '100% (3/2)'"},
    {"JACOCOXML", "<coverage/>",
     "r.xml:1:1: a report in the format JACOCOXML does not begin with <coverage>; check its file-format"},
    {"JACOCOXML", "<report><sourcefile name='A'><line nr='1' ci='-4'/></sourcefile></report>",
     "r.xml:1:30: attribute 'ci' of <line> must be a whole number from 0 on"},
    {"SIMPLECOV", "{\"RSpec\":\n {\"timestamp\": 1}}",
     "r.xml:2:2: there is no 'coverage'; SimpleCov's .resultset.json has it"},
    {"SIMPLECOV", "{\"RSpec\": {\"coverage\": {\"a.rb\": [1, true]}}}",
     "r.xml:1:37: a line must be a number of runs or null"},
    {"LCOV", "DA:1,1\n", "r.xml:1:1: there is no 'SF:' in front of it"},
    {"LCOV", "SF:a\nDA:one\nend_of_record\n",
     "r.xml:2:1: 'DA:' must be followed by a line and its runs, as in DA:12,3"},
    {"LCOV", "SF:a\nBRDA:1,2\nend_of_record\n", "r.xml:2:1: 'BRDA:' must be followed by line, block, branch and runs"},
    {"LCOV", "SF:a\nBRDA:x\nend_of_record\n", "r.xml:2:1: 'BRDA:' must be followed by line, block, branch and runs"},
    {"LCOV", "SF:a\nDA:1,1\n", "r.xml:2:1: the file ends within a record"},
    {"LCOV", "SF:a\nSF:b\n", "r.xml:2:1: the record before has no end_of_record"},
    {"LCOV", "PK\x03\x04\n", "r.xml:1:1: this is no line of an LCOV tracefile"},
};

static void broken_files_are_refused(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        struct arena arena CLEANUP(arena_release) = ARENA_INIT;
        struct report report;
        struct err err = {0};
        report_begin(&report, &arena, broken[i].format);
        if (report_add_file(&report, "r.xml", broken[i].text, strlen(broken[i].text), &err))
            fail_msg("%s took: %s", broken[i].format, broken[i].text);
        if (strcmp(err.message, broken[i].error) != 0)
            fail_msg("%s of: %s\n  says   %s\n  wanted %s", broken[i].format, broken[i].text, err.message,
                     broken[i].error);
    }
}

static void a_broken_file_adds_nothing(void **state) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    static const char good[] = "<testsuite name='s'><testcase name='a' time='1'/></testsuite>";
    static const char cut[] = "<testsuite><testcase name='b'><failure/></testcase><testcase name='c'/>";
    static const char lines[] = "SF:a\nDA:1,1\nend_of_record\n";
    static const char cut_lines[] = "SF:b\nDA:1,1\nend_of_record\nSF:a\nDA:2,1\n";
    struct report report;
    (void)state;
    report_begin(&report, &arena, "JUNITXML");
    assert_true(report_add_file(&report, "1", good, strlen(good), NULL));
    assert_false(report_add_file(&report, "2", cut, strlen(cut), NULL));
    assert_true(report_add_file(&report, "3", good, strlen(good), NULL));
    report_finish(&report);
    assert_int_equal(report.total, 2);
    assert_int_equal(report.case_count, 2);
    assert_string_equal(report.cases[1].raw_path, "3");
    assert_string_equal(report_status(&report), "SUCCEEDED");
    report_begin(&report, &arena, "LCOV");
    assert_true(report_add_file(&report, "1", lines, strlen(lines), NULL));
    assert_false(report_add_file(&report, "2", cut_lines, strlen(cut_lines), NULL));
    report_finish(&report);
    assert_int_equal(report.source_count, 1);
    assert_int_equal(report.all.lines_covered, 1);
}

static void refused(const char *format, const struct str *text, const char *error) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct report report;
    struct err err = {0};
    assert_false(text->cut);
    report_begin(&report, &arena, format);
    assert_false(report_add_file(&report, "r", text->text, text->length, &err));
    if (!strstr(err.message, error))
        fail_msg("%s says %s", format, err.message);
}

static void deep_ones_are_refused(void **state) {
    struct str text CLEANUP(str_release) = STR_INIT(64 * 1024 * 1024);
    (void)state;
    for (int i = 0; i < 100000; i++)
        str_append(&text, "<testsuite name='a'>");
    refused("JUNITXML", &text, "r:1:2001: elements lie too deep");
    str_clear(&text);
    for (int i = 0; i < 100000; i++)
        str_append(&text, "[");
    refused("CUCUMBERJSON", &text, "r:1:");
    str_clear(&text);
    str_append(&text, "<TestRun>");
    for (int i = 0; i < 20; i++)
        str_append(&text, "<UnitTestResult testName='a'>");
    for (int i = 0; i < 20; i++)
        str_append(&text, "</UnitTestResult>");
    str_append(&text, "</TestRun>");
    refused("VISUALSTUDIOTRX", &text, "results lie too deep");
    str_clear(&text);
    while (text.length <= REPORT_FILE_MAX)
        str_append(&text, "                                                                ");
    refused("JUNITXML", &text, "r: the file is larger than 32 MiB");
}

/* Long texts are cut, many cases counted, and neither is kept. */
static void large_ones_are_read(void **state) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct str text CLEANUP(str_release) = STR_INIT(REPORT_FILE_MAX);
    struct report report;
    (void)state;
    str_append(&text, "<testsuite>");
    for (int i = 0; i < 20000; i++)
        str_append(&text, "<testcase name='n'><failure message='m'>text</failure></testcase>");
    str_append(&text, "<testcase name='");
    for (int i = 0; i < 3000; i++)
        str_append(&text, "\xc3\xa9");
    str_append(&text, "'><system-out>");
    for (int i = 0; i < 200000; i++)
        str_append(&text, "0123456789");
    str_append(&text, "</system-out></testcase></testsuite>");
    assert_false(text.cut);
    report_begin(&report, &arena, "JUNITXML");
    assert_true(report_add_file(&report, "r", text.text, text.length, NULL));
    assert_int_equal(report.total, 20001);
    assert_true(report.case_count <= 2 * REPORT_CASES_MAX);
    assert_int_equal(strlen(report.cases[report.case_count - 1].name), REPORT_NAME_MAX);
    report_finish(&report);
    assert_int_equal(report.case_count, REPORT_CASES_MAX);
    assert_string_equal(report.cases[0].message, "m\ntext");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(broken_files_are_refused),
        cmocka_unit_test(a_broken_file_adds_nothing),
        cmocka_unit_test(deep_ones_are_refused),
        cmocka_unit_test(large_ones_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
