/*
 * UpdateReportGroup: what is given is replaced. Terraform says that the last tag is gone by giving none: a call with
 * nothing but the ARN means that.
 */
#include "server/api/codebuild/report.h"

#include "server/api/tags.h"

const struct shape update_report_group_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "arn", .required = true, .shape = &aws_filled_text},
            {.name = "exportConfig", .shape = &report_export_config},
            {.name = "tags", .shape = &aws_tag_list},
            {0},
        },
};

bool update_report_group(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    const struct json *config = json_get(call->input, "exportConfig");
    const struct json *tags = json_get(call->input, "tags");
    struct report_group_row row;
    struct json *shown;
    const char *export = NULL;
    const char *new_tags = tags ? json_print(call->arena, tags) : config ? NULL : "[]";
    if (!report_group_find(tx, call, aws_text(call, "arn"), &row, err) || !tags_check(tags, err) ||
        (config && !report_export_make(call, config, &export, err)) ||
        !report_groups_change(tx, row.name, export, new_tags, err) ||
        !report_groups_get(tx, call->arena, row.name, &row, err) || !report_group_show(call, &row, &shown, err))
        return false;
    json_set(call->arena, out, "reportGroup", shown);
    return true;
}
