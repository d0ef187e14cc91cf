/*
 * InvalidateProjectCache: the next build of the project finds no cache, on any runner or in S3.
 */
#include "server/api/codebuild/codebuild.h"

const struct shape invalidate_project_cache_input = {
    .type = SHAPE_OBJECT,
    .fields = (const struct shape_field[]){{.name = "projectName", .required = true, .shape = &aws_filled_text}, {0}},
};

bool invalidate_project_cache(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    struct project_row project;
    (void)out;
    return project_find(tx, call, aws_text(call, "projectName"), &project, err) &&
           projects_invalidate_cache(tx, project.name, err);
}
