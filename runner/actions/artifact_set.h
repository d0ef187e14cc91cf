/*
 * One set of artifacts of a buildspec (files, base-directory, discard-paths, exclude-paths) as a zip.
 */
#ifndef RUNNER_ACTIONS_ARTIFACT_SET_H
#define RUNNER_ACTIONS_ARTIFACT_SET_H

#include "runner/actions/build.h"

/* Errors: ERR_NOT_FOUND "no matching artifact paths found", the container's, the disk's. */
bool artifact_set_pack(struct build *build, const struct buildspec_artifacts *set, const char *zip_path,
                       struct err *err);

#endif
