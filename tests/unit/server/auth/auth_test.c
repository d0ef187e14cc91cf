/* Who gets in and who does not: sessions, signatures, runners' tokens, git's credentials, against a real store. */
#include "server/auth/auth.h"

#include "common/hash.h"
#include "common/sigv4.h"
#include "common/str.h"
#include "server/auth/token.h"
#include "server/config.h"
#include "server/server.h"
#include "server/store/access_keys.h"
#include "server/store/runners.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#define NOW_MS 1795412345678LL

static int64_t now_ms;
static int64_t read_now(void *context) {
    (void)context;
    return now_ms;
}
static const struct clock hand_clock = {read_now, read_now, NULL};
static const struct config config = {
    .base_url = "http://127.0.0.1:8080", .region = "eu-west-1", .account_id = "123456789012"};

static char directory[64];
static struct server server;
static struct arena arena = ARENA_INIT;
static struct err err;

static int setup(void **state) {
    (void)state;
    now_ms = NOW_MS;
    memcpy(directory, "/tmp/penstock-auth-XXXXXX", sizeof "/tmp/penstock-auth-XXXXXX");
    assert_non_null(mkdtemp(directory));
    server = (struct server){.config = &config, .clock = &hand_clock};
    if (!db_open(":memory:", &hand_clock, NULL, NULL, &server.db, &err) || !auth_open(directory, &server.auth, &err))
        fail_msg("%s", err.message);
    return 0;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *ftw) {
    (void)status, (void)kind, (void)ftw;
    return remove(path);
}

static int teardown(void **state) {
    (void)state;
    db_close(server.db);
    auth_close(server.auth);
    arena_release(&arena);
    return nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* Requests by hand */

static struct http_header headers[16];

static struct request request_of(const char *method, const char *path, const char *body) {
    memset(headers, 0, sizeof headers);
    return (struct request){.server = &server,
                            .arena = &arena,
                            .id = "id",
                            .method = method,
                            .path = path,
                            .query = "",
                            .headers = headers,
                            .body = body,
                            .body_size = strlen(body),
                            .body_fd = -1};
}

static void with(struct request *request, const char *name, const char *value) {
    headers[request->header_count++] = (struct http_header){name, value};
}

static void sign(struct request *request, const char *id, const char *secret, const char *region, int64_t when_ms) {
    const struct http_header own[] = {{"content-type", "application/x-amz-json-1.1"},
                                      {"x-amz-target", "P.GetPipeline"}};
    const struct sigv4_request to_sign = {request->method, request->path,     request->query, own, 2,
                                          request->body,   request->body_size};
    const struct http_header *all;
    size_t count;
    sigv4_sign(&arena, &to_sign, "127.0.0.1:8080", &(struct sigv4_credentials){id, secret, NULL},
               &(struct sigv4_scope){region, "codepipeline"}, when_ms, &all, &count);
    for (size_t i = 0; i < count; i++) {
        char *name = arena_strdup(&arena, all[i].name);
        for (char *at = name; *at; at++)
            *at = (char)(*at >= 'A' && *at <= 'Z' ? *at + 32 : *at);
        with(request, name, all[i].value);
    }
}

static bool passes(struct request *request) {
    return auth_user(request, &err) && auth_user_body(request, &err);
}

/* Tests */

static void key_file_test(void **state) {
    (void)state;
    struct auth *again;
    const void *sealed;
    size_t size;
    const char *opened;
    char path[128];
    snprintf(path, sizeof path, "%s/secret.key", directory);
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    auth_seal(server.auth, &arena, "a secret", &sealed, &size);
    assert_null(memmem(sealed, size, "secret", 6));
    assert_true(auth_open(directory, &again, &err));
    assert_true(auth_unseal(again, &arena, sealed, size, &opened, &err));
    assert_string_equal(opened, "a secret");
    for (size_t i = 0; i < size; i++) { /* any changed byte, any cut */
        uint8_t *changed = arena_memdup(&arena, sealed, size);
        changed[i] ^= 1;
        assert_false(auth_unseal(again, &arena, changed, size, &opened, &err));
        assert_false(auth_unseal(again, &arena, sealed, i, &opened, &err));
    }
    auth_close(again);
    assert_int_equal(chmod(path, 0640), 0);
    assert_false(auth_open(directory, &again, &err));
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(truncate(path, 31), 0);
    assert_false(auth_open(directory, &again, &err));
    assert_int_equal(err.kind, ERR_INVALID);
}

static void signature_test(void **state) {
    (void)state;
    struct auth_access_key key;
    assert_true(auth_create_access_key(&server, &arena, "ada", &key, &err));
    assert_int_equal(strlen(key.id), 20);
    assert_int_equal(strlen(key.secret), 40);

    struct request request = request_of("POST", "/", "{}");
    sign(&request, key.id, key.secret, "eu-west-1", now_ms);
    if (!passes(&request))
        fail_msg("%s", err.message);
    assert_string_equal(request.principal.name, "ada");
    assert_string_equal(request.principal.arn, "arn:aws:iam::123456789012:user/ada");
    assert_string_equal(request.principal.service, "codepipeline");
    assert_false(request.principal.by_session);
    request.body = "{ }";
    request.body_size = 3;
    assert_false(auth_user_body(&request, &err));
    assert_string_equal(err.code, "InvalidSignatureException");

    request = request_of("POST", "/", "{}");
    sign(&request, key.id, "not the secret, but as long as it is ...", "eu-west-1", now_ms);
    assert_false(passes(&request));
    assert_string_equal(err.code, "InvalidSignatureException");
    request = request_of("POST", "/", "{}");
    sign(&request, "PSKUNKNOWN", key.secret, "eu-west-1", now_ms);
    assert_false(auth_user(&request, &err));
    assert_string_equal(err.code, "UnrecognizedClientException");
    request = request_of("POST", "/", "{}");
    sign(&request, key.id, key.secret, "us-east-1", now_ms);
    assert_false(auth_user(&request, &err));
    assert_string_equal(err.code, "InvalidSignatureException");
    request = request_of("POST", "/", "{}");
    sign(&request, key.id, key.secret, "eu-west-1", now_ms - 6 * 60 * 1000);
    assert_false(passes(&request));
    request = request_of("POST", "/", "{}");
    assert_false(auth_user(&request, &err));
    assert_string_equal(err.code, "MissingAuthenticationTokenException");
    request = request_of("POST", "/", "{}");
    with(&request, "authorization", "AWS4-HMAC-SHA256 Credential=");
    assert_false(auth_user(&request, &err));
}

static const char *header_of(const struct reply *reply, const char *name) {
    for (size_t i = 0; i < reply->header_count; i++) {
        if (str_equal(reply->headers[i].name, name))
            return reply->headers[i].value;
    }
    return NULL;
}

/* Follows a link to its end: the cookie that the browser then has. NULL where it is refused. */
static char *sign_in(const char *url) {
    const char *token = strstr(url, "token=");
    struct reply reply = {.body_fd = -1};
    struct request request = request_of("POST", "/sign-in", token);
    auth_sign_in(&request, &reply);
    const char *cookie = header_of(&reply, "Set-Cookie");
    assert_int_equal(reply.status, cookie ? 303 : 403);
    return cookie ? arena_strndup(&arena, cookie, strcspn(cookie, ";")) : NULL;
}

static void session_test(void **state) {
    (void)state;
    struct auth_token link;
    assert_true(auth_create_sign_in_link(&server, &arena, "ada", &link, &err));
    assert_int_equal(link.expires_ms, NOW_MS + AUTH_SIGN_IN_LINK_MS);
    assert_true(str_starts_with(link.token, "http://127.0.0.1:8080/sign-in?token="));

    /* Looking at the page spends nothing. */
    struct reply reply = {.body_fd = -1};
    struct request request = request_of("GET", "/sign-in", "");
    request.query = strchr(link.token, '?') + 1;
    auth_sign_in_page(&request, &reply);
    assert_int_equal(reply.status, 200);
    assert_non_null(strstr(reply.body, "<button"));
    assert_non_null(header_of(&reply, "Content-Security-Policy"));

    /* Another site's form signs nobody in, and spends nothing. */
    reply = (struct reply){.body_fd = -1};
    request = request_of("POST", "/sign-in", strstr(link.token, "token="));
    with(&request, "origin", "http://evil.example.com");
    auth_sign_in(&request, &reply);
    assert_int_equal(reply.status, 403);
    assert_null(header_of(&reply, "Set-Cookie"));

    char *cookie = sign_in(link.token);
    assert_non_null(cookie);
    assert_null(sign_in(link.token)); /* once */

    request = request_of("GET", "/logs/x", "");
    with(&request, "cookie", arena_printf(&arena, "a=b; %s; c=d", cookie));
    assert_true(passes(&request));
    assert_true(request.principal.by_session);
    assert_string_equal(request.principal.name, "ada");
    const char *csrf = auth_csrf_token(&request);
    assert_non_null(csrf);

    static const struct {
        const char *origin, *target;
        bool token, other_token, passes;
    } cases[] = {
        {"http://127.0.0.1:8080", "P.Op", true, false, true},
        {"http://localhost:8080", "P.Op", true, false, true}, /* the name in the Host header */
        {"http://127.0.0.1:8080", "P.Op", false, false, false},
        {"http://127.0.0.1:8080", "P.Op", true, true, false},
        {"http://127.0.0.1:8080", "Penstock_20261101.GetSession", false, false, true},
        {"http://evil.example.com", "Penstock_20261101.GetSession", false, false, false},
        {"http://evil.example.com", "P.Op", true, false, false},
        {"http://127.0.0.1:80800", "P.Op", true, false, false},
        {"http://127.0.0.1", "P.Op", true, false, false},
        {"null", "P.Op", true, false, false},
        {NULL, "P.Op", true, false, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        request = request_of("POST", "/", "{}");
        with(&request, "cookie", cookie);
        with(&request, "host", "localhost:8080");
        with(&request, "x-amz-target", cases[i].target);
        if (cases[i].origin)
            with(&request, "origin", cases[i].origin);
        if (cases[i].token)
            with(&request, "x-penstock-csrf", cases[i].other_token ? "another" : csrf);
        if (passes(&request) != cases[i].passes)
            fail_msg("case %zu: %s", i, err.message);
    }

    now_ms += AUTH_SESSION_MS;
    request = request_of("GET", "/logs/x", "");
    with(&request, "cookie", cookie);
    assert_false(auth_user(&request, &err));
    assert_string_equal(err.code, "MissingAuthenticationTokenException");
}

static void sign_out_test(void **state) {
    (void)state;
    struct auth_token link;
    assert_true(auth_create_sign_in_link(&server, &arena, "ada", &link, &err));
    char *cookie = sign_in(link.token);
    struct request request = request_of("POST", "/sign-out", "");
    with(&request, "cookie", cookie);
    assert_true(auth_user(&request, &err));
    struct reply reply = {.body_fd = -1};
    auth_sign_out(&request, &reply);
    assert_int_equal(reply.status, 303);
    assert_false(auth_user(&request, &err));
    /* A link that is too old, and what is no link. */
    assert_true(auth_create_sign_in_link(&server, &arena, "ada", &link, &err));
    now_ms += AUTH_SIGN_IN_LINK_MS;
    assert_null(sign_in(link.token));
    assert_null(sign_in("token="));
    assert_null(sign_in("token=psl_\"><script>alert(1)</script>"));
}

/* Runners and git */

static bool add_runner(struct tx *tx, void *context, struct err *add_err) {
    uint8_t hash[SHA256_BYTES];
    token_hash(context, hash);
    return runners_add(
        tx, &(struct runner_row){.id = "11111111-1111-4111-8111-111111111111", .name = "one", .version = "1"}, hash,
        add_err);
}

static bool bearer(const char *authorization) {
    struct request request = request_of("POST", "/runner/lease", "{}");
    if (authorization)
        with(&request, "authorization", authorization);
    bool passed = auth_runner(&request, &err);
    if (passed)
        assert_int_equal(request.principal.kind, PRINCIPAL_RUNNER);
    return passed;
}

static void runner_test(void **state) {
    (void)state;
    char *token = token_new(&arena, TOKEN_RUNNER);
    assert_true(db_write(server.db, add_runner, token, &err));
    assert_true(bearer(arena_printf(&arena, "Bearer %s", token)));
    assert_false(bearer(NULL));
    assert_string_equal(err.code, "MissingAuthenticationTokenException");
    assert_false(bearer("Bearer "));
    assert_string_equal(err.code, "UnrecognizedClientException");
    assert_false(bearer(arena_printf(&arena, "Bearer %sx", token)));
    assert_false(bearer(arena_printf(&arena, "Basic %s", token)));
}

static const char *git_as(const char *path, const char *user, const char *password) {
    char *pair = arena_printf(&arena, "%s:%s", user, password);
    char *encoded = arena_alloc(&arena, HASH_BASE64_SIZE(strlen(pair)));
    hash_to_base64(pair, strlen(pair), encoded);
    struct request request = request_of("GET", path, "");
    with(&request, "host", "127.0.0.1:8080");
    with(&request, "authorization", arena_printf(&arena, "Basic %s", encoded));
    err_clear(&err);
    return auth_git(&request, &err) ? request.principal.name : NULL;
}

static void assert_git_refused(const char *user, const char *password, const char *message) {
    assert_null(git_as("/git/shop/info/refs", user, password));
    assert_string_equal(err.code, HTTP_CODE_BASIC);
    assert_string_equal(err.message, message); /* one answer for all */
}

static void git_test(void **state) {
    (void)state;
    struct auth_token token;
    struct auth_access_key key;
    char *runner = token_new(&arena, TOKEN_RUNNER);
    assert_true(auth_create_git_token(&server, &arena, "ada", "laptop", &token, &err));
    assert_true(auth_create_access_key(&server, &arena, "bob", &key, &err));
    assert_true(db_write(server.db, add_runner, runner, &err));
    assert_string_equal(git_as("/git/shop/info/refs", "whoever", token.token), "ada");
    assert_string_equal(git_as("/git/shop/info/refs", key.id, key.secret), "bob");
    assert_string_equal(git_as("/git/shop/info/refs", "runner", runner), "one");

    struct request none = request_of("GET", "/git/shop/info/refs", "");
    assert_false(auth_git(&none, &err));
    char *message = arena_strdup(&arena, err.message);
    assert_git_refused("whoever", "pst_0000000000000000000000000000000000000000", message);
    assert_git_refused("whoever", "", message);
    assert_git_refused(key.id, "wrong", message);
    assert_git_refused("PSKUNKNOWN", key.secret, message);
    assert_git_refused("runner", token.token, message);
    assert_git_refused("whoever", runner, message);
    none = request_of("GET", "/git/shop/info/refs", "");
    with(&none, "authorization", "Basic !!!");
    assert_false(auth_git(&none, &err));
    assert_string_equal(err.message, message);
}

int main(void) {
    hash_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(key_file_test, setup, teardown),
        cmocka_unit_test_setup_teardown(signature_test, setup, teardown),
        cmocka_unit_test_setup_teardown(session_test, setup, teardown),
        cmocka_unit_test_setup_teardown(sign_out_test, setup, teardown),
        cmocka_unit_test_setup_teardown(runner_test, setup, teardown),
        cmocka_unit_test_setup_teardown(git_test, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
