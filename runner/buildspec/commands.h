/*
 * The lines of CodePipeline's Commands, of an action or of a rule, as the buildspec that CodeBuild would get for them.
 * Pure.
 *
 * https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-Commands.html
 */
#ifndef RUNNER_BUILDSPEC_COMMANDS_H
#define RUNNER_BUILDSPEC_COMMANDS_H

#include "common/wire.h"
#include "runner/buildspec/buildspec.h"

#define COMMANDS_MINUTES 55 /* AWS's limit; it cannot be set */

/* The first line that fails ends it: nothing is put out then. An output artifact without patterns is the whole folder.
 * Texts stay the job's. Errors: ERR_INVALID: no command, an output variable that is no variable's name. */
bool buildspec_of_commands(struct arena *arena, const struct wire_job *job, struct buildspec *out, struct err *err);

/* The build that CodeBuild would show for them, as far as running it asks: id, environment, time limit. Errors:
 * ERR_INVALID: an environment that is not Linux, a compute type that there is not. */
bool build_of_commands(struct arena *arena, const struct wire_job *job, const char *image, const struct json **out,
                       struct err *err);

#endif
