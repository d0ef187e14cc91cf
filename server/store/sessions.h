/* Browser sessions and the one-time links that make one. Cookies and links are given as their SHA-256. */
#ifndef SERVER_STORE_SESSIONS_H
#define SERVER_STORE_SESSIONS_H

#include "common/hash.h"
#include "server/store/db.h"

#include <stdint.h>

struct session_row {
    const char *user_name;
    const char *csrf_token;
    int64_t created_ms;
    int64_t expires_ms;
};

/* Errors: ERR_NOT_FOUND unknown or expired. */
bool sessions_find(struct tx *tx, struct arena *arena, const uint8_t hash[SHA256_BYTES], struct session_row *out,
                   struct err *err);
/* Of the row, user_name, csrf_token and expires_ms are read. Drops expired ones on the way. */
bool sessions_add(struct tx *tx, const struct session_row *session, const uint8_t hash[SHA256_BYTES], struct err *err);
/* Wakes WAKE_EVENTS. */
bool sessions_delete(struct tx *tx, const uint8_t hash[SHA256_BYTES], struct err *err);

bool sign_in_links_add(struct tx *tx, const uint8_t hash[SHA256_BYTES], const char *user_name, int64_t expires_ms,
                       struct err *err);
/* Spends it and tells whom it is for. Errors: ERR_DENIED unknown, spent or expired. */
bool sign_in_links_spend(struct tx *tx, struct arena *arena, const uint8_t hash[SHA256_BYTES], const char **user_name,
                         struct err *err);

#endif
