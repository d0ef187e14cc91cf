/*
 * The four phases: each command in turn, `finally` always, and what follows from how they ended.
 */
#include "runner/actions/build.h"

#include "common/pattern.h"
#include "common/str.h"
#include "runner/buildspec/scripts.h"
#include "runner/docker/stream.h"
#include "runner/runner.h"

#include <string.h>

static bool is_root(const char *user) {
    return !user || str_equal(user, "root") || str_equal(user, "0");
}

/* The engine takes a name that the image does not know for an answer of its own: none of its errors says so. */
static bool refuse_user(struct build *build, const char *user, struct err *err) {
    build_explain(build, err);
    if (!err->code)
        err->code = "CLIENT_ERROR";
    shell_free(build->user_shell);
    build->user_shell = NULL;
    build->user = NULL;
    return err_wrap(err, "run-as '%s': is there such a user in the image?", user);
}

/* The shell of the phase's user: root's is the container's first process, another's is an exec, kept for the next. */
static bool shell_for(struct build *build, const char *user, struct shell **out, struct err *err) {
    if (is_root(user)) {
        *out = build->shell;
        return true;
    }
    if (!str_equal(user, build->user)) {
        const char *exec_id;
        int socket_fd;
        shell_free(build->user_shell);
        build->user_shell = NULL;
        build->user = NULL;
        if (!container_exec(build->docker, build->arena, build_container_id(build), user, shell_command, &exec_id,
                            err) ||
            !stream_exec(build->job->runner->engine, exec_id, &socket_fd, err))
            return refuse_user(build, user, err);
        build->user_shell = shell_new(socket_fd, build_output, build);
        build->user = user;
        if (!shell_load(build->user_shell, SCRIPT_FOLDER "/variables.sh", err))
            return refuse_user(build, user, err);
    }
    *out = build->user_shell;
    return true;
}

bool build_run_command(struct build *build, struct shell *shell, const char *command, const char *path,
                       struct err *err) {
    int exit_code = 0;
    if (job_is_stopped(build->job))
        return err_set(err, ERR_UNAVAILABLE, "stopped before the command was run");
    build->last_length = 0;
    build->last_line[0] = '\0';
    build->line_ended = true;
    build_say(build, "Running command %s", command);
    bool ended = shell_run(shell, build->spec.shell, path, &exit_code, err);
    reporter_flush_mask(build->job->reporter);
    /* CodeBuild leaves a line free after a command that succeeded. */
    if (!build->line_ended || (ended && exit_code == 0))
        reporter_log(build->job->reporter, "\n", 1);
    if (!ended || exit_code == 0)
        return ended;
    const char *memory = build_memory_exceeded(build);
    if (memory)
        build_say(build, "A process of the build was killed: %s", memory);
    build_say(build, "Command did not exit successfully %s exit status %d", command, exit_code);
    if (!build->failed_command) {
        build->failed_command = command;
        build->failed_status = exit_code;
        if (build->last_length > 0)
            build->quoted = reporter_masked(build->job->reporter, build->arena, build->last_line);
    }
    return err_set_code(err, ERR_INVALID, "COMMAND_EXECUTION_ERROR",
                        "Error while executing command: %.600s. Reason: exit status %d%s%s", command, exit_code,
                        memory ? ": " : "", memory ? memory : "");
}

/* Stops at the first that fails. */
static bool run_list(struct build *build, struct shell *shell, enum build_phase phase,
                     const struct buildspec_list *list, size_t first, struct err *err) {
    for (size_t i = 0; i < list->count; i++)
        if (!build_run_command(build, shell, list->items[i], build_script_path(build, phase, first + i), err))
            return false;
    return true;
}

/* CODEBUILD_BUILD_SUCCEEDING becomes 0 for what comes after, `finally` included. */
static void mark_failure(struct build *build) {
    int exit_code;
    if (!build->marked)
        build->marked = shell_run(build->shell, "/bin/sh", SCRIPT_FOLDER "/failure.sh", &exit_code, NULL);
}

static bool run_phase(struct build *build, enum build_phase number, struct err *err) {
    const struct buildspec_phase *phase = &build->spec.phases[number];
    const char *user = phase->run_as ? phase->run_as : build->spec.run_as;
    struct shell *shell = NULL;
    if (phase->commands.count == 0 && phase->finally.count == 0)
        return true;
    if (!shell_for(build, user, &shell, err))
        return false;
    bool good = run_list(build, shell, number, &phase->commands, 0, err);
    if (job_is_stopped(build->job))
        return false;
    if (!good) {
        build_explain(build, err);
        if (build->dead)
            return false;
        mark_failure(build);
    }
    struct err later = {0};
    if (run_list(build, shell, number, &phase->finally, phase->commands.count, &later))
        return good;
    if (good)
        *err = later;
    return false;
}

/* on-failure: RETRY asks for the whole build again, where its pattern is found in the message. */
static void consider_retry(struct build *build, const struct buildspec_phase *phase, const char *message) {
    bool matches = true;
    struct err err = {0};
    if (phase->on_failure != ON_FAILURE_RETRY || !message)
        return;
    if (phase->retry_pattern &&
        !pattern_matches(arena_printf(build->arena, "(?s:.*)(?:%s)(?s:.*)", phase->retry_pattern), message, &matches,
                         &err))
        build_say(build, "Skipping on-failure: %s", err.message);
    else if (matches && !build->wants_retry) {
        build->wants_retry = true;
        build->retry_limit = phase->retries;
    }
}

void build_run_phases(struct build *build, bool *upload) {
    *upload = false;
    for (int i = 0; i < PHASE_COUNT; i++) {
        struct err err = {0};
        enum build_phase phase = (enum build_phase)i;
        build_say(build, "Entering phase %s", build_phase_name(phase));
        build_begin(build, build_phase_name(phase));
        bool good = run_phase(build, phase, &err);
        if (phase == PHASE_POST_BUILD && !build->dead && !job_is_stopped(build->job))
            build_export_variables(build);
        const char *message = build_end(build, good ? NULL : &err);
        if (job_is_stopped(build->job) || build->dead)
            return;
        if (!good)
            consider_retry(build, &build->spec.phases[i], message);
        enum next_step next = phase_next(phase, !good, build->spec.phases[i].on_failure);
        *upload = next == NEXT_UPLOAD;
        if (next != NEXT_PHASE)
            return;
        if (!good)
            mark_failure(build);
    }
}
