/*
 * CreateReportGroup.
 */
#include "server/api/codebuild/report.h"

#include "server/api/tags.h"

static const char *const types[] = {"TEST", "CODE_COVERAGE", NULL};

static const struct shape_pattern name_pattern = {
    .aws = "[A-Za-z0-9][A-Za-z0-9\\-_]{1,127}",
    .expression = "^[A-Za-z0-9][A-Za-z0-9_-]{1,127}$",
    .words = "2 to 128 letters, digits, - and _",
};

const struct shape create_report_group_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "name",
             .required = true,
             .shape = &(const struct shape){.type = SHAPE_TEXT, .least = 2, .most = 128, .pattern = &name_pattern}},
            {.name = "type", .required = true, .shape = &(const struct shape){.type = SHAPE_TEXT, .choices = types}},
            {.name = "exportConfig", .required = true, .shape = &report_export_config},
            {.name = "tags", .shape = &aws_tag_list},
            {0},
        },
};

static bool name_taken(const struct aws_call *call, const char *name, struct err *err) {
    if (err->kind != ERR_CONFLICT)
        return false;
    return err_set_code(err, ERR_CONFLICT, "ResourceAlreadyExistsException", "Report group already exists: %s",
                        report_group_arn(call, name));
}

bool create_report_group(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    const struct json *tags = json_get(call->input, "tags");
    struct report_group_row row = {.name = aws_text(call, "name"),
                                   .type = aws_text(call, "type"),
                                   .tags = tags ? json_print(call->arena, tags) : "[]"};
    struct json *shown;
    if (!tags_check(tags, err) || !report_export_make(call, json_get(call->input, "exportConfig"), &row.export, err))
        return false;
    if (!report_groups_add(tx, &row, err))
        return name_taken(call, row.name, err);
    if (!report_groups_get(tx, call->arena, row.name, &row, err) || !report_group_show(call, &row, &shown, err))
        return false;
    json_set(call->arena, out, "reportGroup", shown);
    return true;
}
