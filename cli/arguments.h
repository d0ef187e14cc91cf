/*
 * A sub-command's arguments, declared as a table: the same rows read the command line and print --help.
 */
#ifndef CLI_ARGUMENTS_H
#define CLI_ARGUMENTS_H

#include "common/arena.h"
#include "common/err.h"

#include <stdbool.h>
#include <stddef.h>

#define ARGUMENTS_FLAGS_MAX 8

struct flag {
    const char *name;    /* "comment" for --comment; NULL ends the list */
    const char *value;   /* what stands for the value in --help, "TEXT"; NULL: a switch */
    const char *summary; /* for --help */
};

struct arguments {
    const struct flag *flags;
    const char *values[ARGUMENTS_FLAGS_MAX]; /* beside flags; a switch that was given is "" */
    const char *const *positional;
    size_t count;
    bool json; /* flags that every command takes */
    bool no_color;
    bool help;
};

/* Reads what stands behind the command's name: --name VALUE, --name=VALUE, `--` ends the flags. Errors: ERR_INVALID, a
 * sentence that names the argument and, where one is near, the flag that was probably meant. */
bool arguments_read(struct arena *arena, const struct flag *flags, int count, const char *const *words,
                    struct arguments *out, struct err *err);

/* The value given, or NULL; for a switch: whether it was given. The name must be in the table. */
const char *arguments_get(const struct arguments *arguments, const char *name);
bool arguments_has(const struct arguments *arguments, const char *name);

/* The positional argument at that index, or NULL. */
const char *arguments_word(const struct arguments *arguments, size_t index);

#endif
