/*
 * ListBranches, by name.
 */
#include "server/api/codecommit/codecommit.h"

#include "server/api/page.h"
#include "server/git/reading.h"

#include <string.h>

#define PAGE 100

const struct shape list_branches_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "repositoryName", .shape = &aws_plain_text},
            {.name = "nextToken", .shape = &aws_next_token},
            {0},
        },
};

bool list_branches(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    (void)tx;
    struct repository_row row;
    const char *after;
    const struct hosted_branch *branches;
    size_t count;
    if (!repository_look_up(call, &row, err) || !page_begin(call, "branches", &after, err) ||
        !reading_branches(call->server->hosting, call->arena, row.name, &branches, &count, err))
        return false;
    struct json *list = json_set_array(call->arena, out, "branches");
    for (size_t i = 0; i < count; i++) {
        if (after && strcmp(branches[i].name, after) <= 0)
            continue;
        if (list->count == PAGE) {
            page_next(call, out, "branches", list->last->text);
            break;
        }
        json_append_text(call->arena, list, branches[i].name);
    }
    return true;
}
