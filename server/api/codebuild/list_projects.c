/*
 * ListProjects: names, sorted as asked. There are few enough to sort them all for each page.
 */
#include "server/api/codebuild/codebuild.h"

#include "server/api/page.h"

#include "common/str.h"

#include <stdlib.h>
#include <string.h>

#define PAGE 100
#define BATCH 1000

static const char *const keys[] = {"NAME", "CREATED_TIME", "LAST_MODIFIED_TIME", NULL};
static const char *const orders[] = {"ASCENDING", "DESCENDING", NULL};

const struct shape list_projects_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "sortBy", .shape = &(const struct shape){.type = SHAPE_TEXT, .choices = keys}},
            {.name = "sortOrder", .shape = &(const struct shape){.type = SHAPE_TEXT, .choices = orders}},
            {.name = "nextToken", .shape = &aws_next_token},
            {0},
        },
};

static bool load_all(struct tx *tx, struct arena *arena, struct project_row **out, size_t *out_count, struct err *err) {
    size_t capacity = 0, count;
    struct project_row *all = NULL, *rows;
    const char *after = NULL;
    *out_count = 0;
    do {
        if (!projects_list(tx, arena, after, BATCH, &rows, &count, err))
            return false;
        for (size_t i = 0; i < count; i++) {
            if (*out_count == capacity)
                all = arena_grow(arena, all, sizeof *all, &capacity);
            all[(*out_count)++] = rows[i];
            after = rows[i].name;
        }
    } while (count == BATCH);
    *out = all;
    return true;
}

static int compare_times(int64_t a, int64_t b) {
    return (a > b) - (a < b);
}

static int by_name(const void *a, const void *b) {
    return strcmp(((const struct project_row *)a)->name, ((const struct project_row *)b)->name);
}

static int by_created(const void *a, const void *b) {
    int order = compare_times(((const struct project_row *)a)->created_ms, ((const struct project_row *)b)->created_ms);
    return order ? order : by_name(a, b);
}

static int by_changed(const void *a, const void *b) {
    int order = compare_times(((const struct project_row *)a)->updated_ms, ((const struct project_row *)b)->updated_ms);
    return order ? order : by_name(a, b);
}

/* What the token remembers is the last name shown; where that project is gone, the list begins anew. */
static size_t find_after(const struct project_row *rows, size_t count, const char *name) {
    for (size_t i = 0; name && i < count; i++)
        if (str_equal(rows[i].name, name))
            return i + 1;
    return 0;
}

bool list_projects(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    const char *after, *key = aws_text(call, "sortBy");
    struct project_row *rows;
    size_t count;
    if (!page_begin(call, "projects", &after, err) || !load_all(tx, call->arena, &rows, &count, err))
        return false;
    if (count > 0)
        qsort(rows, count, sizeof *rows,
              str_equal(key, "CREATED_TIME")         ? by_created
              : str_equal(key, "LAST_MODIFIED_TIME") ? by_changed
                                                     : by_name);
    if (str_equal(aws_text(call, "sortOrder"), "DESCENDING"))
        for (size_t i = 0; i < count / 2; i++) {
            struct project_row row = rows[i];
            rows[i] = rows[count - 1 - i];
            rows[count - 1 - i] = row;
        }
    struct json *list = json_set_array(call->arena, out, "projects");
    size_t at = find_after(rows, count, after);
    for (; at < count && list->count < PAGE; at++)
        json_append_text(call->arena, list, rows[at].name);
    if (at < count)
        page_next(call, out, "projects", rows[at - 1].name);
    return true;
}
