/*
 * A report as the server takes it.
 */
#include "runner/reports/report.h"

static void describe_cases(struct arena *arena, const struct report *report, struct json *out) {
    struct json *summary = json_set_object(arena, out, "testSummary");
    json_set_integer(arena, summary, "total", (int64_t)report->total);
    struct json *counts = json_set_object(arena, summary, "statusCounts");
    for (int i = 0; i < CASE_STATUS_COUNT; i++)
        json_set_integer(arena, counts, report_case_status_name((enum report_case_status)i),
                         (int64_t)report->counts[i]);
    json_set_integer(arena, summary, "durationInNanoSeconds", report->duration_ns);
    struct json *cases = json_set_array(arena, out, "testCases");
    for (size_t i = 0; i < report->case_count; i++) {
        const struct report_case *found = &report->cases[i];
        struct json *shown = json_append_object(arena, cases);
        json_set_text(arena, shown, "name", found->name);
        json_set_text(arena, shown, "prefix", found->prefix);
        json_set_text(arena, shown, "testSuiteName", found->suite);
        json_set_text(arena, shown, "status", report_case_status_name(found->status));
        json_set_integer(arena, shown, "durationInNanoSeconds", found->duration_ns);
        json_set_text(arena, shown, "message", found->message);
        json_set_text(arena, shown, "testRawDataPath", found->raw_path);
    }
}

static void describe_counts(struct arena *arena, struct json *out, const struct report_counts *counts) {
    json_set_integer(arena, out, "linesCovered", counts->lines_covered);
    json_set_integer(arena, out, "linesMissed", counts->lines_missed);
    json_set_integer(arena, out, "branchesCovered", counts->branches_covered);
    json_set_integer(arena, out, "branchesMissed", counts->branches_missed);
}

static void describe_sources(struct arena *arena, const struct report *report, struct json *out) {
    describe_counts(arena, json_set_object(arena, out, "codeCoverageSummary"), &report->all);
    struct json *sources = json_set_array(arena, out, "codeCoverages");
    for (size_t i = 0; i < report->source_count; i++) {
        struct json *shown = json_append_object(arena, sources);
        json_set_text(arena, shown, "filePath", report->sources[i].path);
        describe_counts(arena, shown, &report->sources[i].counts);
    }
}

struct json *report_describe(struct arena *arena, const struct report *report) {
    struct json *out = json_object(arena);
    json_set_text(arena, out, "type", report_type_name(report->type));
    json_set_bool(arena, out, "truncated", report->truncated);
    if (report->type == REPORT_TEST)
        describe_cases(arena, report, out);
    else
        describe_sources(arena, report, out);
    return out;
}
