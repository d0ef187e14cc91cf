/*
 * Repositories as this door finds and shows them.
 */
#include "server/api/codecommit/codecommit.h"

#include "server/api/names.h"
#include "server/git/hosting.h"

bool repository_name_check(const struct aws_call *call, const char **out, struct err *err) {
    const char *name = aws_text(call, "repositoryName");
    if (!name)
        return err_set_code(err, ERR_INVALID, "RepositoryNameRequiredException", "A repository name is required.");
    if (!hosting_name_valid(name))
        return err_set_code(err, ERR_INVALID, "InvalidRepositoryNameException",
                            "The repository name '%s' is not valid: write 1 to 100 letters, digits, periods, "
                            "underscores and dashes, not ending in .git",
                            name);
    *out = name;
    return true;
}

bool repository_find(struct tx *tx, const struct aws_call *call, struct repository_row *out, struct err *err) {
    const char *name;
    if (!repository_name_check(call, &name, err))
        return false;
    if (repositories_get(tx, call->arena, name, out, err))
        return true;
    if (err->kind != ERR_NOT_FOUND)
        return false;
    return err_set_code(err, ERR_NOT_FOUND, "RepositoryDoesNotExistException", "%s does not exist", name);
}

struct look_up {
    const struct aws_call *call;
    struct repository_row *out;
};

static bool look_up(struct tx *tx, void *context, struct err *err) {
    struct look_up *what = context;
    return repository_find(tx, what->call, what->out, err);
}

bool repository_look_up(struct aws_call *call, struct repository_row *out, struct err *err) {
    return db_read(call->server->db, look_up, &(struct look_up){call, out}, err);
}

struct json *repository_show(const struct aws_call *call, const struct repository_row *row) {
    struct arena *arena = call->arena;
    struct json *shown = json_object(arena);
    json_set_text(arena, shown, "accountId", call->account_id);
    json_set_text(arena, shown, "repositoryId", row->uuid);
    json_set_text(arena, shown, "repositoryName", row->name);
    json_set_text(arena, shown, "repositoryDescription", row->description);
    json_set_text(arena, shown, "defaultBranch", row->default_branch);
    json_set_time(arena, shown, "lastModifiedDate", row->updated_ms);
    json_set_time(arena, shown, "creationDate", row->created_ms);
    json_set_text(arena, shown, "cloneUrlHttp", hosting_clone_url(call->server, arena, row->name));
    json_set_text(arena, shown, "Arn", name_repository_arn(call, row->name));
    return shown;
}
