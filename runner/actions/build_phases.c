/*
 * The four phases: each command in turn, `finally` always, and what follows from how they ended.
 */
#include "runner/actions/build.h"

#include "common/str.h"
#include "runner/buildspec/scripts.h"
#include "runner/docker/stream.h"
#include "runner/runner.h"

#include <string.h>

static bool is_root(const char *user) {
    return !user || str_equal(user, "root") || str_equal(user, "0");
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
            return err_wrap(err, "run-as '%s'", user);
        build->user_shell = shell_new(socket_fd, build_output, build);
        build->user = user;
        if (!shell_load(build->user_shell, SCRIPT_FOLDER "/variables.sh", err))
            return err_wrap(err, "run-as '%s'", user);
    }
    *out = build->user_shell;
    return true;
}

static bool run_one(struct build *build, struct shell *shell, const char *command, const char *path, struct err *err) {
    int exit_code = 0;
    if (job_is_stopped(build->job))
        return err_set(err, ERR_UNAVAILABLE, "stopped before the command was run");
    build->last_length = 0;
    build->last_line[0] = '\0';
    build_say(build, "Running command %s", command);
    if (!shell_run(shell, build->spec.shell, path, &exit_code, err))
        return false;
    reporter_flush_mask(build->job->reporter);
    if (exit_code == 0)
        return true;
    build_say(build, "Command did not exit successfully %s exit status %d", command, exit_code);
    if (!build->failed_command) {
        build->failed_command = command;
        build->failed_status = exit_code;
        if (build->last_length > 0)
            build->quoted = reporter_masked(build->job->reporter, build->arena, build->last_line);
    }
    return err_set_code(err, ERR_INVALID, "COMMAND_EXECUTION_ERROR",
                        "Error while executing command: %.600s. Reason: exit status %d", command, exit_code);
}

/* Stops at the first that fails. */
static bool run_list(struct build *build, struct shell *shell, enum build_phase phase,
                     const struct buildspec_list *list, size_t first, struct err *err) {
    for (size_t i = 0; i < list->count; i++)
        if (!run_one(build, shell, list->items[i], build_script_path(build, phase, first + i), err))
            return false;
    return true;
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
    struct err later = {0};
    if (run_list(build, shell, number, &phase->finally, phase->commands.count, &later))
        return good;
    if (good)
        *err = later;
    return false;
}

/* CODEBUILD_BUILD_SUCCEEDING becomes 0 for what comes after. */
static void mark_failure(struct build *build) {
    int exit_code;
    (void)shell_run(build->shell, "/bin/sh", SCRIPT_FOLDER "/failure.sh", &exit_code, NULL);
}

void build_run_phases(struct build *build, bool *upload) {
    *upload = false;
    for (int i = 0; i < PHASE_COUNT; i++) {
        struct err err = {0};
        enum build_phase phase = (enum build_phase)i;
        build_say(build, "Entering phase %s", build_phase_name(phase));
        build_begin(build, build_phase_name(phase));
        bool good = run_phase(build, phase, &err);
        build_end(build, good ? NULL : &err);
        if (job_is_stopped(build->job))
            return;
        enum next_step next = phase_next(phase, !good, build->spec.phases[i].on_failure);
        *upload = next == NEXT_UPLOAD;
        if (next != NEXT_PHASE)
            return;
        if (!good)
            mark_failure(build);
    }
}
