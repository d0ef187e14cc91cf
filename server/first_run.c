#include "server/first_run.h"

#include "common/file.h"
#include "common/json.h"
#include "common/str.h"
#include "server/auth/auth.h"
#include "server/config.h"
#include "server/server.h"
#include "server/store/access_keys.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define ADMIN "admin"
#define FILE_BYTES_MAX 65536

static bool write_json(const char *path, struct arena *arena, const struct json *value, mode_t mode, struct err *err) {
    const char *text = arena_printf(arena, "%s\n", json_print_pretty(arena, value));
    return file_put(path, text, strlen(text), mode, err);
}

/* *found false where there is no such file. */
static bool read_json(const char *path, struct arena *arena, bool *found, const struct json **out, struct err *err) {
    char *text = arena_alloc(arena, FILE_BYTES_MAX);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    *found = fd >= 0;
    if (fd < 0)
        return errno == ENOENT || err_set_errno(err, errno, "cannot read '%s'", path);
    ssize_t size = read(fd, text, FILE_BYTES_MAX);
    close(fd);
    if (size < 0)
        return err_set_errno(err, errno, "cannot read '%s'", path);
    return json_parse(arena, text, (size_t)size, out, err) || err_wrap(err, "'%s'", path);
}

struct listing {
    struct arena *arena;
    struct access_key_row *keys;
    size_t count;
};

static bool list(struct tx *tx, void *context, struct err *err) {
    struct listing *listing = context;
    return access_keys_list(tx, listing->arena, &listing->keys, &listing->count, err);
}

/* A start that was cut off may have made a key and not told it; such a key was never used. */
static bool is_first(struct server *server, struct arena *arena, bool *first, struct err *err) {
    struct listing listing = {.arena = arena};
    if (!db_read(server->db, list, &listing, err))
        return false;
    *first = true;
    for (size_t i = 0; i < listing.count; i++)
        *first &= listing.keys[i].used_ms == 0;
    return true;
}

static bool make(struct server *server, struct arena *arena, const char *path, const char **link, struct err *err) {
    struct auth_access_key key;
    struct auth_token token;
    if (!auth_create_access_key(server, arena, ADMIN, &key, err))
        return false;
    struct json *admin = json_object(arena);
    json_set_text(arena, admin, "url", server->config->base_url);
    json_set_text(arena, admin, "accessKeyId", key.id);
    json_set_text(arena, admin, "secretAccessKey", key.secret);
    json_set_text(arena, admin, "region", server->config->region);
    if (!write_json(path, arena, admin, 0600, err) || !auth_create_sign_in_link(server, arena, ADMIN, &token, err))
        return false;
    *link = token.token;
    return true;
}

bool first_run(struct server *server, struct arena *arena, const char **link, struct err *err) {
    const char *path = arena_printf(arena, "%s/admin.json", server->config->data_directory);
    const struct json *known;
    bool found, first;
    *link = NULL;
    if (!read_json(path, arena, &found, &known, err))
        return false;
    if (!found)
        return is_first(server, arena, &first, err) && (!first || make(server, arena, path, link, err));
    if (str_equal(json_get_text(known, "url"), server->config->base_url) &&
        str_equal(json_get_text(known, "region"), server->config->region))
        return true;
    struct json *changed = json_copy(arena, known);
    json_set_text(arena, changed, "url", server->config->base_url);
    json_set_text(arena, changed, "region", server->config->region);
    return write_json(path, arena, changed, 0600, err);
}

bool first_run_announce(const struct server *server, struct err *err) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct json *body = json_object(&arena);
    json_set_text(&arena, body, "url", server->config->base_url);
    json_set_integer(&arena, body, "pid", getpid());
    return write_json(arena_printf(&arena, "%s/server.json", server->config->data_directory), &arena, body, 0644, err);
}
