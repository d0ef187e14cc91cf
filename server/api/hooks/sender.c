/* Checking a webhook's signature. */
#include "server/api/hooks/sender.h"

#include "common/hash.h"
#include "common/str.h"
#include "server/api/hooks/payload.h"
#include "server/auth/auth.h"
#include "server/server.h"

#include <string.h>

#define PREFIX "sha256="

static bool refuse(struct err *err) {
    return err_set_code(err, ERR_DENIED, "MissingAuthenticationTokenException",
                        "the signature is missing or does not fit: there is no such hook here, or its secret is "
                        "another");
}

/* The only header of that name; NULL for none or several. */
static const char *only_header(const struct request *request, const char *name) {
    const char *value = NULL;
    for (size_t i = 0; i < request->header_count; i++) {
        if (!str_equal(request->headers[i].name, name))
            continue;
        if (value)
            return NULL;
        value = request->headers[i].value;
    }
    return value;
}

static bool is_signature(const char *text) {
    return text && str_starts_with(text, PREFIX) && strlen(text) == strlen(PREFIX) + SHA256_HEX_SIZE - 1 &&
           strspn(text + strlen(PREFIX), "0123456789abcdef") == SHA256_HEX_SIZE - 1;
}

struct lookup {
    const char *id;
    struct arena *arena;
    struct source_hook_row hook;
};

static bool find_hook(struct tx *tx, void *context, struct err *err) {
    struct lookup *lookup = context;
    return source_hooks_get(tx, lookup->arena, lookup->id, &lookup->hook, err);
}

/* The hook with its secret; *secret NULL where there is none. */
static bool open_hook(const struct request *request, const char *provider, struct source_hook_row *out,
                      const char **secret, struct err *err) {
    struct lookup lookup = {.id = request->captures[0], .arena = request->arena};
    *secret = NULL;
    if (!db_read(request->server->db, find_hook, &lookup, err))
        return err->kind == ERR_NOT_FOUND;
    if (!str_equal(lookup.hook.provider, provider))
        return true;
    if (!auth_unseal(request->server->auth, request->arena, lookup.hook.secret, lookup.hook.secret_size, secret, err))
        return err_wrap(err, "opening the secret of hook '%s'", lookup.hook.id);
    if (strlen(*secret) < SENDER_SECRET_LEAST)
        *secret = NULL;
    *out = lookup.hook;
    return true;
}

static bool fits(const struct request *request, const char *signature, const char *secret, bool *out, struct err *err) {
    uint8_t mac[SHA256_BYTES];
    char expected[sizeof PREFIX - 1 + SHA256_HEX_SIZE] = PREFIX;
    if (!payload_sign(request, secret, mac, err))
        return false;
    hash_to_hex(mac, sizeof mac, expected + sizeof PREFIX - 1);
    *out = hash_equal_text(signature, expected);
    return true;
}

bool sender_claims(const struct request *request, const char *header, struct err *err) {
    return is_signature(only_header(request, header)) || refuse(err);
}

bool sender_check(const struct request *request, const char *provider, const char *header, struct source_hook_row *out,
                  struct err *err) {
    const char *signature = only_header(request, header), *secret;
    struct source_hook_row hook;
    bool fit = false;
    if (!is_signature(signature))
        return refuse(err);
    if (!open_hook(request, provider, &hook, &secret, err))
        return false;
    /* The time an answer takes must not tell whether the hook exists. */
    char nobodys[SENDER_SECRET_LEAST + 1];
    hash_random_text(nobodys, SENDER_SECRET_LEAST);
    if (!fits(request, signature, secret ? secret : nobodys, &fit, err))
        return false;
    if (!fit || !secret)
        return refuse(err);
    *out = hook;
    return true;
}
