/*
 * A shell in a container that runs script files, one at a time, and says how each ended: one process for a whole build,
 * because an exec for each command costs a tenth of a second. Orders go in by its standard input. What the scripts
 * print (both streams, in order) comes back as output; how they ended comes back on the shell's own standard error,
 * which the scripts do not have. Output is never read for meaning.
 */
#ifndef RUNNER_DOCKER_SHELL_H
#define RUNNER_DOCKER_SHELL_H

#include "common/err.h"

#include <stddef.h>

/* The program of the container's first process (or an exec): {"/bin/sh", "-c", …, NULL}. It ends when its standard
 * input does, so a build does not outlive its runner by more than the command that is running. */
extern const char *const shell_command[];

struct shell;

/* Takes the socket over. `output` is called with what the scripts print, during shell_run(). */
struct shell *shell_new(int socket_fd, void (*output)(void *context, const void *bytes, size_t size), void *context);
void shell_free(struct shell *shell); /* accepts NULL */

/* Runs the script at `path` (in the container) with `interpreter` ("/bin/sh", "bash"). Neither may hold a space or line
 * break. Errors: ERR_UNAVAILABLE: the shell is gone (killed, out of memory, engine stopped). */
bool shell_run(struct shell *shell, const char *interpreter, const char *path, int *exit_code, struct err *err);

/* Reads a file of assignments: each script that follows has them in its environment. */
bool shell_load(struct shell *shell, const char *path, struct err *err);

/* Ends a shell_run() in another thread with an error; for a kill that the engine does not carry out. */
void shell_cut(struct shell *shell);

#endif
