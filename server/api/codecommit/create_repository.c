/*
 * CreateRepository: the folder first, then the row that says it exists.
 */
#include "server/api/codecommit/codecommit.h"

#include "server/git/hosting.h"

static const struct shape tags = {.type = SHAPE_MAP,
                                  .most = 50,
                                  .keys = &(const struct shape){.type = SHAPE_TEXT, .least = 1, .most = 128},
                                  .members = &(const struct shape){.type = SHAPE_TEXT, .most = 256}};

const struct shape create_repository_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "repositoryName", .shape = &aws_plain_text},
            {.name = "repositoryDescription", .shape = &aws_plain_text},
            {.name = "tags", .shape = &tags},
            {.name = "kmsKeyId", .shape = &aws_plain_text}, /* nothing is encrypted here; AWS's tools send it */
            {0},
        },
};

bool create_repository_prepare(struct aws_call *call, struct err *err) {
    const char *name;
    return repository_name_check(call, &name, err) && hosting_create(call->server, name, err);
}

bool create_repository(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    const struct json *given = json_get(call->input, "tags");
    struct repository_row row = {
        .name = aws_text(call, "repositoryName"),
        .description = aws_text(call, "repositoryDescription"),
        .tags = given ? json_print(call->arena, given) : "{}",
    };
    if (row.description && !*row.description)
        row.description = NULL;
    if (!repositories_add(tx, &row, err)) {
        if (err->kind != ERR_CONFLICT)
            return false;
        return err_set_code(err, ERR_CONFLICT, "RepositoryNameExistsException", "Repository named %s already exists",
                            row.name);
    }
    if (!repositories_get(tx, call->arena, row.name, &row, err))
        return false;
    json_set(call->arena, out, "repositoryMetadata", repository_show(call, &row));
    return true;
}
