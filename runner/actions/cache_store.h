/*
 * Where caches are kept: a folder of this machine with a size cap, the least recently used going first, or a bucket.
 * A cache is one file under a name such as "project-shop/1f2e…/key-npm-1234.zip"; it comes and goes whole, so that
 * builds side by side see the old one or the new one.
 */
#ifndef RUNNER_ACTIONS_CACHE_STORE_H
#define RUNNER_ACTIONS_CACHE_STORE_H

#include "common/arena.h"
#include "common/err.h"
#include "runner/aws/s3.h"

#include <stdint.h>

struct cache_store {
    const char *folder; /* or NULL: S3 */
    int64_t most_bytes; /* of the folder */
    struct s3 s3;
    const char *bucket;
    const char *prefix; /* "" or with a slash at its end */
};

/* The text as a part of a name that a file can have: encoded. A long one is its beginning and a hash of it all, so that
 * what begins with it is only found by its first 150 bytes. */
const char *cache_store_part(struct arena *arena, const char *text);

/* Copies the cache of that name to `path`. Errors: ERR_NOT_FOUND: there is none; others. */
bool cache_store_get(struct cache_store *store, struct arena *arena, const char *name, const char *path,
                     struct err *err);

/* The name of the newest cache that begins so, without ".zip" after it counting. Errors: ERR_NOT_FOUND, others. */
bool cache_store_find(struct cache_store *store, struct arena *arena, const char *beginning, const char **name,
                      struct err *err);

/* Whether there is one of exactly that name. */
bool cache_store_has(struct cache_store *store, struct arena *arena, const char *name);

/* Puts it in place; `path` is used up. Errors: ERR_LIMIT: larger than the folder may be; others. */
bool cache_store_put(struct cache_store *store, struct arena *arena, const char *name, const char *path,
                     const char *build_arn, struct err *err);

#endif
