/*
 * ListSharedProjects: there is one account here, so nobody shares.
 */
#include "server/api/codebuild/codebuild.h"

static const char *const keys[] = {"ARN", "MODIFIED_TIME", NULL};
static const char *const orders[] = {"ASCENDING", "DESCENDING", NULL};

const struct shape list_shared_projects_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "sortBy", .shape = &(const struct shape){.type = SHAPE_TEXT, .choices = keys}},
            {.name = "sortOrder", .shape = &(const struct shape){.type = SHAPE_TEXT, .choices = orders}},
            {.name = "maxResults", .shape = &(const struct shape){.type = SHAPE_INTEGER, .least = 1, .most = 100}},
            {.name = "nextToken", .shape = &aws_filled_text},
            {0},
        },
};

bool list_shared_projects(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    (void)tx;
    (void)err;
    json_set_array(call->arena, out, "projects");
    return true;
}
