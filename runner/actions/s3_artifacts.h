/*
 * A set of artifacts put where the project keeps them in S3: one zip, or the files as objects below a folder.
 */
#ifndef RUNNER_ACTIONS_S3_ARTIFACTS_H
#define RUNNER_ACTIONS_S3_ARTIFACTS_H

#include "runner/actions/build.h"

/* `artifacts`: the project's, of type S3. *told: what the API says of it: {location, sha256sum?, md5sum?, …}. Errors:
 * those of s3_place, container_files and aws/s3. */
bool s3_artifacts_upload(struct build *build, const struct buildspec_artifacts *set, const struct json *artifacts,
                         struct json **told, struct err *err);

#endif
