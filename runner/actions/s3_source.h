/* A source that lies in S3. */
#ifndef RUNNER_ACTIONS_S3_SOURCE_H
#define RUNNER_ACTIONS_S3_SOURCE_H

#include "runner/job.h"

/* "BUCKET/KEY" of a zip, or "BUCKET/FOLDER/": what lies under it, as a zip in the job's folder. `version` (of the zip)
 * or NULL. Errors: of s3_download. */
bool s3_source(struct job *job, const char *location, const char *version, const char *name, const char **zip,
               struct err *err);

/* A text of at most `ceiling` bytes, by its ARN. */
bool s3_text(struct job *job, const char *arn, size_t ceiling, const char **text, size_t *size, struct err *err);

#endif
