/*
 * Packing what a set takes.
 */
#include "runner/actions/artifact_set.h"

#include "runner/actions/container_files.h"
#include "runner/archive/zip.h"

#include <unistd.h>

struct packing {
    struct build *build;
    const struct buildspec_artifacts *set;
    struct container_files files;
    struct zip_writer *zip;
};

static bool pack_file(struct packing *packing, const struct container_file *file, struct err *err) {
    const struct tree_file *found = file->found;
    struct zip_entry entry = {.name = file->name, .mode = found->mode, .modified = found->modified, .descriptor = -1};
    struct tree_file opened;
    struct err own = {0};
    if (found->target && packing->set->keep_symlinks) {
        entry.target = found->target;
        return zip_writer_add(packing->zip, &entry, err);
    }
    if (!tree_open(packing->files.tree, found, &entry.descriptor, &opened, &own)) {
        build_say(packing->build, "Skipping %s: %s", file->name, own.message);
        return true;
    }
    entry.mode = opened.mode;
    entry.modified = opened.modified;
    entry.size = opened.size;
    bool good = zip_writer_add(packing->zip, &entry, err);
    (void)close(entry.descriptor);
    return good;
}

static bool pack(struct packing *packing, const char *zip_path, struct err *err) {
    if (!zip_writer_open(zip_path, &packing->zip, err))
        return false;
    for (size_t i = 0; i < packing->files.count; i++) {
        if (pack_file(packing, &packing->files.files[i], err))
            continue;
        zip_writer_abandon(packing->zip);
        return false;
    }
    return zip_writer_close(packing->zip, err);
}

bool artifact_set_pack(struct build *build, const struct buildspec_artifacts *set, const char *zip_path,
                       struct err *err) {
    struct packing packing = {.build = build, .set = set};
    const struct container_query query = {
        .tree = arena_printf(build->arena, "tree-%s", set->identifier ? set->identifier : ""),
        .base_directory = set->base_directory,
        .files = &set->files,
        .exclude_paths = &set->exclude_paths,
        .discard_paths = set->discard_paths};
    build_say(build, "Expanding base directory path: %s", set->base_directory ? set->base_directory : ".");
    if (!container_files_collect(build, &query, &packing.files, err))
        return false;
    if (packing.files.count == 0)
        return err_set_code(err, ERR_NOT_FOUND, "CLIENT_ERROR", "no matching artifact paths found");
    build_say(build, "Found %zu file(s)", packing.files.count);
    return pack(&packing, zip_path, err);
}
