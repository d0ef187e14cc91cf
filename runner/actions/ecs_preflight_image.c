/*
 * Images: is it there, and can the task's processor run it.
 */
#include "runner/actions/preflight_check.h"

#include "common/clock.h"
#include "common/str.h"
#include "runner/aws/endpoint.h"
#include "runner/deployfiles/image_name.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#define IMAGES_MAX 10 /* as many as a definition has containers */
#define LONGEST_MS 10000

/* What was found out about one image, in a thread of its own. */
struct look {
    struct aws *aws;
    const char *region;
    const char *uri;
    bool (*interrupted)(void *context);
    void *context;
    struct arena arena;
    pthread_t thread;
    bool running;
    bool runs; /* tasks of it run already: on their platform, whatever that is */
    bool in_ecr;
    bool there;
    struct ecr_manifest manifest;
    const char *platform; /* of one that is no list; NULL: not known */
    struct err err;       /* why it is not there or cannot be told; why the platform is not known */
};

struct preflight_images {
    pthread_mutex_t joining; /* two containers of one image wait for one thread */
    struct job *job;
    _Atomic int64_t end_ms;
    struct arena arena;
    struct look looks[IMAGES_MAX];
    size_t count;
};

/* ---- looking ---- */

static struct ecr_query query_of(const struct look *look, const struct image_name *name) {
    return (struct ecr_query){.aws = look->aws,
                              .region = name->region ? name->region : look->region,
                              .account = name->account,
                              .repository = name->repository,
                              .interrupted = look->interrupted,
                              .context = look->context};
}

/* A registry without ECR's name may be ECR's all the same where its address was set by the operator: who has an ECR of
 * that address knows the repository by it. */
static bool is_own_ecr(struct look *look, const struct image_name *name) {
    const char *address = NULL;
    struct ecr_query query = query_of(look, name);
    if (!name->registry || !aws_endpoint_given(&look->arena, "ecr"))
        return false;
    if (ecr_address(&query, &look->arena, &address, NULL))
        return str_equal(address, arena_printf(&look->arena, "%s/%s", name->registry, name->repository));
    return false;
}

/* Not there, but the registry may get it from where it copies. */
static void look_elsewhere(struct look *look, const struct ecr_query *query) {
    bool fills = false;
    if (look->err.kind == ERR_NOT_FOUND && ecr_fills_itself(query, &look->arena, &fills, NULL) && fills)
        (void)err_set(&look->err, ERR_UNAVAILABLE,
                      "it is not in ECR yet, whose repository fills itself from another registry");
}

static void *look_at(void *context) {
    struct look *look = context;
    const struct image_name name = image_name_read(&look->arena, look->uri);
    const struct ecr_query query = query_of(look, &name);
    look->in_ecr = name.account != NULL || is_own_ecr(look, &name);
    if (!look->in_ecr)
        return NULL;
    look->there = ecr_manifest(&query, &look->arena, name.tag, name.digest, &look->manifest, &look->err);
    if (!look->there)
        look_elsewhere(look, &query);
    else if (look->manifest.platform_count == 0 && look->manifest.config && !look->runs)
        (void)ecr_platform(&query, &look->arena, look->manifest.config, &look->platform, &look->err);
    return NULL;
}

/* ---- beginning early ---- */

static bool images_are_over(void *context) {
    const struct preflight_images *images = context;
    return job_is_lost(images->job) || clock_boot_ms(&clock_system) >= images->end_ms;
}

static struct look *find_look(struct preflight_images *images, const char *uri) {
    for (size_t i = 0; i < images->count; i++)
        if (str_equal(images->looks[i].uri, uri))
            return &images->looks[i];
    return NULL;
}

struct preflight_images *preflight_images_begin(struct job *job, struct aws *aws, const char *region,
                                                const struct image_definitions *definitions) {
    if (definitions->count == 0)
        return NULL;
    struct preflight_images *images = arena_new(job->arena, struct preflight_images);
    (void)pthread_mutex_init(&images->joining, NULL);
    images->job = job;
    images->end_ms = clock_boot_ms(&clock_system) + LONGEST_MS;
    for (size_t i = 0; i < definitions->count && images->count < IMAGES_MAX; i++) {
        if (find_look(images, definitions->items[i].uri))
            continue;
        struct look *look = &images->looks[images->count++];
        *look = (struct look){.aws = aws,
                              .region = region,
                              .uri = arena_strdup(&images->arena, definitions->items[i].uri),
                              .interrupted = images_are_over,
                              .context = images};
        look->running = pthread_create(&look->thread, NULL, look_at, look) == 0;
    }
    return images;
}

static struct look *wait_for(struct preflight_images *images, const char *uri) {
    struct look *look = images ? find_look(images, uri) : NULL;
    if (!look)
        return NULL;
    (void)pthread_mutex_lock(&images->joining);
    if (look->running)
        (void)pthread_join(look->thread, NULL);
    look->running = false;
    (void)pthread_mutex_unlock(&images->joining);
    return look;
}

void preflight_images_end(struct preflight_images *images) {
    if (!images)
        return;
    atomic_store(&images->end_ms, 0); /* whoever still asks stops */
    for (size_t i = 0; i < images->count; i++) {
        (void)wait_for(images, images->looks[i].uri);
        arena_release(&images->looks[i].arena);
    }
    (void)pthread_mutex_destroy(&images->joining);
    arena_release(&images->arena);
}

/* ---- judging ---- */

/* "linux/amd64" where the definition, or where it runs, decides that; NULL where the instances do. */
static const char *wanted_platform(struct preflight_check *check) {
    const struct json *platform = json_get(check->preflight->wish->definition, "runtimePlatform");
    const char *architecture = json_get_text(platform, "cpuArchitecture");
    const char *family = json_get_text_or(platform, "operatingSystemFamily", "LINUX");
    if (!architecture && !check->preflight->fargate)
        return NULL;
    return arena_printf(&check->arena, "%s/%s", str_starts_with(family, "WINDOWS") ? "windows" : "linux",
                        str_equal(architecture, "ARM64") ? "arm64" : "amd64");
}

static const char *list_platforms(struct arena *arena, const struct look *look) {
    const char *text = "";
    for (size_t i = 0; i < look->manifest.platform_count; i++)
        text = arena_printf(arena, "%s%s%s", text, *text ? ", " : "", look->manifest.platforms[i]);
    return *text || !look->platform ? text : look->platform;
}

static bool fits(const struct look *look, const char *wanted) {
    for (size_t i = 0; i < look->manifest.platform_count; i++)
        if (str_equal(look->manifest.platforms[i], wanted))
            return true;
    return look->platform && str_equal(look->platform, wanted);
}

static void judge_platform(struct preflight_check *check, const struct look *look) {
    const char *wanted = wanted_platform(check);
    const char *found = list_platforms(&check->arena, look);
    if (look->runs)
        preflight_ok(check, "image '%s' of container '%s' is in ECR, and runs now", check->subject, check->container);
    else if (!wanted || fits(look, wanted))
        preflight_ok(check, "image '%s' of container '%s' is in ECR%s%s", check->subject, check->container,
                     wanted ? ", built for " : "", wanted ? wanted : "");
    else if (*found)
        preflight_fail(
            check,
            "image '%s' of container '%s' is built for %s and the task runs on %s; build it for that, or set "
            "runtimePlatform.cpuArchitecture",
            check->subject, check->container, found, wanted);
    else
        preflight_skip(check, "image '%s' of container '%s' is in ECR; whether it fits %s was not checked: %.300s",
                       check->subject, check->container, wanted,
                       look->err.kind != ERR_NONE ? look->err.message : "its manifest does not say");
}

static void judge(struct preflight_check *check, const struct look *look) {
    const char *what = arena_printf(&check->arena, "image '%s' of container '%s'", check->subject, check->container);
    if (!look->in_ecr)
        preflight_skip(check, "%s is not in ECR: not checked", what);
    else if (look->there)
        judge_platform(check, look);
    else if (look->err.kind == ERR_NOT_FOUND)
        preflight_fail(check, "%s is not there: %.300s; push it first, or correct its name", what, look->err.message);
    else
        preflight_unanswered(check, what, &look->err);
    if (look->there)
        check->digest = arena_strdup(&check->arena, look->manifest.digest);
}

/* Whether the container has that image now, on the same processor. */
static bool runs_now(const struct preflight_check *check) {
    const struct json *running = check->preflight->wish->running;
    const struct json *before = json_get(running, "runtimePlatform");
    const struct json *after = json_get(check->preflight->wish->definition, "runtimePlatform");
    if (!running || (!before != !after) || (before && !json_equal(before, after)))
        return false;
    json_each(container, json_get(running, "containerDefinitions")) {
        if (str_equal(json_get_text(container, "name"), check->container))
            return str_equal(json_get_text(container, "image"), check->subject);
    }
    return false;
}

static void ask(struct preflight_check *check) {
    const struct look *early = wait_for(check->preflight->wish->images, check->subject);
    struct look own = {.aws = check->preflight->wish->aws,
                       .region = check->region,
                       .uri = check->subject,
                       .runs = runs_now(check),
                       .interrupted = preflight_is_over,
                       .context = check->preflight};
    if (!early)
        (void)look_at(&own);
    judge(check, early ? early : &own);
    arena_release(&own.arena);
}

void preflight_add_images(struct preflight *preflight) {
    json_each(container, json_get(preflight->wish->definition, "containerDefinitions")) {
        const char *image = json_get_text(container, "image");
        if (!image)
            continue;
        struct preflight_check *check = preflight_add(preflight, "image", ask, image);
        check->container = json_get_text_or(container, "name", "?");
    }
}
