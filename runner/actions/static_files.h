/*
 * Files of a web site on their way to a bucket: which type each has, how long a browser may keep it, and in which order
 * they go up. Pure: it goes by names alone.
 */
#ifndef RUNNER_ACTIONS_STATIC_FILES_H
#define RUNNER_ACTIONS_STATIC_FILES_H

#include "common/arena.h"
#include "common/err.h"
#include "common/json.h"

struct static_rules {
    const struct json *content_types; /* {".ext": "type/sub"}, or NULL */
    const struct json *cache_rules;   /* [{glob, cacheControl}], or NULL */
    bool by_hash;                     /* CacheControlRules is HASHED */
    const char *cache_control;        /* for the rest, or NULL: none is said */
};

/* From the configuration's texts, each of which may be NULL or "". Errors: ERR_INVALID, naming the key. */
bool static_rules_read(struct arena *arena, const char *content_types, const char *cache_rules,
                       const char *cache_control, struct static_rules *out, struct err *err);

struct static_headers {
    const char *content_type;     /* never NULL */
    const char *content_encoding; /* "gzip", "br", or NULL */
    const char *cache_control;    /* or NULL */
};

/* `path` lies below the artifact's root: "assets/app-4f3e2d1c.js". */
struct static_headers static_headers(struct arena *arena, const struct static_rules *rules, const char *path);

/* The order of their upload: a page must never name a file that is not there yet. */
enum static_rank {
    STATIC_HASHED, /* the name changes with the contents */
    STATIC_PLAIN,
    STATIC_ENTRY, /* what a browser asks for by a name that stays: pages, manifests, service workers */
};
#define STATIC_RANKS 3

enum static_rank static_rank(const char *path);

#endif
