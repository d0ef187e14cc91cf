/*
 * CreateProject.
 */
#include "server/api/codebuild/codebuild.h"

#include "server/api/names.h"
#include "server/api/tags.h"
#include "server/definition/project.h"

/* project_check looks at it. */
const struct shape create_project_input = {.type = SHAPE_ANY};

static bool name_taken(const struct aws_call *call, const char *name, struct err *err) {
    if (err->kind != ERR_CONFLICT)
        return false;
    return err_set_code(err, ERR_CONFLICT, "ResourceAlreadyExistsException", "Project already exists: %s",
                        name_project_arn(call, name));
}

bool create_project(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    struct definition_errors errors = {.arena = call->arena};
    struct place place = {.value = call->input};
    const struct json *settings = project_check(&errors, &place, DEFINITION_REQUEST);
    struct project_row row;
    struct json *shown;
    if (!settings)
        return definition_errors_fail(&errors, call->service->validation, err);
    const char *name = json_get_text(settings, "name");
    if (!tags_check(json_get(settings, "tags"), err))
        return false;
    if (!project_store(tx, call, settings, false, err))
        return name_taken(call, name, err);
    if (!projects_get(tx, call->arena, name, &row, err) || !project_show(call, &row, &shown, err))
        return false;
    json_set(call->arena, out, "project", shown);
    return true;
}
