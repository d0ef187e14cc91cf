/*
 * DeleteRepository: one that is not there is no error, as in AWS. The row goes first: what a crash leaves is a folder
 * that nobody reaches.
 */
#include "server/api/codecommit/codecommit.h"

#include "server/git/hosting.h"

const struct shape delete_repository_input = {
    .type = SHAPE_OBJECT,
    .fields = (const struct shape_field[]){{.name = "repositoryName", .shape = &aws_plain_text}, {0}},
};

bool delete_repository(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    struct repository_row row;
    const char *name;
    if (!repository_name_check(call, &name, err))
        return false;
    if (!repository_find(tx, call, &row, err)) {
        if (err->kind != ERR_NOT_FOUND)
            return false;
        err_clear(err);
        return true;
    }
    json_set_text(call->arena, out, "repositoryId", row.uuid);
    return repositories_delete(tx, row.name, err);
}

void delete_repository_settle(struct aws_call *call) {
    hosting_discard(call->server, aws_text(call, "repositoryName"));
}
