/*
 * Manifests, and what no release needs any more.
 */
#include "runner/actions/static_releases.h"

#include "common/clock.h"
#include "common/str.h"

#include <stdlib.h>
#include <string.h>

const char *static_releases_prefix(struct arena *arena, const char *prefix) {
    return arena_printf(arena, STATIC_OWN_FOLDER "releases/%s", prefix);
}

const char *static_releases_key(struct arena *arena, const char *prefix, int64_t began_ms, const char *id) {
    char moment[CLOCK_TEXT_SIZE];
    clock_format_basic(began_ms, moment);
    return arena_printf(arena, "%s%s-%03d-%s.json", static_releases_prefix(arena, prefix), moment,
                        (int)(began_ms % 1000), id);
}

const char *static_release_print(struct arena *arena, const struct static_release *release) {
    struct json *document = json_object(arena);
    json_set_integer(arena, document, "version", 1);
    json_set_text(arena, document, "execution", release->execution);
    struct json *keys = json_set_array(arena, document, "keys");
    for (size_t i = 0; i < release->key_count; i++)
        json_append_text(arena, keys, release->keys[i]);
    return json_print(arena, document);
}

bool static_release_read(struct arena *arena, const char *manifest, const char *text, size_t size,
                         struct static_release *out, struct err *err) {
    const struct json *document = NULL;
    if (!json_parse(arena, text, size, &document, err))
        return err_wrap(err, "manifest '%.500s'", manifest);
    const struct json *keys = json_get(document, "keys");
    if (json_get_integer(document, "version", 0) != 1 || !keys || keys->type != JSON_ARRAY)
        return err_set(err, ERR_INVALID, "'%.500s' is no manifest of a release", manifest);
    const char **list = arena_array(arena, const char *, keys->count);
    size_t count = 0;
    json_each(key, keys) {
        if (key->type != JSON_TEXT)
            return err_set(err, ERR_INVALID, "'%.500s' is no manifest of a release", manifest);
        list[count++] = key->text;
    }
    *out = (struct static_release){.manifest = manifest,
                                   .execution = json_get_text_or(document, "execution", ""),
                                   .keys = list,
                                   .key_count = count};
    return true;
}

size_t static_releases_fallen(const struct static_release *releases, size_t count, size_t keep) {
    size_t live = 0;
    for (size_t i = count; i > 0; i--)
        if (releases[i - 1].live && ++live == keep)
            return i - 1;
    return 0;
}

static int by_text(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char **keys_of(struct arena *arena, const struct static_release *releases, size_t from, size_t to,
                            size_t *count) {
    size_t total = 0;
    for (size_t i = from; i < to; i++)
        total += releases[i].key_count;
    const char **keys = arena_array(arena, const char *, total + 1);
    *count = 0;
    for (size_t i = from; i < to; i++)
        for (size_t k = 0; k < releases[i].key_count; k++)
            keys[(*count)++] = releases[i].keys[k];
    qsort(keys, *count, sizeof *keys, by_text);
    return keys;
}

const char *const *static_releases_unused(struct arena *arena, const struct static_release *releases, size_t count,
                                          size_t fallen, size_t *unused) {
    size_t old_count, kept_count;
    const char **old = keys_of(arena, releases, 0, fallen, &old_count);
    const char **kept = keys_of(arena, releases, fallen, count, &kept_count);
    *unused = 0;
    for (size_t i = 0; i < old_count; i++)
        if ((*unused == 0 || !str_equal(old[*unused - 1], old[i])) &&
            !bsearch(&old[i], kept, kept_count, sizeof *kept, by_text))
            old[(*unused)++] = old[i];
    return old;
}
