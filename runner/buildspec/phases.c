/*
 * The phase machine.
 */
#include "runner/buildspec/phases.h"

#include "common/str.h"

enum next_step phase_next(enum build_phase phase, bool failed, enum on_failure on_failure) {
    enum next_step onward = phase == PHASE_POST_BUILD ? NEXT_UPLOAD : NEXT_PHASE;
    if (!failed || on_failure == ON_FAILURE_CONTINUE)
        return onward;
    if (on_failure == ON_FAILURE_ABORT)
        return NEXT_FINALIZING;
    /* POST_BUILD runs whenever BUILD was entered, and the upload is attempted whenever POST_BUILD was. */
    return phase == PHASE_INSTALL || phase == PHASE_PRE_BUILD ? NEXT_FINALIZING : onward;
}

static void close_phase(struct arena *arena, struct json *phase, const char *status, int64_t now_ms) {
    json_set_text(arena, phase, "phaseStatus", status);
    json_set_time(arena, phase, "endTime", now_ms);
}

void phase_record_init(struct phase_record *record, struct arena *arena, const struct json *before, int64_t now_ms) {
    *record = (struct phase_record){.arena = arena, .phases = json_array(arena)};
    json_each(item, before) {
        const char *name = json_get_text(item, "phaseType");
        if (!str_equal(name, "SUBMITTED") && !str_equal(name, "QUEUED"))
            continue;
        struct json *phase = json_copy(arena, item);
        if (!json_get(phase, "endTime"))
            close_phase(arena, phase, "SUCCEEDED", now_ms);
        json_append(record->phases, phase);
    }
}

void phase_record_begin(struct phase_record *record, const char *name, int64_t now_ms) {
    record->open = json_append_object(record->arena, record->phases);
    record->opened_ms = now_ms;
    record->current = name;
    json_set_text(record->arena, record->open, "phaseType", name);
    json_set_time(record->arena, record->open, "startTime", now_ms);
}

void phase_record_end(struct phase_record *record, const char *status, const char *code, const char *message,
                      int64_t now_ms) {
    if (!record->open)
        return;
    struct arena *arena = record->arena;
    close_phase(arena, record->open, status, now_ms);
    json_set_integer(arena, record->open, "durationInSeconds", (now_ms - record->opened_ms) / 1000);
    if (code) {
        struct json *context = json_append_object(arena, json_set_array(arena, record->open, "contexts"));
        json_set_text(arena, context, "statusCode", code);
        json_set_text(arena, context, "message", message);
    }
    record->open = NULL;
    if (str_equal(status, "SUCCEEDED"))
        return;
    record->failed = true;
    if (!record->status || str_equal(record->status, "FAILED")) /* FAULT, TIMED_OUT, STOPPED say more */
        record->status = status;
    if (!record->first_failure)
        record->first_failure = arena_printf(arena, "%s: %s", record->current, message ? message : status);
}
