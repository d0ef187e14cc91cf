/*
 * Preloaded into a program, ends it as kill -9 would, right before or right after one chosen call among those by which
 * something leaves the program for good (made durable, renamed, sent). So a test can kill at each point between
 * "written" and "told" instead of hoping to hit it.
 *
 *   PENSTOCK_KILL_AT="fdatasync:13"  at the 13th point of fdatasync; a call is two points: before it, after it
 *   PENSTOCK_KILL_LOG=FILE           gets a line, "before fdatasync", in the moment of the kill
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static atomic_long points_left; /* 0: none chosen */
static char chosen[32];

static void choose(void) __attribute__((constructor));

static void choose(void) {
    const char *text = getenv("PENSTOCK_KILL_AT");
    const char *colon = text ? strchr(text, ':') : NULL;
    if (!colon || (size_t)(colon - text) >= sizeof chosen)
        return;
    memcpy(chosen, text, (size_t)(colon - text));
    points_left = strtol(colon + 1, NULL, 10);
}

/* By bare system calls: the library's functions are ours. */
static void end(const char *when, const char *call) {
    char line[64];
    const char *path = getenv("PENSTOCK_KILL_LOG");
    int size = snprintf(line, sizeof line, "%s %s\n", when, call);
    long fd = path ? syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND, 0600) : -1;
    if (fd >= 0)
        (void)syscall(SYS_write, fd, line, size);
    (void)syscall(SYS_kill, getpid(), SIGKILL);
}

static void pass(const char *when, const char *call) {
    if (atomic_load(&points_left) > 0 && strcmp(call, chosen) == 0 && atomic_fetch_sub(&points_left, 1) == 1)
        end(when, call);
}

static void *real(const char *name) {
    void *function = dlsym(RTLD_NEXT, name);
    if (!function)
        abort();
    return function;
}

/* The function NAME as the next library has it, with a point on either side. */
#define WRAP(result_type, name, parameters, arguments)                                                                 \
    result_type name parameters {                                                                                      \
        static result_type(*next) parameters;                                                                          \
        if (!next)                                                                                                     \
            next = (result_type(*) parameters)real(#name);                                                             \
        pass("before", #name);                                                                                         \
        result_type result = next arguments;                                                                           \
        pass("after", #name);                                                                                          \
        return result;                                                                                                 \
    }

WRAP(int, fdatasync, (int fd), (fd))
WRAP(int, fsync, (int fd), (fd))
WRAP(ssize_t, write, (int fd, const void *bytes, size_t size), (fd, bytes, size))
WRAP(ssize_t, pwrite64, (int fd, const void *bytes, size_t size, off64_t offset), (fd, bytes, size, offset))
WRAP(int, rename, (const char *from, const char *to), (from, to))
WRAP(int, linkat, (int from, const char *name, int to, const char *new_name, int flags),
     (from, name, to, new_name, flags))
WRAP(int, unlink, (const char *path), (path))
WRAP(ssize_t, send, (int fd, const void *bytes, size_t size, int flags), (fd, bytes, size, flags))
WRAP(ssize_t, sendmsg, (int fd, const struct msghdr *message, int flags), (fd, message, flags))
