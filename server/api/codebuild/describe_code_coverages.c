/*
 * DescribeCodeCoverages: the source files of a report, by path unless asked otherwise.
 */
#include "server/api/codebuild/report.h"

#include "server/api/page.h"
#include "server/store/report_coverages.h"

#include "common/str.h"

static const char *const keys[] = {"LINE_COVERAGE_PERCENTAGE", "FILE_PATH", NULL};

const struct shape describe_code_coverages_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "reportArn", .required = true, .shape = &aws_filled_text},
            {.name = "nextToken", .shape = &aws_next_token},
            {.name = "maxResults", .shape = &report_page_size},
            {.name = "sortOrder", .shape = &report_sort_order},
            {.name = "sortBy", .shape = &(const struct shape){.type = SHAPE_TEXT, .choices = keys}},
            {.name = "minLineCoveragePercentage", .shape = &aws_any},
            {.name = "maxLineCoveragePercentage", .shape = &aws_any},
            {0},
        },
};

static bool read_percent(const struct aws_call *call, const char *name, double *out, struct err *err) {
    const struct json *value = json_get(call->input, name);
    if (!value)
        return true;
    if (value->type != JSON_NUMBER || value->number < 0 || value->number > 100)
        return err_set_code(err, ERR_INVALID, "InvalidInputException", "%s must be a number from 0 to 100", name);
    *out = value->number;
    return true;
}

static enum report_coverage_order order_of(const struct aws_call *call) {
    const bool descending = str_equal(aws_text(call, "sortOrder"), "DESCENDING");
    if (str_equal(aws_text(call, "sortBy"), "LINE_COVERAGE_PERCENTAGE"))
        return descending ? COVERAGE_BY_LINES_DOWN : COVERAGE_BY_LINES;
    return descending ? COVERAGE_BY_PATH_DOWN : COVERAGE_BY_PATH;
}

/* Where there is nothing to cover, there is no percentage. */
static void set_percent(struct arena *arena, struct json *object, const char *name, int64_t covered, int64_t missed) {
    if (covered + missed > 0)
        json_set_number(arena, object, name, report_coverage_percent(covered, missed));
}

static void show(const struct aws_call *call, const struct report_row *report, const struct report_coverage_row *row,
                 struct json *list) {
    struct arena *arena = call->arena;
    struct json *shown = json_append_object(arena, list);
    json_set_text(arena, shown, "id", row->uuid);
    json_set_text(arena, shown, "reportARN", report_arn(call, report));
    json_set_text(arena, shown, "filePath", row->path);
    set_percent(arena, shown, "lineCoveragePercentage", row->lines_covered, row->lines_missed);
    json_set_integer(arena, shown, "linesCovered", row->lines_covered);
    json_set_integer(arena, shown, "linesMissed", row->lines_missed);
    set_percent(arena, shown, "branchCoveragePercentage", row->branches_covered, row->branches_missed);
    json_set_integer(arena, shown, "branchesCovered", row->branches_covered);
    json_set_integer(arena, shown, "branchesMissed", row->branches_missed);
    json_set_time(arena, shown, "expired", report->expires_ms);
}

bool describe_code_coverages(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    const size_t page = page_limit(call, REPORT_PAGE);
    struct report_coverage_filter filter = {.order = order_of(call), .most_percent = 100, .limit = page + 1};
    struct report_row report;
    struct report_coverage_row *rows;
    size_t count;
    if (!read_percent(call, "minLineCoveragePercentage", &filter.least_percent, err) ||
        !read_percent(call, "maxLineCoveragePercentage", &filter.most_percent, err) ||
        !page_begin_number(call, "code-coverages", &filter.skip, err) ||
        !report_find(tx, call, aws_text(call, "reportArn"), &report, err))
        return false;
    filter.report_id = report.id;
    if (!report_coverages_list(tx, call->arena, &filter, &rows, &count, err))
        return false;
    struct json *list = json_set_array(call->arena, out, "codeCoverages");
    for (size_t i = 0; i < count && i < page; i++)
        show(call, &report, &rows[i], list);
    if (count > page)
        page_next_number(call, out, "code-coverages", filter.skip + (int64_t)page);
    return true;
}
