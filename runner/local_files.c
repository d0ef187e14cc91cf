/*
 * A local build's input and output: the folder as it is, with its links and its empty folders, and the artifacts copied
 * to where the person wants them. What is no file, folder or link (a socket, a device) is left out.
 */
#include "runner/local.h"

#include "common/str.h"
#include "runner/archive/zip.h"
#include "runner/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH_MAX 256
#define PIECE_BYTES 65536

struct packing {
    const struct local *local;
    const char *root;
    struct zip_writer *zip;
};

static bool pack_folder(struct packing *packing, const char *folder, int depth, struct err *err);

static void close_descriptor(const int *descriptor) {
    if (*descriptor >= 0)
        (void)close(*descriptor);
}

static bool pack_file(struct packing *packing, const char *full, struct zip_entry *entry, struct err *err) {
    int descriptor CLEANUP(close_descriptor) = open(full, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (descriptor < 0)
        return err_set_errno(err, errno, "unable to read '%s'", full);
    entry->descriptor = descriptor;
    return zip_writer_add(packing->zip, entry, err);
}

static bool pack_one(struct packing *packing, const char *name, int depth, struct err *err) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const char *full = arena_printf(&arena, "%s/%s", packing->root, name);
    struct stat status;
    char target[PATH_MAX];
    if (lstat(full, &status) != 0)
        return err_set_errno(err, errno, "unable to look at '%s'", full);
    struct zip_entry entry = {
        .name = name, .mode = status.st_mode & 0777, .modified = status.st_mtime, .size = status.st_size};
    if (S_ISREG(status.st_mode))
        return pack_file(packing, full, &entry, err);
    if (S_ISDIR(status.st_mode)) {
        entry.name = arena_printf(&arena, "%s/", name);
        entry.size = 0;
        return zip_writer_add(packing->zip, &entry, err) && pack_folder(packing, name, depth + 1, err);
    }
    ssize_t length = S_ISLNK(status.st_mode) ? readlink(full, target, sizeof target - 1) : -1;
    if (length <= 0)
        return true;
    target[length] = '\0';
    entry.target = target;
    return zip_writer_add(packing->zip, &entry, err);
}

static int is_inside(const struct dirent *entry) {
    return !str_equal(entry->d_name, ".") && !str_equal(entry->d_name, "..");
}

static bool pack_folder(struct packing *packing, const char *folder, int depth, struct err *err) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const char *full = *folder ? arena_printf(&arena, "%s/%s", packing->root, folder) : packing->root;
    struct dirent **entries = NULL;
    if (depth > DEPTH_MAX)
        return err_set(err, ERR_LIMIT, "the folders below '%s' are nested deeper than %d", packing->root, DEPTH_MAX);
    int count = scandir(full, &entries, is_inside, alphasort);
    if (count < 0)
        return err_set_errno(err, errno, "unable to read folder '%s'", full);
    bool good = true;
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        if (good && !(depth == 0 && packing->local->without_git && str_equal(name, ".git")))
            good = pack_one(packing, *folder ? arena_printf(&arena, "%s/%s", folder, name) : name, depth, err);
        free(entries[i]);
    }
    free(entries);
    return good;
}

static const struct local_source *find_source(const struct local *local, const char *name) {
    for (size_t i = 0; i < local->source_count; i++)
        if (!name || str_equal(local->sources[i].name, name))
            return &local->sources[i];
    return NULL;
}

bool local_pack(const struct local *local, const char *name, const char *zip_path, struct err *err) {
    const struct local_source *source = find_source(local, name);
    if (!source)
        return err_set(err, ERR_NOT_FOUND, "there is no source '%s'", name);
    struct packing packing = {.local = local, .root = source->folder};
    if (!zip_writer_open(zip_path, &packing.zip, err))
        return false;
    zip_writer_store(packing.zip);
    if (!pack_folder(&packing, "", 0, err)) {
        zip_writer_abandon(packing.zip);
        return false;
    }
    return zip_writer_close(packing.zip, err);
}

static bool copy_bytes(int from, int to, const char *path, struct err *err) {
    char piece[PIECE_BYTES];
    for (;;) {
        ssize_t got = read(from, piece, sizeof piece);
        if (got == 0)
            return true;
        for (ssize_t at = 0; at < got;) {
            ssize_t written = write(to, piece + at, (size_t)(got - at));
            if (written <= 0)
                return err_set_errno(err, errno, "unable to write '%s'", path);
            at += written;
        }
        if (got < 0)
            return err_set_errno(err, errno, "unable to read an artifact");
    }
}

static bool copy_file(const char *from_path, const char *to_path, struct err *err) {
    int from CLEANUP(close_descriptor) = open(from_path, O_RDONLY | O_CLOEXEC);
    int to CLEANUP(close_descriptor) = open(to_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (from < 0 || to < 0)
        return err_set_errno(err, errno, "unable to write '%s'", to_path);
    return copy_bytes(from, to, to_path, err);
}

bool local_take(struct local *local, const char *name, const char *zip_path, struct err *err) {
    const char *const *names;
    size_t count;
    struct stat status;
    if (!zip_list(local->arena, zip_path, &names, &count, err))
        return false;
    struct json *artifact = json_append_object(local->arena, local->artifacts);
    json_set_text(local->arena, artifact, "name", name);
    if (stat(zip_path, &status) == 0)
        json_set_integer(local->arena, artifact, "sizeInBytes", status.st_size);
    struct json *files = json_set_array(local->arena, artifact, "files");
    for (size_t i = 0; i < count; i++)
        json_append_text(local->arena, files, names[i]);
    if (!local->output_folder)
        return true;
    const char *path = arena_printf(local->arena, "%s/%s.zip", local->output_folder, name);
    json_set_text(local->arena, artifact, "path", path);
    return folder_ensure(local->output_folder, err) && copy_file(zip_path, path, err);
}

void local_report(struct local *local, const struct json *report, const struct json **answer) {
    const char *name = json_get_text_or(report, "name", "report");
    struct json *kept = json_copy(local->arena, report);
    struct json *given = json_object(local->arena);
    json_append(local->reports, kept);
    json_set_text(local->arena, given, "reportArn",
                  arena_printf(local->arena, "arn:aws:codebuild:us-east-1:123456789012:report/%s:%zu", name,
                               local->reports->count));
    if (answer)
        *answer = given;
}
