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

static bool has_any(const char *text, const char *const *words) {
    for (; *words; words++)
        if (strstr(text, *words))
            return true;
    return false;
}

/* The engine says it in prose only. Docker Hub's "pull access denied for X, repository does not exist or may require
 * 'docker login'" is both of two cases, and said so. */
static bool refuse(const struct image_pull *pull, const char *reason, struct err *err) {
    static const char *const full[] = {"no space left", "disk quota exceeded", NULL};
    static const char *const login[] = {"denied", "unauthorized", "no basic auth", "authentication required", NULL};
    static const char *const missing[] = {"not found", "manifest unknown", "name unknown", "not exist", NULL};
    static const char *const away[] = {"connection refused", "no such host",     "i/o timeout",
                                       "Client.Timeout",     "unreachable",      "no route to host",
                                       "TLS handshake",      "connection reset", NULL};
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const char *image = pull->image;
    const char *registry = image_registry(&arena, image);
    if (has_any(reason, full))
        return err_set(err, ERR_LIMIT, "no room for image '%s': the engine's disk is full", image);
    if (strstr(reason, "may require 'docker login'"))
        return err_set(err, ERR_NOT_FOUND, "image '%s' does not exist at '%s', or it asks for a login: %.500s", image,
                       registry, reason);
    if (has_any(reason, missing))
        return err_set(err, ERR_NOT_FOUND, "image '%s' does not exist at '%s': %.500s", image, registry, reason);
    if (has_any(reason, login))
        return err_set(err, ERR_DENIED,
                       "registry '%s' asks for a login before it gives image '%s'; name a secret of it in the "
                       "project's registryCredential: %.400s",
                       registry, image, reason);
    if (has_any(reason, away))
        return err_set(err, ERR_UNAVAILABLE, "registry '%s' cannot be reached for image '%s': %.500s", registry, image,
                       reason);
    return err_set(err, ERR_UNAVAILABLE, "unable to pull image '%s': %.700s", image, reason);
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

bool image_is_codebuilds(const char *image) {
    return str_starts_with(image, "aws/codebuild/");
}

static bool fits(const char *name, size_t length, const char *image) {
    if (length > 0 && name[length - 1] == '*')
        return strncmp(name, image, length - 1) == 0;
    return strlen(image) == length && memcmp(name, image, length) == 0;
}

const char *image_of_map(struct arena *arena, const char *map, const char *image) {
    for (const char *at = map; at && *at;) {
        size_t length = strcspn(at, ",");
        size_t name = strcspn(at, "=");
        if (name < length && fits(at, name, image))
            return arena_strndup(arena, at + name + 1, length - name - 1);
        at += length + (at[length] == ',');
    }
    return NULL;
}

bool image_map_check(const char *map, struct err *err) {
    for (const char *at = map; at && *at;) {
        size_t length = strcspn(at, ",");
        size_t name = strcspn(at, "=");
        if (name == 0 || name + 1 >= length)
            return err_set(err, ERR_INVALID, "--codebuild-images must be a list of NAME=IMAGE, not '%.*s'", (int)length,
                           at);
        at += length + (at[length] == ',');
    }
    return true;
}
