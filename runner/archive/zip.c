/*
 * Zips through libarchive.
 */
#include "runner/archive/zip.h"

#include "common/str.h"
#include "common/utf8.h"
#include "runner/archive/names.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE_BYTES 65536

struct zip_writer {
    struct archive *archive;
    struct archive_entry *entry;
    bool (*interrupted)(void *context); /* or NULL */
    void *context;
};

static bool archive_refuse(struct archive *archive, const char *what, struct err *err) {
    const char *reason = archive_error_string(archive);
    return err_set(err, ERR_INTERNAL, "unable to write %s: %s", what, reason ? reason : "unknown reason");
}

void zip_writer_abandon(struct zip_writer *writer) {
    if (!writer)
        return;
    archive_entry_free(writer->entry);
    (void)archive_write_free(writer->archive);
    free(writer);
}

bool zip_writer_open(const char *path, struct zip_writer **out, struct err *err) {
    struct zip_writer *writer = calloc(1, sizeof *writer);
    if (!writer)
        abort();
    writer->archive = archive_write_new();
    writer->entry = archive_entry_new();
    if (!writer->archive || !writer->entry)
        abort();
    (void)archive_write_set_format_zip(writer->archive);
    /* The fastest level: artifacts are moved once or twice, and people wait for them. */
    (void)archive_write_set_options(writer->archive, "zip:compression=deflate,zip:compression-level=1");
    if (archive_write_open_filename(writer->archive, path) != ARCHIVE_OK) {
        (void)archive_refuse(writer->archive, "a zip file", err);
        zip_writer_abandon(writer);
        return false;
    }
    *out = writer;
    return true;
}

void zip_writer_store(struct zip_writer *writer) {
    (void)archive_write_zip_set_compression_store(writer->archive);
}

void zip_writer_watch(struct zip_writer *writer, bool (*interrupted)(void *context), void *context) {
    writer->interrupted = interrupted;
    writer->context = context;
}

static bool goes_on(const struct zip_writer *writer, struct err *err) {
    return !writer->interrupted || !writer->interrupted(writer->context) ||
           err_set(err, ERR_UNAVAILABLE, "interrupted");
}

static bool copy_file(struct zip_writer *writer, const struct zip_entry *entry, struct err *err) {
    char piece[PIECE_BYTES];
    int64_t left = entry->size;
    while (left > 0 && goes_on(writer, err)) {
        size_t wanted = left < PIECE_BYTES ? (size_t)left : PIECE_BYTES;
        ssize_t got = read(entry->descriptor, piece, wanted);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_set_errno(err, errno, "unable to read '%s'", entry->name);
        if (got == 0)
            return err_set(err, ERR_INTERNAL, "'%s' became shorter while it was read", entry->name);
        if (archive_write_data(writer->archive, piece, (size_t)got) < 0)
            return archive_refuse(writer->archive, entry->name, err);
        left -= got;
    }
    return left <= 0;
}

/* A name that is no UTF-8 must not be marked as such: others could not open the zip at all. libarchive goes by the
 * thread's locale; the bytes stay as they are. */
static int write_header(struct archive *archive, struct archive_entry *header, const char *name) {
    const size_t length = strlen(name);
    if (utf8_valid_length(name, length) == length)
        return archive_write_header(archive, header);
    locale_t plain = newlocale(LC_CTYPE_MASK, "C", NULL);
    locale_t before = plain ? uselocale(plain) : NULL;
    int result = archive_write_header(archive, header);
    if (plain) {
        (void)uselocale(before);
        freelocale(plain);
    }
    return result;
}

bool zip_writer_add(struct zip_writer *writer, const struct zip_entry *entry, struct err *err) {
    if (!goes_on(writer, err))
        return false;
    struct archive_entry *header = archive_entry_clear(writer->entry);
    archive_entry_set_pathname(header, entry->name);
    archive_entry_set_filetype(header, entry->target                     ? AE_IFLNK
                                       : str_ends_with(entry->name, "/") ? AE_IFDIR
                                                                         : AE_IFREG);
    archive_entry_set_perm(header, entry->target ? 0777 : entry->mode & 0777);
    archive_entry_set_mtime(header, entry->modified, 0);
    archive_entry_set_size(header, entry->target ? 0 : entry->size);
    if (entry->target)
        archive_entry_set_symlink(header, entry->target);
    if (write_header(writer->archive, header, entry->name) < ARCHIVE_WARN)
        return archive_refuse(writer->archive, entry->name, err);
    if (entry->target || entry->size == 0)
        return true;
    if (!entry->bytes)
        return copy_file(writer, entry, err);
    if (archive_write_data(writer->archive, entry->bytes, (size_t)entry->size) < 0)
        return archive_refuse(writer->archive, entry->name, err);
    return true;
}

bool zip_writer_close(struct zip_writer *writer, struct err *err) {
    bool good = archive_write_close(writer->archive) == ARCHIVE_OK ||
                archive_refuse(writer->archive, "the end of a zip file", err);
    zip_writer_abandon(writer);
    return good;
}

static void free_reader(struct archive **archive) {
    (void)archive_read_free(*archive);
}

bool zip_check(const char *path, struct err *err) {
    struct archive *archive CLEANUP(free_reader) = archive_read_new();
    struct archive_entry *entry;
    int64_t bytes = 0;
    (void)archive_read_support_format_zip(archive);
    if (archive_read_open_filename(archive, path, PIECE_BYTES) != ARCHIVE_OK)
        return err_set(err, ERR_INVALID, "it is no zip file: %s", archive_error_string(archive));
    int result;
    for (int count = 0; (result = archive_read_next_header(archive, &entry)) >= ARCHIVE_WARN && result != ARCHIVE_EOF;
         count++) {
        struct arena scratch CLEANUP(arena_release) = ARENA_INIT;
        const char *name;
        if (count >= ARCHIVE_ENTRIES_MAX)
            return err_set(err, ERR_LIMIT, "the zip holds more than %d files", ARCHIVE_ENTRIES_MAX);
        if (!archive_name(&scratch, archive_entry_pathname(entry), &name, err))
            return false;
        bytes += archive_entry_size(entry) > 0 ? archive_entry_size(entry) : 0;
        if (bytes > ARCHIVE_BYTES_MAX || bytes < 0)
            return err_set(err, ERR_LIMIT, "the zip unpacks to more than %lld bytes", (long long)ARCHIVE_BYTES_MAX);
    }
    return result == ARCHIVE_EOF ||
           err_set(err, ERR_INVALID, "it is no sound zip file: %s", archive_error_string(archive));
}

static bool read_entry(struct arena *arena, struct archive *archive, const char *name, size_t ceiling,
                       const char **bytes, size_t *size, struct err *err) {
    char *text = arena_alloc(arena, ceiling + 2);
    size_t length = 0;
    for (;;) {
        la_ssize_t got = archive_read_data(archive, text + length, ceiling + 1 - length);
        if (got < 0)
            return err_set(err, ERR_INVALID, "the file '%s' in the artifact cannot be read: %s", name,
                           archive_error_string(archive));
        if (got == 0)
            break;
        length += (size_t)got;
        if (length > ceiling)
            return err_set(err, ERR_LIMIT, "the file '%s' is larger than %zu bytes", name, ceiling);
    }
    text[length] = '\0';
    *bytes = text;
    *size = length;
    return true;
}

bool zip_read(struct arena *arena, const char *path, const char *name, size_t ceiling, const char **bytes, size_t *size,
              struct err *err) {
    struct archive *archive CLEANUP(free_reader) = archive_read_new();
    struct archive_entry *entry;
    const char *wanted;
    if (!archive_name(arena, name, &wanted, err))
        return false;
    (void)archive_read_support_format_zip(archive);
    if (archive_read_open_filename(archive, path, PIECE_BYTES) != ARCHIVE_OK)
        return err_set(err, ERR_INVALID, "the artifact is no zip file: %s", archive_error_string(archive));
    int result;
    for (int count = 0; (result = archive_read_next_header(archive, &entry)) >= ARCHIVE_WARN && result != ARCHIVE_EOF;
         count++) {
        const char *found;
        if (count >= ARCHIVE_ENTRIES_MAX)
            return err_set(err, ERR_LIMIT, "the artifact holds more than %d files", ARCHIVE_ENTRIES_MAX);
        struct arena scratch CLEANUP(arena_release) = ARENA_INIT;
        if (archive_entry_filetype(entry) == AE_IFREG &&
            archive_name(&scratch, archive_entry_pathname(entry), &found, NULL) && strcmp(found, wanted) == 0)
            return read_entry(arena, archive, name, ceiling, bytes, size, err);
    }
    if (result != ARCHIVE_EOF)
        return err_set(err, ERR_INVALID, "the artifact is no sound zip file: %s", archive_error_string(archive));
    return err_set(err, ERR_NOT_FOUND, "no file '%s' in the artifact", name);
}

bool zip_list(struct arena *arena, const char *path, const char *const **names, size_t *count, struct err *err) {
    struct archive *archive CLEANUP(free_reader) = archive_read_new();
    struct archive_entry *entry;
    const char **found = NULL;
    size_t found_count = 0, capacity = 0;
    int result;
    (void)archive_read_support_format_zip(archive);
    if (archive_read_open_filename(archive, path, PIECE_BYTES) != ARCHIVE_OK)
        return err_set(err, ERR_INVALID, "'%s' is no zip file: %s", path, archive_error_string(archive));
    while ((result = archive_read_next_header(archive, &entry)) >= ARCHIVE_WARN && result != ARCHIVE_EOF) {
        if (archive_entry_filetype(entry) == AE_IFDIR)
            continue;
        if (found_count == capacity)
            found = arena_grow(arena, found, sizeof *found, &capacity);
        found[found_count++] = arena_strdup(arena, archive_entry_pathname(entry));
    }
    if (result != ARCHIVE_EOF)
        return err_set(err, ERR_INVALID, "'%s' is no sound zip file: %s", path, archive_error_string(archive));
    *names = found;
    *count = found_count;
    return true;
}
