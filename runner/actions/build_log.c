/*
 * What a build says of itself.
 */
#include "runner/actions/build.h"

#include "common/clock.h"
#include "common/str.h"

#include <stdarg.h>
#include <string.h>
#include <time.h>

void build_say(struct build *build, const char *format, ...) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    va_list arguments;
    va_start(arguments, format);
    const char *text = arena_vprintf(&arena, format, arguments);
    va_end(arguments);
    struct timespec now; /* CodeBuild's lines carry microseconds */
    struct tm moment;
    char stamp[32];
    (void)clock_gettime(CLOCK_REALTIME, &now);
    (void)gmtime_r(&now.tv_sec, &moment);
    (void)strftime(stamp, sizeof stamp, "%Y/%m/%d %H:%M:%S", &moment);
    job_log(build->job, "[Container] %s.%06ld %s", stamp, now.tv_nsec / 1000, text);
}

/* Keeps the last line that holds anything; it is only ever shown, never understood. */
static void keep_last_line(struct build *build, const char *bytes, size_t size) {
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] == '\n') {
            build->line_ended = true;
        } else if ((unsigned char)bytes[i] >= ' ') {
            if (build->line_ended)
                build->last_length = 0;
            build->line_ended = false;
            if (build->last_length + 1 < sizeof build->last_line)
                build->last_line[build->last_length++] = bytes[i];
        }
    }
    build->last_line[build->last_length] = '\0';
}

void build_output(void *context, const void *bytes, size_t size) {
    struct build *build = context;
    keep_last_line(build, bytes, size);
    reporter_log(build->job->reporter, bytes, size);
}

struct json *build_describe(const struct build *build) {
    struct arena *arena = build->arena;
    struct json *description = json_object(arena);
    json_set_text(arena, description, "currentPhase", build->record.current);
    json_set(arena, description, "phases", json_copy(arena, build->record.phases));
    json_set_text(arena, description, "resolvedSourceVersion", build->resolved_version);
    if (build->exported)
        json_set(arena, description, "exportedEnvironmentVariables", json_copy(arena, build->exported));
    if (build->artifacts)
        json_set(arena, description, "artifacts", json_copy(arena, build->artifacts));
    if (build->secondary)
        json_set(arena, description, "secondaryArtifacts", json_copy(arena, build->secondary));
    return description;
}

void build_tell(struct build *build) {
    if (!build->listed)
        return;
    const struct wire_progress progress = {.external_id = build->id, .percent = -1, .build = build_describe(build)};
    reporter_progress(build->job->reporter, &progress);
}

void build_begin(struct build *build, const char *phase) {
    phase_record_begin(&build->record, phase, clock_wall_ms(&clock_system));
    build_tell(build);
}

struct phase_end {
    const char *status;
    const char *code; /* or NULL */
    const char *message;
};

/* An error without a code is either what the build asked for, or ours. */
static struct phase_end end_of(struct build *build, const struct err *err) {
    struct err reason = *err;
    build_explain(build, &reason);
    /* A full disk is the container's more often than the machine's, and who built it can do something about it. */
    bool ours = (reason.kind == ERR_UNAVAILABLE || reason.kind == ERR_INTERNAL) &&
                !strcasestr(reason.message, "no space left on device");
    const char *code = reason.code ? reason.code : ours ? "INTERNAL_SERVICE_ERROR" : "CLIENT_ERROR";
    return (struct phase_end){.status = str_equal(code, "INTERNAL_SERVICE_ERROR") ? "FAULT" : "FAILED",
                              .code = code,
                              .message = arena_strdup(build->arena, reason.message)};
}

const char *build_end(struct build *build, const struct err *err) {
    const char *phase = build->record.current;
    enum stop_reason reason = job_stop_reason(build->job);
    struct phase_end end = {.status = "SUCCEEDED"};
    if (reason == STOP_TIMED_OUT)
        end = (struct phase_end){.status = "TIMED_OUT", .code = "BUILD_TIMED_OUT", .message = "Build has timed out."};
    else if (reason != STOP_NONE)
        end = (struct phase_end){.status = "STOPPED"};
    else if (err)
        end = end_of(build, err);
    phase_record_end(&build->record, end.status, end.code, end.message, clock_wall_ms(&clock_system));
    build_say(build, "Phase complete: %s State: %s", phase, end.status);
    build_say(build, "Phase context status code: %s Message: %s", end.code ? end.code : "",
              end.message ? end.message : "");
    return end.message;
}
