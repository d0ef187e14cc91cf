/*
 * `cache` of a buildspec: which paths, under which key, and whether they are read, written or both.
 */
#include "runner/buildspec/read.h"

#include <strings.h>

#define FALLBACK_KEYS_MAX 5

static const char *const cache_keys[] = {"paths", "key", "fallback-keys", "action", NULL};

static void read_action(struct reader *reader, const struct json *cache, struct buildspec_cache *out) {
    const char *action = NULL;
    if (!spec_text(reader, cache, "action", &action) || !action)
        return;
    out->restore = strcasecmp(action, "restore") == 0;
    out->save = strcasecmp(action, "save") == 0;
    if (!out->restore && !out->save)
        spec_refuse(reader, json_get(cache, "action"),
                    "cache 'action' must be restore or save, not '%.100s'; leave it out for both", action);
}

void buildspec_read_cache(struct reader *reader, const struct json *root, struct buildspec *out) {
    const struct json *cache;
    out->cache.restore = out->cache.save = true;
    if (!spec_object(reader, root, "cache", &cache) || !cache)
        return;
    const struct json *fallback = json_get(cache, "fallback-keys");
    spec_note_unknown(reader, cache, cache_keys, "of 'cache'");
    spec_texts(reader, json_get(cache, "paths"), "Paths", true, &out->cache.paths);
    spec_text(reader, cache, "key", &out->cache.key);
    spec_texts(reader, fallback, "Fallback-keys", true, &out->cache.fallback_keys);
    read_action(reader, cache, &out->cache);
    if (out->cache.fallback_keys.count > FALLBACK_KEYS_MAX)
        spec_refuse_key(reader, fallback, "%zu fallback keys; a cache takes at most %d", out->cache.fallback_keys.count,
                        FALLBACK_KEYS_MAX);
    if (out->cache.fallback_keys.count > 0 && !out->cache.key)
        spec_notice(reader, fallback, "'fallback-keys' of 'cache' is ignored: it counts only beside 'key'");
}
