/*
 * What was written behind `penstock-runner build`, and the job that a server would make of it. What is not the build's
 * own (--docker, --build-network, …) is left for config_read().
 */
#ifndef RUNNER_LOCAL_OPTIONS_H
#define RUNNER_LOCAL_OPTIONS_H

#include "common/wire.h"
#include "runner/local.h"

struct local_options {
    struct arena *arena;
    const char *folder;
    const char *buildspec;      /* a file, or NULL: buildspec.yml in the folder */
    const char *image;          /* or NULL: the project's, else the runner's --commands-image */
    const char *output_folder;  /* or NULL */
    const struct json *project; /* as `aws codebuild batch-get-projects` shows it, or NULL */
    struct json *variables;     /* list of {name, value, type} */
    struct local_source *sources;
    size_t source_count;
    size_t source_capacity;
    int timeout_seconds;
    bool privileged;
    bool without_git;
    bool json;
    bool help;
    char **rest; /* for config_read(): [0] is the program's name */
    int rest_count;
};

extern const char local_usage[];

/* Errors: ERR_INVALID, and those of reading --project. */
bool local_options_read(struct arena *arena, int argc, char **argv, struct local_options *out, struct err *err);

/* The job; its id is the caller's to set. `image` is for a build that names none. Errors: the buildspec's file cannot
 * be read. */
bool local_message(const struct local_options *options, const char *image, struct wire_job *out, struct err *err);

#endif
