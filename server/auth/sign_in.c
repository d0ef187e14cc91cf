/*
 * Signing in and out with a browser. A link shows a page with one button, and only the button spends the link: mail
 * scanners and browsers open links on their own.
 */
#include "common/hash.h"
#include "common/str.h"
#include "server/auth/auth.h"
#include "server/auth/token.h"
#include "server/config.h"
#include "server/server.h"
#include "server/store/sessions.h"

#include <string.h>

#define TOKEN_LENGTH 44

/* The colours are the dashboard's (web/src/style/base.css): this page stands in front of it. */
static const char style[] =
    ":root{color-scheme:light dark;--page:#f4f6f8;--card:#fff;--text:#13202a;--line:#dce3e8;--accent:#0a6c8c;--on:#fff}"
    "@media(prefers-color-scheme:dark){:root{--page:#0d1318;--card:#141c23;--text:#e4ebf0;--line:#27343e;"
    "--accent:#48bbdd;--on:#03212c}}"
    "body{font:1rem/1.5 system-ui,sans-serif;display:grid;place-content:center;min-height:100vh;margin:0;padding:1rem;"
    "box-sizing:border-box;text-align:center;color:var(--text);background:var(--page)}"
    "main{max-width:26rem;padding:2rem 3rem;background:var(--card);border:1px solid var(--line);border-radius:14px}"
    "h1{margin:0 0 1rem;font-size:1.6rem;letter-spacing:-.018em}"
    "button{font:inherit;font-weight:600;min-height:44px;padding:.5rem 2rem;color:var(--on);background:var(--accent);"
    "border:0;border-radius:8px;cursor:pointer}"
    "button:focus-visible{outline:2.5px solid var(--accent);outline-offset:3px}";

/* Letters, digits and '_': nothing that means something in HTML. */
static bool is_token(const char *token) {
    return token && strlen(token) == TOKEN_LENGTH &&
           strspn(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") == TOKEN_LENGTH;
}

static void page(struct request *request, struct reply *reply, int status, const char *content) {
    uint8_t digest[SHA256_BYTES];
    char encoded[HASH_BASE64_SIZE(SHA256_BYTES)];
    hash_sha256(style, sizeof style - 1, digest);
    hash_to_base64(digest, sizeof digest, encoded);
    reply_text(request, reply, status, "text/html; charset=utf-8",
               arena_printf(request->arena,
                            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" "
                            "content=\"width=device-width\"><title>Penstock</title><style>%s</style><main>"
                            "<h1>Penstock</h1>%s</main></html>\n",
                            style, content));
    reply_header(request, reply, "Content-Security-Policy",
                 arena_printf(request->arena,
                              "default-src 'none'; style-src 'sha256-%s'; form-action 'self'; base-uri 'none'; "
                              "frame-ancestors 'none'",
                              encoded));
    reply_header(request, reply, "Referrer-Policy", "same-origin");
}

static void refuse(struct request *request, struct reply *reply) {
    page(request, reply, 403,
         "<p>This sign-in link was used before, is too old, or is not whole.</p>"
         "<p>Make a new one with <code>penstock token sign-in</code>, or ask a colleague for one.</p>");
}

void auth_sign_in_page(struct request *request, struct reply *reply) {
    const char *token = request_query(request, "token");
    if (!is_token(token)) {
        refuse(request, reply);
        return;
    }
    page(request, reply, 200,
         arena_printf(request->arena,
                      "<form method=\"post\" action=\"/sign-in\"><input type=\"hidden\" name=\"token\" value=\"%s\">"
                      "<button autofocus>Sign in</button></form>",
                      token));
}

struct signing_in {
    struct arena *arena;
    uint8_t link[SHA256_BYTES];
    uint8_t session[SHA256_BYTES];
    char csrf_token[41];
    int64_t expires_ms;
};

static bool spend(struct tx *tx, void *context, struct err *err) {
    struct signing_in *signing_in = context;
    struct session_row session = {.csrf_token = signing_in->csrf_token, .expires_ms = signing_in->expires_ms};
    return sign_in_links_spend(tx, signing_in->arena, signing_in->link, &session.user_name, err) &&
           sessions_add(tx, &session, signing_in->session, err);
}

static void set_cookie(struct request *request, struct reply *reply, const char *value, int64_t seconds) {
    bool secure = str_starts_with(request->server->config->base_url, "https://");
    reply_header(request, reply, "Set-Cookie",
                 arena_printf(request->arena, "%s=%s; Path=/; Max-Age=%lld; HttpOnly; SameSite=Lax%s",
                              AUTH_SESSION_COOKIE, value, (long long)seconds, secure ? "; Secure" : ""));
}

void auth_sign_in(struct request *request, struct reply *reply) {
    struct err err;
    const char *origin = request_header(request, "origin");
    if (origin && !auth_own_origin(request, origin)) {
        /* Another site's form would sign a visitor in as somebody else, who then reads what is typed. */
        page(request, reply, 403, "<p>This sign-in came from another site. Open the link itself.</p>");
        return;
    }
    const char *token = str_starts_with(request->body, "token=") ? request->body + 6 : NULL;
    if (!is_token(token)) {
        refuse(request, reply);
        return;
    }
    const char *session = token_new(request->arena, TOKEN_SESSION);
    struct signing_in signing_in = {.arena = request->arena};
    token_hash(token, signing_in.link);
    token_hash(session, signing_in.session);
    hash_random_text(signing_in.csrf_token, 40);
    signing_in.expires_ms = clock_wall_ms(request->server->clock) + AUTH_SESSION_MS;
    if (!db_write(request->server->db, spend, &signing_in, &err)) {
        if (err.kind == ERR_DENIED)
            refuse(request, reply);
        else
            reply_error(request, reply, &err);
        return;
    }
    reply_text(request, reply, 303, "text/plain", "signed in\n");
    reply_header(request, reply, "Location", "/");
    set_cookie(request, reply, session, AUTH_SESSION_MS / 1000);
}

static bool forget(struct tx *tx, void *context, struct err *err) {
    return sessions_delete(tx, context, err);
}

void auth_sign_out(struct request *request, struct reply *reply) {
    struct err err;
    uint8_t hash[SHA256_BYTES];
    if (request->principal.by_session) {
        token_hash(auth_session_token(request), hash);
        if (!db_write(request->server->db, forget, hash, &err)) {
            reply_error(request, reply, &err);
            return;
        }
    }
    reply_text(request, reply, 303, "text/plain", "signed out\n");
    reply_header(request, reply, "Location", "/");
    set_cookie(request, reply, "", 0);
}
