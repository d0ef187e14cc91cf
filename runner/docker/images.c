/*
 * Images. A pull answers 200 and then a stream of JSON lines, the last of which may be the error.
 */
#include "runner/docker/images.h"

#include "common/str.h"

#include <string.h>

#define LINE_CEILING (64 * 1024)
#define PULL_MS (60 * 60 * 1000)

bool image_present(struct docker *docker, struct arena *arena, const char *image, bool *present, struct err *err) {
    struct err own = {0};
    const struct docker_call call = {.method = "GET",
                                     .path = arena_printf(arena, "/images/%s/json", http_encode(arena, image, true))};
    *present = docker_send(docker, arena, &call, NULL, &own);
    return *present || own.kind == ERR_NOT_FOUND || err_set(err, own.kind, "%s", own.message);
}

const char *image_registry(struct arena *arena, const char *image) {
    size_t length = strcspn(image, "/");
    /* Docker's rule: the first part is a registry where it looks like a host. */
    bool host = image[length] == '/' && (memchr(image, '.', length) || memchr(image, ':', length) ||
                                         (length == 9 && memcmp(image, "localhost", 9) == 0));
    return host ? arena_strndup(arena, image, length) : "docker.io";
}

struct progress {
    const struct image_pull *pull;
    struct arena *arena;
    struct str line;
    const char *error; /* or NULL */
};

static void release_line(struct progress *progress) {
    str_release(&progress->line);
}

static void take_line(struct progress *progress) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct json *entry = NULL;
    if (progress->line.length > 0 && json_parse(&arena, progress->line.text, progress->line.length, &entry, NULL)) {
        const char *error = json_get_text(entry, "error");
        const char *status = json_get_text(entry, "status");
        if (error)
            progress->error = arena_strdup(progress->arena, error);
        else if (status && !json_get(entry, "progressDetail")) /* each layer's progress would flood the log */
            progress->pull->line(progress->pull->context, status);
    }
    str_clear(&progress->line);
}

static bool take(void *context, const void *bytes, size_t size) {
    struct progress *progress = context;
    const char *at = bytes;
    for (size_t i = 0; i < size; i++) {
        if (at[i] == '\n')
            take_line(progress);
        else
            str_append_char(&progress->line, at[i]);
    }
    return true;
}

static bool interrupted(void *context) {
    const struct image_pull *pull = ((struct progress *)context)->pull;
    return pull->interrupted && pull->interrupted(pull->context);
}

static bool refuse(const struct image_pull *pull, const char *reason, struct err *err) {
    bool denied = strstr(reason, "denied") || strstr(reason, "unauthorized") || strstr(reason, "no basic auth");
    bool missing = strstr(reason, "not found") || strstr(reason, "manifest unknown") || strstr(reason, "not exist");
    enum err_kind kind = missing ? ERR_NOT_FOUND : denied ? ERR_DENIED : ERR_UNAVAILABLE;
    return err_set(err, kind, "unable to pull image '%s': %.700s", pull->image, reason);
}

static const char *pull_path(struct arena *arena, const char *image) {
    const char *slash = strrchr(image, '/');
    const char *mark = strchr(image, '@');
    if (!mark)
        mark = strrchr(slash ? slash : image, ':');
    const char *repository = mark ? arena_strndup(arena, image, (size_t)(mark - image)) : image;
    return arena_printf(arena, "/images/create?fromImage=%s&tag=%s", http_encode(arena, repository, false),
                        http_encode(arena, mark ? mark + 1 : "latest", false));
}

bool image_pull(struct docker *docker, struct arena *arena, const struct image_pull *pull, struct err *err) {
    struct progress progress CLEANUP(release_line) = {.pull = pull, .arena = arena, .line = STR_INIT(LINE_CEILING)};
    const struct docker_call call = {.method = "POST",
                                     .path = pull_path(arena, pull->image),
                                     .registry_auth = pull->registry_auth,
                                     .write_body = take,
                                     .interrupted = interrupted,
                                     .context = &progress,
                                     .timeout_ms = PULL_MS};
    struct err own = {0};
    if (!docker_send(docker, arena, &call, NULL, &own)) {
        if (own.kind == ERR_UNAVAILABLE)
            return err_set(err, own.kind, "%s", own.message);
        return refuse(pull, own.message, err);
    }
    take_line(&progress);
    return !progress.error || refuse(pull, progress.error, err);
}

const char *image_source(struct arena *arena, const char *image) {
    static const char short_name[] = "aws/codebuild/";
    if (!str_starts_with(image, short_name))
        return image;
    return arena_printf(arena, "public.ecr.aws/codebuild/%s", image + sizeof short_name - 1);
}
