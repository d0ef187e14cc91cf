/*
 * How CodeBuild runs one command of a buildspec: as a script file of its own in a fresh shell, with directory and
 * variables carried from one to the next by files. Pure.
 */
#ifndef RUNNER_BUILDSPEC_SCRIPTS_H
#define RUNNER_BUILDSPEC_SCRIPTS_H

#include "runner/buildspec/buildspec.h"

#define SCRIPT_FOLDER "/codebuild/output/tmp" /* in the container */
#define SCRIPT_ENVIRONMENT SCRIPT_FOLDER "/env.sh"
#define SCRIPT_DIRECTORY SCRIPT_FOLDER "/dir.txt"
#define SCRIPT_VALUES SCRIPT_FOLDER "/values"
#define SCRIPT_VALUES_SCRIPT SCRIPT_FOLDER "/values.sh"

/* The script of one command. */
const char *script_of_command(struct arena *arena, const struct buildspec *spec, const char *source_folder,
                              const char *command);

/* A script that keeps CODEBUILD_BUILD_SUCCEEDING=0 for the commands that follow it. */
const char *script_of_failure(void);

/* A script that writes each variable's value to SCRIPT_VALUES: "=value" with a NUL behind it, a NUL alone where it is
 * not set. */
const char *script_of_values(struct arena *arena, const char *const *names, size_t count);

/* The same for texts, which the shell expands as in a here-document: "=text" with a NUL behind it. `delimiter` must not
 * be a line of any of them. */
const char *script_of_texts(struct arena *arena, const char *source_folder, const char *const *texts, size_t count,
                            const char *delimiter);

#endif
