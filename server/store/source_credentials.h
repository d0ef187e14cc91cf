/* Who signs in to the servers of sources: one for each kind of server, as CodeBuild has it. Tokens are sealed. */
#ifndef SERVER_STORE_SOURCE_CREDENTIALS_H
#define SERVER_STORE_SOURCE_CREDENTIALS_H

#include "server/store/db.h"

#include <stdint.h>

struct source_credential_row {
    const char *server_type; /* "GITHUB" */
    const char *auth_type;   /* "PERSONAL_ACCESS_TOKEN" */
    const char *user_name;   /* BASIC_AUTH, else NULL */
    const void *token;       /* sealed by the auth room; NULL where `resource` is set */
    size_t token_size;
    const char *resource; /* SECRETS_MANAGER: the secret that holds the token */
};

/* *found false for none. */
bool source_credentials_get(struct tx *tx, struct arena *arena, const char *server_type, bool *found,
                            struct source_credential_row *out, struct err *err);
bool source_credentials_list(struct tx *tx, struct arena *arena, struct source_credential_row **out, size_t *count,
                             struct err *err);
/* Replaces the one of that kind of server. */
bool source_credentials_put(struct tx *tx, const struct source_credential_row *row, struct err *err);
bool source_credentials_delete(struct tx *tx, const char *server_type, bool *found, struct err *err);

#endif
