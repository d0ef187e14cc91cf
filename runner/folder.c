/*
 * Folders.
 */
#include "runner/folder.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OPEN_FOLDERS 32

bool folder_ensure(const char *path, struct err *err) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    char *part = arena_strdup(&arena, path);
    for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(part, 0755) != 0 && errno != EEXIST)
            return err_set_errno(err, errno, "unable to make folder '%s'", part);
        *slash = '/';
    }
    if (mkdir(part, 0700) != 0 && errno != EEXIST)
        return err_set_errno(err, errno, "unable to make folder '%s'", part);
    return true;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *position) {
    (void)status, (void)kind, (void)position;
    (void)remove(path);
    return 0;
}

/* A build may leave folders that even their owner cannot enter. */
static int open_one(const char *path, const struct stat *status, int kind, struct FTW *position) {
    (void)status, (void)position;
    if (kind == FTW_DNR || kind == FTW_D)
        (void)chmod(path, 0700);
    return 0;
}

void folder_remove(const char *path) {
    if (geteuid() != 0)
        (void)nftw(path, open_one, OPEN_FOLDERS, FTW_PHYS);
    (void)nftw(path, remove_one, OPEN_FOLDERS, FTW_PHYS | FTW_DEPTH);
}

bool folder_make(struct arena *arena, const char *state, const char *name, const char **out, struct err *err) {
    /* A build's id is "project:uuid"; the colon would be awkward in paths. */
    char *safe = arena_strdup(arena, name);
    for (char *at = safe; *at; at++)
        if (*at == ':' || *at == '/')
            *at = '_';
    const char *path = arena_printf(arena, "%s/work/%s", state, safe);
    folder_remove(path);
    if (!folder_ensure(path, err))
        return false;
    *out = path;
    return true;
}
