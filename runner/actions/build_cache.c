/*
 * The cache of a project: what the buildspec's cache.paths name is kept after a build that succeeded and put back
 * before the next one's commands. A cache is a zip of two parts, "source/…" below the source folder (which is another
 * one in each build) and "root/…" for absolute paths. Its name has a hash of the paths, so that another set of paths
 * never finds it; what comes out of it is held against the paths once more, since whoever may write to the bucket might
 * have put anything into it. Nothing here fails a build: a cache is there to save time.
 */
#include "runner/actions/build.h"

#include "common/hash.h"
#include "common/str.h"
#include "runner/actions/artifact_paths.h"
#include "runner/actions/cache_store.h"
#include "runner/actions/container_files.h"
#include "runner/archive/glob.h"
#include "runner/archive/zip.h"
#include "runner/runner.h"

#include <string.h>
#include <unistd.h>

#define SOURCE_PART "source/"
#define ROOT_PART "root/"
#define KEY_MAX 200
#define GIB (INT64_C(1024) * 1024 * 1024)

struct build_cache {
    struct build *build;
    const struct json *project; /* {type, location, modes, cacheNamespace, …} */
    struct cache_store store;
    const char *beginning;       /* "project-shop/VERSION/" */
    const char *key;             /* or NULL: the project's one cache */
    const char *const *fallback; /* keys, expanded */
    size_t fallback_count;
    const char *const *patterns; /* absolute, expanded */
    size_t pattern_count;
    bool found; /* the cache of exactly that key */
};

static bool has_mode(const struct json *cache, const char *wanted) {
    json_each(mode, json_get(cache, "modes")) if (str_equal(mode->text, wanted)) return true;
    return false;
}

/* NULL where the project keeps no cache of paths. */
static const struct json *project_cache(const struct build *build) {
    const struct json *cache = json_get(build->job->message->build, "cache");
    const char *type = json_get_text_or(cache, "type", "NO_CACHE");
    bool custom = str_equal(type, "LOCAL") && has_mode(cache, "LOCAL_CUSTOM_CACHE");
    return custom || str_equal(type, "S3") ? cache : NULL;
}

/* ---- names ---- */

/* Of the paths as written: they are what a version is. */
static const char *version_of(struct build *build) {
    struct hash_sha256_state state;
    uint8_t digest[SHA256_BYTES];
    char hex[SHA256_HEX_SIZE];
    const struct buildspec_list *paths = &build->spec.cache.paths;
    hash_sha256_begin(&state);
    for (size_t i = 0; i < paths->count; i++)
        hash_sha256_update(&state, paths->items[i], strlen(paths->items[i]) + 1);
    hash_sha256_end(&state, digest);
    hash_to_hex(digest, sizeof digest, hex);
    return arena_strndup(build->arena, hex, 32);
}

static const char *scope_of(struct build *build, const struct json *cache) {
    const char *shared = json_get_text(cache, "cacheNamespace");
    const char *project = json_get_text_or(build->job->message->build, "projectName", "build");
    /* InvalidateProjectCache begins another. */
    int64_t generation = json_get_integer(build->job->message->build, "cacheGeneration", 0);
    bool is_shared = shared && *shared;
    const char *name = arena_printf(build->arena, "%s-%s", is_shared ? "namespace" : "project",
                                    cache_store_part(build->arena, is_shared ? shared : project));
    return generation > 0 ? arena_printf(build->arena, "%s.%lld", name, (long long)generation) : name;
}

/* Encoding leaves it as it is that one key begins with another; a bucket takes names of any length. */
static const char *name_of(const struct build_cache *cache, const char *key) {
    struct arena *arena = cache->build->arena;
    if (!key)
        return arena_printf(arena, "%sdefault", cache->beginning);
    return arena_printf(arena, "%skey-%s", cache->beginning,
                        cache->store.folder ? cache_store_part(arena, key) : http_encode(arena, key, false));
}

static const char *exact_name(const struct build_cache *cache) {
    return arena_printf(cache->build->arena, "%s.zip", name_of(cache, cache->key));
}

/* ---- what both ways need ---- */

static bool check_key(const char *key, struct err *err) {
    if (!key || !*key)
        return err_set(err, ERR_INVALID, "its key came to nothing");
    return strlen(key) <= KEY_MAX ||
           err_set(err, ERR_LIMIT, "its key '%.100s…' is longer than %d characters", key, KEY_MAX);
}

/* A path without a pattern is a file, or a folder with all below it. */
static void set_patterns(struct build_cache *cache, const char *const *paths, size_t count) {
    struct build *build = cache->build;
    const char **patterns = arena_array(build->arena, const char *, 2 * count + 1);
    for (size_t i = 0; i < count; i++) {
        const char *full =
            paths[i][0] == '/' ? paths[i] : arena_printf(build->arena, "%s/%s", build->source_folder, paths[i]);
        if (!artifact_clean_path(build->arena, full, &full) || str_equal(full, "/"))
            continue;
        patterns[cache->pattern_count++] = full;
        if (!glob_is_pattern(full))
            patterns[cache->pattern_count++] = arena_printf(build->arena, "%s/**", full);
    }
    cache->patterns = patterns;
}

/* The shell says what the key, the fallback keys and the paths come to, at once. */
static bool expand(struct build_cache *cache, struct err *err) {
    struct build *build = cache->build;
    const struct buildspec_cache *spec = &build->spec.cache;
    size_t count = 1 + spec->fallback_keys.count + spec->paths.count;
    const char **texts = arena_array(build->arena, const char *, count);
    const char **expanded = arena_array(build->arena, const char *, count);
    texts[0] = spec->key;
    for (size_t i = 0; i < spec->fallback_keys.count; i++)
        texts[1 + i] = spec->fallback_keys.items[i];
    for (size_t i = 0; i < spec->paths.count; i++)
        texts[1 + spec->fallback_keys.count + i] = spec->paths.items[i];
    if (!build_expand(build, texts, count, expanded, err) || (spec->key && !check_key(expanded[0], err)))
        return false;
    cache->key = spec->key ? expanded[0] : NULL;
    cache->fallback = expanded + 1;
    cache->fallback_count = spec->key ? spec->fallback_keys.count : 0; /* ignored without a key */
    set_patterns(cache, expanded + 1 + spec->fallback_keys.count, spec->paths.count);
    return true;
}

static bool open_store(struct build_cache *cache, struct err *err) {
    struct build *build = cache->build;
    const struct runner *runner = build->job->runner;
    struct cache_store *store = &cache->store;
    if (str_equal(json_get_text(cache->project, "type"), "LOCAL")) {
        store->folder = arena_printf(build->arena, "%s/cache", runner->config->state);
        store->most_bytes = (int64_t)runner->config->build_cache_gib * GIB;
        return store->most_bytes > 0 || err_set(err, ERR_INVALID, "this runner keeps none (--build-cache 0)");
    }
    const char *location = json_get_text_or(cache->project, "location", "");
    if (!s3_split(build->arena, location, &store->bucket, &store->prefix))
        return err_set(err, ERR_INVALID, "the project's cache location '%.200s' names no bucket", location);
    if (*store->prefix && !str_ends_with(store->prefix, "/"))
        store->prefix = arena_printf(build->arena, "%s/", store->prefix);
    store->s3 = (struct s3){.aws = runner->aws,
                            .region = build->job->message->region ? build->job->message->region : runner->region,
                            .interrupted = job_is_stopped,
                            .context = build->job};
    return true;
}

/* ---- out of it ---- */

static bool get(struct build_cache *cache, const char *path, const char **name, struct err *err) {
    struct arena *arena = cache->build->arena;
    *name = exact_name(cache);
    cache->found = cache_store_get(&cache->store, arena, *name, path, err);
    if (cache->found || err->kind != ERR_NOT_FOUND)
        return cache->found;
    for (size_t i = 0; i < cache->fallback_count; i++) {
        const char *beginning = cache->fallback[i];
        if (!beginning || !*beginning)
            continue;
        err_clear(err);
        if (cache_store_find(&cache->store, arena, name_of(cache, beginning), name, err))
            return cache_store_get(&cache->store, arena, *name, path, err);
        if (err->kind != ERR_NOT_FOUND)
            return false;
    }
    return err_set(err, ERR_NOT_FOUND, "there is none yet%s%.200s%s", cache->key ? " for key '" : "",
                   cache->key ? cache->key : "", cache->key ? "'" : "");
}

static bool accepts(const void *context, const char *path) {
    const struct build_cache *cache = context;
    struct arena scratch CLEANUP(arena_release) = ARENA_INIT;
    const char *full = arena_printf(&scratch, "/%s", path);
    for (size_t i = 0; i < cache->pattern_count; i++)
        if (glob_match(cache->patterns[i], full))
            return true;
    return false;
}

static bool put_into_container(struct build_cache *cache, const char *path, struct err *err) {
    struct build *build = cache->build;
    struct tar_feed *feed CLEANUP(tar_feed_cleanup) = tar_feed_new();
    if (!zip_check(path, err))
        return false;
    tar_feed_add_zip_part(feed, path, SOURCE_PART, build->source_folder + 1, accepts, cache);
    tar_feed_add_zip_part(feed, path, ROOT_PART, "", accepts, cache);
    if (build_put(build, feed, err))
        return true;
    (void)tar_feed_failed(feed, err);
    return false;
}

static void restore(struct build_cache *cache) {
    struct build *build = cache->build;
    const char *path = arena_printf(build->arena, "%s/cache-in.zip", build->job->folder);
    const char *name = NULL;
    struct err err = {0};
    build_say(build, "Downloading %s cache...", cache->store.folder ? "local" : "S3");
    if (!get(cache, path, &name, &err) || !put_into_container(cache, path, &err))
        build_say(build, "Unable to download cache: %s", err.message);
    else
        build_say(build, "Restored cache %s", name + strlen(cache->beginning));
    (void)unlink(path);
}

void build_cache_restore(struct build *build) {
    const struct json *project = project_cache(build);
    struct http_client *client CLEANUP(http_client_cleanup) = NULL;
    struct err err = {0};
    if (!project)
        return;
    if (build->spec.cache.paths.count == 0) {
        build_say(build, "Unable to initialize cache download: no paths specified to be cached");
        return;
    }
    struct build_cache *cache = arena_new(build->arena, struct build_cache);
    cache->build = build;
    cache->project = project;
    cache->beginning = arena_printf(build->arena, "%s/%s/", scope_of(build, project), version_of(build));
    if (!open_store(cache, &err) || !expand(cache, &err)) {
        build_say(build, "The cache is not used: %s", err.message);
        return;
    }
    build->cache = cache;
    client = http_client_new();
    cache->store.s3.client = client;
    if (build->spec.cache.restore)
        restore(cache);
    cache->store.s3.client = NULL;
}

/* ---- into it ---- */

/* Where the file stands in the zip. */
static const char *zip_name(const struct build *build, const char *path) {
    size_t length = strlen(build->source_folder) - 1;
    if (strncmp(path, build->source_folder + 1, length) == 0 && path[length] == '/')
        return arena_printf(build->arena, SOURCE_PART "%s", path + length + 1);
    return arena_printf(build->arena, ROOT_PART "%s", path);
}

static bool add_file(struct build *build, struct zip_writer *zip, const struct container_files *files,
                     const struct container_file *file, struct err *err) {
    const struct tree_file *found = file->found;
    struct zip_entry entry = {.name = zip_name(build, found->path),
                              .mode = found->mode,
                              .modified = found->modified,
                              .target = found->target,
                              .descriptor = -1,
                              .size = found->size};
    struct tree_file opened;
    if (!found->target && !tree_open(files->tree, found, &entry.descriptor, &opened, err))
        return false;
    bool good = zip_writer_add(zip, &entry, err);
    if (entry.descriptor >= 0)
        (void)close(entry.descriptor);
    return good;
}

static bool write_zip(struct build *build, const struct container_files *files, const char *path, struct err *err) {
    struct zip_writer *zip = NULL;
    if (!zip_writer_open(path, &zip, err))
        return false;
    zip_writer_watch(zip, job_is_stopped, build->job);
    for (size_t i = 0; i < files->count; i++) {
        if (add_file(build, zip, files, &files->files[i], err))
            continue;
        zip_writer_abandon(zip);
        return false;
    }
    return zip_writer_close(zip, err);
}

static bool save(struct build_cache *cache, struct err *err) {
    struct build *build = cache->build;
    const struct buildspec_list patterns = {.items = cache->patterns, .count = cache->pattern_count};
    const struct container_query query = {
        .tree = "tree-cache", .base_directory = "/", .files = &patterns, .keep_symlinks = true, .silent = true};
    const char *path = arena_printf(build->arena, "%s/cache-out.zip", build->job->folder);
    struct container_files files;
    if (!container_files_collect(build, &query, &files, err))
        return false;
    if (files.count > 0)
        build_say(build, "Uploading %s cache...", cache->store.folder ? "local" : "S3");
    bool written = files.count > 0 ? write_zip(build, &files, path, err)
                                   : err_set(err, ERR_NOT_FOUND, "nothing lies at its paths");
    container_files_release(build, &files);
    bool good = written && !job_is_stopped(build->job) &&
                cache_store_put(&cache->store, build->arena, exact_name(cache), path,
                                environment_get(&build->environment, "CODEBUILD_BUILD_ARN"), err);
    (void)unlink(path);
    return good;
}

void build_cache_save(struct build *build) {
    struct build_cache *cache = build->cache;
    struct http_client *client CLEANUP(http_client_cleanup) = NULL;
    struct err err = {0};
    if (!cache || !build->spec.cache.save || build->record.failed || job_is_stopped(build->job))
        return;
    client = http_client_new();
    cache->store.s3.client = client;
    if (cache->key && (cache->found || cache_store_has(&cache->store, build->arena, exact_name(cache))))
        build_say(build, "The cache of key '%s' stays as it is", cache->key);
    else if (!save(cache, &err))
        build_say(build, "Unable to upload cache: %s", err.message);
    cache->store.s3.client = NULL;
}
