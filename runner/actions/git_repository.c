/*
 * The `.git` folder of a build's source.
 */
#include "runner/actions/git_repository.h"

#include "common/spawn.h"
#include "common/str.h"
#include "runner/actions/git_fetch.h"
#include "runner/archive/tree.h"
#include "runner/archive/zip.h"
#include "runner/folder.h"

#include <string.h>
#include <unistd.h>

#define ARGUMENTS_MAX 16

struct making {
    struct job *job;
    const struct git_repository_request *request;
    const char *folder; /* becomes `.git` */
};

/* Runs `git --git-dir=FOLDER …`; the list ends with NULL. */
static bool run(const struct making *making, const char *const *words, struct err *err) {
    const char *arguments[ARGUMENTS_MAX + 3] = {"git",
                                                arena_printf(making->job->arena, "--git-dir=%s", making->folder)};
    struct spawn_result result;
    for (size_t i = 0; words[i] && i < ARGUMENTS_MAX; i++)
        arguments[i + 2] = words[i];
    if (!git_run(making->job, arguments, NULL, &result, err))
        return false;
    return result.exit_code == 0 || err_set(err, ERR_INTERNAL, "unable to make the build's repository: %.300s",
                                            git_reason(making->job->arena, result.output));
}

static bool initialise(const struct making *making, struct err *err) {
    const char *const words[] = {"init", "--quiet", "--bare", "--template=", NULL};
    return folder_ensure(making->folder, err) && run(making, words, err);
}

/* Out of the mirror: one commit with its history, and the tags. */
static bool fill(const struct making *making, struct err *err) {
    struct arena *arena = making->job->arena;
    const struct git_repository_request *request = making->request;
    const char *words[ARGUMENTS_MAX] = {"fetch", "--quiet", "--no-tags", "--no-write-fetch-head"};
    size_t count = 4;
    if (request->depth > 0)
        words[count++] = arena_printf(arena, "--depth=%lld", (long long)request->depth);
    words[count++] = "--end-of-options";
    /* As a URL: a path would make git copy or link what the mirror has, whatever was asked for. */
    words[count++] = arena_printf(arena, "file://%s", request->mirror);
    words[count++] =
        arena_printf(arena, "+%s:refs/remotes/origin/%s", request->commit, request->branch ? request->branch : "HEAD");
    if (request->tags)
        words[count++] = "+refs/tags/*:refs/tags/*";
    return run(making, words, err);
}

/* The folder above it is the work tree; HEAD is the commit, the index its tree. */
static bool settle(const struct making *making, struct err *err) {
    const struct git_repository_request *request = making->request;
    const char *const bare[] = {"config", "core.bare", "false", NULL};
    const char *const log[] = {"config", "core.logAllRefUpdates", "true", NULL};
    const char *const url[] = {"config", "remote.origin.url", request->url, NULL};
    const char *const refs[] = {"config", "remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*", NULL};
    const char *const head[] = {"update-ref", "--no-deref", "HEAD", request->commit, NULL};
    const char *const index[] = {"read-tree", request->commit, NULL};
    return run(making, head, err) && run(making, index, err) && run(making, bare, err) && run(making, log, err) &&
           run(making, url, err) && run(making, refs, err);
}

static void close_descriptor(const int *descriptor) {
    if (*descriptor >= 0)
        (void)close(*descriptor);
}

static bool add_file(struct zip_writer *zip, const char *root, const struct tree_file *file, struct err *err) {
    struct tree_file found;
    int descriptor CLEANUP(close_descriptor) = -1;
    if (!tree_open(root, file, &descriptor, &found, err))
        return false;
    const struct zip_entry entry = {.name = file->path,
                                    .mode = found.mode & 0777,
                                    .modified = found.modified,
                                    .descriptor = descriptor,
                                    .size = found.size};
    return zip_writer_add(zip, &entry, err);
}

/* git takes a folder without these for no repository. */
static bool add_folders(struct zip_writer *zip, struct err *err) {
    static const char *const names[] = {"refs/", "refs/heads/", "refs/tags/", "objects/"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct zip_entry entry = {.name = names[i], .mode = 0755, .descriptor = -1};
        if (!zip_writer_add(zip, &entry, err))
            return false;
    }
    return true;
}

static bool pack(const struct making *making, const char *path, struct err *err) {
    const struct tree_file *files = NULL;
    struct zip_writer *zip;
    size_t count = 0;
    if (!tree_list(making->job->arena, making->folder, "", &files, &count, err) || !zip_writer_open(path, &zip, err))
        return false;
    zip_writer_store(zip); /* packs are compressed as they are */
    bool good = add_folders(zip, err);
    for (size_t i = 0; i < count && good; i++)
        good = files[i].target || add_file(zip, making->folder, &files[i], err);
    if (good)
        return zip_writer_close(zip, err);
    zip_writer_abandon(zip);
    return false;
}

bool git_repository(struct job *job, const struct git_repository_request *request, const char **zip, struct err *err) {
    const struct making making = {
        .job = job, .request = request, .folder = arena_printf(job->arena, "%s/%s.git", job->folder, request->name)};
    const char *path = arena_printf(job->arena, "%s/%s-git.zip", job->folder, request->name);
    bool made = initialise(&making, err) && fill(&making, err) && settle(&making, err) && pack(&making, path, err);
    folder_remove(making.folder);
    if (made)
        *zip = path;
    return made;
}
