/*
 * The stream is produced by small steps (one header, or one piece of contents) into a buffer that the reader empties.
 */
#include "runner/archive/tar_feed.h"

#include "common/str.h"
#include "runner/archive/names.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>
#include <string.h>

#define PIECE_BYTES 65536
#define BUFFER_CEILING (16 * 1024 * 1024)

enum item_kind { ITEM_FOLDER, ITEM_TEXT, ITEM_ZIP };

struct item {
    enum item_kind kind;
    const char *path;
    const char *text; /* ITEM_TEXT: contents; ITEM_ZIP: the zip's path */
    unsigned mode;
    const char *part; /* ITEM_ZIP: what of it is taken, or NULL: all */
    bool (*accepts)(const void *context, const char *path);
    const void *context;
};

struct tar_feed {
    struct arena arena;
    struct item *items;
    size_t count;
    size_t capacity;
    size_t at;
    struct archive *tar;
    struct archive *zip; /* open while its item is at turn */
    bool in_entry;       /* contents of a zip's entry are to be copied */
    int64_t zip_bytes;
    int zip_entries;
    const char **links; /* symlinks of the part that is at turn */
    size_t link_count;
    size_t link_capacity;
    struct str buffer;
    size_t taken; /* bytes of the buffer that the reader has */
    bool closed;
    struct err err;
};

static la_ssize_t on_write(struct archive *archive, void *context, const void *bytes, size_t size) {
    (void)archive;
    struct tar_feed *feed = context;
    str_append_bytes(&feed->buffer, bytes, size);
    return (la_ssize_t)size;
}

struct tar_feed *tar_feed_new(void) {
    struct tar_feed *feed = calloc(1, sizeof *feed);
    if (!feed)
        abort();
    feed->buffer = (struct str)STR_INIT(BUFFER_CEILING);
    feed->tar = archive_write_new();
    if (!feed->tar)
        abort();
    (void)archive_write_set_format_pax_restricted(feed->tar);
    (void)archive_write_set_bytes_per_block(feed->tar, 0);
    (void)archive_write_open2(feed->tar, feed, NULL, on_write, NULL, NULL);
    return feed;
}

void tar_feed_free(struct tar_feed *feed) {
    if (!feed)
        return;
    (void)archive_write_free(feed->tar);
    (void)archive_read_free(feed->zip);
    str_release(&feed->buffer);
    arena_release(&feed->arena);
    free(feed);
}

void tar_feed_cleanup(struct tar_feed **feed) {
    tar_feed_free(*feed);
}

static void add(struct tar_feed *feed, enum item_kind kind, const char *path, const char *text, unsigned mode) {
    if (feed->count == feed->capacity)
        feed->items = arena_grow(&feed->arena, feed->items, sizeof *feed->items, &feed->capacity);
    feed->items[feed->count++] = (struct item){
        .kind = kind, .path = arena_strdup(&feed->arena, path), .text = arena_strdup(&feed->arena, text), .mode = mode};
}

void tar_feed_add_folder(struct tar_feed *feed, const char *path, unsigned mode) {
    add(feed, ITEM_FOLDER, path, NULL, mode);
}

void tar_feed_add_text(struct tar_feed *feed, const char *path, const char *text, unsigned mode) {
    add(feed, ITEM_TEXT, path, text, mode);
}

void tar_feed_add_zip(struct tar_feed *feed, const char *zip_path, const char *folder) {
    add(feed, ITEM_ZIP, folder, zip_path, 0);
}

void tar_feed_add_zip_part(struct tar_feed *feed, const char *zip_path, const char *part, const char *folder,
                           bool (*accepts)(const void *context, const char *path), const void *context) {
    add(feed, ITEM_ZIP, folder, zip_path, 0);
    struct item *item = &feed->items[feed->count - 1];
    item->part = arena_strdup(&feed->arena, part);
    item->accepts = accepts;
    item->context = context;
}

static bool write_header(struct tar_feed *feed, struct archive_entry *entry) {
    archive_entry_set_uid(entry, 0);
    archive_entry_set_gid(entry, 0);
    if (archive_write_header(feed->tar, entry) >= ARCHIVE_WARN)
        return true;
    return err_set(&feed->err, ERR_INTERNAL, "unable to pack '%s': %s", archive_entry_pathname(entry),
                   archive_error_string(feed->tar));
}

static void free_entry(struct archive_entry **entry) {
    archive_entry_free(*entry);
}

static bool step_simple(struct tar_feed *feed, const struct item *item) {
    struct archive_entry *entry CLEANUP(free_entry) = archive_entry_new();
    size_t size = item->text ? strlen(item->text) : 0;
    archive_entry_set_pathname(entry, item->path);
    archive_entry_set_filetype(entry, item->kind == ITEM_FOLDER ? AE_IFDIR : AE_IFREG);
    archive_entry_set_perm(entry, item->mode);
    archive_entry_set_size(entry, (la_int64_t)size);
    if (!write_header(feed, entry))
        return false;
    if (size > 0 && archive_write_data(feed->tar, item->text, size) < 0)
        return err_set(&feed->err, ERR_INTERNAL, "unable to pack '%s'", item->path);
    feed->at++;
    return true;
}

static bool open_zip(struct tar_feed *feed, const struct item *item) {
    feed->zip = archive_read_new();
    feed->zip_bytes = 0;
    feed->zip_entries = 0;
    feed->link_count = 0;
    (void)archive_read_support_format_zip(feed->zip);
    if (archive_read_open_filename(feed->zip, item->text, PIECE_BYTES) == ARCHIVE_OK)
        return true;
    return err_set(&feed->err, ERR_INVALID, "the artifact is no zip file: %s", archive_error_string(feed->zip));
}

static bool close_zip(struct tar_feed *feed) {
    (void)archive_read_free(feed->zip);
    feed->zip = NULL;
    feed->at++;
    return true;
}

static bool is_behind_link(const struct tar_feed *feed, const char *path) {
    for (size_t i = 0; i < feed->link_count; i++) {
        size_t length = strlen(feed->links[i]);
        if (strncmp(path, feed->links[i], length) == 0 && path[length] == '/')
            return true;
    }
    return false;
}

static void remember_link(struct tar_feed *feed, const char *path) {
    if (feed->link_count == feed->link_capacity)
        feed->links = arena_grow(&feed->arena, feed->links, sizeof *feed->links, &feed->link_capacity);
    feed->links[feed->link_count++] = arena_strdup(&feed->arena, path);
}

/* The zip's entry as one of the tar; *skip where it is nothing that an artifact holds (a device) or the root. */
static bool rename_entry(struct tar_feed *feed, const struct item *item, struct archive_entry *entry, bool *skip) {
    struct arena scratch CLEANUP(arena_release) = ARENA_INIT;
    const char *name;
    if (!archive_name(&scratch, archive_entry_pathname(entry), &name, &feed->err))
        return false;
    unsigned kind = archive_entry_filetype(entry);
    if (item->part && !str_starts_with(name, item->part)) {
        *skip = true;
        return true;
    }
    name += item->part ? strlen(item->part) : 0;
    *skip = !*name || (kind != AE_IFREG && kind != AE_IFDIR && kind != AE_IFLNK) || archive_entry_hardlink(entry);
    const char *path = *item->path ? arena_printf(&scratch, "%s/%s", item->path, name) : name;
    *skip =
        *skip || (item->part && is_behind_link(feed, path)) || (item->accepts && !item->accepts(item->context, path));
    if (item->part && kind == AE_IFLNK && !*skip)
        remember_link(feed, path);
    archive_entry_copy_pathname(entry, path);
    unsigned permissions = archive_entry_perm(entry) & 0777;
    /* Zips made on Windows carry no permissions. */
    if (permissions == 0)
        permissions = kind == AE_IFDIR ? 0755 : 0644;
    archive_entry_set_perm(entry, permissions);
    return true;
}

static bool next_entry(struct tar_feed *feed, const struct item *item) {
    struct archive_entry *entry;
    int result = archive_read_next_header(feed->zip, &entry);
    if (result == ARCHIVE_EOF)
        return close_zip(feed);
    if (result < ARCHIVE_WARN)
        return err_set(&feed->err, ERR_INVALID, "the artifact is no sound zip file: %s",
                       archive_error_string(feed->zip));
    bool skip = false;
    if (++feed->zip_entries > ARCHIVE_ENTRIES_MAX)
        return err_set(&feed->err, ERR_LIMIT, "the artifact holds more than %d files", ARCHIVE_ENTRIES_MAX);
    if (!rename_entry(feed, item, entry, &skip))
        return false;
    if (skip)
        return true;
    if (archive_entry_filetype(entry) == AE_IFREG && !archive_entry_size_is_set(entry))
        return err_set(&feed->err, ERR_INVALID, "the artifact is no sound zip file: a size is missing");
    /* Before anything of it is unpacked. */
    if (archive_entry_size(entry) > ARCHIVE_BYTES_MAX - feed->zip_bytes)
        return err_set(&feed->err, ERR_LIMIT, "the artifact unpacks to more than %lld bytes",
                       (long long)ARCHIVE_BYTES_MAX);
    feed->in_entry = archive_entry_filetype(entry) == AE_IFREG;
    return write_header(feed, entry);
}

static bool copy_piece(struct tar_feed *feed) {
    char piece[PIECE_BYTES];
    la_ssize_t got = archive_read_data(feed->zip, piece, sizeof piece);
    if (got < 0)
        return err_set(&feed->err, ERR_INVALID, "the artifact is no sound zip file: %s",
                       archive_error_string(feed->zip));
    feed->in_entry = got > 0;
    feed->zip_bytes += got;
    if (feed->zip_bytes > ARCHIVE_BYTES_MAX)
        return err_set(&feed->err, ERR_LIMIT, "the artifact unpacks to more than %lld bytes",
                       (long long)ARCHIVE_BYTES_MAX);
    if (got > 0 && archive_write_data(feed->tar, piece, (size_t)got) < 0)
        return err_set(&feed->err, ERR_INTERNAL, "unable to pack the artifact: %s", archive_error_string(feed->tar));
    return true;
}

static bool step(struct tar_feed *feed) {
    if (feed->at == feed->count) {
        feed->closed = true;
        return archive_write_close(feed->tar) == ARCHIVE_OK ||
               err_set(&feed->err, ERR_INTERNAL, "unable to end the archive");
    }
    const struct item *item = &feed->items[feed->at];
    if (item->kind != ITEM_ZIP)
        return step_simple(feed, item);
    if (!feed->zip)
        return open_zip(feed, item);
    return feed->in_entry ? copy_piece(feed) : next_entry(feed, item);
}

ptrdiff_t tar_feed_read(void *context, void *buffer, size_t room) {
    struct tar_feed *feed = context;
    while (feed->taken == feed->buffer.length && !feed->closed) {
        str_clear(&feed->buffer);
        feed->taken = 0;
        if (!step(feed))
            return -1;
    }
    size_t left = feed->buffer.length - feed->taken;
    size_t size = left < room ? left : room;
    if (size > 0)
        memcpy(buffer, feed->buffer.text + feed->taken, size);
    feed->taken += size;
    return (ptrdiff_t)size;
}

bool tar_feed_failed(const struct tar_feed *feed, struct err *err) {
    if (feed->err.kind == ERR_NONE)
        return false;
    *err = feed->err;
    return true;
}
