/*
 * A file made small, as logs lie in S3.
 */
#ifndef RUNNER_ARCHIVE_GZIP_H
#define RUNNER_ARCHIVE_GZIP_H

#include "common/err.h"

/* Errors: ERR_INTERNAL: reading, the disk. */
bool gzip_file(const char *from, const char *to, struct err *err);

#endif
