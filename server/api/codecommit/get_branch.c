/*
 * GetBranch: the commit at its head.
 */
#include "server/api/codecommit/codecommit.h"

#include "server/git/reading.h"

const struct shape get_branch_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "repositoryName", .shape = &aws_plain_text},
            {.name = "branchName", .shape = &aws_plain_text},
            {0},
        },
};

bool get_branch(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    (void)tx;
    struct repository_row row;
    char id[GIT_ID_SIZE];
    const char *name = aws_text(call, "branchName");
    if (!repository_look_up(call, &row, err))
        return false;
    if (!name)
        return err_set_code(err, ERR_INVALID, "BranchNameRequiredException", "A branch name is required.");
    if (!reading_branch(call->server->hosting, call->arena, row.name, name, id, err)) {
        if (err->kind != ERR_NOT_FOUND)
            return false;
        return err_set_code(err, ERR_NOT_FOUND, "BranchDoesNotExistException", "%s does not exist", name);
    }
    struct json *branch = json_set_object(call->arena, out, "branch");
    json_set_text(call->arena, branch, "branchName", name);
    json_set_text(call->arena, branch, "commitId", id);
    return true;
}
