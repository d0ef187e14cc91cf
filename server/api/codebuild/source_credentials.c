/*
 * ImportSourceCredentials, ListSourceCredentials, DeleteSourceCredentials: who signs in to a kind of source server. A
 * token is stored sealed, and is given to the runner that fetches a source from there, and to nobody else.
 */
#include "server/api/codebuild/codebuild.h"

#include "server/api/names.h"
#include "server/auth/auth.h"
#include "server/store/source_credentials.h"

#include "common/str.h"

#include <string.h>

static const char *const servers[] = {"GITHUB", "BITBUCKET",           "GITHUB_ENTERPRISE",
                                      "GITLAB", "GITLAB_SELF_MANAGED", NULL};
static const char *const ways[] = {"OAUTH",           "BASIC_AUTH",      "PERSONAL_ACCESS_TOKEN",
                                   "CODECONNECTIONS", "SECRETS_MANAGER", NULL};
static const struct shape token = {.type = SHAPE_TEXT, .least = 1, .secret = true};

const struct shape import_source_credentials_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "username", .shape = &aws_filled_text},
            {.name = "token", .required = true, .shape = &token},
            {.name = "serverType",
             .required = true,
             .shape = &(const struct shape){.type = SHAPE_TEXT, .choices = servers}},
            {.name = "authType", .required = true, .shape = &(const struct shape){.type = SHAPE_TEXT, .choices = ways}},
            {.name = "shouldOverwrite", .shape = &aws_boolean},
            {0},
        },
};
const struct shape list_source_credentials_input = {.type = SHAPE_OBJECT, .fields = (const struct shape_field[]){{0}}};
const struct shape delete_source_credentials_input = {
    .type = SHAPE_OBJECT,
    .fields = (const struct shape_field[]){{.name = "arn", .required = true, .shape = &aws_filled_text}, {0}},
};

/* "arn:aws:codebuild:REGION:ACCOUNT:token/github_enterprise" */
static const char *arn_of(const struct aws_call *call, const char *server_type) {
    char *name = arena_strdup(call->arena, server_type);
    for (char *at = name; *at; at++)
        if (*at >= 'A' && *at <= 'Z')
            *at = (char)(*at - 'A' + 'a');
    return arena_printf(call->arena, "arn:aws:codebuild:%s:%s:token/%s", call->region, call->account_id, name);
}

static bool refuse(struct err *err, const char *message) {
    return err_set_code(err, ERR_INVALID, "InvalidInputException", "%s", message);
}

static bool read_row(const struct aws_call *call, struct source_credential_row *out, struct err *err) {
    const char *way = aws_text(call, "authType");
    *out = (struct source_credential_row){.server_type = aws_text(call, "serverType"), .auth_type = way};
    if (str_equal(way, "CODECONNECTIONS"))
        return refuse(err, "CODECONNECTIONS is not supported: there is no connection here to take a token from; import "
                           "a PERSONAL_ACCESS_TOKEN");
    if (str_equal(way, "BASIC_AUTH") && !aws_text(call, "username"))
        return refuse(err, "BASIC_AUTH needs 'username' beside 'token', the password");
    out->user_name = aws_text(call, "username");
    if (str_equal(way, "SECRETS_MANAGER"))
        out->resource = aws_text(call, "token");
    else
        auth_seal(call->server->auth, call->arena, aws_text(call, "token"), &out->token, &out->token_size);
    return true;
}

bool import_source_credentials(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    struct source_credential_row row, there;
    bool found = false;
    if (!read_row(call, &row, err) || !source_credentials_get(tx, call->arena, row.server_type, &found, &there, err))
        return false;
    if (found && !json_get_bool(call->input, "shouldOverwrite", true))
        return err_set_code(err, ERR_CONFLICT, "ResourceAlreadyExistsException",
                            "there are credentials for %s already; delete them, or say shouldOverwrite",
                            row.server_type);
    json_set_text(call->arena, out, "arn", arn_of(call, row.server_type));
    return source_credentials_put(tx, &row, err);
}

bool list_source_credentials(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    struct source_credential_row *rows = NULL;
    size_t count = 0;
    if (!source_credentials_list(tx, call->arena, &rows, &count, err))
        return false;
    struct json *list = json_set_array(call->arena, out, "sourceCredentialsInfos");
    for (size_t i = 0; i < count; i++) {
        struct json *one = json_append_object(call->arena, list);
        json_set_text(call->arena, one, "arn", arn_of(call, rows[i].server_type));
        json_set_text(call->arena, one, "serverType", rows[i].server_type);
        json_set_text(call->arena, one, "authType", rows[i].auth_type);
        json_set_text(call->arena, one, "resource", rows[i].resource);
    }
    return true;
}

bool delete_source_credentials(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    const char *arn = aws_text(call, "arn");
    bool found = false;
    for (const char *const *server = servers; *server; server++) {
        if (!str_equal(arn_of(call, *server), arn))
            continue;
        if (!source_credentials_delete(tx, *server, &found, err))
            return false;
    }
    if (!found)
        return err_set_code(err, ERR_NOT_FOUND, "ResourceNotFoundException", "no source credentials '%s'", arn);
    json_set_text(call->arena, out, "arn", arn);
    return true;
}
