/*
 * DeleteProject: by name or ARN; one that is not there is no error, as in AWS.
 */
#include "server/api/codebuild/codebuild.h"

#include "server/api/names.h"
#include "server/jobs/queue.h"

const struct shape delete_project_input = {
    .type = SHAPE_OBJECT,
    .fields = (const struct shape_field[]){{.name = "name", .required = true, .shape = &aws_filled_text}, {0}},
};

bool delete_project(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    (void)out;
    const char *name = name_of_project(call, aws_text(call, "name"));
    return projects_delete(tx, name, err) && queue_let_go(tx, name, err);
}
