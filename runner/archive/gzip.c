/*
 * gzip through libarchive.
 */
#include "runner/archive/gzip.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define PIECE_BYTES 65536

static void close_descriptor(const int *descriptor) {
    if (*descriptor >= 0)
        (void)close(*descriptor);
}

static void free_writer(struct archive **archive) {
    (void)archive_write_free(*archive);
}

static void free_entry(struct archive_entry **entry) {
    archive_entry_free(*entry);
}

static bool copy(int from, struct archive *to, struct err *err) {
    char piece[PIECE_BYTES];
    for (;;) {
        ssize_t got = read(from, piece, sizeof piece);
        if (got == 0)
            return true;
        if (got < 0 && errno != EINTR)
            return err_set_errno(err, errno, "unable to read what is to be packed");
        if (got > 0 && archive_write_data(to, piece, (size_t)got) < 0)
            return err_set(err, ERR_INTERNAL, "unable to pack: %s", archive_error_string(to));
    }
}

bool gzip_file(const char *from, const char *to, struct err *err) {
    int file CLEANUP(close_descriptor) = open(from, O_RDONLY | O_CLOEXEC);
    struct archive *writer CLEANUP(free_writer) = archive_write_new();
    struct archive_entry *entry CLEANUP(free_entry) = archive_entry_new();
    if (file < 0)
        return err_set_errno(err, errno, "unable to read '%s'", from);
    archive_entry_set_pathname(entry, "log");
    archive_entry_set_filetype(entry, AE_IFREG);
    if (archive_write_add_filter_gzip(writer) != ARCHIVE_OK || archive_write_set_format_raw(writer) != ARCHIVE_OK ||
        archive_write_open_filename(writer, to) != ARCHIVE_OK || archive_write_header(writer, entry) < ARCHIVE_WARN)
        return err_set(err, ERR_INTERNAL, "unable to write '%s': %s", to, archive_error_string(writer));
    return copy(file, writer, err) &&
           (archive_write_close(writer) == ARCHIVE_OK || err_set(err, ERR_INTERNAL, "unable to write '%s'", to));
}
