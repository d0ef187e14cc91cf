/*
 * ListRepositories, by name. Sorted by date it comes in one page: there are few enough.
 */
#include "server/api/codecommit/codecommit.h"

#include "server/api/page.h"

#include "common/str.h"

#include <stdlib.h>

#define PAGE 1000

static const char *const keys[] = {"repositoryName", "lastModifiedDate", NULL};
static const char *const orders[] = {"ascending", "descending", NULL};

const struct shape list_repositories_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "nextToken", .shape = &aws_next_token},
            {.name = "sortBy", .shape = &(const struct shape){.type = SHAPE_TEXT, .choices = keys}},
            {.name = "order", .shape = &(const struct shape){.type = SHAPE_TEXT, .choices = orders}},
            {0},
        },
};

static int by_changed(const void *a, const void *b) {
    int64_t left = ((const struct repository_row *)a)->updated_ms,
            right = ((const struct repository_row *)b)->updated_ms;
    return (left > right) - (left < right);
}

bool list_repositories(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    const char *after;
    struct repository_row *rows;
    size_t count;
    if (!page_begin(call, "repositories", &after, err) ||
        !repositories_list(tx, call->arena, after, PAGE + 1, &rows, &count, err))
        return false;
    size_t shown = count > PAGE ? PAGE : count;
    if (count > PAGE)
        page_next(call, out, "repositories", rows[PAGE - 1].name);
    if (shown > 0 && str_equal(aws_text(call, "sortBy"), "lastModifiedDate"))
        qsort(rows, shown, sizeof *rows, by_changed);
    bool backwards = str_equal(aws_text(call, "order"), "descending");
    struct json *list = json_set_array(call->arena, out, "repositories");
    for (size_t i = 0; i < shown; i++) {
        const struct repository_row *row = &rows[backwards ? shown - 1 - i : i];
        struct json *item = json_append_object(call->arena, list);
        json_set_text(call->arena, item, "repositoryName", row->name);
        json_set_text(call->arena, item, "repositoryId", row->uuid);
    }
    return true;
}
