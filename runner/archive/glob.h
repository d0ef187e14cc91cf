/*
 * CodeBuild's patterns for paths: `*` is any run of characters within one part of a path (also a leading dot), `?` one
 * character, a part `**` any number of parts, none included. All else stands for itself; `[` too, as file names such as
 * `[id].vue` want it.
 */
#ifndef RUNNER_ARCHIVE_GLOB_H
#define RUNNER_ARCHIVE_GLOB_H

#include <stdbool.h>
#include <stddef.h>

bool glob_match(const char *pattern, const char *path);

/* How many characters of the pattern are the folder that all its matches lie in, without the slash at the end; for a
 * pattern without any of the three, the whole pattern. */
size_t glob_fixed_length(const char *pattern);

/* Whether it holds any of the three. */
bool glob_is_pattern(const char *pattern);

#endif
