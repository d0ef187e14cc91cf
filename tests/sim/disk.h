/*
 * A disk in memory below SQLite: it knows, file by file, what was written and what was synced, and loses the rest in a
 * crash. Registered as the default VFS of the process, so that the real store runs on it unchanged. It can stop the
 * world at any operation, be full, fail, and lie about syncing.
 *
 * Not like a disk: directories. Creating and removing a file is remembered like a write, and lost like one.
 */
#ifndef TESTS_SIM_DISK_H
#define TESTS_SIM_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Once in a process. */
void disk_register(void);

/* An empty disk without faults. All connections must be closed. */
void disk_clear(void);

/* What a file durably holds, to begin other disks with. */
struct disk_image {
    void *bytes;
    size_t size;
};
void disk_save(const char *path, struct disk_image *out); /* nothing may wait for a sync */
void disk_load(const char *path, const struct disk_image *image);
void disk_image_free(struct disk_image *image);

/* What survives of the writes that were not synced. */
enum disk_crash {
    DISK_LOSES_ALL,  /* nothing */
    DISK_LOSES_SOME, /* some sectors, in any order, the last one perhaps torn */
    DISK_LOSES_NONE, /* the machine lives, the process died */
};

/* Nothing works any more from here on, until disk_crash: the process under test is dead. */
void disk_stop(void);
/* The same after `operations` more writes, syncs, truncations and removals: that one is the first that fails. -1: not.
 */
void disk_stop_after(int64_t operations);
bool disk_is_stopped(void);
/* All connections must be closed. `seed` decides what survives. */
void disk_crash(enum disk_crash kind, uint64_t seed);

/* Every write fails with SQLITE_FULL. */
void disk_set_full(bool full);
/* The n-th write (0: the next one) fails once with SQLITE_IOERR_WRITE; the n-th sync with SQLITE_IOERR_FSYNC. -1: none.
 */
void disk_fail_write(int64_t after);
void disk_fail_sync(int64_t after);
/* Syncs succeed and do nothing. */
void disk_set_lying(bool lying);

struct disk_counts {
    uint64_t operations; /* writes, syncs, truncations, removals */
    uint64_t writes, syncs;
    uint64_t refused; /* for want of room */
    uint64_t failed;  /* writes and syncs that failed as told */
    uint64_t lost;    /* writes that a crash took */
};
const struct disk_counts *disk_counts(void);

/* How far the write-ahead log is written now, in bytes: 0 after it was begun anew. */
int64_t disk_log_bytes(const char *path);

/* For disk_vfs.c. */
struct disk_file;
struct disk_file *disk_find(const char *path, bool create); /* NULL: not there */
bool disk_exists(const char *path);
const void *disk_bytes(const struct disk_file *file, size_t *size);
/* These return SQLite's code. */
int disk_write(struct disk_file *file, const void *bytes, size_t size, int64_t offset);
int disk_truncate(struct disk_file *file, int64_t size);
int disk_sync(struct disk_file *file);
int disk_remove(const char *path, bool safely); /* and its folder is synced */

/* Shared memory and locks, which no crash keeps. */
#define DISK_REGIONS_MAX 64
#define DISK_LOCKS 8
struct disk_shared {
    void *regions[DISK_REGIONS_MAX];
    int readers[DISK_LOCKS]; /* holders of a shared lock */
    const void *writer[DISK_LOCKS];
    int shared; /* of the file's own lock */
    const void *reserved, *pending, *exclusive;
};
struct disk_shared *disk_shared(struct disk_file *file);

#endif
