/*
 * ListReports and ListReportsForReportGroup: ARNs, newest first unless asked otherwise.
 */
#include "server/api/codebuild/report.h"

#include "server/api/page.h"

#include "common/str.h"

const struct shape list_reports_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "sortOrder", .shape = &report_sort_order},
            {.name = "nextToken", .shape = &aws_next_token},
            {.name = "maxResults", .shape = &report_page_size},
            {.name = "filter", .shape = &report_filter},
            {0},
        },
};

const struct shape list_reports_for_report_group_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "reportGroupArn", .required = true, .shape = &aws_filled_text},
            {.name = "sortOrder", .shape = &report_sort_order},
            {.name = "nextToken", .shape = &aws_next_token},
            {.name = "maxResults", .shape = &report_page_size},
            {.name = "filter", .shape = &report_filter},
            {0},
        },
};

static bool list(struct tx *tx, struct aws_call *call, int64_t group_id, struct json *out, struct err *err) {
    const size_t page = page_limit(call, REPORT_PAGE);
    struct report_filter filter = {
        .group_id = group_id,
        .status = json_get_text(json_get(call->input, "filter"), "status"),
        .oldest_first = str_equal(aws_text(call, "sortOrder"), "ASCENDING"),
        .limit = page + 1,
    };
    struct report_row *rows;
    size_t count;
    if (!page_begin_number(call, "reports", &filter.past, err) ||
        !reports_list(tx, call->arena, &filter, &rows, &count, err))
        return false;
    struct json *arns = json_set_array(call->arena, out, "reports");
    for (size_t i = 0; i < count && i < page; i++)
        json_append_text(call->arena, arns, report_arn(call, &rows[i]));
    if (count > page)
        page_next_number(call, out, "reports", rows[page - 1].id);
    return true;
}

bool list_reports(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    return list(tx, call, 0, out, err);
}

bool list_reports_for_report_group(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    struct report_group_row group;
    return report_group_find(tx, call, aws_text(call, "reportGroupArn"), &group, err) &&
           list(tx, call, group.id, out, err);
}
