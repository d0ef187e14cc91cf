/*
 * BatchGetReports: what is not there is listed, not refused.
 */
#include "server/api/codebuild/report.h"

const struct shape batch_get_reports_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "reportArns",
             .required = true,
             .shape = &(const struct shape){.type = SHAPE_LIST, .least = 1, .most = 100, .members = &aws_filled_text}},
            {0},
        },
};

bool batch_get_reports(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    struct json *found = json_set_array(call->arena, out, "reports");
    struct json *missing = json_set_array(call->arena, out, "reportsNotFound");
    json_each(arn, json_get(call->input, "reportArns")) {
        struct report_row row;
        struct json *shown;
        if (report_find(tx, call, arn->text, &row, err)) {
            if (!report_show(call, &row, &shown, err))
                return false;
            json_append(found, shown);
        } else if (err->kind == ERR_NOT_FOUND) {
            json_append_text(call->arena, missing, arn->text);
        } else {
            return false;
        }
    }
    return true;
}
