/*
 * UpdateProject: what is given replaces what was, apart from tags: none given means none.
 */
#include "server/api/codebuild/codebuild.h"

#include "server/api/tags.h"
#include "server/definition/project.h"

#include <string.h>

/* project_update looks at the rest. */
const struct shape update_project_input = {.type = SHAPE_ANY};

static const struct shape name_only = {
    .type = SHAPE_OBJECT,
    .fields = (const struct shape_field[]){{.name = "name", .required = true, .shape = &aws_filled_text}, {0}},
};

static bool check_name(struct aws_call *call, struct err *err) {
    struct json *name = json_object(call->arena);
    if (json_get(call->input, "name"))
        json_set(call->arena, name, "name", json_copy(call->arena, json_get(call->input, "name")));
    return aws_check(call, name, &name_only, err);
}

/* The file would undo the change at the next load, without a word. */
static bool check_origin(const struct project_row *row, struct err *err) {
    if (row->origin != ORIGIN_FILE)
        return true;
    return err_set_code(err, ERR_CONFLICT, "InvalidInputException",
                        "project '%s' comes from the file '%s'; change it there", row->name, row->file);
}

bool update_project(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    struct definition_errors errors = {.arena = call->arena};
    struct project_row row;
    const struct json *stored;
    struct json *shown;
    if (!check_name(call, err) || !project_find(tx, call, aws_text(call, "name"), &row, err) ||
        !check_origin(&row, err) || !json_parse(call->arena, row.document, strlen(row.document), &stored, err))
        return false;
    const struct json *settings = project_update(&errors, stored, call->input);
    if (!settings)
        return definition_errors_fail(&errors, call->service->validation, err);
    if (!tags_check(json_get(settings, "tags"), err) || !project_store(tx, call, settings, true, err) ||
        !projects_get(tx, call->arena, row.name, &row, err) || !project_show(call, &row, &shown, err))
        return false;
    json_set(call->arena, out, "project", shown);
    return true;
}
