/*
 * Commands, the action and the rule: lines of shell in a container, run the way CodeBuild runs a buildspec, without a
 * project or a build that anybody could list. A rule succeeds where all its commands do.
 */
#include "runner/buildspec/commands.h"

#include "common/str.h"
#include "runner/actions/actions.h"
#include "runner/actions/build.h"
#include "runner/runner.h"

/* What a failure says first is read most: which command, and how it ended. */
static const char *describe_failure(const struct build *build) {
    if (!build->failed_command)
        return arena_printf(build->arena, "the commands could not be run to their end: %s",
                            build->record.first_failure);
    return arena_printf(build->arena, "command '%.600s' failed with exit code %d%s%s%s", build->failed_command,
                        build->failed_status, build->quoted ? "; it last said '" : "",
                        build->quoted ? build->quoted : "", build->quoted ? "'" : "");
}

static void set_result(struct build *build, struct wire_result *result) {
    const struct wire_job *message = build->job->message;
    const char *subject = str_equal(message->category, "Rule") ? "the rule" : "the action";
    if (build_set_stopped(build, subject, result))
        return;
    if (build->record.failed) {
        result->outcome = WIRE_FAILED;
        result->error_code = "JobFailed";
        result->error_message = describe_failure(build);
        return;
    }
    result->outcome = WIRE_SUCCEEDED;
    result->summary = message->command_count == 1
                          ? "the command succeeded"
                          : arena_printf(build->arena, "all %zu commands succeeded", message->command_count);
    build_set_variables(build, result);
}

/* The job as it would look if CodeBuild ran it. */
static bool prepare(struct job *job, struct build *build, struct err *err) {
    struct wire_job *message = arena_alloc(job->arena, sizeof *message);
    struct buildspec spec;
    *message = *job->message;
    if (!buildspec_of_commands(job->arena, message, &spec, err) ||
        !build_of_commands(job->arena, message, job->runner->config->commands_image, &message->build, err))
        return false;
    job->message = message;
    build_init(build, job);
    build->spec = spec;
    build->has_spec = true;
    return true;
}

bool action_commands(struct job *job, struct wire_result *result, struct err *err) {
    struct build build;
    if (!prepare(job, &build, err))
        return false;
    bool good = build_kill_leftovers(&build, err);
    if (good && job->message->cancelled) {
        result->outcome = WIRE_STOPPED;
        result->summary = "the commands were stopped; nothing of them runs here any more";
    } else if (good) {
        build_run(&build);
        set_result(&build, result);
        build_end_shells(&build);
    }
    build_release(&build);
    return good;
}
