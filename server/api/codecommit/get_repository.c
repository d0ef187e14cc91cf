/*
 * GetRepository.
 */
#include "server/api/codecommit/codecommit.h"

const struct shape get_repository_input = {
    .type = SHAPE_OBJECT,
    .fields = (const struct shape_field[]){{.name = "repositoryName", .shape = &aws_plain_text}, {0}},
};

bool get_repository(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    struct repository_row row;
    if (!repository_find(tx, call, &row, err))
        return false;
    json_set(call->arena, out, "repositoryMetadata", repository_show(call, &row));
    return true;
}
