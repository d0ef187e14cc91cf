/*
 * Programs by posix_spawn, which (unlike fork) is safe beside other threads and reports a failed exec. Their end is
 * awaited with a pidfd, so that output, end and time are one poll().
 */
#include "common/spawn.h"

#include "common/clock.h"
#include "common/str.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define ASK_INTERVAL_MS 200
#define FIRST_FREE_DESCRIPTOR 3

struct process {
    const struct spawn *spawn;
    pid_t pid; /* also its group */
    int pidfd;
    int output;      /* reading end of the pipe, or -1 */
    int writing_end; /* ours of the pipe until the program has its own, or -1 */
    struct str collected;
    int64_t deadline_ms; /* boot time; 0: none */
    struct spawn_result result;
};

static void close_descriptor(int *descriptor) {
    if (*descriptor >= 0)
        (void)close(*descriptor);
    *descriptor = -1;
}

static void release_process(struct process *process) {
    close_descriptor(&process->pidfd);
    close_descriptor(&process->output);
    close_descriptor(&process->writing_end);
    str_release(&process->collected);
}

static void destroy_actions(posix_spawn_file_actions_t *actions) {
    (void)posix_spawn_file_actions_destroy(actions);
}

static void destroy_attributes(posix_spawnattr_t *attributes) {
    (void)posix_spawnattr_destroy(attributes);
}

/* A copy above 2, so that arranging the child's 0, 1 and 2 never overwrites one that is still needed. */
static bool copy_above(int descriptor, int *out, struct err *err) {
    *out = fcntl(descriptor, F_DUPFD_CLOEXEC, FIRST_FREE_DESCRIPTOR);
    return *out >= 0 || err_set_errno(err, errno, "copying descriptor %d", descriptor);
}

static int arrange(posix_spawn_file_actions_t *actions, int input, int output, int errors, const char *directory) {
    int failure = 0;
    if (input >= 0)
        failure = posix_spawn_file_actions_adddup2(actions, input, STDIN_FILENO);
    else
        failure = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (!failure && output >= 0)
        failure = posix_spawn_file_actions_adddup2(actions, output, STDOUT_FILENO);
    else if (!failure)
        failure = posix_spawn_file_actions_addopen(actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    if (!failure)
        failure = posix_spawn_file_actions_adddup2(actions, errors >= 0 ? errors : STDOUT_FILENO, STDERR_FILENO);
    if (!failure)
        failure = posix_spawn_file_actions_addclosefrom_np(actions, FIRST_FREE_DESCRIPTOR);
    if (!failure && directory)
        failure = posix_spawn_file_actions_addchdir_np(actions, directory);
    return failure;
}

/* Its own group, all signals at their defaults and none blocked. */
static int set_attributes(posix_spawnattr_t *attributes) {
    sigset_t every;
    sigset_t none;
    (void)sigfillset(&every);
    (void)sigemptyset(&none);
    int failure =
        posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    if (!failure)
        failure = posix_spawnattr_setpgroup(attributes, 0);
    if (!failure)
        failure = posix_spawnattr_setsigdefault(attributes, &every);
    if (!failure)
        failure = posix_spawnattr_setsigmask(attributes, &none);
    return failure;
}

static const char *const *default_environment(struct arena *arena) {
    static const char *const names[] = {"PATH", "HOME", "LANG"};
    const char **list = arena_array(arena, const char *, sizeof names / sizeof *names + 1);
    size_t count = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = getenv(names[i]);
        if (value)
            list[count++] = arena_printf(arena, "%s=%s", names[i], value);
    }
    return list;
}

/* posix_spawn's lists are not const, though it changes nothing. */
static char **without_const(struct arena *arena, const char *const *list) {
    size_t count = 0;
    while (list[count])
        count++;
    return arena_memdup(arena, list, (count + 1) * sizeof *list);
}

static bool start(struct process *process, int output, struct err *err) {
    const struct spawn *spawn = process->spawn;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    int input_copy CLEANUP(close_descriptor) = -1;
    int output_copy CLEANUP(close_descriptor) = -1;
    int errors_copy CLEANUP(close_descriptor) = -1;
    if ((spawn->input >= 0 && !copy_above(spawn->input, &input_copy, err)) ||
        (output >= 0 && !copy_above(output, &output_copy, err)) ||
        (spawn->errors >= 0 && !copy_above(spawn->errors, &errors_copy, err)))
        return false;

    posix_spawn_file_actions_t actions CLEANUP(destroy_actions);
    posix_spawnattr_t attributes CLEANUP(destroy_attributes);
    (void)posix_spawn_file_actions_init(&actions); /* neither can fail in glibc */
    (void)posix_spawnattr_init(&attributes);
    const char *const *environment = spawn->environment ? spawn->environment : default_environment(&arena);
    int failure = arrange(&actions, input_copy, output_copy, errors_copy, spawn->directory);
    if (!failure)
        failure = set_attributes(&attributes);
    if (!failure)
        failure = posix_spawnp(&process->pid, spawn->arguments[0], &actions, &attributes,
                               without_const(&arena, spawn->arguments), without_const(&arena, environment));
    if (failure && spawn->directory)
        return err_set_errno(err, failure, "starting '%s' in '%s'", spawn->arguments[0], spawn->directory);
    if (failure)
        return err_set_errno(err, failure, "starting '%s'", spawn->arguments[0]);
    return true;
}

static void kill_group(const struct process *process) {
    (void)kill(-process->pid, SIGKILL);
}

/* Reads what is there. False at the end of the output. */
static bool drain(struct process *process) {
    char buffer[16384];
    for (;;) {
        ssize_t got = read(process->output, buffer, sizeof buffer);
        if (got > 0)
            str_append_bytes(&process->collected, buffer, (size_t)got);
        else if (got == 0 || (errno != EINTR && errno != EAGAIN))
            return false;
        else if (errno == EAGAIN)
            return true;
    }
}

static int milliseconds_to_wait(const struct process *process) {
    if (process->result.timed_out || process->result.interrupted)
        return -1; /* it is killed: only its end is left to come */
    int64_t wait = process->spawn->interrupted ? ASK_INTERVAL_MS : -1;
    if (process->deadline_ms) {
        int64_t left = process->deadline_ms - clock_boot_ms(&clock_system);
        if (left < 0)
            left = 0;
        if (wait < 0 || left < wait)
            wait = left;
    }
    return wait > INT32_MAX ? INT32_MAX : (int)wait;
}

/* Kills the group where it is time to. */
static void watch(struct process *process) {
    const struct spawn *spawn = process->spawn;
    struct spawn_result *result = &process->result;
    if (result->timed_out || result->interrupted)
        return;
    if (process->deadline_ms && clock_boot_ms(&clock_system) >= process->deadline_ms)
        result->timed_out = true;
    else if (spawn->interrupted && spawn->interrupted(spawn->context))
        result->interrupted = true;
    if (result->timed_out || result->interrupted)
        kill_group(process);
}

/* Until the program has ended. It is not reaped yet: its process id, and so its group's, stays taken. */
static bool await_end(struct process *process, struct err *err) {
    for (;;) {
        struct pollfd watched[2] = {
            {.fd = process->pidfd, .events = POLLIN},
            {.fd = process->output, .events = POLLIN},
        };
        if (poll(watched, 2, milliseconds_to_wait(process)) < 0 && errno != EINTR)
            return err_set_errno(err, errno, "waiting for '%s'", process->spawn->arguments[0]);
        if (watched[1].revents && !drain(process))
            close_descriptor(&process->output);
        if (watched[0].revents & POLLIN)
            return true;
        watch(process);
    }
}

static bool reap(struct process *process, struct err *err) {
    /* What the program left running in its group must not outlive it, nor hold the pipe open. */
    kill_group(process);
    if (process->output >= 0)
        (void)drain(process);
    int status = 0;
    while (waitpid(process->pid, &status, 0) < 0) {
        if (errno != EINTR)
            return err_set_errno(err, errno, "waiting for '%s'", process->spawn->arguments[0]);
    }
    process->result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return true;
}

static bool run(struct process *process, int output, struct err *err) {
    if (!start(process, output, err))
        return false;
    close_descriptor(&process->writing_end); /* else the output would never end */
    if (process->spawn->timeout_ms > 0)
        process->deadline_ms = clock_boot_ms(&clock_system) + process->spawn->timeout_ms;
    process->pidfd = pidfd_open(process->pid, 0);
    bool good = process->pidfd >= 0 || err_set_errno(err, errno, "watching '%s'", process->spawn->arguments[0]);
    good = good && await_end(process, err);
    return reap(process, good ? err : NULL) && good;
}

bool spawn_run(const struct spawn *spawn, struct spawn_result *out, struct err *err) {
    struct process process CLEANUP(release_process) = {.spawn = spawn, .pidfd = -1, .output = -1, .writing_end = -1};
    if (!run(&process, spawn->output, err))
        return false;
    *out = process.result;
    return true;
}

bool spawn_run_collect(const struct spawn *spawn, struct arena *arena, size_t ceiling, struct spawn_result *out,
                       struct err *err) {
    struct process process CLEANUP(release_process) = {
        .spawn = spawn, .pidfd = -1, .output = -1, .writing_end = -1, .collected = STR_INIT(ceiling)};
    if (spawn->output < 0) {
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) < 0)
            return err_set_errno(err, errno, "making a pipe for '%s'", spawn->arguments[0]);
        process.output = ends[0];
        process.writing_end = ends[1];
        (void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
    }
    int child_output = spawn->output < 0 ? process.writing_end : spawn->output;
    if (!run(&process, child_output, err))
        return false;
    *out = process.result;
    out->output = arena_strndup(arena, str_text(&process.collected), process.collected.length);
    out->output_size = process.collected.length;
    out->output_cut = process.collected.cut;
    return true;
}
