/*
 * Access keys, git tokens and sign-in links. What is secret is in one answer and never again.
 */
#include "server/api/penstock/penstock.h"

#include "server/auth/auth.h"
#include "server/store/access_keys.h"

static const struct shape_pattern user_pattern = {
    .aws = "[\\w+=,.@-]+", .expression = "^[A-Za-z0-9_+=,.@-]+$", .words = "letters, digits and + = , . @ - _"};
static const struct shape user_name = {.type = SHAPE_TEXT, .least = 1, .most = 64, .pattern = &user_pattern};

const struct shape create_access_key_input = {
    .type = SHAPE_OBJECT,
    .fields = (const struct shape_field[]){{.name = "userName", .shape = &user_name}, {0}},
};
const struct shape create_sign_in_link_input = {
    .type = SHAPE_OBJECT,
    .fields = (const struct shape_field[]){{.name = "userName", .shape = &user_name}, {0}},
};
const struct shape list_access_keys_input = {.type = SHAPE_OBJECT, .fields = (const struct shape_field[]){{0}}};
const struct shape list_git_tokens_input = {.type = SHAPE_OBJECT, .fields = (const struct shape_field[]){{0}}};
const struct shape delete_access_key_input = {
    .type = SHAPE_OBJECT,
    .fields = (const struct shape_field[]){{.name = "accessKeyId", .required = true, .shape = &aws_filled_text}, {0}},
};
const struct shape delete_git_token_input = {
    .type = SHAPE_OBJECT,
    .fields = (const struct shape_field[]){{.name = "tokenId", .required = true, .shape = &aws_filled_text}, {0}},
};
const struct shape create_git_token_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "description", .shape = &(const struct shape){.type = SHAPE_TEXT, .most = 200}}, {0}},
};

/* Whom it is for: the one named, else the caller. */
static const char *user_of(const struct aws_call *call) {
    return json_get_text_or(call->input, "userName", call->user);
}

bool create_access_key(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    (void)tx;
    struct auth_access_key key;
    if (!auth_create_access_key(call->server, call->arena, user_of(call), &key, err))
        return false;
    json_set_text(call->arena, out, "accessKeyId", key.id);
    json_set_text(call->arena, out, "secretAccessKey", key.secret);
    json_set_text(call->arena, out, "userName", user_of(call));
    json_set_time(call->arena, out, "created", key.created_ms);
    return true;
}

bool list_access_keys(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    struct access_key_row *rows;
    size_t count;
    if (!access_keys_list(tx, call->arena, &rows, &count, err))
        return false;
    struct json *list = json_set_array(call->arena, out, "accessKeys");
    for (size_t i = 0; i < count; i++) {
        struct json *item = json_append_object(call->arena, list);
        json_set_text(call->arena, item, "accessKeyId", rows[i].id);
        json_set_text(call->arena, item, "userName", rows[i].user_name);
        json_set_time(call->arena, item, "created", rows[i].created_ms);
        json_set_time(call->arena, item, "lastUsed", rows[i].used_ms);
    }
    return true;
}

bool delete_access_key(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    (void)out;
    return access_keys_delete(tx, aws_text(call, "accessKeyId"), err);
}

bool create_git_token(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    (void)tx;
    struct auth_token token;
    if (!auth_create_git_token(call->server, call->arena, call->user, aws_text(call, "description"), &token, err))
        return false;
    json_set_text(call->arena, out, "tokenId", token.id);
    json_set_text(call->arena, out, "token", token.token);
    json_set_time(call->arena, out, "created", token.created_ms);
    return true;
}

bool list_git_tokens(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    struct git_token_row *rows;
    size_t count;
    if (!git_tokens_list(tx, call->arena, &rows, &count, err))
        return false;
    struct json *list = json_set_array(call->arena, out, "gitTokens");
    for (size_t i = 0; i < count; i++) {
        struct json *item = json_append_object(call->arena, list);
        json_set_text(call->arena, item, "tokenId", rows[i].id);
        json_set_text(call->arena, item, "userName", rows[i].user_name);
        json_set_text(call->arena, item, "description", rows[i].description);
        json_set_time(call->arena, item, "created", rows[i].created_ms);
    }
    return true;
}

bool delete_git_token(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    (void)out;
    return git_tokens_delete(tx, aws_text(call, "tokenId"), err);
}

bool create_sign_in_link(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    (void)tx;
    struct auth_token token;
    if (!auth_create_sign_in_link(call->server, call->arena, user_of(call), &token, err))
        return false;
    json_set_text(call->arena, out, "url", token.token);
    json_set_time(call->arena, out, "expires", token.expires_ms);
    return true;
}
