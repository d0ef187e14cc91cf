/*
 * Users: a browser by its session's cookie, everybody else by SigV4. What the head says is looked up before the body is
 * taken; the signature, and a browser's Origin and CSRF token, are checked when the body is there.
 */
#include "common/hash.h"
#include "common/sigv4.h"
#include "common/str.h"
#include "server/auth/auth.h"
#include "server/auth/token.h"
#include "server/config.h"
#include "server/server.h"
#include "server/store/access_keys.h"
#include "server/store/sessions.h"

#include <string.h>

#define USED_EACH_MS (60 * 60 * 1000)

struct lookup {
    struct arena *arena;
    const char *access_key;
    uint8_t hash[SHA256_BYTES];
    struct access_key_row key;
    struct session_row session;
};

static bool find_key(struct tx *tx, void *context, struct err *err) {
    struct lookup *lookup = context;
    return access_keys_get(tx, lookup->arena, lookup->access_key, &lookup->key, err);
}

static bool find_session(struct tx *tx, void *context, struct err *err) {
    struct lookup *lookup = context;
    return sessions_find(tx, lookup->arena, lookup->hash, &lookup->session, err);
}

static bool mark_used(struct tx *tx, void *context, struct err *err) {
    return access_keys_used(tx, context, err);
}

/* SigV4 */

static bool find_signer(struct request *request, const struct sigv4_authorization *authorization,
                        struct access_key_row *out, struct err *err) {
    struct lookup lookup = {.arena = request->arena, .access_key = authorization->access_key};
    if (!db_read(request->server->db, find_key, &lookup, err)) {
        if (err->kind != ERR_NOT_FOUND)
            return false;
        return err_set_code(err, ERR_DENIED, "UnrecognizedClientException",
                            "The security token included in the request is invalid.");
    }
    *out = lookup.key;
    return true;
}

static bool check_signed_head(struct request *request, struct err *err) {
    struct sigv4_authorization authorization;
    struct access_key_row key;
    const char *region = request->server->config->region;
    if (!sigv4_parse(request->arena, request_header(request, "authorization"), &authorization, err) ||
        !find_signer(request, &authorization, &key, err))
        return false;
    if (!str_equal(authorization.region, region))
        return err_set_code(err, ERR_DENIED, "InvalidSignatureException",
                            "Credential should be scoped to a valid region: this server's is '%s', not '%s'.", region,
                            authorization.region);
    request->principal = (struct principal){
        .kind = PRINCIPAL_USER,
        .id = key.id,
        .name = key.user_name,
        .arn = auth_user_arn(request->server, request->arena, key.user_name),
        .service = authorization.service,
    };
    return true;
}

static bool check_signature(struct request *request, struct err *err) {
    struct sigv4_authorization authorization;
    struct access_key_row key;
    const char *secret;
    int64_t now_ms = clock_wall_ms(request->server->clock);
    const struct sigv4_request as_sent = {
        .method = request->method,
        .path = request->path,
        .query = request->query,
        .headers = request->headers,
        .header_count = request->header_count,
        .body = request->body,
        .body_size = request->body_size,
    };
    if (!sigv4_parse(request->arena, request_header(request, "authorization"), &authorization, err) ||
        !find_signer(request, &authorization, &key, err) ||
        !auth_unseal(request->server->auth, request->arena, key.secret, key.secret_size, &secret, err) ||
        !sigv4_verify(request->arena, &as_sent, &authorization, secret, now_ms, err))
        return false;
    if (key.used_ms + USED_EACH_MS <= now_ms) {
        struct err ignored; /* when a key was used is for people; a request does not fail for it */
        (void)db_write(request->server->db, mark_used, arena_strdup(request->arena, key.id), &ignored);
    }
    return true;
}

/* Sessions */

static const char *find_cookie(const struct request *request, const char *name) {
    const char *at = request_header(request, "cookie");
    size_t length = strlen(name);
    while (at && *at) {
        at += strspn(at, " ;");
        size_t size = strcspn(at, ";");
        if (size > length && strncmp(at, name, length) == 0 && at[length] == '=')
            return arena_strndup(request->arena, at + length + 1, size - length - 1);
        at += size;
    }
    return NULL;
}

const char *auth_session_token(const struct request *request) {
    return find_cookie(request, AUTH_SESSION_COOKIE);
}

bool auth_session_hash(const struct request *request, uint8_t out[SHA256_BYTES]) {
    const char *token = auth_session_token(request);
    if (token)
        token_hash(token, out);
    return token != NULL;
}

bool auth_session(struct request *request, struct err *err) {
    struct lookup lookup = {.arena = request->arena};
    bool token = auth_session_hash(request, lookup.hash);
    if (!token || !db_read(request->server->db, find_session, &lookup, err)) {
        if (token && err->kind != ERR_NOT_FOUND)
            return false;
        return err_set_code(err, ERR_DENIED, "MissingAuthenticationTokenException",
                            "sign in first: this needs a session or a signature of an access key");
    }
    char *id = arena_alloc(request->arena, 17);
    hash_to_hex(lookup.hash, 8, id);
    request->principal = (struct principal){
        .kind = PRINCIPAL_USER,
        .id = id,
        .name = lookup.session.user_name,
        .arn = auth_user_arn(request->server, request->arena, lookup.session.user_name),
        .by_session = true,
        .csrf_token = lookup.session.csrf_token,
    };
    return true;
}

bool auth_own_origin(const struct request *request, const char *origin) {
    const char *base = request->server->config->base_url;
    const char *path = strchr(strstr(base, "://") + 3, '/');
    size_t length = path ? (size_t)(path - base) : strlen(base);
    if (strlen(origin) == length && strncmp(origin, base, length) == 0)
        return true;
    const char *authority = strstr(origin, "://");
    return (str_starts_with(origin, "http://") || str_starts_with(origin, "https://")) &&
           str_equal(authority + 3, request_header(request, "host"));
}

/* GetSession tells the CSRF token, so it cannot ask for it; another site cannot read what it answers. */
static bool gives_csrf_token(const struct request *request) {
    const char *target = request_header(request, "x-amz-target");
    return target && str_ends_with(target, ".GetSession");
}

static bool check_browser(const struct request *request, struct err *err) {
    const char *origin = request_header(request, "origin");
    const char *token = request_header(request, "x-penstock-csrf");
    if (str_equal(request->method, "GET") || str_equal(request->method, "HEAD"))
        return true;
    if (!origin || !auth_own_origin(request, origin))
        return err_set(err, ERR_DENIED, "a browser's request must come from this server's own pages");
    if (!gives_csrf_token(request) && (!token || !hash_equal_text(token, request->principal.csrf_token)))
        return err_set(err, ERR_DENIED, "the header X-Penstock-Csrf is missing or of another session; reload the page");
    return true;
}

/* Either */

bool auth_user(struct request *request, struct err *err) {
    return request_header(request, "authorization") ? check_signed_head(request, err) : auth_session(request, err);
}

bool auth_user_body(struct request *request, struct err *err) {
    return request->principal.by_session ? check_browser(request, err) : check_signature(request, err);
}
