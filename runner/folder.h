/*
 * A folder on disk for each job, and its removal, which follows no link: what a build left there is foreign.
 */
#ifndef RUNNER_FOLDER_H
#define RUNNER_FOLDER_H

#include "common/arena.h"
#include "common/err.h"

/* STATE/work/NAME, empty. */
bool folder_make(struct arena *arena, const char *state, const char *name, const char **out, struct err *err);

/* Removes the folder with all that is in it, as far as it can. */
void folder_remove(const char *path);

/* Makes the folder and those above it. */
bool folder_ensure(const char *path, struct err *err);

#endif
