/*
 * CodeBuild's own commands for a buildspec, as shell scripts that every build finds in TOOLS_FOLDER, the last folder of
 * its PATH. One is added by a file tools/NAME.sh and its line in meson.build; it must run in a BusyBox image.
 */
#ifndef RUNNER_BUILDSPEC_TOOLS_H
#define RUNNER_BUILDSPEC_TOOLS_H

#include <stddef.h>

#define TOOLS_FOLDER "/codebuild/bin" /* in the container */

/* A line for the file of variables, before all others: a buildspec that sets PATH itself has what it wrote. */
#define TOOLS_PATH_LINE                                                                                                \
    "export PATH=\"${PATH:-/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin}:" TOOLS_FOLDER "\"\n"

struct build_tool {
    const char *name; /* "codebuild-tests-run" */
    const char *script;
};

extern const struct build_tool build_tools[];
extern const size_t build_tool_count;

#endif
