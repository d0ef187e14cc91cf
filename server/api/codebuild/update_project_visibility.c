/*
 * UpdateProjectVisibility: builds are shown to those who sign in, so that PRIVATE is all there is.
 */
#include "server/api/codebuild/codebuild.h"

#include "server/api/names.h"

#include "common/str.h"

static const char *const visibilities[] = {"PUBLIC_READ", "PRIVATE", NULL};

const struct shape update_project_visibility_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "projectArn", .required = true, .shape = &aws_filled_text},
            {.name = "projectVisibility",
             .required = true,
             .shape = &(const struct shape){.type = SHAPE_TEXT, .choices = visibilities}},
            {.name = "resourceAccessRole", .shape = &aws_filled_text},
            {0},
        },
};

bool update_project_visibility(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    struct project_row project;
    if (!project_find(tx, call, aws_text(call, "projectArn"), &project, err))
        return false;
    if (str_equal(aws_text(call, "projectVisibility"), "PUBLIC_READ"))
        return err_set_code(err, ERR_INVALID, "InvalidInputException",
                            "PUBLIC_READ is not supported: builds and logs are shown to those who sign in; a badge "
                            "(badgeEnabled) is for anyone");
    json_set_text(call->arena, out, "projectArn", name_project_arn(call, project.name));
    json_set_text(call->arena, out, "projectVisibility", "PRIVATE");
    return true;
}
