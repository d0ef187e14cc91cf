/*
 * DescribeTestCases: the cases of a report in the order of its files.
 */
#include "server/api/codebuild/report.h"

#include "server/api/page.h"
#include "server/store/report_cases.h"

static const char *const statuses[] = {"SUCCEEDED", "FAILED", "ERROR", "SKIPPED", "UNKNOWN", NULL};

static const struct shape filter = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "status", .shape = &(const struct shape){.type = SHAPE_TEXT, .choices = statuses}},
            {.name = "keyword", .shape = &aws_plain_text},
            {0},
        },
};

const struct shape describe_test_cases_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "reportArn", .required = true, .shape = &aws_filled_text},
            {.name = "nextToken", .shape = &aws_next_token},
            {.name = "maxResults", .shape = &report_page_size},
            {.name = "filter", .shape = &filter},
            {0},
        },
};

static void show(const struct aws_call *call, const struct report_row *report, const struct report_case_row *row,
                 struct json *list) {
    struct arena *arena = call->arena;
    struct json *shown = json_append_object(arena, list);
    json_set_text(arena, shown, "reportArn", report_arn(call, report));
    json_set_text(arena, shown, "testRawDataPath", row->raw_path);
    json_set_text(arena, shown, "prefix", row->prefix);
    json_set_text(arena, shown, "name", row->name);
    json_set_text(arena, shown, "status", row->status);
    json_set_integer(arena, shown, "durationInNanoSeconds", row->duration_ns);
    json_set_text(arena, shown, "message", row->message);
    json_set_time(arena, shown, "expired", report->expires_ms);
    json_set_text(arena, shown, "testSuiteName", row->suite);
}

bool describe_test_cases(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    const struct json *wanted = json_get(call->input, "filter");
    const size_t page = page_limit(call, REPORT_PAGE);
    struct report_row report;
    struct report_case_row *rows;
    size_t count;
    int64_t past;
    if (!page_begin_number(call, "test-cases", &past, err) ||
        !report_find(tx, call, aws_text(call, "reportArn"), &report, err) ||
        !report_cases_list(tx, call->arena, report.id, json_get_text(wanted, "status"),
                           json_get_text(wanted, "keyword"), past, page + 1, &rows, &count, err))
        return false;
    struct json *cases = json_set_array(call->arena, out, "testCases");
    for (size_t i = 0; i < count && i < page; i++)
        show(call, &report, &rows[i], cases);
    if (count > page)
        page_next_number(call, out, "test-cases", rows[page - 1].position);
    return true;
}
