/*
 * Files: what they hold, what of it is safe, and the changes between the two. One mutex guards nothing here: disk_vfs.c
 * holds it around each call.
 */
#include "tests/sim/disk.h"

#include "tests/sim/draw.h"

#include <assert.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#define FILES_MAX 8
#define PATH_MAX_BYTES 512
#define SECTOR 512

enum change_kind { CHANGE_WRITE, CHANGE_TRUNCATE, CHANGE_REMOVE };

/* Bytes follow it. */
struct change {
    struct change *next;
    enum change_kind kind;
    int64_t offset; /* or the size, where truncated */
    size_t size;
};

struct content {
    unsigned char *bytes;
    size_t size, room;
    bool exists;
};

struct disk_file {
    char path[PATH_MAX_BYTES];
    struct content now, safe;
    struct change *first, *last;
    int64_t log_end; /* behind the newest write */
    struct disk_shared shared;
};

static struct disk_file files[FILES_MAX];
static size_t file_count;
static struct disk_counts counts;
static bool stopped, full, lying;
static int64_t stop_after = -1, fail_write = -1, fail_sync = -1;

/* ---- contents ---- */

static void *must(void *memory) {
    if (!memory)
        abort();
    return memory;
}

static void resize(struct content *content, size_t size) {
    if (size > content->room) {
        content->room = size * 2;
        content->bytes = must(realloc(content->bytes, content->room));
    }
    if (size > content->size)
        memset(content->bytes + content->size, 0, size - content->size);
    content->size = size;
}

static void put(struct content *content, const void *bytes, size_t size, int64_t offset) {
    size_t end = (size_t)offset + size;
    if (end > content->size)
        resize(content, end);
    memcpy(content->bytes + offset, bytes, size);
    content->exists = true;
}

static void copy(struct content *to, const struct content *from) {
    resize(to, from->size);
    if (from->size)
        memcpy(to->bytes, from->bytes, from->size);
    to->exists = from->exists;
}

static void apply(struct content *content, const struct change *change) {
    switch (change->kind) {
    case CHANGE_WRITE:
        put(content, change + 1, change->size, change->offset);
        break;
    case CHANGE_TRUNCATE:
        resize(content, (size_t)change->offset);
        break;
    case CHANGE_REMOVE:
        resize(content, 0);
        content->exists = false;
        break;
    }
}

static void remember(struct disk_file *file, enum change_kind kind, const void *bytes, size_t size, int64_t offset) {
    struct change *change = must(malloc(sizeof *change + size));
    *change = (struct change){.kind = kind, .offset = offset, .size = size};
    if (size)
        memcpy(change + 1, bytes, size);
    if (file->last)
        file->last->next = change;
    else
        file->first = change;
    file->last = change;
    apply(&file->now, change);
}

static void forget_changes(struct disk_file *file) {
    for (struct change *change = file->first, *next; change; change = next) {
        next = change->next;
        free(change);
    }
    file->first = file->last = NULL;
}

/* ---- faults ---- */

/* Counts an operation; true where the world has stopped with it. */
static bool stops_here(void) {
    if (stopped)
        return true;
    counts.operations++;
    if (stop_after < 0)
        return false;
    stopped = stop_after-- == 0;
    return stopped;
}

static bool fails_now(int64_t *after) {
    if (*after < 0)
        return false;
    bool now = (*after)-- == 0;
    counts.failed += now;
    return now;
}

void disk_stop(void) {
    stopped = true;
}

void disk_stop_after(int64_t operations) {
    stop_after = operations;
}

bool disk_is_stopped(void) {
    return stopped;
}

void disk_set_full(bool is_full) {
    full = is_full;
}

void disk_fail_write(int64_t after) {
    fail_write = after;
}

void disk_fail_sync(int64_t after) {
    fail_sync = after;
}

void disk_set_lying(bool is_lying) {
    lying = is_lying;
}

const struct disk_counts *disk_counts(void) {
    return &counts;
}

/* ---- files ---- */

static struct disk_file *place_of(const char *path) {
    for (size_t i = 0; i < file_count; i++) {
        if (strcmp(files[i].path, path) == 0)
            return &files[i];
    }
    return NULL;
}

static struct disk_file *make(const char *path) {
    struct disk_file *file = place_of(path);
    if (file)
        return file;
    assert(file_count < FILES_MAX && strlen(path) < PATH_MAX_BYTES);
    file = &files[file_count++];
    memcpy(file->path, path, strlen(path) + 1);
    return file;
}

bool disk_exists(const char *path) {
    const struct disk_file *file = place_of(path);
    return file && file->now.exists;
}

struct disk_file *disk_find(const char *path, bool create) {
    if (stopped || (!create && !disk_exists(path)))
        return NULL;
    struct disk_file *file = make(path);
    file->now.exists = true;
    return file;
}

const void *disk_bytes(const struct disk_file *file, size_t *size) {
    *size = file->now.size;
    return stopped ? NULL : file->now.bytes;
}

struct disk_shared *disk_shared(struct disk_file *file) {
    return &file->shared;
}

int64_t disk_log_bytes(const char *path) {
    const struct disk_file *file = place_of(path);
    return file ? file->log_end : 0;
}

int disk_write(struct disk_file *file, const void *bytes, size_t size, int64_t offset) {
    if (stops_here())
        return SQLITE_IOERR_WRITE;
    counts.writes++;
    if (full) {
        counts.refused++;
        return SQLITE_FULL;
    }
    if (fails_now(&fail_write))
        return SQLITE_IOERR_WRITE;
    remember(file, CHANGE_WRITE, bytes, size, offset);
    file->log_end = offset + (int64_t)size;
    return SQLITE_OK;
}

int disk_truncate(struct disk_file *file, int64_t size) {
    if (stops_here())
        return SQLITE_IOERR_TRUNCATE;
    remember(file, CHANGE_TRUNCATE, NULL, 0, size);
    return SQLITE_OK;
}

static void make_safe(struct disk_file *file) {
    if (lying)
        return;
    for (const struct change *change = file->first; change; change = change->next)
        apply(&file->safe, change);
    file->safe.exists = file->now.exists;
    forget_changes(file);
}

int disk_remove(const char *path, bool safely) {
    struct disk_file *file = place_of(path);
    if (!file || !file->now.exists)
        return SQLITE_IOERR_DELETE_NOENT;
    if (stops_here())
        return SQLITE_IOERR_DELETE;
    remember(file, CHANGE_REMOVE, NULL, 0, 0);
    file->log_end = 0;
    if (safely)
        make_safe(file);
    return SQLITE_OK;
}

int disk_sync(struct disk_file *file) {
    if (stops_here())
        return SQLITE_IOERR_FSYNC;
    counts.syncs++;
    if (fails_now(&fail_sync))
        return SQLITE_IOERR_FSYNC;
    make_safe(file);
    return SQLITE_OK;
}

/* ---- crashes ---- */

/* Sector by sector, as the disk happened to get to it. */
static void apply_some(struct content *content, const struct change *change, uint64_t *seed) {
    const unsigned char *bytes = (const unsigned char *)(change + 1);
    for (size_t at = 0; at < change->size;) {
        size_t in_sector = SECTOR - ((size_t)change->offset + at) % SECTOR;
        size_t size = in_sector < change->size - at ? in_sector : change->size - at;
        uint64_t dice = draw_next(seed) % 16;
        if (dice == 0) /* torn: its first half only */
            put(content, bytes + at, size / 2 ? size / 2 : size, change->offset + (int64_t)at);
        else if (dice % 2)
            put(content, bytes + at, size, change->offset + (int64_t)at);
        at += size;
    }
}

static void survive_some(struct disk_file *file, uint64_t *seed) {
    for (const struct change *change = file->first; change; change = change->next) {
        bool keep = draw_next(seed) % 4 != 0;
        /* What came after a removal that is lost went to another file that nobody can find. */
        if (!keep && change->kind == CHANGE_REMOVE)
            return;
        if (keep && change->kind == CHANGE_WRITE)
            apply_some(&file->safe, change, seed);
        else if (keep)
            apply(&file->safe, change);
        counts.lost += !keep;
    }
}

static void drop_shared(struct disk_file *file) {
    for (size_t i = 0; i < DISK_REGIONS_MAX; i++)
        free(file->shared.regions[i]);
    file->shared = (struct disk_shared){0};
}

void disk_crash(enum disk_crash kind, uint64_t seed) {
    for (size_t i = 0; i < file_count; i++) {
        struct disk_file *file = &files[i];
        switch (kind) {
        case DISK_LOSES_NONE:
            copy(&file->safe, &file->now);
            break;
        case DISK_LOSES_SOME:
            survive_some(file, &seed);
            break;
        case DISK_LOSES_ALL:
            for (const struct change *change = file->first; change; change = change->next)
                counts.lost++;
            break;
        }
        forget_changes(file);
        copy(&file->now, &file->safe);
        file->log_end = (int64_t)file->now.size;
        drop_shared(file);
    }
    stopped = full = false;
    stop_after = fail_write = fail_sync = -1;
}

void disk_clear(void) {
    for (size_t i = 0; i < file_count; i++) {
        struct disk_file *file = &files[i];
        forget_changes(file);
        drop_shared(file);
        file->now.exists = file->safe.exists = false;
        file->now.size = file->safe.size = 0;
        file->log_end = 0;
    }
    stopped = full = lying = false;
    stop_after = fail_write = fail_sync = -1;
    counts = (struct disk_counts){0};
}

void disk_save(const char *path, struct disk_image *out) {
    const struct disk_file *file = place_of(path);
    assert(file && !file->first);
    out->size = file->safe.size;
    out->bytes = must(malloc(out->size));
    memcpy(out->bytes, file->safe.bytes, out->size);
}

void disk_load(const char *path, const struct disk_image *image) {
    struct disk_file *file = make(path);
    put(&file->safe, image->bytes, image->size, 0);
    put(&file->now, image->bytes, image->size, 0);
}

void disk_image_free(struct disk_image *image) {
    free(image->bytes);
    *image = (struct disk_image){0};
}
