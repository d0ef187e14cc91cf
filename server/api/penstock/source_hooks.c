/*
 * PutSourceHook, ListSourceHooks, DeleteSourceHook: repositories elsewhere whose webhooks start pipelines.
 */
#include "server/api/penstock/penstock.h"

#include "server/auth/auth.h"
#include "server/store/source_hooks.h"

#include "common/hash.h"

#define HOOK_ID_LENGTH 32

static const char *const providers[] = {"github", NULL};
static const struct shape_pattern repository_pattern = {
    .aws = "[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+",
    .expression = "^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$",
    .words = "owner/name",
};
static const struct shape_pattern url_pattern = {
    .aws = "https?://[^@\\s]+",
    .expression = "^https?://[^@[:space:][:cntrl:]]+$",
    .words = "an address to clone, https://HOST/PATH, without user or password in it",
};
static const struct shape secret = {.type = SHAPE_TEXT, .least = 32, .most = 1000, .secret = true};
static const struct shape password = {.type = SHAPE_TEXT, .least = 1, .most = 1000, .secret = true};

const struct shape put_source_hook_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "provider",
             .required = true,
             .shape = &(const struct shape){.type = SHAPE_TEXT, .choices = providers}},
            {.name = "repository",
             .required = true,
             .shape =
                 &(const struct shape){.type = SHAPE_TEXT, .least = 3, .most = 200, .pattern = &repository_pattern}},
            {.name = "cloneUrl",
             .required = true,
             .shape = &(const struct shape){.type = SHAPE_TEXT, .least = 8, .most = 2000, .pattern = &url_pattern}},
            {.name = "secret", .required = true, .shape = &secret},
            {.name = "cloneUserName", .shape = &(const struct shape){.type = SHAPE_TEXT, .least = 1, .most = 200}},
            {.name = "clonePassword", .shape = &password},
            {.name = "forkPullRequests", .shape = &aws_boolean},
            {0},
        },
};
const struct shape list_source_hooks_input = {.type = SHAPE_OBJECT, .fields = (const struct shape_field[]){{0}}};
const struct shape delete_source_hook_input = {
    .type = SHAPE_OBJECT,
    .fields = (const struct shape_field[]){{.name = "hookId", .required = true, .shape = &aws_filled_text}, {0}},
};

static const char *payload_url(const struct aws_call *call, const char *provider, const char *id) {
    return arena_printf(call->arena, "%s/hooks/%s/%s", call->server->config->base_url, provider, id);
}

bool put_source_hook(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    char *id = arena_alloc(call->arena, HOOK_ID_LENGTH + 1);
    hash_random_text(id, HOOK_ID_LENGTH);
    struct source_hook_row row = {
        .id = id,
        .provider = aws_text(call, "provider"),
        .repository = aws_text(call, "repository"),
        .clone_url = aws_text(call, "cloneUrl"),
        .clone_user_name = aws_text(call, "cloneUserName"),
        .fork_pull_requests = json_get_bool(call->input, "forkPullRequests", false),
    };
    const char *clone_password = aws_text(call, "clonePassword"), *kept;
    auth_seal(call->server->auth, call->arena, aws_text(call, "secret"), &row.secret, &row.secret_size);
    if (clone_password)
        auth_seal(call->server->auth, call->arena, clone_password, &row.clone_password, &row.clone_password_size);
    if (!source_hooks_put(tx, call->arena, &row, &kept, err))
        return false;
    json_set_text(call->arena, out, "hookId", kept);
    json_set_text(call->arena, out, "payloadUrl", payload_url(call, row.provider, kept));
    return true;
}

bool list_source_hooks(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    struct source_hook_row *rows;
    size_t count;
    if (!source_hooks_list(tx, call->arena, &rows, &count, err))
        return false;
    struct json *list = json_set_array(call->arena, out, "hooks");
    for (size_t i = 0; i < count; i++) {
        struct json *item = json_append_object(call->arena, list);
        json_set_text(call->arena, item, "hookId", rows[i].id);
        json_set_text(call->arena, item, "provider", rows[i].provider);
        json_set_text(call->arena, item, "repository", rows[i].repository);
        json_set_text(call->arena, item, "cloneUrl", rows[i].clone_url);
        json_set_text(call->arena, item, "payloadUrl", payload_url(call, rows[i].provider, rows[i].id));
        json_set_bool(call->arena, item, "forkPullRequests", rows[i].fork_pull_requests);
        json_set_time(call->arena, item, "created", rows[i].created_ms);
        json_set_time(call->arena, item, "lastDelivery", rows[i].last_delivery_ms);
    }
    return true;
}

bool delete_source_hook(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    (void)out;
    return source_hooks_delete(tx, aws_text(call, "hookId"), err);
}
