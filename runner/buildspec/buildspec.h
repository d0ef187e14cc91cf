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

enum on_failure { ON_FAILURE_UNSET, ON_FAILURE_ABORT, ON_FAILURE_CONTINUE, ON_FAILURE_RETRY };

#define RETRIES_DEFAULT 3

struct buildspec_list {
    const char *const *items;
    size_t count;
};

struct buildspec_runtime {
    const char *name;    /* "nodejs" */
    const char *version; /* as written: "18", "3.x", "latest", "$VERSION" */
};

struct buildspec_phase {
    struct buildspec_list commands;
    struct buildspec_list finally;
    const char *run_as; /* or NULL: the whole file's */
    enum on_failure on_failure;
    int retries;               /* ON_FAILURE_RETRY: how often the whole build is tried again, 0 to 100 */
    const char *retry_pattern; /* ON_FAILURE_RETRY: a regular expression on the error's message, or NULL: any */
    const struct buildspec_runtime *runtimes; /* install only */
    size_t runtime_count;
};

struct buildspec_variable {
    const char *name;
    const char *value;
};

/* A variable whose value is a parameter of SSM. */
struct buildspec_parameter {
    const char *variable;
    const char *parameter;
};

/* A variable whose value is a secret of Secrets Manager, or a member of it. */
struct buildspec_secret {
    const char *variable;
    const char *secret;        /* name or ARN */
    const char *json_key;      /* or NULL: the whole text */
    const char *version_stage; /* or NULL; not with version_id */
    const char *version_id;    /* or NULL */
};

struct buildspec_artifacts {
    const char *identifier; /* NULL for the primary ones */
    struct buildspec_list files;
    struct buildspec_list exclude_paths;
    const char *base_directory; /* or NULL */
    const char *name;           /* for the shell to expand, or NULL */
    const char *s3_prefix;      /* or NULL */
    bool discard_paths;
    bool keep_symlinks;
};

struct buildspec_report {
    const char *name;   /* of the group, or its ARN; for the shell to expand */
    const char *format; /* "JUNITXML", …: upper case, as CodeBuild names it; "LCOV" is ours */
    struct buildspec_list files;
    const char *base_directory; /* or NULL */
    bool discard_paths;
};

struct buildspec_cache {
    struct buildspec_list paths; /* none: no cache in this buildspec */
    const char *key;             /* for the shell to expand, or NULL */
    struct buildspec_list fallback_keys;
    bool restore; /* both true unless `action` says one */
    bool save;
};

struct buildspec {
    bool version_0_1;   /* each command in a shell of its own: no directory, no variables carried on */
    const char *shell;  /* "/bin/sh" or "bash" */
    const char *run_as; /* or NULL: root */
    const struct buildspec_variable *variables;
    size_t variable_count;
    const struct buildspec_parameter *parameters;
    size_t parameter_count;
    const struct buildspec_secret *secrets;
    size_t secret_count;
    struct buildspec_list exported;
    bool git_credential_helper;
    struct buildspec_phase phases[PHASE_COUNT];
    bool has_artifacts;
    struct buildspec_artifacts artifacts;
    const struct buildspec_artifacts *secondary;
    size_t secondary_count;
    const struct buildspec_report *reports;
    size_t report_count;
    struct buildspec_cache cache;
    bool has_batch;                /* runner/buildspec/batch.h reads it */
    struct buildspec_list notices; /* lines for the log */
};

#define BUILDSPEC_ERRORS_MAX 50
#define BUILDSPEC_NOTICES_MAX 50 /* of more, one last notice says that there are more */

/* An error or a notice, with its place; line 0 where it has none. */
struct buildspec_finding {
    enum err_kind kind; /* of an error */
    int line;
    int column;
    const char *message;
};

struct buildspec_findings {
    struct buildspec_finding *errors; /* sorted by place */
    size_t error_count;
    bool more_errors; /* there were more than BUILDSPEC_ERRORS_MAX */
    struct buildspec_finding *notices;
    size_t notice_count;
};

/* `file` is the name that errors begin with: "buildspec.yml:8:9: Expected Commands[0] to be of string type: found
 * subkeys instead at line 8". Errors: ERR_INVALID and ERR_LIMIT, code "YAML_FILE_ERROR". */
bool buildspec_parse(struct arena *arena, const char *file, const char *text, size_t size, struct buildspec *out,
                     struct err *err);

/* The same, going on after each error. True where there is none; *out is what could be read in either case. */
bool buildspec_check(struct arena *arena, const char *file, const char *text, size_t size, struct buildspec *out,
                     struct buildspec_findings *findings);

/* "INSTALL": as the API names the phase. */
const char *build_phase_name(enum build_phase phase);
/* "install": as the buildspec does. */
const char *build_phase_key(enum build_phase phase);

/* Where the text of `project.source.buildspec` or an override is the buildspec itself, and not the name of a file. */
bool buildspec_is_inline(const char *text);

/* What a shell takes as a variable's name. */
bool buildspec_is_variable_name(const char *name);

#endif
