/*
 * CodeBuild projects: what CreateProject takes, checked, with AWS's defaults filled in. A pipeline file's `projects`
 * and the CodeBuild door use the same check.
 */
#ifndef SERVER_DEFINITION_PROJECT_H
#define SERVER_DEFINITION_PROJECT_H

#include "server/definition/definition.h"

/* Checks a project as CreateProject would and returns it in canonical form (AWS's field order, defaults filled in, no
 * empty blocks), or NULL with errors added. In a file what a pipeline's project needs may be left out: source and
 * artifacts are CODEPIPELINE, the environment LINUX_CONTAINER and BUILD_GENERAL1_SMALL, there is no service role; and
 * environment variables may be a map. `place` holds the project's tree. */
const struct json *project_check(struct definition_errors *errors, const struct place *place,
                                 enum definition_form form);

/* What UpdateProject makes of a stored project: `changes` replace the members they name; empty ones and
 * concurrentBuildLimit -1 take theirs away; tags go where none are given (AWS). Checked like the above. */
const struct json *project_update(struct definition_errors *errors, const struct json *stored,
                                  const struct json *changes);

/* The rules that join several values, of a build's settings: a project's with the overrides of one request laid over
 * it. Each override has been checked with its own shape. */
bool project_check_build(struct definition_errors *errors, const struct json *settings);

#endif
