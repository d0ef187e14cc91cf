/*
 * How builds go on and end. The server knows the phases SUBMITTED and QUEUED, the runner those from PROVISIONING on;
 * COMPLETED is the server's again, because a lost runner cannot say it.
 */
#include "server/jobs/build_state.h"

#include "common/str.h"
#include "server/store/events.h"

#include <string.h>

static void set_phase(struct arena *arena, struct json *phases, const char *type, int64_t start_ms, int64_t end_ms) {
    struct json *phase = json_append_object(arena, phases);
    json_set_text(arena, phase, "phaseType", type);
    if (end_ms)
        json_set_text(arena, phase, "phaseStatus", "SUCCEEDED");
    json_set_time(arena, phase, "startTime", start_ms);
    if (end_ms) {
        json_set_time(arena, phase, "endTime", end_ms);
        json_set_integer(arena, phase, "durationInSeconds", (end_ms - start_ms) / 1000);
    }
}

struct json *build_state_new(struct arena *arena, int64_t now_ms) {
    struct json *state = json_object(arena);
    json_set_text(arena, state, "currentPhase", "QUEUED");
    struct json *phases = json_set_array(arena, state, "phases");
    set_phase(arena, phases, "SUBMITTED", now_ms, now_ms);
    set_phase(arena, phases, "QUEUED", now_ms, 0);
    return state;
}

bool build_tell(struct tx *tx, const struct build_row *build, enum build_status status, struct err *err) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct json *detail = json_object(&arena);
    json_set_text(&arena, detail, "buildId", arena_printf(&arena, "%s:%s", build->project, build->uuid));
    const struct event_row event = {
        .type = "build", .status = build_status_name(status), .detail = json_print(&arena, detail)};
    return events_add(tx, &event, err);
}

static bool is_ours(const char *phase) {
    return str_equal(phase, "SUBMITTED") || str_equal(phase, "QUEUED") || str_equal(phase, "COMPLETED");
}

/* The runner's state with our phases in front of its own. */
static struct json *with_our_phases(struct arena *arena, const struct job_row *job, const struct json *told) {
    struct json *state = json_copy(arena, told);
    struct json *phases = json_array(arena);
    set_phase(arena, phases, "SUBMITTED", job->queued_ms, job->queued_ms);
    set_phase(arena, phases, "QUEUED", job->queued_ms, job->started_ms ? job->started_ms : job->queued_ms);
    json_each(phase, json_get(told, "phases")) {
        if (!is_ours(json_get_text(phase, "phaseType")))
            json_append(phases, json_copy(arena, phase));
    }
    json_set(arena, state, "phases", phases);
    return state;
}

bool build_progress(struct tx *tx, struct arena *arena, const struct job_row *job, const struct json *told,
                    struct err *err) {
    struct build_row build;
    if (!builds_get_by_id(tx, arena, job->build_id, &build, err))
        return false;
    if (build.status != BUILD_IN_PROGRESS)
        return true;
    return builds_set_state(tx, build.id, json_print(arena, with_our_phases(arena, job, told)), err) &&
           build_tell(tx, &build, BUILD_IN_PROGRESS, err);
}

static bool has_phase_status(const struct json *state, const char *status) {
    json_each(phase, json_get(state, "phases")) {
        if (str_equal(json_get_text(phase, "phaseStatus"), status))
            return true;
    }
    return false;
}

/* A runner knows more than whether it went well: a fault of its own, or that time was over. */
enum build_status build_status_of(const struct wire_result *result) {
    const char *told = json_get_text(result->build, "buildStatus");
    switch (result->outcome) {
    case WIRE_SUCCEEDED:
        return BUILD_SUCCEEDED;
    case WIRE_STOPPED:
        return BUILD_STOPPED;
    case WIRE_FAILED:
        break;
    }
    if (str_equal(told, "TIMED_OUT") || (!told && has_phase_status(result->build, "TIMED_OUT")))
        return BUILD_TIMED_OUT;
    if (str_equal(told, "FAULT") || (!result->build && str_equal(result->error_code, "SystemUnavailable")))
        return BUILD_FAULT;
    return BUILD_FAILED;
}

/* A phase that was under way ends with the build, and says why. */
static void close_phase(struct arena *arena, struct json *phase, const struct build_ending *ending, int64_t now_ms) {
    const struct json *start = json_get(phase, "startTime");
    double seconds = start && start->type == JSON_NUMBER ? (double)now_ms / 1000 - start->number : 0;
    json_set_text(arena, phase, "phaseStatus", build_status_name(ending->status));
    json_set_time(arena, phase, "endTime", now_ms);
    json_set_integer(arena, phase, "durationInSeconds", seconds > 0 ? (int64_t)seconds : 0);
    if ((!ending->message && !ending->code) || ending->status == BUILD_SUCCEEDED)
        return;
    struct json *context = json_append_object(arena, json_set_array(arena, phase, "contexts"));
    json_set_text(arena, context, "statusCode", ending->code ? ending->code : "");
    json_set_text(arena, context, "message", ending->message ? ending->message : "");
}

static void close_phases(struct arena *arena, struct json *state, const struct build_ending *ending, int64_t now_ms) {
    struct json *phases = json_array(arena);
    json_each(phase, json_get(state, "phases")) {
        struct json *copy = json_copy(arena, phase);
        json_append(phases, copy);
        if (!json_get(phase, "endTime"))
            close_phase(arena, copy, ending, now_ms);
    }
    struct json *completed = json_append_object(arena, phases);
    json_set_text(arena, completed, "phaseType", "COMPLETED");
    json_set_time(arena, completed, "startTime", now_ms);
    json_set(arena, state, "phases", phases);
    json_set_text(arena, state, "currentPhase", "COMPLETED");
}

bool build_finish(struct tx *tx, struct arena *arena, const struct job_row *job, const struct build_ending *ending,
                  struct err *err) {
    struct build_row build;
    const struct json *stored = NULL;
    if (!builds_get_by_id(tx, arena, job->build_id, &build, err))
        return false;
    if (build.status != BUILD_IN_PROGRESS)
        return true;
    if (!ending->told && !json_parse(arena, build.state, strlen(build.state), &stored, err))
        return err_wrap(err, "reading a build's row");
    struct json *state = ending->told ? with_our_phases(arena, job, ending->told) : json_copy(arena, stored);
    json_remove(state, "retry");
    json_remove(state, "buildStatus");
    close_phases(arena, state, ending, clock_wall_ms(tx_clock(tx)));
    return builds_end(tx, build.id, ending->status, json_print(arena, state), err) &&
           build_tell(tx, &build, ending->status, err);
}
