/*
 * `penstock-runner build DIR`: a buildspec on one's own machine, without a server. The build itself is a job like any
 * other and knows nothing of it; what a job would ask its server for comes from here: the folder as its input, a folder
 * for its outputs, a list for its reports.
 */
#ifndef RUNNER_LOCAL_H
#define RUNNER_LOCAL_H

#include "common/json.h"

#define LOCAL_ARTIFACTS "artifacts" /* the primary artifact's name; CodeBuild's own tool calls it so, too */

struct local_source {
    const char *name; /* "Source" for the primary one */
    const char *folder;
};

struct local {
    struct arena *arena;
    const struct local_source *sources; /* the first is the primary one */
    size_t source_count;
    bool without_git;          /* `.git` is left out, as it is where CodePipeline gives the source */
    const char *output_folder; /* or NULL: artifacts are made and thrown away */
    struct json *artifacts;    /* list of {name, files, sizeInBytes} */
    struct json *reports;      /* list of what job_report() was given */
};

/* The whole command: reads the arguments behind "build", runs, and says how it ended. Returns the program's exit code:
 * 0 the build succeeded, 1 it did not, 2 wrong usage. */
int local_main(int argc, char **argv);

/* ---- what job.c asks ---- */

/* The source of that name (NULL: the primary one) as a new zip file, links kept. Errors: ERR_NOT_FOUND, the disk's. */
bool local_pack(const struct local *local, const char *name, const char *zip_path, struct err *err);

/* Notes what the artifact holds and copies it to the output folder. */
bool local_take(struct local *local, const char *name, const char *zip_path, struct err *err);

/* Keeps the report; *answer as the server would give it: {reportArn}. */
void local_report(struct local *local, const struct json *report, const struct json **answer);

#endif
