/*
 * The environment of a build: CodeBuild's own variables, the runner's AWS credentials, the project's, the pipeline
 * action's. Pure.
 *
 * Precedence of the same name: the action's environmentVariables, then the EnvironmentVariables of its configuration,
 * then the project's (or StartBuild's, which the server has merged), then the buildspec's; any of them over the
 * image's. Names that begin with CODEBUILD_ are CodeBuild's.
 */
#ifndef RUNNER_BUILDSPEC_ENVIRONMENT_H
#define RUNNER_BUILDSPEC_ENVIRONMENT_H

#include "common/wire.h"
#include "runner/buildspec/buildspec.h"

struct environment_variable {
    const char *name;
    const char *value;
    bool from_project; /* the project or the action set it, so the buildspec does not */
};

/* A variable of the project or the action whose value lies with AWS. */
struct environment_reference {
    const char *name;
    const char *reference; /* a parameter's name, or "secret-id:json-key:stage:version-id" */
    bool is_secret;        /* of Secrets Manager; else of SSM's parameter store */
};

struct environment {
    struct arena *arena;
    struct environment_variable *variables; /* no name twice, nor in references */
    size_t count;
    size_t capacity;
    struct environment_reference *references;
    size_t reference_count;
    size_t reference_capacity;
    struct environment_variable *secrets; /* what such references, and the buildspec's own, came to */
    size_t secret_count;
    size_t secret_capacity;
    bool in_project; /* what is set now comes from there */
};

void environment_init(struct environment *environment, struct arena *arena);

/* Sets, replacing. A NULL value sets nothing. */
void environment_set(struct environment *environment, const char *name, const char *value);

const char *environment_get(const struct environment *environment, const char *name); /* NULL where absent */

/* CodeBuild's variables of section "Environment variables in build environments". */
void environment_add_build(struct environment *environment, const struct wire_job *job, const char *source_folder,
                           int64_t now_ms);

/* The project's and the action's; those whose values lie with AWS become references. Errors: ERR_INVALID: a variable of
 * an unknown type, broken EnvironmentVariables. */
bool environment_add_project(struct environment *environment, const struct wire_job *job, struct err *err);

/* The project or the action says what it is: the buildspec does not. */
bool environment_is_taken(const struct environment *environment, const char *name);

/* A value that came from AWS; and whether a variable has one. */
void environment_set_secret(struct environment *environment, const char *name, const char *value);
bool environment_is_secret(const struct environment *environment, const char *name);

/* "NAME=value", NULL at the end; without secrets. */
const char *const *environment_list(const struct environment *environment);

/* The buildspec's own variables that nobody else set, and the secrets, as a file of assignments for a shell to read.
 */
const char *environment_script(const struct environment *environment, const struct buildspec *spec);

#endif
