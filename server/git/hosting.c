/* The folder of hosted repositories. */
#include "server/git/hosting.h"

#include "common/file.h"
#include "common/hash.h"
#include "common/str.h"
#include "server/config.h"
#include "server/git/insides.h"
#include "server/server.h"
#include "server/store/repositories.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LEFTOVER "." /* names that begin so are being made or taken away */

/* Objects are checked when they come. No hook ever runs. A push does not start a repacking beside it. */
static const char repository_config[] = "[core]\n"
                                        "\trepositoryformatversion = 0\n"
                                        "\tfilemode = true\n"
                                        "\tbare = true\n"
                                        "\thooksPath = /dev/null\n"
                                        "\tfsync = all\n"
                                        "[http]\n"
                                        "\treceivepack = true\n"
                                        "[receive]\n"
                                        "\tfsckObjects = true\n"
                                        "\tautogc = false\n"
                                        "\tdenyDeleteCurrent = refuse\n"
                                        "[uploadpack]\n"
                                        "\tallowFilter = true\n"
                                        "\tallowReachableSHA1InWant = true\n";

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *ftw) {
    (void)status;
    (void)kind;
    (void)ftw;
    return remove(path);
}

void hosting_remove_folder(const char *path) {
    (void)nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS); /* what stays is removed at the next start */
}

static void remove_leftovers(const char *directory) {
    DIR *folder = opendir(directory);
    if (!folder)
        return;
    for (struct dirent *entry; (entry = readdir(folder));) {
        char path[4096];
        if (!str_starts_with(entry->d_name, LEFTOVER) || str_equal(entry->d_name, ".") ||
            str_equal(entry->d_name, ".."))
            continue;
        snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
        hosting_remove_folder(path);
    }
    closedir(folder);
}

bool hosting_open(const char *directory, struct hosting **out, struct err *err) {
    if (mkdir(directory, 0700) != 0 && errno != EEXIST)
        return err_set_errno(err, errno, "cannot make '%s'", directory);
    struct hosting *hosting = calloc(1, sizeof *hosting);
    /* git is started elsewhere and must find it */
    if (!hosting || !(hosting->directory = realpath(directory, NULL))) {
        free(hosting);
        return err_set_errno(err, errno, "cannot open '%s'", directory);
    }
    for (int i = 0; i < HOSTING_LOCKS; i++)
        pthread_mutex_init(&hosting->locks[i], NULL);
    atomic_store(&hosting->stop_boot_ms, INT64_MAX);
    remove_leftovers(hosting->directory);
    *out = hosting;
    return true;
}

void hosting_close(struct hosting *hosting) {
    if (!hosting)
        return;
    for (int i = 0; i < HOSTING_LOCKS; i++)
        pthread_mutex_destroy(&hosting->locks[i]);
    free(hosting->directory);
    free(hosting);
}

void hosting_stop(struct hosting *hosting, int64_t boot_ms) {
    atomic_store(&hosting->stop_boot_ms, boot_ms);
}

bool hosting_is_stopping(void *hosting) {
    return clock_boot_ms(&clock_system) >= atomic_load(&((struct hosting *)hosting)->stop_boot_ms);
}

/* Names and locks */

bool hosting_name_valid(const char *name) {
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    size_t length = strlen(name);
    return length >= 1 && length <= 100 && strspn(name, allowed) == length && name[0] != '.' && name[0] != '-' &&
           !str_ends_with(name, ".git");
}

const char *hosting_path(const struct hosting *hosting, struct arena *arena, const char *name) {
    return arena_printf(arena, "%s/%s.git", hosting->directory, name);
}

const char *hosting_clone_url(const struct server *server, struct arena *arena, const char *name) {
    return arena_printf(arena, "%s/git/%s", server->config->base_url, name);
}

const char **git_environment(const struct hosting *hosting, struct arena *arena, const char *repository,
                             size_t *count) {
    const char *path = getenv("PATH");
    const char **list = arena_array(arena, const char *, GIT_ENVIRONMENT_MAX + 1);
    size_t filled = 0;
    list[filled++] = arena_printf(arena, "PATH=%s", path ? path : "/usr/local/bin:/usr/bin:/bin");
    list[filled++] = "HOME=/nonexistent";
    list[filled++] = "LC_ALL=C";
    list[filled++] = "GIT_CONFIG_NOSYSTEM=1";
    list[filled++] = "GIT_CONFIG_GLOBAL=/dev/null";
    list[filled++] = "GIT_NO_REPLACE_OBJECTS=1"; /* a pushed refs/replace changes nothing */
    list[filled++] = "GIT_CONFIG_COUNT=1";
    list[filled++] = "GIT_CONFIG_KEY_0=safe.directory";
    list[filled++] = arena_printf(arena, "GIT_CONFIG_VALUE_0=%s", hosting_path(hosting, arena, repository));
    *count = filled;
    return list;
}

static pthread_mutex_t *lock_of(struct hosting *hosting, const char *name) {
    unsigned hash = 5381;
    for (; *name; name++)
        hash = hash * 33 + (unsigned char)*name;
    return &hosting->locks[hash % HOSTING_LOCKS];
}

void hosting_lock(struct hosting *hosting, const char *name) {
    pthread_mutex_lock(lock_of(hosting, name));
}

bool hosting_try_lock(struct hosting *hosting, const char *name) {
    return pthread_mutex_trylock(lock_of(hosting, name)) == 0;
}

void hosting_unlock(struct hosting *hosting, const char *name) {
    pthread_mutex_unlock(lock_of(hosting, name));
}

/* Making and taking away: under another name, then renamed, so that there is never half a repository */

static bool write_file(const char *folder, const char *name, const char *text, struct err *err) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return file_put(path, text, strlen(text), 0600, err);
}

static bool make_files(const char *folder, struct err *err) {
    static const char *const folders[] = {"",      "/objects",    "/objects/info", "/objects/pack",
                                          "/refs", "/refs/heads", "/refs/tags"};
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s%s", folder, folders[i]);
        if (mkdir(path, 0700) != 0)
            return err_set_errno(err, errno, "cannot make '%s'", path);
    }
    if (!write_file(folder, "HEAD", "ref: refs/heads/main\n", err) ||
        !write_file(folder, "config", repository_config, err))
        return false;
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s%s", folder, folders[i]);
        if (!file_sync_folder(path, err))
            return false;
    }
    return true;
}

char *hosting_new_folder(const struct hosting *hosting, struct arena *arena) {
    char id[UUID_SIZE];
    hash_uuid(id);
    return arena_printf(arena, "%s/" LEFTOVER "%s", hosting->directory, id);
}

static bool check_name(const char *name, struct err *err) {
    return hosting_name_valid(name) ||
           err_set_code(err, ERR_INVALID, "InvalidRepositoryNameException",
                        "'%.120s' cannot name a repository: letters, digits, '.', '_' and '-', at most 100", name);
}

struct owner {
    const char *name;
    bool exists;
};

static bool find_owner(struct tx *tx, void *context, struct err *err) {
    struct owner *owner = context;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct repository_row row;
    owner->exists = repositories_get(tx, &arena, owner->name, &row, err);
    return owner->exists || err->kind == ERR_NOT_FOUND;
}

static bool has_row(struct server *server, const char *name, bool *out, struct err *err) {
    struct owner owner = {.name = name};
    if (!db_read(server->db, find_owner, &owner, err))
        return false;
    err_clear(err);
    *out = owner.exists;
    return true;
}

/* With the lock. True where the name is free for a new folder or nothing was there. */
static bool move_away(struct hosting *hosting, const char *name, const char *to, struct err *err) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    return rename(hosting_path(hosting, &arena, name), to) == 0 || errno == ENOENT ||
           err_set_errno(err, errno, "cannot move the old folder of repository '%s' away", name);
}

static bool place(struct server *server, const char *name, const char *made, const char *old, struct err *err) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    bool owned;
    if (!has_row(server, name, &owned, err))
        return false;
    if (owned)
        return true;
    return move_away(server->hosting, name, old, err) &&
           (rename(made, hosting_path(server->hosting, &arena, name)) == 0 ||
            err_set_errno(err, errno, "cannot make repository '%s'", name)) &&
           file_sync_folder(server->hosting->directory, err); /* before the row that says it exists */
}

bool hosting_create(struct server *server, const char *name, struct err *err) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    if (!check_name(name, err))
        return false;
    const char *made = hosting_new_folder(server->hosting, &arena), *old = hosting_new_folder(server->hosting, &arena);
    bool ok = make_files(made, err);
    if (ok && !hosting_try_lock(server->hosting, name)) {
        ok = err_set(err, ERR_UNAVAILABLE, "a push to '%s' is under way; ask again when it has ended", name);
    } else if (ok) {
        ok = place(server, name, made, old, err);
        hosting_unlock(server->hosting, name);
    }
    hosting_remove_folder(made);
    hosting_remove_folder(old);
    return ok;
}

void hosting_discard(struct server *server, const char *name) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const char *old = hosting_new_folder(server->hosting, &arena);
    struct err err = {0};
    bool owned;
    if (!hosting_name_valid(name) || !hosting_try_lock(server->hosting, name))
        return;
    if (has_row(server, name, &owned, &err) && !owned)
        (void)move_away(server->hosting, name, old, &err);
    hosting_unlock(server->hosting, name);
    hosting_remove_folder(old);
}
