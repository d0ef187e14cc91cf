/* Access keys (SigV4) and git tokens. Secrets come and go as bytes that the auth room sealed; tokens as their hash. */
#ifndef SERVER_STORE_ACCESS_KEYS_H
#define SERVER_STORE_ACCESS_KEYS_H

#include "common/hash.h"
#include "server/store/db.h"

#include <stdint.h>

struct access_key_row {
    const char *id; /* accessKeyId */
    const char *user_name;
    const void *secret; /* sealed */
    size_t secret_size;
    int64_t created_ms;
    int64_t used_ms; /* about; 0 never */
};

/* Errors: ERR_NOT_FOUND. */
bool access_keys_get(struct tx *tx, struct arena *arena, const char *id, struct access_key_row *out, struct err *err);
bool access_keys_list(struct tx *tx, struct arena *arena, struct access_key_row **out, size_t *count, struct err *err);
/* Of the row, id, user_name and secret are read. */
bool access_keys_add(struct tx *tx, const struct access_key_row *key, struct err *err);
/* Errors: ERR_NOT_FOUND. */
bool access_keys_delete(struct tx *tx, const char *id, struct err *err);
bool access_keys_used(struct tx *tx, const char *id, struct err *err);

struct git_token_row {
    const char *id; /* UUID */
    const char *user_name;
    const char *description; /* or NULL */
    int64_t created_ms;
};

/* Errors: ERR_NOT_FOUND. */
bool git_tokens_find(struct tx *tx, struct arena *arena, const uint8_t hash[SHA256_BYTES], struct git_token_row *out,
                     struct err *err);
bool git_tokens_list(struct tx *tx, struct arena *arena, struct git_token_row **out, size_t *count, struct err *err);
bool git_tokens_add(struct tx *tx, const struct git_token_row *token, const uint8_t hash[SHA256_BYTES],
                    struct err *err);
bool git_tokens_delete(struct tx *tx, const char *id, struct err *err);

#endif
