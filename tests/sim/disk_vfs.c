/*
 * SQLite's VFS over the disk in memory. The writer's thread and the simulation's both come here; one mutex keeps them
 * apart. Locks are those of sqlite3.h: shared, reserved, pending, exclusive on the file, and eight more on the shared
 * memory of the write-ahead log.
 */
#include "tests/sim/disk.h"

#include <assert.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

/* As SQLite's own for files: a write does not harm the bytes beside it. */
#define CHARACTERISTICS SQLITE_IOCAP_POWERSAFE_OVERWRITE
#define SECTOR 512

struct vfs_file {
    sqlite3_file base;
    struct disk_file *file;
    char path[512];
    bool remove_on_close;
    int lock; /* SQLITE_LOCK_… that this connection holds */
    unsigned shared_slots, exclusive_slots;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static struct vfs_file *of(sqlite3_file *file) {
    return (struct vfs_file *)file;
}

/* ---- bytes ---- */

static int vfs_read(sqlite3_file *base, void *out, int amount, sqlite3_int64 offset) {
    pthread_mutex_lock(&mutex);
    size_t size = 0, wanted = (size_t)amount;
    const unsigned char *bytes = disk_bytes(of(base)->file, &size);
    int code = disk_is_stopped() ? SQLITE_IOERR_READ : SQLITE_OK;
    if (code == SQLITE_OK) {
        size_t there = (size_t)offset < size ? size - (size_t)offset : 0;
        size_t taken = there < wanted ? there : wanted;
        if (taken)
            memcpy(out, bytes + offset, taken);
        memset((unsigned char *)out + taken, 0, wanted - taken);
        if (taken < wanted)
            code = SQLITE_IOERR_SHORT_READ;
    }
    pthread_mutex_unlock(&mutex);
    return code;
}

static int vfs_write(sqlite3_file *base, const void *bytes, int amount, sqlite3_int64 offset) {
    pthread_mutex_lock(&mutex);
    int code = disk_write(of(base)->file, bytes, (size_t)amount, offset);
    pthread_mutex_unlock(&mutex);
    return code;
}

static int vfs_truncate(sqlite3_file *base, sqlite3_int64 size) {
    pthread_mutex_lock(&mutex);
    int code = disk_truncate(of(base)->file, size);
    pthread_mutex_unlock(&mutex);
    return code;
}

static int vfs_sync(sqlite3_file *base, int flags) {
    (void)flags;
    pthread_mutex_lock(&mutex);
    int code = disk_sync(of(base)->file);
    pthread_mutex_unlock(&mutex);
    return code;
}

static int vfs_size(sqlite3_file *base, sqlite3_int64 *out) {
    pthread_mutex_lock(&mutex);
    size_t size = 0;
    (void)disk_bytes(of(base)->file, &size);
    bool dead = disk_is_stopped();
    pthread_mutex_unlock(&mutex);
    *out = (sqlite3_int64)size;
    return dead ? SQLITE_IOERR_FSTAT : SQLITE_OK;
}

static int vfs_close(sqlite3_file *base) {
    if (of(base)->remove_on_close) {
        pthread_mutex_lock(&mutex);
        (void)disk_remove(of(base)->path, false);
        pthread_mutex_unlock(&mutex);
    }
    return SQLITE_OK;
}

/* ---- the file's lock ---- */

static bool held_by_other(const void *holder, const struct vfs_file *file) {
    return holder && holder != file;
}

static int take_lock(struct vfs_file *file, struct disk_shared *shared, int level) {
    if (level == SQLITE_LOCK_SHARED) {
        if (held_by_other(shared->pending, file) || held_by_other(shared->exclusive, file))
            return SQLITE_BUSY;
        shared->shared++;
        return SQLITE_OK;
    }
    if (held_by_other(shared->reserved, file) || held_by_other(shared->pending, file))
        return SQLITE_BUSY;
    if (level == SQLITE_LOCK_RESERVED) {
        shared->reserved = file;
        return SQLITE_OK;
    }
    shared->pending = file;
    if (shared->shared > 1)
        return SQLITE_BUSY;
    shared->exclusive = file;
    return SQLITE_OK;
}

static int vfs_lock(sqlite3_file *base, int level) {
    struct vfs_file *file = of(base);
    if (file->lock >= level)
        return SQLITE_OK;
    pthread_mutex_lock(&mutex);
    int code = take_lock(file, disk_shared(file->file), level);
    pthread_mutex_unlock(&mutex);
    if (code == SQLITE_OK)
        file->lock = level;
    return code;
}

static int vfs_unlock(sqlite3_file *base, int level) {
    struct vfs_file *file = of(base);
    if (file->lock <= level)
        return SQLITE_OK;
    pthread_mutex_lock(&mutex);
    struct disk_shared *shared = disk_shared(file->file);
    if (shared->reserved == file)
        shared->reserved = NULL;
    if (shared->pending == file)
        shared->pending = NULL;
    if (shared->exclusive == file)
        shared->exclusive = NULL;
    if (level == SQLITE_LOCK_NONE && file->lock >= SQLITE_LOCK_SHARED && shared->shared > 0)
        shared->shared--;
    pthread_mutex_unlock(&mutex);
    file->lock = level;
    return SQLITE_OK;
}

static int vfs_check_reserved(sqlite3_file *base, int *out) {
    pthread_mutex_lock(&mutex);
    *out = disk_shared(of(base)->file)->reserved != NULL;
    pthread_mutex_unlock(&mutex);
    return SQLITE_OK;
}

/* ---- shared memory ---- */

static int vfs_shm_map(sqlite3_file *base, int region, int size, int extend, void volatile **out) {
    assert(region < DISK_REGIONS_MAX);
    pthread_mutex_lock(&mutex);
    struct disk_shared *shared = disk_shared(of(base)->file);
    if (!shared->regions[region] && extend)
        shared->regions[region] = calloc(1, (size_t)size);
    *out = shared->regions[region];
    int code = disk_is_stopped() ? SQLITE_IOERR_SHMMAP : SQLITE_OK;
    pthread_mutex_unlock(&mutex);
    return code;
}

static int lock_slots(struct vfs_file *file, struct disk_shared *shared, int offset, int count, bool exclusive) {
    for (int slot = offset; slot < offset + count; slot++) {
        bool mine = (file->shared_slots & 1u << slot) != 0;
        if (held_by_other(shared->writer[slot], file) || (exclusive && shared->readers[slot] > mine))
            return SQLITE_BUSY;
    }
    for (int slot = offset; slot < offset + count; slot++) {
        if (exclusive) {
            shared->writer[slot] = file;
            file->exclusive_slots |= 1u << slot;
        } else if (!(file->shared_slots & 1u << slot)) {
            shared->readers[slot]++;
            file->shared_slots |= 1u << slot;
        }
    }
    return SQLITE_OK;
}

static void unlock_slots(struct vfs_file *file, struct disk_shared *shared, int offset, int count) {
    for (int slot = offset; slot < offset + count; slot++) {
        if (file->exclusive_slots & 1u << slot)
            shared->writer[slot] = NULL;
        if (file->shared_slots & 1u << slot && shared->readers[slot] > 0)
            shared->readers[slot]--;
        file->exclusive_slots &= ~(1u << slot);
        file->shared_slots &= ~(1u << slot);
    }
}

static int vfs_shm_lock(sqlite3_file *base, int offset, int count, int flags) {
    struct vfs_file *file = of(base);
    int code = SQLITE_OK;
    pthread_mutex_lock(&mutex);
    struct disk_shared *shared = disk_shared(file->file);
    if (flags & SQLITE_SHM_UNLOCK)
        unlock_slots(file, shared, offset, count);
    else
        code = lock_slots(file, shared, offset, count, (flags & SQLITE_SHM_EXCLUSIVE) != 0);
    pthread_mutex_unlock(&mutex);
    return code;
}

static void vfs_shm_barrier(sqlite3_file *base) {
    (void)base;
    pthread_mutex_lock(&mutex);
    pthread_mutex_unlock(&mutex);
}

static int vfs_shm_unmap(sqlite3_file *base, int remove) {
    struct vfs_file *file = of(base);
    pthread_mutex_lock(&mutex);
    struct disk_shared *shared = disk_shared(file->file);
    unlock_slots(file, shared, 0, DISK_LOCKS);
    for (size_t i = 0; remove && i < DISK_REGIONS_MAX; i++) {
        free(shared->regions[i]);
        shared->regions[i] = NULL;
    }
    pthread_mutex_unlock(&mutex);
    return SQLITE_OK;
}

/* ---- the rest ---- */

static int vfs_control(sqlite3_file *base, int operation, void *argument) {
    (void)base;
    (void)operation;
    (void)argument;
    return SQLITE_NOTFOUND;
}

static int vfs_sector_size(sqlite3_file *base) {
    (void)base;
    return SECTOR;
}

static int vfs_characteristics(sqlite3_file *base) {
    (void)base;
    return CHARACTERISTICS;
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = vfs_close,
    .xRead = vfs_read,
    .xWrite = vfs_write,
    .xTruncate = vfs_truncate,
    .xSync = vfs_sync,
    .xFileSize = vfs_size,
    .xLock = vfs_lock,
    .xUnlock = vfs_unlock,
    .xCheckReservedLock = vfs_check_reserved,
    .xFileControl = vfs_control,
    .xSectorSize = vfs_sector_size,
    .xDeviceCharacteristics = vfs_characteristics,
    .xShmMap = vfs_shm_map,
    .xShmLock = vfs_shm_lock,
    .xShmBarrier = vfs_shm_barrier,
    .xShmUnmap = vfs_shm_unmap,
};

static int vfs_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *base, int flags, int *out_flags) {
    (void)vfs;
    static unsigned nameless;
    struct vfs_file *file = of(base);
    *file = (struct vfs_file){0};
    pthread_mutex_lock(&mutex);
    if (path)
        (void)sqlite3_snprintf(sizeof file->path, file->path, "%s", path);
    else
        (void)sqlite3_snprintf(sizeof file->path, file->path, "temporary-%u", nameless++ % 2);
    file->remove_on_close = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0;
    file->file = disk_find(file->path, (flags & SQLITE_OPEN_CREATE) != 0);
    pthread_mutex_unlock(&mutex);
    if (!file->file)
        return SQLITE_CANTOPEN;
    file->base.pMethods = &methods;
    if (out_flags)
        *out_flags = flags;
    return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *path, int sync_directory) {
    (void)vfs;
    pthread_mutex_lock(&mutex);
    int code = disk_remove(path, sync_directory != 0);
    pthread_mutex_unlock(&mutex);
    return code;
}

static int vfs_access(sqlite3_vfs *vfs, const char *path, int flags, int *out) {
    (void)vfs;
    (void)flags;
    pthread_mutex_lock(&mutex);
    *out = disk_exists(path);
    pthread_mutex_unlock(&mutex);
    return SQLITE_OK;
}

static int vfs_full_path(sqlite3_vfs *vfs, const char *path, int size, char *out) {
    (void)vfs;
    (void)sqlite3_snprintf(size, out, "%s", path);
    return SQLITE_OK;
}

/* Only names in the log of the database depend on it. */
static int vfs_randomness(sqlite3_vfs *vfs, int size, char *out) {
    (void)vfs;
    memset(out, 7, (size_t)size);
    return size;
}

/* Nobody else is there to wait for: what is busy stays busy. */
static int vfs_sleep(sqlite3_vfs *vfs, int microseconds) {
    (void)vfs;
    return microseconds;
}

static int vfs_time(sqlite3_vfs *vfs, sqlite3_int64 *out) {
    (void)vfs;
    *out = INT64_C(212000000000000);
    return SQLITE_OK;
}

static int vfs_last_error(sqlite3_vfs *vfs, int size, char *out) {
    (void)vfs;
    if (size > 0)
        *out = '\0';
    return 0;
}

void disk_register(void) {
    static sqlite3_vfs vfs = {
        .iVersion = 2,
        .szOsFile = sizeof(struct vfs_file),
        .mxPathname = 500,
        .zName = "simulated",
        .xOpen = vfs_open,
        .xDelete = vfs_delete,
        .xAccess = vfs_access,
        .xFullPathname = vfs_full_path,
        .xRandomness = vfs_randomness,
        .xSleep = vfs_sleep,
        .xGetLastError = vfs_last_error,
        .xCurrentTimeInt64 = vfs_time,
    };
    int code = sqlite3_vfs_register(&vfs, 1);
    assert(code == SQLITE_OK);
    (void)code;
}
