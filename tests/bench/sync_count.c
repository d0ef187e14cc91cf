/*
 * Preloaded into the server, counts what it makes durable: in the file PENSTOCK_SYNC_COUNTS two numbers of 64 bits, the
 * syncs of a database's log (*-wal: with synchronous=FULL one for each commit, and one for each checkpoint) and those
 * of every other file (checkpoints of the database itself, logs, artifacts). The file is shared memory: whoever reads
 * it sees the counts as they are.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static _Atomic uint64_t *counts;

static void open_counts(void) __attribute__((constructor));

static void open_counts(void) {
    const char *path = getenv("PENSTOCK_SYNC_COUNTS");
    int fd = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
    if (fd < 0 || ftruncate(fd, 2 * sizeof *counts) != 0)
        return;
    void *memory = mmap(NULL, 2 * sizeof *counts, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory != MAP_FAILED)
        counts = memory;
    (void)close(fd);
}

static void count(int fd) {
    char link[64], path[512];
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, path, sizeof path);
    if (counts)
        atomic_fetch_add(&counts[!(size > 4 && memcmp(path + size - 4, "-wal", 4) == 0)], 1);
}

static int pass_on(const char *name, int fd) {
    int (*next)(int) = dlsym(RTLD_NEXT, name);
    if (!next)
        abort();
    count(fd);
    return next(fd);
}

int fdatasync(int fd) {
    return pass_on("fdatasync", fd);
}

int fsync(int fd) {
    return pass_on("fsync", fd);
}
