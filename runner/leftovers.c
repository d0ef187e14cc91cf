/*
 * Removing by label, and claims that the kernel gives up when their process dies.
 */
#include "runner/leftovers.h"

#include "common/log.h"
#include "common/str.h"
#include "runner/docker/containers.h"
#include "runner/docker/networks.h"
#include "runner/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

bool leftovers_remove(struct arena *arena, const struct engine *engine, const char *runner_id, bool *kept,
                      struct err *err) {
    struct docker *docker CLEANUP(docker_cleanup) = docker_open(engine);
    const char *const *ids;
    size_t count;
    if (!containers_with_label(docker, arena, LABEL_RUNNER, runner_id, &ids, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        LOG_INFO("removing a container that an earlier process left", "container", ids[i]);
        if (!container_remove(docker, arena, ids[i], err))
            return false;
    }
    struct removals counts = {0};
    if (!networks_remove_all(docker, arena, runner_id, &counts, err) ||
        !volumes_remove_all(docker, arena, LABEL_RUNNER, runner_id, &counts, err))
        return false;
    if (counts.removed > 0)
        LOG_INFO("removed networks and volumes that an earlier process left", "count",
                 arena_printf(arena, "%d", counts.removed));
    *kept = counts.kept > 0;
    return true;
}

static void close_folder(DIR **folder) {
    if (*folder)
        (void)closedir(*folder);
}

static const char *claim_path(struct arena *arena, const char *state, const char *runner_id) {
    return arena_printf(arena, "%s/local/%s", state, runner_id);
}

/* The descriptor stays open until the process ends: the lock is the claim. */
static bool lock_claim(struct arena *arena, const char *state, const char *runner_id, struct err *err) {
    const char *path = claim_path(arena, state, runner_id);
    int claim = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (claim < 0 || flock(claim, LOCK_EX | LOCK_NB) != 0)
        return err_set_errno(err, errno, "unable to write to the state folder '%s'", state);
    return true;
}

static bool is_dead(const char *path) {
    int claim = open(path, O_RDWR | O_CLOEXEC);
    bool dead = claim >= 0 && flock(claim, LOCK_EX | LOCK_NB) == 0;
    if (claim >= 0)
        (void)close(claim);
    return dead;
}

/* The folders of its jobs, whose names begin with its id. */
static void remove_work(struct arena *arena, const char *state, const char *runner_id) {
    const char *work = arena_printf(arena, "%s/work", state);
    DIR *folder CLEANUP(close_folder) = opendir(work);
    for (const struct dirent *entry = folder ? readdir(folder) : NULL; entry; entry = readdir(folder))
        if (str_starts_with(entry->d_name, runner_id))
            folder_remove(arena_printf(arena, "%s/%s", work, entry->d_name));
}

static void sweep(struct arena *arena, const struct engine *engine, const char *state) {
    const char *claims = arena_printf(arena, "%s/local", state);
    DIR *folder CLEANUP(close_folder) = opendir(claims);
    for (const struct dirent *entry = folder ? readdir(folder) : NULL; entry; entry = readdir(folder)) {
        struct err err = {0};
        const char *runner_id = arena_strdup(arena, entry->d_name);
        if (runner_id[0] == '.' || !is_dead(claim_path(arena, state, runner_id)))
            continue;
        bool kept = false;
        if (leftovers_remove(arena, engine, runner_id, &kept, &err)) {
            remove_work(arena, state, runner_id);
            if (!kept)
                leftovers_give_up(arena, state, runner_id);
        } else {
            LOG_WARNING("what an earlier build left stays behind", "runner", runner_id, "error", err.message);
        }
    }
}

bool leftovers_claim(struct arena *arena, const struct engine *engine, const char *state, const char *runner_id,
                     struct err *err) {
    if (!folder_ensure(arena_printf(arena, "%s/local", state), err))
        return false;
    sweep(arena, engine, state);
    return lock_claim(arena, state, runner_id, err);
}

void leftovers_give_up(struct arena *arena, const char *state, const char *runner_id) {
    (void)unlink(claim_path(arena, state, runner_id));
}
