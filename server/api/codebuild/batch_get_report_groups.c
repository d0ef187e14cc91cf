/*
 * BatchGetReportGroups: what is not there is listed, not refused.
 */
#include "server/api/codebuild/report.h"

const struct shape batch_get_report_groups_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "reportGroupArns",
             .required = true,
             .shape = &(const struct shape){.type = SHAPE_LIST, .least = 1, .most = 100, .members = &aws_filled_text}},
            {0},
        },
};

bool batch_get_report_groups(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    struct json *found = json_set_array(call->arena, out, "reportGroups");
    struct json *missing = json_set_array(call->arena, out, "reportGroupsNotFound");
    json_each(arn, json_get(call->input, "reportGroupArns")) {
        struct report_group_row row;
        struct json *shown;
        if (report_group_find(tx, call, arn->text, &row, err)) {
            if (!report_group_show(call, &row, &shown, err))
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
