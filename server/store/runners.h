/* Runners and the single-use tokens that make one. Tokens are given as their SHA-256 (SHA256_BYTES). */
#ifndef SERVER_STORE_RUNNERS_H
#define SERVER_STORE_RUNNERS_H

#include "common/hash.h"
#include "server/store/db.h"

#include <stdint.h>

/* A runner that was not heard of for this long is shown as offline. */
#define RUNNER_ONLINE_MS 60000

struct runner_row {
    const char *id;
    const char *name;
    const char *version;
    const char *instance_id; /* its newest process, or NULL */
    int64_t created_ms;
    int64_t seen_ms;
};

/* The runner with that token. Errors: ERR_NOT_FOUND, also where it was removed. */
bool runners_find(struct tx *tx, struct arena *arena, const uint8_t token_hash[SHA256_BYTES], struct runner_row *out,
                  struct err *err);
bool runners_get(struct tx *tx, struct arena *arena, const char *id, struct runner_row *out, struct err *err);
/* By name; removed ones are left out. */
bool runners_list(struct tx *tx, struct arena *arena, struct runner_row **out, size_t *count, struct err *err);
bool runners_count_online(struct tx *tx, int64_t *out, struct err *err);

/* Of the row, id, name and version are read. Writes an event. */
bool runners_add(struct tx *tx, const struct runner_row *runner, const uint8_t token_hash[SHA256_BYTES],
                 struct err *err);
/* It was heard of; writes at most each 20 seconds. */
bool runners_seen(struct tx *tx, const char *id, struct err *err);

/* For server/jobs only (queue_hello, queue_remove_runner). */
bool runners_set_instance(struct tx *tx, const char *id, const char *instance_id, const char *version, struct err *err);
bool runners_remove(struct tx *tx, const char *id, struct err *err);

bool join_tokens_add(struct tx *tx, const uint8_t hash[SHA256_BYTES], int64_t expires_ms, const char *by,
                     struct err *err);
/* Spends it. Errors: ERR_DENIED unknown, spent or expired. */
bool join_tokens_spend(struct tx *tx, const uint8_t hash[SHA256_BYTES], struct err *err);

#endif
