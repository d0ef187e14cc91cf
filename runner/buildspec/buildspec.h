/*
 * buildspec.yml, versions 0.1 and 0.2, as a checked structure. Pure: text in, structure out. What CodeBuild ignores is
 * ignored here; what it does and Penstock does not yet is an error where leaving it out would change the result, and
 * else a notice for the log.
 *
 * https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html
 */
#ifndef RUNNER_BUILDSPEC_BUILDSPEC_H
#define RUNNER_BUILDSPEC_BUILDSPEC_H

#include "common/doc.h"

enum build_phase { PHASE_INSTALL, PHASE_PRE_BUILD, PHASE_BUILD, PHASE_POST_BUILD, PHASE_COUNT };

enum on_failure { ON_FAILURE_UNSET, ON_FAILURE_ABORT, ON_FAILURE_CONTINUE };

struct buildspec_list {
    const char *const *items;
    size_t count;
};

struct buildspec_phase {
    struct buildspec_list commands;
    struct buildspec_list finally;
    const char *run_as; /* or NULL: the whole file's */
    enum on_failure on_failure;
};

struct buildspec_variable {
    const char *name;
    const char *value;
};

struct buildspec_artifacts {
    const char *identifier; /* NULL for the primary ones */
    struct buildspec_list files;
    struct buildspec_list exclude_paths;
    const char *base_directory; /* or NULL */
    bool discard_paths;
    bool keep_symlinks;
};

struct buildspec {
    bool version_0_1;   /* each command in a shell of its own: no directory, no variables carried on */
    const char *shell;  /* "/bin/sh" or "bash" */
    const char *run_as; /* or NULL: root */
    const struct buildspec_variable *variables;
    size_t variable_count;
    struct buildspec_list exported;
    struct buildspec_phase phases[PHASE_COUNT];
    bool has_artifacts;
    struct buildspec_artifacts artifacts;
    const struct buildspec_artifacts *secondary;
    size_t secondary_count;
    struct buildspec_list notices; /* lines for the log */
};

/* `file` is the name that errors begin with: "buildspec.yml:8:9: Expected Commands[0] to be of string type: found
 * subkeys instead at line 8". Errors: ERR_INVALID and ERR_LIMIT, code "YAML_FILE_ERROR". */
bool buildspec_parse(struct arena *arena, const char *file, const char *text, size_t size, struct buildspec *out,
                     struct err *err);

/* "INSTALL": as the API names the phase. */
const char *build_phase_name(enum build_phase phase);

/* Where the text of `project.source.buildspec` or an override is the buildspec itself, and not the name of a file. */
bool buildspec_is_inline(const char *text);

/* What a shell takes as a variable's name. */
bool buildspec_is_variable_name(const char *name);

#endif
