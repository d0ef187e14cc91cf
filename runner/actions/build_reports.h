/* What build_reports.c and report_export.c share. */
#ifndef RUNNER_ACTIONS_BUILD_REPORTS_H
#define RUNNER_ACTIONS_BUILD_REPORTS_H

#include "runner/actions/container_files.h"

/* Puts the files of a report where its group wants them: an s3Destination, as CreateReportGroup takes it. */
bool report_export(struct build *build, const struct json *destination, const char *report_arn,
                   const struct container_files *files, struct err *err);

#endif
