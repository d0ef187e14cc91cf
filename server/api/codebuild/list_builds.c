/*
 * ListBuilds and ListBuildsForProject: ids, newest first unless asked otherwise.
 */
#include "server/api/codebuild/codebuild.h"

#include "server/api/page.h"

#include "common/str.h"

#define PAGE 100

static const char *const orders[] = {"ASCENDING", "DESCENDING", NULL};
static const struct shape order = {.type = SHAPE_TEXT, .choices = orders};

const struct shape list_builds_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "sortOrder", .shape = &order},
            {.name = "nextToken", .shape = &aws_next_token},
            {0},
        },
};

const struct shape list_builds_for_project_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "projectName", .required = true, .shape = &aws_filled_text},
            {.name = "sortOrder", .shape = &order},
            {.name = "nextToken", .shape = &aws_next_token},
            {0},
        },
};

static bool list(struct tx *tx, struct aws_call *call, const char *project, struct json *out, struct err *err) {
    struct build_row *rows;
    size_t count;
    int64_t past;
    if (!page_begin_number(call, "builds", &past, err) ||
        !builds_list(tx, call->arena, project, str_equal(aws_text(call, "sortOrder"), "ASCENDING"), past, PAGE + 1,
                     &rows, &count, err))
        return false;
    struct json *ids = json_set_array(call->arena, out, "ids");
    for (size_t i = 0; i < count && i < PAGE; i++)
        json_append_text(call->arena, ids, arena_printf(call->arena, "%s:%s", rows[i].project, rows[i].uuid));
    if (count > PAGE)
        page_next_number(call, out, "builds", rows[PAGE - 1].id);
    return true;
}

bool list_builds(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    return list(tx, call, NULL, out, err);
}

bool list_builds_for_project(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    struct project_row project;
    return project_find(tx, call, aws_text(call, "projectName"), &project, err) &&
           list(tx, call, project.name, out, err);
}
