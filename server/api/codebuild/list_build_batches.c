/*
 * ListBuildBatches and ListBuildBatchesForProject: ids, newest first unless asked otherwise, of one status where a
 * filter says so.
 */
#include "server/api/codebuild/build_batch.h"

#include "server/api/page.h"

#include "common/str.h"

#define PAGE 100

static const char *const orders[] = {"ASCENDING", "DESCENDING", NULL};
static const char *const statuses[] = {"SUCCEEDED", "FAILED", "FAULT", "TIMED_OUT", "IN_PROGRESS", "STOPPED", NULL};
static const struct shape order = {.type = SHAPE_TEXT, .choices = orders};
static const struct shape most = {.type = SHAPE_INTEGER, .least = 1, .most = PAGE};
static const struct shape filter = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "status", .shape = &(const struct shape){.type = SHAPE_TEXT, .choices = statuses}},
            {0},
        },
};

const struct shape list_build_batches_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "filter", .shape = &filter},
            {.name = "maxResults", .shape = &most},
            {.name = "sortOrder", .shape = &order},
            {.name = "nextToken", .shape = &aws_next_token},
            {0},
        },
};

const struct shape list_build_batches_for_project_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            /* The model leaves it optional; a call without it is ListBuildBatches. */
            {.name = "projectName", .shape = &aws_filled_text},
            {.name = "filter", .shape = &filter},
            {.name = "maxResults", .shape = &most},
            {.name = "sortOrder", .shape = &order},
            {.name = "nextToken", .shape = &aws_next_token},
            {0},
        },
};

static bool list(struct tx *tx, struct aws_call *call, const char *project, struct json *out, struct err *err) {
    const char *wanted = json_get_text(json_get(call->input, "filter"), "status");
    enum build_status status = wanted ? (enum build_status)state_parse(&batch_statuses, wanted) : BUILD_IN_PROGRESS;
    size_t page = page_limit(call, PAGE), count;
    struct batch_row *rows;
    struct batch_listing listing = {
        .project = project,
        .status = wanted ? &status : NULL,
        .oldest_first = str_equal(aws_text(call, "sortOrder"), "ASCENDING"),
        .limit = page + 1,
    };
    if (!page_begin_number(call, "batches", &listing.past, err) ||
        !batches_list(tx, call->arena, &listing, &rows, &count, err))
        return false;
    struct json *ids = json_set_array(call->arena, out, "ids");
    for (size_t i = 0; i < count && i < page; i++)
        json_append_text(call->arena, ids, arena_printf(call->arena, "%s:%s", rows[i].project, rows[i].uuid));
    if (count > page)
        page_next_number(call, out, "batches", rows[page - 1].id);
    return true;
}

bool list_build_batches(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    return list(tx, call, NULL, out, err);
}

bool list_build_batches_for_project(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    struct project_row project;
    const char *name = aws_text(call, "projectName");
    if (!name)
        return list(tx, call, NULL, out, err);
    return project_find(tx, call, name, &project, err) && list(tx, call, project.name, out, err);
}
