/*
 * An output artifact that is one file made here.
 */
#ifndef RUNNER_ACTIONS_OUTPUT_FILE_H
#define RUNNER_ACTIONS_OUTPUT_FILE_H

#include "runner/job.h"

/* Hands over the artifact of that name with the text as its only file. Errors: of job_output, ERR_INTERNAL (disk). */
bool output_file(struct job *job, const char *artifact, const char *file, const char *text, struct err *err);

#endif
