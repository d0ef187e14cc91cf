/*
 * Reading who and where, signing, sending, and turning the server's refusals into our errors.
 */
#include "cli/client.h"

#include "common/clock.h"
#include "common/doc.h"
#include "common/http_client.h"
#include "common/sigv4.h"
#include "common/str.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A log's long poll holds for at most 25 seconds. */
#define TIMEOUT_MS 40000

struct client {
    struct http_client *http;
    const char *url; /* without final slash */
    const char *host;
    struct sigv4_credentials credentials;
    const char *region;
};

static const struct {
    const char *prefix; /* of the operation, as callers name it */
    const char *target; /* of X-Amz-Target */
    const char *service;
} services[] = {
    {"CodePipeline.", "CodePipeline_20150709.", "codepipeline"},
    {"CodeBuild.", "CodeBuild_20161006.", "codebuild"},
    {"CodeCommit.", "CodeCommit_20150413.", "codecommit"},
    {"Penstock.", "Penstock_20261101.", "penstock"},
};

/* A variable that is set to nothing is as good as unset. */
static const char *variable(const char *name) {
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

static const char *config_path(struct arena *arena) {
    if (variable("PENSTOCK_CONFIG"))
        return variable("PENSTOCK_CONFIG");
    const char *config_home = variable("XDG_CONFIG_HOME");
    if (config_home)
        return arena_printf(arena, "%s/penstock/config.json", config_home);
    const char *home = getenv("HOME");
    return arena_printf(arena, "%s/.config/penstock/config.json", home ? home : "");
}

/* The variable's value; else the file's member. */
static const char *setting(const char *name, const struct json *file, const char *member) {
    const char *value = variable(name);
    return value ? value : json_get_text(file, member);
}

static bool read_settings(struct arena *arena, struct client *client, struct err *err) {
    const char *path = config_path(arena);
    const struct json *file = NULL;
    if (access(path, F_OK) == 0) {
        if (!doc_read(arena, path, &file, err))
            return false;
    } else if (variable("PENSTOCK_CONFIG")) {
        return err_set(err, ERR_NOT_FOUND, "PENSTOCK_CONFIG names '%s', which does not exist", path);
    }
    client->url = setting("PENSTOCK_URL", file, "url");
    client->credentials.access_key = setting("PENSTOCK_ACCESS_KEY_ID", file, "accessKeyId");
    client->credentials.secret_key = setting("PENSTOCK_SECRET_ACCESS_KEY", file, "secretAccessKey");
    client->region = setting("PENSTOCK_REGION", file, "region");
    if (!client->region)
        client->region = "us-east-1";
    if (client->url && client->credentials.access_key && client->credentials.secret_key)
        return true;
    return err_set(err, ERR_NOT_FOUND,
                   "which server? copy its admin.json to '%s', or set PENSTOCK_CONFIG, or PENSTOCK_URL, "
                   "PENSTOCK_ACCESS_KEY_ID and PENSTOCK_SECRET_ACCESS_KEY",
                   path);
}

bool client_open(struct arena *arena, struct client **out, struct err *err) {
    struct client *client = arena_new(arena, struct client);
    if (!read_settings(arena, client, err))
        return false;
    size_t length = strlen(client->url);
    while (length > 0 && client->url[length - 1] == '/')
        length--;
    client->url = arena_strndup(arena, client->url, length);
    const char *after_scheme = strstr(client->url, "://");
    if (!str_starts_with(client->url, "http://") && !str_starts_with(client->url, "https://"))
        return err_set(err, ERR_INVALID, "'%s' is no address of a server: it begins with http:// or https://",
                       client->url);
    client->host = arena_strndup(arena, after_scheme + 3, strcspn(after_scheme + 3, "/"));
    if (!http_client_global_init(err))
        return false;
    client->http = http_client_new();
    *out = client;
    return true;
}

void client_close(struct client *client) {
    if (!client)
        return;
    http_client_free(client->http);
    http_client_global_release();
}

/* AWS's exception names say what a script may want to know. */
static enum err_kind kind_of(int status, const char *type) {
    if (status >= 500)
        return status == 503 ? ERR_UNAVAILABLE : ERR_INTERNAL;
    if (status == 401 || status == 403 || str_starts_with(type, "AccessDenied") ||
        str_starts_with(type, "UnrecognizedClient") || str_starts_with(type, "InvalidSignature") ||
        str_starts_with(type, "IncompleteSignature") || str_starts_with(type, "MissingAuthentication"))
        return ERR_DENIED;
    if (status == 404 || str_ends_with(type, "NotFoundException") || str_ends_with(type, "DoesNotExistException"))
        return ERR_NOT_FOUND;
    return status == 409 ? ERR_CONFLICT : ERR_INVALID;
}

static bool refused(struct arena *arena, const struct http_answer *answer, struct err *err) {
    const struct json *body = NULL;
    if (!json_parse(arena, answer->body, answer->body_size, &body, NULL))
        return err_set(err, answer->status == 503 ? ERR_UNAVAILABLE : ERR_INTERNAL,
                       "the server answered with status %d and no word of why", answer->status);
    const char *type = json_get_text_or(body, "__type", "");
    const char *message = json_get_text_or(body, "message", type);
    return err_set(err, kind_of(answer->status, type), "%s", message);
}

static bool exchange(struct client *client, struct arena *arena, const struct sigv4_request *signing,
                     const char *service, const struct json **out, struct err *err) {
    const struct sigv4_scope scope = {.region = client->region, .service = service};
    const bool has_query = signing->query && *signing->query;
    struct http_request request = {
        .method = signing->method,
        .url = arena_printf(arena, "%s%s%s%s", client->url, signing->path, has_query ? "?" : "",
                            has_query ? signing->query : ""),
        .body = signing->body,
        .body_size = signing->body_size,
        .timeout_ms = TIMEOUT_MS,
    };
    sigv4_sign(arena, signing, client->host, &client->credentials, &scope, clock_wall_ms(&clock_system),
               &request.headers, &request.header_count);
    struct http_answer answer;
    if (!http_send(client->http, arena, &request, &answer, err))
        return err_wrap(err, "the server at '%s' cannot be reached", client->url);
    if (answer.status / 100 != 2)
        return refused(arena, &answer, err);
    if (answer.body_size == 0) {
        *out = json_object(arena);
        return true;
    }
    if (!json_parse(arena, answer.body, answer.body_size, out, err))
        return err_wrap(err, "the answer of '%s' cannot be read", client->url);
    return true;
}

bool client_call(struct client *client, struct arena *arena, const char *operation, const struct json *input,
                 const struct json **out, struct err *err) {
    const char *target = NULL, *service = NULL;
    for (size_t i = 0; i < sizeof services / sizeof *services; i++)
        if (str_starts_with(operation, services[i].prefix)) {
            target = arena_printf(arena, "%s%s", services[i].target, operation + strlen(services[i].prefix));
            service = services[i].service;
        }
    const char *body = json_print(arena, input ? input : json_object(arena));
    const struct http_header headers[] = {
        {.name = "Content-Type", .value = "application/x-amz-json-1.1"},
        {.name = "X-Amz-Target", .value = target},
    };
    const struct sigv4_request signing = {
        .method = "POST",
        .path = "/",
        .headers = headers,
        .header_count = 2,
        .body = body,
        .body_size = strlen(body),
    };
    return exchange(client, arena, &signing, service, out, err);
}

bool client_get(struct client *client, struct arena *arena, const char *path, const char *query,
                const struct json **out, struct err *err) {
    const struct sigv4_request signing = {.method = "GET", .path = path, .query = query};
    return exchange(client, arena, &signing, "penstock", out, err);
}

const char *client_url(const struct client *client) {
    return client->url;
}
