/* The secret key, what it seals, and everything that can be given out: keys, tokens, links. */
#include "server/auth/auth.h"

#include "common/file.h"
#include "common/str.h"
#include "server/auth/token.h"
#include "server/config.h"
#include "server/server.h"
#include "server/store/access_keys.h"
#include "server/store/runners.h"
#include "server/store/sessions.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct auth {
    uint8_t key[crypto_secretbox_KEYBYTES];
};

/* The key file */

static void close_fd(int *fd) {
    if (*fd >= 0)
        close(*fd);
}

static bool make_key(const char *path, uint8_t *key, struct err *err) {
    hash_random(key, crypto_secretbox_KEYBYTES);
    return file_put(path, key, crypto_secretbox_KEYBYTES, 0600, err);
}

static bool read_key(int fd, const char *path, uint8_t *key, struct err *err) {
    struct stat status;
    if (fstat(fd, &status) != 0)
        return err_set_errno(err, errno, "cannot look at '%s'", path);
    if (status.st_mode & 077)
        return err_set(err, ERR_DENIED, "'%s' can be read by others; make it yours alone with chmod 600", path);
    if (status.st_size != (off_t)crypto_secretbox_KEYBYTES ||
        read(fd, key, crypto_secretbox_KEYBYTES) != (ssize_t)crypto_secretbox_KEYBYTES)
        return err_set(err, ERR_INVALID, "'%s' is not a key of %d bytes; put back the one from your backup", path,
                       (int)crypto_secretbox_KEYBYTES);
    return true;
}

bool auth_open(const char *data_directory, struct auth **out, struct err *err) {
    char path[4096];
    snprintf(path, sizeof path, "%s/secret.key", data_directory);
    struct auth *auth = calloc(1, sizeof *auth);
    if (!auth)
        return err_set(err, ERR_INTERNAL, "no memory for the secret key");
    int fd CLEANUP(close_fd) = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    bool opened;
    if (fd >= 0)
        opened = read_key(fd, path, auth->key, err);
    else if (errno == ENOENT)
        opened = make_key(path, auth->key, err);
    else
        opened = err_set_errno(err, errno, "cannot open '%s'", path);
    if (!opened) {
        auth_close(auth);
        return false;
    }
    *out = auth;
    return true;
}

void auth_close(struct auth *auth) {
    if (!auth)
        return;
    hash_wipe(auth->key, sizeof auth->key);
    free(auth);
}

/* Sealing: nonce, then libsodium's secretbox */

void auth_seal(const struct auth *auth, struct arena *arena, const char *secret, const void **out, size_t *out_size) {
    size_t size = strlen(secret);
    uint8_t *sealed = arena_alloc(arena, crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + size);
    hash_random(sealed, crypto_secretbox_NONCEBYTES);
    crypto_secretbox_easy(sealed + crypto_secretbox_NONCEBYTES, (const uint8_t *)secret, size, sealed, auth->key);
    *out = sealed;
    *out_size = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + size;
}

bool auth_unseal(void *context, struct arena *arena, const void *sealed, size_t size, const char **out,
                 struct err *err) {
    const struct auth *auth = context;
    const size_t around = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES;
    const uint8_t *bytes = sealed;
    char *secret = arena_alloc(arena, size + 1);
    if (size < around || crypto_secretbox_open_easy((uint8_t *)secret, bytes + crypto_secretbox_NONCEBYTES,
                                                    size - crypto_secretbox_NONCEBYTES, bytes, auth->key) != 0)
        return err_set(err, ERR_INTERNAL, "a stored secret does not open with secret.key; was the key replaced?");
    *out = secret;
    return true;
}

void auth_derive(const struct auth *auth, const char *purpose, const char *text, uint8_t out[SHA256_BYTES]) {
    struct hash_hmac_state state;
    hash_hmac_begin(&state, auth->key, sizeof auth->key);
    hash_hmac_update(&state, purpose, strlen(purpose) + 1); /* with its end: no purpose begins another */
    hash_hmac_update(&state, text, strlen(text));
    hash_hmac_end(&state, out);
}

/* Tokens */

char *token_new(struct arena *arena, const char *prefix) {
    char random[41];
    hash_random_text(random, 40);
    char *token = arena_printf(arena, "%s%s", prefix, random);
    hash_wipe(random, sizeof random);
    return token;
}

void token_hash(const char *token, uint8_t out[SHA256_BYTES]) {
    hash_sha256(token, strlen(token), out);
}

const char *auth_csrf_token(const struct request *request) {
    return request->principal.csrf_token;
}

const char *auth_user_arn(const struct server *server, struct arena *arena, const char *user_name) {
    return arena_printf(arena, "arn:aws:iam::%s:user/%s", server->config->account_id, user_name);
}

/* Access keys */

static char *new_key_id(struct arena *arena) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    uint8_t random[17];
    hash_random(random, sizeof random);
    char *id = arena_strdup(arena, "PSK...................");
    for (size_t i = 0; i < sizeof random; i++)
        id[3 + i] = letters[random[i] % 32];
    id[20] = '\0';
    return id;
}

static bool add_access_key(struct tx *tx, void *context, struct err *err) {
    return access_keys_add(tx, context, err);
}

bool auth_create_access_key(struct server *server, struct arena *arena, const char *user_name,
                            struct auth_access_key *out, struct err *err) {
    char *secret = arena_alloc(arena, 41);
    hash_random_text(secret, 40);
    struct access_key_row row = {.id = new_key_id(arena), .user_name = user_name};
    auth_seal(server->auth, arena, secret, &row.secret, &row.secret_size);
    if (!db_write(server->db, add_access_key, &row, err))
        return false;
    *out = (struct auth_access_key){row.id, secret, clock_wall_ms(server->clock)};
    return true;
}

/* What is known by its hash */

struct new_token {
    const char *user_name;
    const char *description;
    const char *id;
    uint8_t hash[SHA256_BYTES];
    int64_t expires_ms;
};

static bool add_git_token(struct tx *tx, void *context, struct err *err) {
    const struct new_token *token = context;
    const struct git_token_row row = {
        .id = token->id, .user_name = token->user_name, .description = token->description};
    return git_tokens_add(tx, &row, token->hash, err);
}

bool auth_create_git_token(struct server *server, struct arena *arena, const char *user_name, const char *description,
                           struct auth_token *out, struct err *err) {
    char id[UUID_SIZE];
    hash_uuid(id);
    const char *token = token_new(arena, TOKEN_GIT);
    struct new_token row = {.user_name = user_name, .description = description, .id = id};
    token_hash(token, row.hash);
    if (!db_write(server->db, add_git_token, &row, err))
        return false;
    *out =
        (struct auth_token){.id = arena_strdup(arena, id), .token = token, .created_ms = clock_wall_ms(server->clock)};
    return true;
}

static bool add_join_token(struct tx *tx, void *context, struct err *err) {
    const struct new_token *token = context;
    return join_tokens_add(tx, token->hash, token->expires_ms, token->user_name, err);
}

bool auth_create_join_token(struct server *server, struct arena *arena, const char *user_name, struct auth_token *out,
                            struct err *err) {
    int64_t now_ms = clock_wall_ms(server->clock);
    const char *token = token_new(arena, TOKEN_JOIN);
    struct new_token row = {.user_name = user_name, .expires_ms = now_ms + AUTH_JOIN_TOKEN_MS};
    token_hash(token, row.hash);
    if (!db_write(server->db, add_join_token, &row, err))
        return false;
    *out = (struct auth_token){.token = token, .created_ms = now_ms, .expires_ms = row.expires_ms};
    return true;
}

static bool add_sign_in_link(struct tx *tx, void *context, struct err *err) {
    const struct new_token *token = context;
    return sign_in_links_add(tx, token->hash, token->user_name, token->expires_ms, err);
}

bool auth_create_sign_in_link(struct server *server, struct arena *arena, const char *user_name, struct auth_token *out,
                              struct err *err) {
    int64_t now_ms = clock_wall_ms(server->clock);
    const char *token = token_new(arena, TOKEN_SIGN_IN);
    struct new_token row = {.user_name = user_name, .expires_ms = now_ms + AUTH_SIGN_IN_LINK_MS};
    token_hash(token, row.hash);
    if (!db_write(server->db, add_sign_in_link, &row, err))
        return false;
    const char *url = arena_printf(arena, "%s/sign-in?token=%s", server->config->base_url, token);
    *out = (struct auth_token){.token = url, .created_ms = now_ms, .expires_ms = row.expires_ms};
    return true;
}
