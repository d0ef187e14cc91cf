/*
 * DeleteReport: one that is not there is no error, as in AWS.
 */
#include "server/api/codebuild/report.h"

const struct shape delete_report_input = {
    .type = SHAPE_OBJECT,
    .fields = (const struct shape_field[]){{.name = "arn", .required = true, .shape = &aws_filled_text}, {0}},
};

bool delete_report(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    struct report_row report;
    (void)out;
    if (report_find(tx, call, aws_text(call, "arn"), &report, err))
        return reports_delete(tx, report.id, err);
    if (err->kind != ERR_NOT_FOUND)
        return false;
    err_clear(err);
    return true;
}
