/*
 * sim --seeds N --from S [--jobs J] [--verbose]: runs N histories, S and those after it, in J processes; on a violation
 * one sentence with seed, step and invariant, the last steps, and exit code 1. sim --seed S --verbose: one history,
 * told step by step. sim --hash S: its hash, to compare two runs.
 */
#include "common/hash.h"
#include "common/str.h"
#include "tests/sim/draw.h"
#include "tests/sim/path.h"
#include "tests/sim/sim.h"

#include <malloc.h>
#include <sched.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define JOBS_MAX 64
#define LOOK_EACH_SECONDS 1
#define HANGS_AFTER_SECONDS 120 /* without a step, which takes a thousandth of that on a slow machine */

struct options {
    uint64_t from, seeds;
    long jobs;
    bool verbose, quiet, hash;
};

struct process {
    pid_t pid;
    struct record *record; /* shared */
    uint64_t seed, step;   /* when it was last looked at */
    int idle;              /* looks since it moved */
};

static struct process workers[JOBS_MAX];
static const char *program = "sim";

/* ---- the worker ---- */

/* Its two threads take turns, so one processor is enough for both, and cheaper; and what is freed is soon wanted again.
 */
static void be_quick(uint64_t which) {
    cpu_set_t processor;
    CPU_ZERO(&processor);
    CPU_SET(which % (uint64_t)sysconf(_SC_NPROCESSORS_ONLN), &processor);
    (void)sched_setaffinity(0, sizeof processor, &processor);
    (void)mallopt(M_ARENA_MAX, 1);
    (void)mallopt(M_MMAP_THRESHOLD, 1 << 30);
    (void)mallopt(M_TRIM_THRESHOLD, 1 << 30);
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

static void *share(size_t size) {
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        perror("mmap");
        exit(2);
    }
    return memory;
}

_Noreturn static void work(const struct options *options, uint64_t which, struct record *record) {
    record_open(record, options->verbose);
    path_make(which);
    be_quick(which);
    history_prepare();
    for (uint64_t i = which; i < options->seeds; i += (uint64_t)options->jobs) {
        record_begin(options->from + i);
        uint64_t hash = history_run(options->from + i);
        if (options->hash)
            (void)printf("%llu %016llx\n", (unsigned long long)(options->from + i), (unsigned long long)hash);
    }
    (void)fflush(stdout);
    _exit(0);
}

/* ---- the parent ---- */

static void start(const struct options *options, long which) {
    struct process *worker = &workers[which];
    worker->record = share(sizeof *worker->record);
    worker->pid = fork();
    if (worker->pid < 0) {
        perror("fork");
        exit(2);
    }
    if (worker->pid == 0)
        work(options, (uint64_t)which, worker->record);
}

static void tell_lines(const struct record *record) {
    uint64_t first = record->line_count > RECORD_LINES ? record->line_count - RECORD_LINES : 0;
    for (uint64_t i = first; i < record->line_count; i++)
        (void)printf("    %s\n", record->lines[i % RECORD_LINES]);
}

/* One sentence, and the last steps. */
static void tell_violation(const struct record *record, const char *what) {
    (void)printf("sim: seed %llu, step %llu: %s; replay with '%s --seed %llu --verbose'\n",
                 (unsigned long long)record->seed, (unsigned long long)record->step, what, program,
                 (unsigned long long)record->seed);
    tell_lines(record);
    (void)fflush(stdout);
}

static void end_others(long jobs) {
    for (long i = 0; i < jobs; i++) {
        if (workers[i].pid > 0) {
            (void)kill(workers[i].pid, SIGKILL);
            (void)waitpid(workers[i].pid, NULL, 0);
        }
    }
}

/* True where it is well. */
static bool judge(struct process *worker, int status) {
    char what[128];
    worker->pid = 0;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    if (*worker->record->violation) {
        tell_violation(worker->record, worker->record->violation);
        return false;
    }
    (void)snprintf(what, sizeof what, "the program dies: %s",
                   WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "it exits"); // NOLINT(concurrency-mt-unsafe)
    tell_violation(worker->record, what);
    return false;
}

/* A worker that does not move any more. */
static bool hangs(struct process *worker) {
    bool moved = worker->seed != worker->record->seed || worker->step != worker->record->step;
    worker->seed = worker->record->seed;
    worker->step = worker->record->step;
    worker->idle = moved ? 0 : worker->idle + 1;
    return worker->idle >= HANGS_AFTER_SECONDS / LOOK_EACH_SECONDS;
}

static uint64_t done(long jobs) {
    uint64_t sum = 0;
    for (long i = 0; i < jobs; i++)
        sum += workers[i].record->counts[COUNT_HISTORIES];
    return sum;
}

static bool reap(long jobs, long *left) {
    int status = 0;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        for (long i = 0; i < jobs; i++) {
            if (workers[i].pid != pid)
                continue;
            (*left)--;
            if (!judge(&workers[i], status))
                return false;
        }
    }
    return true;
}

static bool watch(const struct options *options) {
    sigset_t ended;
    sigemptyset(&ended);
    sigaddset(&ended, SIGCHLD);
    for (long left = options->jobs, looks = 1; left > 0; looks++) {
        (void)sigtimedwait(&ended, NULL, &(struct timespec){.tv_sec = LOOK_EACH_SECONDS});
        if (!reap(options->jobs, &left))
            return false;
        for (long i = 0; i < options->jobs; i++) {
            if (workers[i].pid > 0 && hangs(&workers[i])) {
                tell_violation(workers[i].record, "the program hangs");
                return false;
            }
        }
        if (!options->quiet && looks % 20 == 0) {
            (void)printf("sim: %llu of %llu histories\n", (unsigned long long)done(options->jobs),
                         (unsigned long long)options->seeds);
            (void)fflush(stdout);
        }
    }
    return true;
}

static void tell_counts(long jobs) {
    for (int what = 0; what < COUNT_COUNT; what++) {
        uint64_t sum = 0;
        for (long i = 0; i < jobs; i++)
            sum += workers[i].record->counts[what];
        (void)printf("%12llu  %s\n", (unsigned long long)sum, count_name((enum count)what));
    }
}

static double now_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* ---- options ---- */

static bool take_number(const char *text, long long least, uint64_t *out) {
    long long value = 0;
    if (!text || !str_to_int64(text, least, INT64_MAX, &value))
        return false;
    *out = (uint64_t)value;
    return true;
}

static bool read_options(int argc, char **argv, struct options *options) {
    uint64_t jobs = 0;
    for (int i = 1; i < argc; i++) {
        const char *name = argv[i], *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (str_equal(name, "--verbose"))
            options->verbose = true;
        else if (str_equal(name, "--quiet"))
            options->quiet = true;
        else if (str_equal(name, "--hash"))
            options->hash = options->quiet = true;
        else if (str_equal(name, "--seeds") && take_number(value, 1, &options->seeds))
            i++;
        else if (str_equal(name, "--from") && take_number(value, 0, &options->from))
            i++;
        else if (str_equal(name, "--seed") && take_number(value, 0, &options->from)) {
            options->seeds = 1;
            i++;
        } else if (str_equal(name, "--jobs") && take_number(value, 1, &jobs))
            i++;
        else
            return false;
    }
    options->jobs = jobs ? (long)jobs : sysconf(_SC_NPROCESSORS_ONLN);
    options->jobs = options->jobs < JOBS_MAX ? options->jobs : JOBS_MAX;
    if ((uint64_t)options->jobs > options->seeds || options->hash)
        options->jobs = 1;
    return true;
}

int main(int argc, char **argv) {
    struct options options = {.from = 1, .seeds = 20000};
    program = argc > 0 ? argv[0] : program;
    if (!read_options(argc, argv, &options)) {
        (void)fprintf(stderr,
                      "usage: sim [--seeds N] [--from S] [--seed S] [--jobs J] [--verbose] [--quiet] [--hash]\n");
        return 2;
    }
    sigset_t ended;
    sigemptyset(&ended);
    sigaddset(&ended, SIGCHLD);
    sigprocmask(SIG_BLOCK, &ended, NULL);
    draw_take_over();
    hash_init();
    double began = now_seconds();
    path_begin();
    for (long i = 0; i < options.jobs; i++)
        start(&options, i);
    bool well = watch(&options);
    if (!well)
        end_others(options.jobs);
    path_remove(options.jobs);
    if (!options.quiet) {
        double seconds = now_seconds() - began;
        tell_counts(options.jobs);
        (void)printf("sim: %llu histories in %.1f s, %.0f a second; %s\n", (unsigned long long)done(options.jobs),
                     seconds, (double)done(options.jobs) / seconds, well ? "every invariant held" : "FAILED");
    }
    return well ? 0 : 1;
}
