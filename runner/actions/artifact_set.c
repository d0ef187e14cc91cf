/*
 * Packing what a set takes.
 */
#include "runner/actions/artifact_set.h"

#include "runner/archive/names.h"
#include "runner/archive/zip.h"

#include <unistd.h>

bool artifact_set_collect(struct build *build, const struct buildspec_artifacts *set, struct container_files *out,
                          struct err *err) {
    const struct container_query query = {
        .tree = arena_printf(build->arena, "tree-%s", set->identifier ? set->identifier : ""),
        .base_directory = set->base_directory,
        .files = &set->files,
        .exclude_paths = &set->exclude_paths,
        .discard_paths = set->discard_paths,
        .keep_symlinks = set->keep_symlinks};
    struct container_files found;
    build_say(build, "Expanding base directory path: %s", set->base_directory ? set->base_directory : ".");
    build_say(build, "Assembling file list");
    if (!container_files_collect(build, &query, &found, err))
        return false;
    if (found.count == 0) {
        container_files_release(build, &found);
        return err_set_code(err, ERR_NOT_FOUND, "CLIENT_ERROR", "no matching artifact paths found");
    }
    build_say(build, "Found %zu file(s)", found.count);
    *out = found;
    return true;
}

bool artifact_set_open(struct build *build, const struct container_files *files, const struct container_file *file,
                       int *descriptor, struct tree_file *found, struct err *err) {
    struct err own = {0};
    err_clear(err);
    if (tree_open(files->tree, file->found, descriptor, found, &own))
        return true;
    if (own.kind != ERR_NOT_FOUND)
        return err_set(err, own.kind, "%s", own.message);
    build_say(build, "Skipping %s: %s", file->name, own.message);
    return false;
}

static bool pack_file(struct build *build, struct zip_writer *zip, bool keep_symlinks,
                      const struct container_files *files, const struct container_file *file, struct err *err) {
    const struct tree_file *found = file->found;
    struct zip_entry entry = {.name = file->name, .mode = found->mode, .modified = found->modified, .descriptor = -1};
    struct tree_file opened;
    if (found->target && keep_symlinks) {
        if (!archive_link_stays(file->name, found->target)) {
            build_say(build, "Skipping %s: the link leads out of the artifact", file->name);
            return true;
        }
        entry.target = found->target;
        return zip_writer_add(zip, &entry, err);
    }
    if (!artifact_set_open(build, files, file, &entry.descriptor, &opened, err))
        return err->kind == ERR_NONE;
    entry.mode = opened.mode;
    entry.modified = opened.modified;
    entry.size = opened.size;
    bool good = zip_writer_add(zip, &entry, err);
    (void)close(entry.descriptor);
    return good;
}

bool artifact_set_pack(struct build *build, const struct buildspec_artifacts *set, const struct container_files *files,
                       const char *zip_path, struct err *err) {
    struct zip_writer *zip = NULL;
    struct err own = {0};
    if (!zip_writer_open(zip_path, &zip, err))
        return false;
    zip_writer_watch(zip, job_is_stopped, build->job);
    for (size_t i = 0; i < files->count; i++) {
        if (pack_file(build, zip, set->keep_symlinks, files, &files->files[i], &own))
            continue;
        zip_writer_abandon(zip);
        return err_set_code(err, own.kind, own.code, "%s", own.message);
    }
    return zip_writer_close(zip, err);
}
