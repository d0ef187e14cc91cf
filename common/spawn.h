/*
 * Other programs, started with a struct of named fields: no shell, no argument strings. The child gets exactly the
 * given environment and descriptors, its own process group, default signals, and is killed with its group when time is
 * up. What it leaves running in its group when it ends is killed too; a process that left the group on purpose goes on,
 * and does not hold up the caller.
 */
#ifndef COMMON_SPAWN_H
#define COMMON_SPAWN_H

#include "common/arena.h"
#include "common/err.h"

#include <stddef.h>
#include <sys/types.h>

struct spawn {
    const char *const *arguments;   /* argv, NULL at the end; [0] is looked up on PATH */
    const char *const *environment; /* "NAME=value", NULL at the end; NULL passes PATH, HOME, LANG and nothing else */
    const char *directory;          /* or NULL for this program's */
    int input;                      /* descriptor that becomes stdin; -1: /dev/null. Stays the caller's. */
    int output;                     /* stdout; -1: /dev/null, or collected by spawn_run_collect */
    int errors;                     /* stderr; -1: the same as output */
    int timeout_ms;                 /* 0: none */
    bool (*interrupted)(void *context); /* or NULL; asked a few times a second: true kills the group */
    void *context;
};

struct spawn_result {
    int exit_code;  /* 0..255, or 128 + signal */
    bool timed_out; /* killed because time was up */
    bool interrupted;
    const char *output; /* spawn_run_collect: stdout (and stderr where errors is -1), terminated */
    size_t output_size;
    bool output_cut; /* more came than the ceiling; the rest was read and dropped */
};

/* Runs the program to its end. True where it could be started and waited for, whatever its exit code. */
bool spawn_run(const struct spawn *spawn, struct spawn_result *out, struct err *err);

/* The same, and its output comes back as text in the arena, at most `ceiling` bytes. */
bool spawn_run_collect(const struct spawn *spawn, struct arena *arena, size_t ceiling, struct spawn_result *out,
                       struct err *err);

#endif
