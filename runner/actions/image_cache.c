/*
 * Pruning. An image's age is when it was last given a name: a build that finds every layer in the cache makes the same
 * image again and names it. What is young may be another job's, which is about to push it. BuildKit's records carry no
 * labels, so that its cache is held below the size as a whole, which the engine itself does, oldest first.
 */
#include "runner/actions/image_cache.h"

#include "common/clock.h"
#include "common/str.h"
#include "runner/actions/image_docker.h"
#include "runner/docker/image_push.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LOOK_MS (5 * 60 * 1000)   /* an engine with much on its disk adds up for long */
#define YOUNG_MS (60 * 60 * 1000) /* longer than anybody takes from an image's build to the end of its push */

struct kept_image {
    const char *id;
    int64_t used_ms;
    int64_t bytes; /* that no other image shares */
    const struct json *names;
    bool keep;
};

static int by_age(const void *a, const void *b) {
    const struct kept_image *one = a, *other = b;
    return (one->used_ms > other->used_ms) - (one->used_ms < other->used_ms);
}

/* "2026-11-23T12:00:00.123456789+01:00", which is the engine's own zone, or "…Z"; 0 for what is no time. */
static int64_t read_time(const char *text) {
    struct tm parts = {0};
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &parts);
    if (rest && *rest == '.')
        rest += 1 + strspn(rest + 1, "0123456789");
    rest = rest ? strptime(rest, "%z", &parts) : NULL;
    if (!rest || *rest)
        return 0;
    int64_t offset = parts.tm_gmtoff; /* timegm overwrites it */
    return ((int64_t)timegm(&parts) - offset) * 1000;
}

static int64_t last_used_ms(struct docker *docker, struct arena *arena, const char *id) {
    const struct json *answer = NULL;
    const struct docker_call call = {.method = "GET",
                                     .path = arena_printf(arena, "/images/%s/json", http_encode(arena, id, true))};
    if (!docker_send(docker, arena, &call, &answer, NULL))
        return 0;
    const char *tagged = json_get_text_or(json_get(answer, "Metadata"), "LastTagTime", "");
    return read_time(str_starts_with(tagged, "0001") ? json_get_text_or(answer, "Created", "") : tagged);
}

static bool is_named(const struct json *names, const char *name) {
    json_each(item, names) {
        if (str_equal(item->text, name))
            return true;
    }
    return false;
}

static size_t collect(struct docker *docker, struct arena *arena, const struct json *usage, const char *keep,
                      struct kept_image **out) {
    const struct json *images = json_get(usage, "Images");
    struct kept_image *list = arena_array(arena, struct kept_image, (images ? images->count : 0) + 1);
    int64_t young_ms = clock_wall_ms(&clock_system) - YOUNG_MS;
    size_t count = 0;
    json_each(item, images) {
        const char *id = json_get_text(item, "Id");
        if (!id || !json_get(json_get(item, "Labels"), IMAGE_LABEL))
            continue;
        int64_t shared = json_get_integer(item, "SharedSize", 0);
        int64_t used_ms = last_used_ms(docker, arena, id);
        list[count++] = (struct kept_image){.id = id,
                                            .used_ms = used_ms,
                                            .bytes = json_get_integer(item, "Size", 0) - (shared > 0 ? shared : 0),
                                            .names = json_get(item, "RepoTags"),
                                            .keep = used_ms > young_ms || is_named(json_get(item, "RepoTags"), keep)};
    }
    qsort(list, count, sizeof *list, by_age);
    *out = list;
    return count;
}

/* Name by name: what somebody else named, too, stays with that name. */
static void remove_image(struct docker *docker, struct arena *arena, const struct kept_image *image) {
    bool named = false;
    json_each(name, image->names) {
        if (!str_starts_with(name->text, IMAGE_NAME ":"))
            continue;
        named = true;
        (void)image_remove(docker, arena, name->text, NULL);
    }
    if (!named && (!image->names || image->names->count == 0))
        (void)image_remove(docker, arena, image->id, NULL);
}

static bool prune_images(struct docker *docker, struct arena *arena, int64_t ceiling, const char *keep,
                         struct err *err) {
    const struct json *usage = NULL;
    const struct docker_call call = {.method = "GET", .path = "/system/df", .timeout_ms = LOOK_MS};
    if (!docker_send(docker, arena, &call, &usage, err))
        return false;
    struct kept_image *images;
    size_t count = collect(docker, arena, usage, keep, &images);
    int64_t total = 0;
    for (size_t i = 0; i < count; i++)
        total += images[i].bytes;
    for (size_t i = 0; i < count && total > ceiling; i++) {
        if (images[i].keep)
            continue;
        remove_image(docker, arena, &images[i]);
        total -= images[i].bytes;
    }
    return true;
}

bool image_cache_prune(struct docker *docker, int64_t ceiling_bytes, const char *keep, struct err *err) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct docker_call call = {
        .method = "POST",
        .path = arena_printf(&arena, "/build/prune?all=1&keep-storage=%lld", (long long)ceiling_bytes),
        .timeout_ms = LOOK_MS};
    return prune_images(docker, &arena, ceiling_bytes, keep, err) && docker_send(docker, &arena, &call, NULL, err);
}
