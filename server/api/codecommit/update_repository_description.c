/*
 * UpdateRepositoryDescription: an absent or empty one takes it away.
 */
#include "server/api/codecommit/codecommit.h"

const struct shape update_repository_description_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "repositoryName", .shape = &aws_plain_text},
            {.name = "repositoryDescription", .shape = &aws_plain_text},
            {0},
        },
};

bool update_repository_description(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    (void)out;
    struct repository_row row;
    const char *description = aws_text(call, "repositoryDescription");
    return repository_find(tx, call, &row, err) &&
           repositories_set_description(tx, row.name, description && *description ? description : NULL, err);
}
