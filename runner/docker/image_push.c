/*
 * A push answers 200 and then a stream of JSON lines; the digest comes in one with `aux`, a failure in one with
 * `error`.
 */
#include "runner/docker/image_push.h"

#include "common/hash.h"
#include "common/str.h"

#include <string.h>

#define LINE_CEILING (64 * 1024)
#define PUSH_MS (60 * 60 * 1000)

struct progress {
    const struct image_push *push;
    struct arena *arena;
    struct str line;
    const char *error;  /* or NULL */
    const char *digest; /* or NULL */
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
        const char *digest = json_get_text(json_get(entry, "aux"), "Digest");
        if (error)
            progress->error = arena_strdup(progress->arena, error);
        else if (digest)
            progress->digest = arena_strdup(progress->arena, digest);
        else if (status && !json_get(entry, "progressDetail")) /* each layer's progress would flood the log */
            progress->push->line(progress->push->context, status);
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
    const struct image_push *push = ((struct progress *)context)->push;
    return push->interrupted && push->interrupted(push->context);
}

/* base64url, as the X-Registry-Auth header wants it. */
static const char *make_auth(struct arena *arena, const struct image_push *push) {
    struct json *auth = json_object(arena);
    json_set_text(arena, auth, "username", push->user);
    json_set_text(arena, auth, "password", push->password);
    const char *text = json_print(arena, auth);
    char *out = arena_alloc(arena, HASH_BASE64_SIZE(strlen(text)));
    hash_to_base64(text, strlen(text), out);
    for (char *at = out; *at; at++)
        *at = *at == '+' ? '-' : *at == '/' ? '_' : *at;
    return out;
}

static bool refuse(const struct image_push *push, const char *reason, struct err *err) {
    bool denied = strstr(reason, "denied") || strstr(reason, "unauthorized") || strstr(reason, "no basic auth");
    return err_set(err, denied ? ERR_DENIED : ERR_INTERNAL, "unable to push '%s:%s': %.700s", push->repository,
                   push->tag, reason);
}

bool image_push(struct docker *docker, struct arena *arena, const struct image_push *push, const char **digest,
                struct err *err) {
    struct progress progress CLEANUP(release_line) = {.push = push, .arena = arena, .line = STR_INIT(LINE_CEILING)};
    const struct docker_call call = {.method = "POST",
                                     .path = arena_printf(arena, "/images/%s/push?tag=%s",
                                                          http_encode(arena, push->repository, true),
                                                          http_encode(arena, push->tag, false)),
                                     .registry_auth = make_auth(arena, push),
                                     .write_body = take,
                                     .interrupted = interrupted,
                                     .context = &progress,
                                     .timeout_ms = PUSH_MS};
    struct err own = {0};
    if (!docker_send(docker, arena, &call, NULL, &own))
        return err_set(err, own.kind, "unable to push '%s:%s': %.700s", push->repository, push->tag, own.message);
    take_line(&progress);
    if (progress.error)
        return refuse(push, progress.error, err);
    *digest = progress.digest;
    return *digest || refuse(push, "the engine told no digest", err);
}

bool image_tag(struct docker *docker, struct arena *arena, const char *id, const char *repository, const char *tag,
               struct err *err) {
    const struct docker_call call = {
        .method = "POST",
        .path = arena_printf(arena, "/images/%s/tag?repo=%s&tag=%s", http_encode(arena, id, true),
                             http_encode(arena, repository, false), http_encode(arena, tag, false))};
    return docker_send(docker, arena, &call, NULL, err);
}

bool image_has_digest(struct docker *docker, struct arena *arena, const char *id, const char *repository,
                      const char *digest, bool *out, struct err *err) {
    const struct json *answer = NULL;
    const struct docker_call call = {.method = "GET",
                                     .path = arena_printf(arena, "/images/%s/json", http_encode(arena, id, true))};
    if (!docker_send(docker, arena, &call, &answer, err))
        return false;
    const char *wanted = arena_printf(arena, "%s@%s", repository, digest);
    *out = false;
    json_each(item, json_get(answer, "RepoDigests")) {
        *out = *out || str_equal(item->text, wanted);
    }
    return true;
}

bool image_remove(struct docker *docker, struct arena *arena, const char *name, struct err *err) {
    struct err own = {0};
    const struct docker_call call = {.method = "DELETE",
                                     .path = arena_printf(arena, "/images/%s", http_encode(arena, name, true))};
    return docker_send(docker, arena, &call, NULL, &own) || own.kind == ERR_NOT_FOUND ||
           err_set(err, own.kind, "%s", own.message);
}
