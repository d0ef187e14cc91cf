/* Runners by their bearer token; git by Basic authentication. What is unknown and what does not fit look the same. */
#include "common/hash.h"
#include "common/sigv4.h"
#include "common/str.h"
#include "server/auth/auth.h"
#include "server/auth/token.h"
#include "server/config.h"
#include "server/server.h"
#include "server/store/access_keys.h"
#include "server/store/runners.h"

#include <string.h>
#include <strings.h>

#define RUNNER_USER "runner"

struct lookup {
    struct arena *arena;
    uint8_t hash[SHA256_BYTES];
    const char *access_key;
    struct runner_row runner;
    struct git_token_row git_token;
    struct access_key_row key;
};

static bool find_runner(struct tx *tx, void *context, struct err *err) {
    struct lookup *lookup = context;
    return runners_find(tx, lookup->arena, lookup->hash, &lookup->runner, err);
}

static bool find_git_token(struct tx *tx, void *context, struct err *err) {
    struct lookup *lookup = context;
    return git_tokens_find(tx, lookup->arena, lookup->hash, &lookup->git_token, err);
}

static bool find_key(struct tx *tx, void *context, struct err *err) {
    struct lookup *lookup = context;
    return access_keys_get(tx, lookup->arena, lookup->access_key, &lookup->key, err);
}

static void be_user(struct request *request, const char *id, const char *name) {
    request->principal = (struct principal){
        .kind = PRINCIPAL_USER,
        .id = id,
        .name = name,
        .arn = auth_user_arn(request->server, request->arena, name),
    };
}

/* Runners */

static bool find_by_token(struct request *request, const char *token, struct err *err) {
    struct lookup lookup = {.arena = request->arena};
    token_hash(token, lookup.hash);
    if (!db_read(request->server->db, find_runner, &lookup, err))
        return false;
    request->principal =
        (struct principal){.kind = PRINCIPAL_RUNNER, .id = lookup.runner.id, .name = lookup.runner.name};
    return true;
}

bool auth_runner(struct request *request, struct err *err) {
    const char *authorization = request_header(request, "authorization");
    if (!authorization || strncasecmp(authorization, "Bearer ", 7) != 0)
        return err_set_code(err, ERR_DENIED, "MissingAuthenticationTokenException",
                            "this door is for runners: send Authorization: Bearer with the runner's own token");
    if (find_by_token(request, authorization + 7, err))
        return true;
    if (err->kind != ERR_NOT_FOUND)
        return false;
    return err_set_code(err, ERR_DENIED, "UnrecognizedClientException",
                        "no runner has this token; it was removed, or joined another server: join again");
}

/* Git */

/* "git/shop/info/refs" is asked for with the credentials of ".../git/shop". */
static char *repository_path(const struct request *request) {
    static const char *const ends[] = {"/info/refs", "/git-upload-pack", "/git-receive-pack"};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        if (str_ends_with(request->path, ends[i]))
            return arena_strndup(request->arena, request->path, strlen(request->path) - strlen(ends[i]));
    }
    return arena_strdup(request->arena, request->path);
}

static char *host_without_port(const struct request *request) {
    const char *host = request_header(request, "host");
    if (!host)
        host = "";
    const char *bracket = strchr(host, ']'), *colon = strchr(bracket ? bracket : host, ':');
    return arena_strndup(request->arena, host, colon ? (size_t)(colon - host) : strlen(host));
}

/* The secret itself, or what `aws codecommit credential-helper` makes of it. */
static bool fits_key(struct request *request, const struct access_key_row *key, const char *password) {
    struct err ignored;
    const char *secret;
    if (!auth_unseal(request->server->auth, request->arena, key->secret, key->secret_size, &secret, &ignored))
        return false;
    return hash_equal_text(password, secret) ||
           sigv4_verify_git(request->arena, password, host_without_port(request), repository_path(request),
                            request->server->config->region, secret, clock_wall_ms(request->server->clock), &ignored);
}

/* ERR_NOT_FOUND for everything that does not fit. */
static bool check_pair(struct request *request, const char *user, const char *password, struct err *err) {
    struct lookup lookup = {.arena = request->arena};
    if (str_equal(user, RUNNER_USER))
        return find_by_token(request, password, err);
    token_hash(password, lookup.hash);
    if (db_read(request->server->db, find_git_token, &lookup, err)) {
        be_user(request, lookup.git_token.id, lookup.git_token.user_name);
        return true;
    }
    if (err->kind != ERR_NOT_FOUND)
        return false;
    lookup.access_key = arena_strndup(request->arena, user, strcspn(user, "%")); /* "ID%session-token" */
    if (!db_read(request->server->db, find_key, &lookup, err))
        return false;
    if (!fits_key(request, &lookup.key, password))
        return err_set(err, ERR_NOT_FOUND, "the secret does not fit the access key");
    be_user(request, lookup.key.id, lookup.key.user_name);
    return true;
}

/* "Basic base64(user:password)" */
static bool split_basic(struct request *request, const char **user, const char **password) {
    const char *authorization = request_header(request, "authorization");
    if (!authorization || strncasecmp(authorization, "Basic ", 6) != 0)
        return false;
    char *pair = arena_alloc(request->arena, strlen(authorization) + 1);
    size_t size;
    if (!hash_from_base64(authorization + 6, (uint8_t *)pair, &size))
        return false;
    pair[size] = '\0';
    char *colon = strchr(pair, ':');
    if (!colon || strlen(pair) != size)
        return false;
    *colon = '\0';
    *user = pair;
    *password = colon + 1;
    return true;
}

bool auth_git(struct request *request, struct err *err) {
    const char *user, *password;
    err_clear(err);
    if (split_basic(request, &user, &password)) {
        if (check_pair(request, user, password, err))
            return true;
        if (err->kind != ERR_NOT_FOUND)
            return false;
    }
    return err_set_code(err, ERR_DENIED, HTTP_CODE_BASIC,
                        "git needs a user name and a git token as password; 'penstock token' makes one");
}
