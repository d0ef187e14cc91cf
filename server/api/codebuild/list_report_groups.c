/*
 * ListReportGroups: ARNs, sorted as asked. There are few enough to sort them all for each page. Of others' groups
 * (ListSharedReportGroups) there are none: a server has one account.
 */
#include "server/api/codebuild/report.h"

#include "server/api/page.h"

#include "common/str.h"

#include <stdlib.h>
#include <string.h>

#define BATCH 1000

static const char *const keys[] = {"NAME", "CREATED_TIME", "LAST_MODIFIED_TIME", NULL};
static const char *const shared_keys[] = {"ARN", "MODIFIED_TIME", NULL};

const struct shape list_report_groups_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "sortBy", .shape = &(const struct shape){.type = SHAPE_TEXT, .choices = keys}},
            {.name = "sortOrder", .shape = &report_sort_order},
            {.name = "nextToken", .shape = &aws_next_token},
            {.name = "maxResults", .shape = &report_page_size},
            {0},
        },
};

const struct shape list_shared_report_groups_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "sortBy", .shape = &(const struct shape){.type = SHAPE_TEXT, .choices = shared_keys}},
            {.name = "sortOrder", .shape = &report_sort_order},
            {.name = "nextToken", .shape = &aws_next_token},
            {.name = "maxResults", .shape = &report_page_size},
            {0},
        },
};

static bool load_all(struct tx *tx, struct arena *arena, struct report_group_row **out, size_t *out_count,
                     struct err *err) {
    size_t capacity = 0, count;
    struct report_group_row *all = NULL, *rows;
    const char *after = NULL;
    *out_count = 0;
    do {
        if (!report_groups_list(tx, arena, after, BATCH, &rows, &count, err))
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

static int by_name(const void *a, const void *b) {
    return strcmp(((const struct report_group_row *)a)->name, ((const struct report_group_row *)b)->name);
}

static int by_created(const void *a, const void *b) {
    const struct report_group_row *one = a, *other = b;
    int order = (one->created_ms > other->created_ms) - (one->created_ms < other->created_ms);
    return order ? order : by_name(a, b);
}

static int by_changed(const void *a, const void *b) {
    const struct report_group_row *one = a, *other = b;
    int order = (one->updated_ms > other->updated_ms) - (one->updated_ms < other->updated_ms);
    return order ? order : by_name(a, b);
}

/* What the token remembers is the last name shown; where that group is gone, the list begins anew. */
static size_t find_after(const struct report_group_row *rows, size_t count, bool descending, const char *name) {
    for (size_t i = 0; name && i < count; i++)
        if (str_equal(rows[descending ? count - 1 - i : i].name, name))
            return i + 1;
    return 0;
}

bool list_report_groups(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    const bool descending = str_equal(aws_text(call, "sortOrder"), "DESCENDING");
    const size_t page = page_limit(call, REPORT_PAGE);
    const char *after, *key = aws_text(call, "sortBy");
    struct report_group_row *rows;
    size_t count;
    if (!page_begin(call, "report-groups", &after, err) || !load_all(tx, call->arena, &rows, &count, err))
        return false;
    if (count > 0)
        qsort(rows, count, sizeof *rows,
              str_equal(key, "CREATED_TIME")         ? by_created
              : str_equal(key, "LAST_MODIFIED_TIME") ? by_changed
                                                     : by_name);
    struct json *list = json_set_array(call->arena, out, "reportGroups");
    size_t at = find_after(rows, count, descending, after);
    const char *last = NULL;
    for (; at < count && list->count < page; at++) {
        last = rows[descending ? count - 1 - at : at].name;
        json_append_text(call->arena, list, report_group_arn(call, last));
    }
    if (at < count && last)
        page_next(call, out, "report-groups", last);
    return true;
}

bool list_shared_report_groups(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    (void)tx;
    (void)err;
    json_set_array(call->arena, out, "reportGroups");
    return true;
}
