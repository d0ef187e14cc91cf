/*
 * Which releases of a site are in a bucket. Each has a manifest there, below ".penstock/releases/": the keys of its
 * files, and the run it belongs to. Pages of an older release may be open in somebody's browser, so its files stay
 * until enough later releases went live. Pure.
 */
#ifndef RUNNER_ACTIONS_STATIC_RELEASES_H
#define RUNNER_ACTIONS_STATIC_RELEASES_H

#include "common/arena.h"
#include "common/err.h"
#include "common/json.h"

#define STATIC_OWN_FOLDER ".penstock/"

struct static_release {
    const char *manifest;  /* its key in the bucket */
    const char *execution; /* of the pipeline */
    bool live;             /* that execution succeeded; stands in no manifest, for it ends after the action */
    const char *const *keys;
    size_t key_count;
};

/* Below which prefix the manifests of the releases at `prefix` lie ("" for the bucket's root). */
const char *static_releases_prefix(struct arena *arena, const char *prefix);

/* Sorts by time: `began_ms` first. */
const char *static_releases_key(struct arena *arena, const char *prefix, int64_t began_ms, const char *id);

const char *static_release_print(struct arena *arena, const struct static_release *release);

/* Errors: ERR_INVALID: no manifest of ours. */
bool static_release_read(struct arena *arena, const char *manifest, const char *text, size_t size,
                         struct static_release *out, struct err *err);

/* `releases` oldest first. *fallen: how many of the oldest are behind the `keep` newest live ones. A release that never
 * went live counts for nothing, so failed runs push no live one out. */
size_t static_releases_fallen(const struct static_release *releases, size_t count, size_t keep);

/* Keys of the first `fallen` that no later release has, each once, sorted. */
const char *const *static_releases_unused(struct arena *arena, const struct static_release *releases, size_t count,
                                          size_t fallen, size_t *unused);

#endif
