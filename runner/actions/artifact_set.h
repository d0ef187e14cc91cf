/*
 * One set of artifacts of a buildspec (files, base-directory, discard-paths, exclude-paths): its files out of the
 * container, and those as a zip.
 */
#ifndef RUNNER_ACTIONS_ARTIFACT_SET_H
#define RUNNER_ACTIONS_ARTIFACT_SET_H

#include "runner/actions/container_files.h"

/* For container_files_release(). Errors: ERR_NOT_FOUND "no matching artifact paths found", those of
 * container_files_collect. */
bool artifact_set_collect(struct build *build, const struct buildspec_artifacts *set, struct container_files *out,
                          struct err *err);

/* Opens a file of it for reading. Where nothing that may be stored is behind it (a link that leads out), says so in
 * the log and returns false with err->kind ERR_NONE. */
bool artifact_set_open(struct build *build, const struct container_files *files, const struct container_file *file,
                       int *descriptor, struct tree_file *found, struct err *err);

/* Errors: the disk's; ERR_UNAVAILABLE: the job was stopped meanwhile. */
bool artifact_set_pack(struct build *build, const struct buildspec_artifacts *set, const struct container_files *files,
                       const char *zip_path, struct err *err);

#endif
