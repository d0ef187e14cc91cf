/*
 * DeleteReportGroup: one that is not there is no error, as in AWS; one with reports is, unless they are to go too.
 */
#include "server/api/codebuild/report.h"

const struct shape delete_report_group_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "arn", .required = true, .shape = &aws_filled_text},
            {.name = "deleteReports", .shape = &aws_boolean},
            {0},
        },
};

bool delete_report_group(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    struct report_group_row group;
    struct report_row *reports;
    size_t count;
    (void)out;
    if (!report_group_find(tx, call, aws_text(call, "arn"), &group, err)) {
        if (err->kind != ERR_NOT_FOUND)
            return false;
        err_clear(err);
        return true;
    }
    const struct report_filter filter = {.group_id = group.id, .limit = 1};
    if (!reports_list(tx, call->arena, &filter, &reports, &count, err))
        return false;
    if (count > 0 && !json_get_bool(call->input, "deleteReports", false))
        return err_set_code(err, ERR_INVALID, "InvalidInputException",
                            "Report group %s has reports; delete them first, or say deleteReports",
                            report_group_arn(call, group.name));
    return report_groups_delete(tx, group.id, err);
}
