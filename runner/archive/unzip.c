/*
 * Unpacking through libarchive.
 */
#include "runner/archive/unzip.h"

#include "common/str.h"
#include "runner/archive/names.h"
#include "runner/folder.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>

#define PIECE_BYTES 65536

struct work {
    const struct unzip *request;
    struct archive *from;
    struct archive *to;
    int64_t bytes;
    int64_t bytes_max;
};

static void free_reader(struct archive **archive) {
    (void)archive_read_free(*archive);
}

static void free_writer(struct archive **archive) {
    (void)archive_write_free(*archive);
}

static void leave_out(const struct work *work, const char *name, const char *why) {
    struct arena scratch CLEANUP(arena_release) = ARENA_INIT;
    if (work->request->left_out)
        work->request->left_out(work->request->context, arena_printf(&scratch, "'%.300s' is left out: %s", name, why));
}

static bool copy_contents(struct work *work, const char *name, struct err *err) {
    const void *block;
    size_t size;
    la_int64_t offset;
    for (;;) {
        int result = archive_read_data_block(work->from, &block, &size, &offset);
        if (result == ARCHIVE_EOF)
            return true;
        if (result < ARCHIVE_WARN)
            return err_set(err, ERR_INVALID, "the artifact is no sound zip file: '%.300s': %s", name,
                           archive_error_string(work->from));
        work->bytes += (int64_t)size;
        if (work->bytes > work->bytes_max)
            return err_set(err, ERR_LIMIT, "the artifact unpacks to more than %lld bytes", (long long)work->bytes_max);
        if (archive_write_data_block(work->to, block, size, offset) < ARCHIVE_WARN)
            return err_set(err, ERR_INTERNAL, "unable to unpack '%.300s': %s", name, archive_error_string(work->to));
    }
}

/* Why the entry is not unpacked; NULL where it is. */
static const char *objection(struct archive_entry *entry, const char *name) {
    unsigned kind = archive_entry_filetype(entry);
    const char *target = kind == AE_IFLNK ? archive_entry_symlink(entry) : NULL;
    if (archive_entry_hardlink(entry) || (kind != AE_IFREG && kind != AE_IFDIR && kind != AE_IFLNK))
        return "neither file nor folder nor symbolic link";
    if (kind == AE_IFLNK && (!target || !archive_link_stays(name, target)))
        return "the link leads out of the artifact";
    return NULL;
}

static bool unpack_entry(struct work *work, struct archive_entry *entry, struct err *err) {
    struct arena scratch CLEANUP(arena_release) = ARENA_INIT;
    const char *name;
    if (!archive_name(&scratch, archive_entry_pathname(entry), &name, err))
        return false;
    if (!*name)
        return true;
    const char *why = objection(entry, name);
    if (why) {
        leave_out(work, name, why);
        return true;
    }
    bool folder = archive_entry_filetype(entry) == AE_IFDIR;
    unsigned permissions = archive_entry_perm(entry) & 0777;
    /* Zips made on Windows carry no permissions. */
    if (permissions == 0)
        permissions = folder ? 0755 : 0644;
    archive_entry_set_perm(entry, permissions | (folder ? 0700 : 0600));
    archive_entry_copy_pathname(entry, arena_printf(&scratch, "%s/%s", work->request->folder, name));
    if (archive_write_header(work->to, entry) < ARCHIVE_WARN)
        return err_set(err, ERR_INVALID, "unable to unpack '%.300s': %s", name, archive_error_string(work->to));
    return archive_entry_filetype(entry) != AE_IFREG || copy_contents(work, name, err);
}

static bool unpack(struct work *work, struct err *err) {
    const struct unzip *request = work->request;
    struct archive_entry *entry;
    int result;
    for (int count = 0;
         (result = archive_read_next_header(work->from, &entry)) >= ARCHIVE_WARN && result != ARCHIVE_EOF; count++) {
        if (count >= ARCHIVE_ENTRIES_MAX)
            return err_set(err, ERR_LIMIT, "the artifact holds more than %d files", ARCHIVE_ENTRIES_MAX);
        if (request->interrupted && request->interrupted(request->context))
            return err_set(err, ERR_UNAVAILABLE, "interrupted");
        if (!unpack_entry(work, entry, err))
            return false;
    }
    return result == ARCHIVE_EOF ||
           err_set(err, ERR_INVALID, "the artifact is no sound zip file: %s", archive_error_string(work->from));
}

bool unzip(const struct unzip *request, struct err *err) {
    struct archive *from CLEANUP(free_reader) = archive_read_new();
    struct archive *to CLEANUP(free_writer) = archive_write_disk_new();
    struct work work = {.request = request,
                        .from = from,
                        .to = to,
                        .bytes_max = request->bytes_max > 0 ? request->bytes_max : ARCHIVE_BYTES_MAX};
    if (!folder_ensure(request->folder, err))
        return false;
    (void)archive_read_support_format_zip(from);
    (void)archive_write_disk_set_options(to, ARCHIVE_EXTRACT_PERM | ARCHIVE_EXTRACT_TIME | ARCHIVE_EXTRACT_UNLINK |
                                                 ARCHIVE_EXTRACT_SECURE_SYMLINKS | ARCHIVE_EXTRACT_SECURE_NODOTDOT);
    if (archive_read_open_filename(from, request->zip, PIECE_BYTES) != ARCHIVE_OK)
        return err_set(err, ERR_INVALID, "the artifact is no zip file: %s", archive_error_string(from));
    return unpack(&work, err) && (archive_write_close(to) == ARCHIVE_OK ||
                                  err_set(err, ERR_INTERNAL, "unable to unpack: %s", archive_error_string(to)));
}
