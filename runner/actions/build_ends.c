/*
 * Why something ended that should have gone on: the container's first process, a command that the kernel killed, the
 * engine. The build's stream only says that it is over; the engine and the container's cgroup are asked for the reason.
 */
#include "runner/actions/build.h"

#include "common/str.h"

#include <stdlib.h>
#include <string.h>

#define GIB (1024.0 * 1024 * 1024)
#define KILLED_BY "oom_kill "

/* "the memory limit of BUILD_GENERAL1_SMALL, 4.0 GiB, was reached" */
static const char *memory_sentence(const struct build *build, int64_t memory_bytes) {
    const char *type =
        json_get_text_or(json_get(build->job->message->build, "environment"), "computeType", "the build");
    if (memory_bytes <= 0)
        return "this machine has no memory left";
    return arena_printf(build->arena, "the memory limit of %s, %.1f GiB, was reached", type,
                        (double)memory_bytes / GIB);
}

static bool say_dead(const struct build *build, const struct container_state *state, struct err *err) {
    if (!state->exists)
        return err_set_code(err, ERR_CONFLICT, "SINGLE_BUILD_CONTAINER_DEAD",
                            "Build container found dead before completing the build. It was removed from outside");
    if (!state->started)
        return err_set_code(err, ERR_CONFLICT, "SINGLE_BUILD_CONTAINER_DEAD",
                            "Build container found dead before completing the build. It could not be started: %s",
                            arena_strdup(build->arena, err->message));
    if (build_container_excess(build))
        return err_set_code(err, ERR_LIMIT, "SINGLE_BUILD_CONTAINER_DEAD",
                            "Build container found dead before completing the build. It was ended because %s",
                            build_container_excess(build));
    if (state->out_of_memory)
        return err_set_code(err, ERR_LIMIT, "SINGLE_BUILD_CONTAINER_DEAD",
                            "Build container found dead before completing the build. Build container died because it "
                            "was out of memory: %s",
                            memory_sentence(build, state->memory_bytes));
    return err_set_code(err, ERR_CONFLICT, "SINGLE_BUILD_CONTAINER_DEAD",
                        "Build container found dead before completing the build. %s (exit code %d)",
                        state->exit_code > 128 ? "It was killed" : "Its first process ended", state->exit_code);
}

void build_explain(struct build *build, struct err *err) {
    struct container_state state = {0};
    struct err own = {0};
    const char *id = build->container ? build_container_id(build) : NULL;
    if (err->code || !id || job_is_stopped(build->job))
        return;
    if (!container_inspect(build->docker, build->arena, id, &state, &own)) {
        build->dead = true;
        (void)err_set_code(err, ERR_UNAVAILABLE, "INTERNAL_SERVICE_ERROR", "the Docker engine went away: %s",
                           own.message);
    } else if (!state.running) {
        build->dead = true;
        (void)say_dead(build, &state, err);
    }
}

/* How many processes of the container the kernel has killed for want of memory; 0 where nobody says. */
static int64_t count_kills(struct build *build) {
    static const char *const question[] = {
        "$(cat /sys/fs/cgroup/memory.events /sys/fs/cgroup/memory/memory.oom_control 2>/dev/null)"};
    const char *answer = NULL;
    if (!build_expand(build, question, 1, &answer, NULL) || !answer)
        return 0;
    const char *found = strstr(answer, KILLED_BY);
    return found ? strtoll(found + strlen(KILLED_BY), NULL, 10) : 0;
}

const char *build_memory_exceeded(struct build *build) {
    struct container_state state = {0};
    int64_t kills = count_kills(build);
    if (kills <= build->memory_kills)
        return NULL;
    build->memory_kills = kills;
    (void)container_inspect(build->docker, build->arena, build_container_id(build), &state, NULL);
    return memory_sentence(build, state.memory_bytes);
}
