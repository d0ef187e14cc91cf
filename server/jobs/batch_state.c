/*
 * Phases of a batch, events and lines about it.
 */
#include "server/jobs/batch_state.h"

#include "common/str.h"
#include "server/store/action_runs.h"
#include "server/store/events.h"
#include "server/wake.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

bool batch_read_json(struct arena *arena, const char *text, const struct json **out, struct err *err) {
    return json_parse(arena, text, strlen(text), out, err) || err_wrap(err, "reading a batch's row");
}

bool batch_state_read(struct arena *arena, const struct batch_row *batch, struct json **out, struct err *err) {
    const struct json *state = NULL;
    if (!batch_read_json(arena, batch->state, &state, err))
        return false;
    *out = json_copy(arena, state);
    return true;
}

struct json *batch_state_new(struct arena *arena, int64_t now_ms) {
    struct json *state = json_object(arena);
    json_set_array(arena, state, "phases");
    batch_state_begin(arena, state, "SUBMITTED", now_ms);
    batch_state_close(arena, state, BUILD_SUCCEEDED, NULL, now_ms);
    batch_state_begin(arena, state, "DOWNLOAD_BATCHSPEC", now_ms);
    return state;
}

/* The list, to be changed: the tree is this transaction's own copy. */
static struct json *phases_of(struct json *state) {
    for (struct json *member = state->first; member; member = member->next)
        if (str_equal(member->name, "phases"))
            return member;
    return NULL;
}

void batch_state_close(struct arena *arena, struct json *state, enum build_status status,
                       const struct batch_trouble *trouble, int64_t now_ms) {
    struct json *phases = phases_of(state);
    struct json *phase = phases ? phases->last : NULL;
    if (!phase || json_get(phase, "endTime"))
        return;
    const struct json *start = json_get(phase, "startTime");
    double seconds = start && start->type == JSON_NUMBER ? (double)now_ms / 1000 - start->number : 0;
    json_set_text(arena, phase, "phaseStatus", build_status_name(status));
    json_set_time(arena, phase, "endTime", now_ms);
    json_set_integer(arena, phase, "durationInSeconds", seconds > 0 ? (int64_t)seconds : 0);
    if (!trouble || !trouble->message)
        return;
    struct json *context = json_append_object(arena, json_set_array(arena, phase, "contexts"));
    json_set_text(arena, context, "statusCode", trouble->code ? trouble->code : "");
    json_set_text(arena, context, "message", trouble->message);
}

void batch_state_begin(struct arena *arena, struct json *state, const char *name, int64_t now_ms) {
    struct json *phase = json_append_object(arena, phases_of(state));
    json_set_text(arena, phase, "phaseType", name);
    json_set_time(arena, phase, "startTime", now_ms);
    json_set_text(arena, state, "currentPhase", name);
}

void batch_state_end(struct arena *arena, struct json *state, enum build_status status, int64_t now_ms) {
    const char *name = status == BUILD_SUCCEEDED ? "SUCCEEDED" : status == BUILD_STOPPED ? "STOPPED" : "FAILED";
    batch_state_begin(arena, state, name, now_ms);
    batch_state_close(arena, state, BUILD_SUCCEEDED, NULL, now_ms);
}

bool batch_tell(struct tx *tx, const struct batch_row *batch, enum build_status status, struct err *err) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct json *detail = json_object(&arena);
    json_set_text(&arena, detail, "buildBatchId", arena_printf(&arena, "%s:%s", batch->project, batch->uuid));
    const struct event_row event = {
        .type = "build", .status = build_status_name(status), .detail = json_print(&arena, detail)};
    return events_add(tx, &event, err);
}

bool batch_keep(struct tx *tx, struct arena *arena, const struct batch_row *batch, const struct json *state,
                struct err *err) {
    return batches_set_state(tx, batch->id, json_print(arena, state), err) &&
           batch_tell(tx, batch, BUILD_IN_PROGRESS, err);
}

bool batch_say(struct tx *tx, struct arena *arena, const struct batch_row *batch, struct err *err, const char *format,
               ...) {
    struct action_run_row action;
    char topic[WAKE_TOPIC_SIZE], stamp[32];
    struct tm parts;
    va_list arguments;
    if (!batch->action_run_id)
        return true;
    va_start(arguments, format);
    const char *text = arena_vprintf(arena, format, arguments);
    va_end(arguments);
    time_t now = (time_t)(clock_wall_ms(tx_clock(tx)) / 1000);
    (void)gmtime_r(&now, &parts);
    (void)strftime(stamp, sizeof stamp, "%Y/%m/%d %H:%M:%S", &parts);
    if (!action_runs_get_by_id(tx, arena, batch->action_run_id, &action, err))
        return false;
    (void)snprintf(topic, sizeof topic, WAKE_LOG, action.uuid);
    tx_wake(tx, topic);
    return batches_add_log(tx, batch->id, arena_printf(arena, "[Batch] %s %s\n", stamp, text), err);
}
