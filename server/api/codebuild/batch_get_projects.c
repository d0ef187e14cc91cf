/*
 * BatchGetProjects: names may be ARNs; what is not there is listed, not refused.
 */
#include "server/api/codebuild/codebuild.h"

const struct shape batch_get_projects_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "names",
             .required = true,
             .shape = &(const struct shape){.type = SHAPE_LIST, .least = 1, .most = 100, .members = &aws_filled_text}},
            {0},
        },
};

bool batch_get_projects(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    struct json *found = json_set_array(call->arena, out, "projects");
    struct json *missing = json_set_array(call->arena, out, "projectsNotFound");
    json_each(name, json_get(call->input, "names")) {
        struct project_row row;
        struct json *shown;
        if (project_find(tx, call, name->text, &row, err)) {
            if (!project_show(call, &row, &shown, err))
                return false;
            json_append(found, shown);
        } else if (err->kind == ERR_NOT_FOUND) {
            json_append_text(call->arena, missing, name->text);
        } else {
            return false;
        }
    }
    return true;
}
