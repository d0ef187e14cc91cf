/*
 * Pipelines started by the clock.
 *
 * An instant starts once: its execution has the token "schedule:<id>:<instant>", which no client can give (its pattern
 * has no colon), and an id is never given out again. So the next instant may be computed anew as often as one likes.
 * What the clock does is met so:
 *
 *   it steps forward, or the server was away: the instants that were passed are due. They become one start, under the
 *     token of the newest one.
 *   it steps back: the next instant is the first after now. Those that started something before the step have their
 *     token and start nothing again.
 *   rates: an interval is of real time, so none may take longer because the clock was set back. Where the next instant
 *     is more than one interval away, the rate is counted from now. And none is shorter: where the clock has come
 *     forward again and the last start is less than an interval ago, it is counted from that.
 */
#include "common/str.h"
#include "common/utf8.h"
#include "server/engine/carry_out.h"
#include "server/engine/engine.h"
#include "server/engine/schedules.h"
#include "server/engine/start_or_tell.h"
#include "server/store/events.h"
#include "server/store/schedules.h"
#include "server/store/settings.h"
#include "server/triggers/schedule.h"

#include <string.h>

#define SCHEDULES_MAX 100   /* of a pipeline */
#define NAME_CHARACTERS 100 /* EventBridge Scheduler: 64 */
#define COUNT_MAX 1000      /* passed instants are counted so far */

/* A schedule with its expression read. */
struct times {
    struct schedule_row row;
    struct schedule *schedule;
    const struct time_zone *zone;
    int64_t interval_ms; /* of a rate, else 0 */
};

static bool invalid(struct err *err, const struct err *why) {
    return err_set_code(err, ERR_INVALID, "ValidationException", "%s", why->message);
}

/* Errors: ERR_INVALID ValidationException. */
static bool read_times(struct arena *arena, const struct schedule_row *row, struct times *out, struct err *err) {
    struct err why = {.kind = ERR_NONE};
    struct times times = {.row = *row};
    if (!schedule_parse(arena, row->expression, &times.schedule, &why) ||
        !time_zone_find(arena, row->time_zone, &times.zone, &why))
        return why.kind == ERR_INVALID ? invalid(err, &why) : pass_on(err, &why);
    if (str_starts_with(row->expression, "rate("))
        times.interval_ms = schedule_next(times.schedule, NULL, row->anchor_ms, row->anchor_ms) - row->anchor_ms;
    *out = times;
    return true;
}

/* 0: never. */
static int64_t next_after(const struct times *times, int64_t after_ms) {
    int64_t next = schedule_next(times->schedule, times->zone, after_ms, times->row.anchor_ms);
    return next > 0 ? next : 0;
}

static bool tell(struct tx *tx, const struct schedule_row *row, const char *execution, const char *status,
                 const char *detail, struct err *err) {
    const struct event_row event = {
        .type = "schedule", .pipeline = row->pipeline, .execution = execution, .status = status, .detail = detail};
    return events_add(tx, &event, err);
}

static struct json *describe(struct arena *arena, const struct schedule_row *row) {
    struct json *detail = json_object(arena);
    json_set_text(arena, detail, "schedule", row->name);
    json_set_text(arena, detail, "scheduleExpression", row->expression);
    json_set_text(arena, detail, "scheduleExpressionTimezone", row->time_zone);
    json_set_text(arena, detail, "state", row->enabled ? "ENABLED" : "DISABLED");
    return detail;
}

static bool tell_changed(struct tx *tx, struct arena *arena, const struct schedule_row *row, const char *status,
                         struct err *err) {
    return tell(tx, row, NULL, status, json_print(arena, describe(arena, row)), err);
}

/* ---- put, delete ---- */

static bool is_same(const struct schedule_row *a, const struct schedule_row *b) {
    return str_equal(a->expression, b->expression) && str_equal(a->time_zone, b->time_zone) &&
           a->enabled == b->enabled && a->origin == b->origin;
}

/* Writes the row where it says something new. */
static bool put(struct tx *tx, struct arena *arena, const struct schedule_row *old, struct schedule_row *row,
                bool *changed, struct err *err) {
    struct times times;
    row->anchor_ms = clock_wall_ms(tx_clock(tx));
    if (!read_times(arena, row, &times, err))
        return false;
    if (old && is_same(old, row))
        return true;
    *changed = true;
    row->next_ms = next_after(&times, row->anchor_ms);
    return schedules_put(tx, row, err) && tell_changed(tx, arena, row, old ? "updated" : "created", err);
}

static bool check_name(const char *name, struct err *err) {
    size_t count = utf8_count(name);
    return (count >= 1 && count <= NAME_CHARACTERS) ||
           err_set_code(err, ERR_INVALID, "ValidationException", "a schedule's name has 1 to %d characters",
                        NAME_CHARACTERS);
}

static bool check_count(struct tx *tx, struct arena *arena, int64_t pipeline_id, struct err *err) {
    struct schedule_row *rows = NULL;
    size_t count = 0;
    if (!schedules_list(tx, arena, pipeline_id, &rows, &count, err))
        return false;
    return count < SCHEDULES_MAX ||
           err_set_code(err, ERR_LIMIT, "LimitExceededException", "a pipeline has at most %d schedules", SCHEDULES_MAX);
}

static bool refuse_file(const struct pipeline_row *pipeline, const char *name, struct err *err) {
    return err_set_code(err, ERR_CONFLICT, "ConflictException",
                        "schedule '%s' comes from the file '%s'; change it there", name,
                        pipeline->file ? pipeline->file : "");
}

bool engine_put_schedule(struct tx *tx, struct arena *arena, const struct engine_schedule_request *request,
                         struct err *err) {
    struct pipeline_row pipeline;
    struct schedule_row old;
    bool found = false, changed = false;
    if (!check_name(request->name, err) || !pipelines_get(tx, arena, request->pipeline, &pipeline, err) ||
        !schedules_find(tx, arena, pipeline.id, request->name, &found, &old, err))
        return false;
    if (found && old.origin == ORIGIN_FILE)
        return refuse_file(&pipeline, request->name, err);
    if (!found && !check_count(tx, arena, pipeline.id, err))
        return false;
    struct schedule_row row = {
        .pipeline_id = pipeline.id,
        .pipeline = pipeline.name,
        .name = request->name,
        .expression = request->expression,
        .time_zone = request->time_zone ? request->time_zone : "UTC",
        .enabled = request->enabled,
        .origin = ORIGIN_API,
    };
    return put(tx, arena, found ? &old : NULL, &row, &changed, err);
}

bool engine_delete_schedule(struct tx *tx, struct arena *arena, const char *pipeline_name, const char *name,
                            struct err *err) {
    struct pipeline_row pipeline;
    struct schedule_row row;
    bool found = false;
    if (!pipelines_get(tx, arena, pipeline_name, &pipeline, err) ||
        !schedules_find(tx, arena, pipeline.id, name, &found, &row, err))
        return false;
    if (!found)
        return err_set_code(err, ERR_NOT_FOUND, "ResourceNotFoundException", "pipeline '%s' has no schedule '%s'",
                            pipeline_name, name);
    if (row.origin == ORIGIN_FILE)
        return refuse_file(&pipeline, name, err);
    return schedules_delete(tx, row.id, err) && tell_changed(tx, arena, &row, "deleted", err);
}

/* ---- files ---- */

static bool is_listed(const struct engine_definition *definition, const char *name) {
    for (size_t i = 0; i < definition->schedule_count; i++) {
        if (str_equal(definition->schedules[i].name, name))
            return true;
    }
    return false;
}

static bool remove_unlisted(struct tx *tx, struct arena *arena, int64_t pipeline_id,
                            const struct engine_definition *definition, bool *changed, struct err *err) {
    struct schedule_row *rows = NULL;
    size_t count = 0;
    if (!schedules_list(tx, arena, pipeline_id, &rows, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (rows[i].origin != ORIGIN_FILE || is_listed(definition, rows[i].name))
            continue;
        *changed = true;
        if (!schedules_delete(tx, rows[i].id, err) || !tell_changed(tx, arena, &rows[i], "deleted", err))
            return false;
    }
    return true;
}

static bool put_from_file(struct tx *tx, struct arena *arena, int64_t pipeline_id, const char *pipeline,
                          const struct pipeline_schedule *schedule, bool *changed, struct err *err) {
    struct schedule_row old;
    bool found = false;
    if (!schedules_find(tx, arena, pipeline_id, schedule->name, &found, &old, err))
        return false;
    if (found && old.origin == ORIGIN_API)
        return err_set_code(err, ERR_CONFLICT, "ConflictException",
                            "schedule '%s' was made through the API; delete it there, or choose another name",
                            schedule->name);
    struct schedule_row row = {
        .pipeline_id = pipeline_id,
        .pipeline = pipeline,
        .name = schedule->name,
        .expression = schedule->expression,
        .time_zone = schedule->time_zone,
        .enabled = true,
        .origin = ORIGIN_FILE,
    };
    return (found || check_count(tx, arena, pipeline_id, err)) &&
           put(tx, arena, found ? &old : NULL, &row, changed, err);
}

bool put_file_schedules(struct tx *tx, struct arena *arena, int64_t pipeline_id,
                        const struct engine_definition *definition, bool *changed, struct err *err) {
    if (definition->origin != ORIGIN_FILE)
        return true;
    if (!remove_unlisted(tx, arena, pipeline_id, definition, changed, err))
        return false;
    for (size_t i = 0; i < definition->schedule_count; i++) {
        if (!put_from_file(tx, arena, pipeline_id, definition->pipeline->name, &definition->schedules[i], changed, err))
            return false;
    }
    return true;
}

/* ---- the clock ---- */

/* The last instant that is not after now; the row's next one is such. Instants come in order, so halving finds it,
 * however many were passed. */
static int64_t last_instant(const struct times *times, int64_t now) {
    int64_t low = times->row.next_ms - 1,
            high = now; /* the instant after `low` is not after now, that after `high` is */
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2, next = next_after(times, middle);
        if (next && next <= now)
            low = middle;
        else
            high = middle;
    }
    int64_t last = next_after(times, low);
    return last && last <= now ? last : times->row.next_ms;
}

/* How many instants the start stands for. */
static int count_instants(const struct times *times, int64_t now) {
    int count = 1;
    for (int64_t at = next_after(times, times->row.next_ms); at && at <= now && count <= COUNT_MAX;
         at = next_after(times, at))
        count++;
    return count;
}

static const char *describe_start(struct arena *arena, const struct schedule_row *row, int64_t instant, int count,
                                  const char *refusal) {
    char text[CLOCK_TEXT_SIZE];
    struct json *detail = describe(arena, row);
    clock_format_rfc3339(instant, text);
    json_set_text(arena, detail, "instant", text);
    if (count > 1)
        json_set_text(arena, detail, "message",
                      arena_printf(arena, "one start for %s%d instants: the server was away, or its clock was set",
                                   count > COUNT_MAX ? "more than " : "", count > COUNT_MAX ? COUNT_MAX : count));
    json_set_text(arena, detail, "refusal", refusal);
    return json_print(arena, detail);
}

/* The ARN that a rule of EventBridge would have. */
static bool rule_arn(struct tx *tx, struct arena *arena, const struct schedule_row *row, const char **out,
                     struct err *err) {
    const char *region = NULL, *account = NULL;
    if (!settings_get(tx, arena, SETTING_REGION, &region, err) ||
        !settings_get(tx, arena, SETTING_ACCOUNT, &account, err))
        return false;
    *out = arena_printf(arena, "arn:aws:events:%s:%s:rule/%s/%s", region ? region : "us-east-1",
                        account ? account : "000000000000", row->pipeline, row->name);
    return true;
}

static bool start(struct tx *tx, struct arena *arena, const struct times *times, int64_t instant, int64_t now,
                  struct err *err) {
    const struct schedule_row *row = &times->row;
    const char *token = arena_printf(arena, "schedule:%lld:%lld", (long long)row->id, (long long)instant);
    struct execution_row earlier;
    struct engine_start_request request = {
        .pipeline = row->pipeline, .trigger_type = "CloudWatchEvent", .client_request_token = token};
    const char *execution = NULL, *refusal = NULL;
    bool before = false;
    if (!executions_find_token(tx, arena, row->pipeline_id, token, &before, &earlier, err))
        return false;
    if (before) /* the clock was set back, and comes here again */
        return true;
    if (!rule_arn(tx, arena, row, &request.trigger_detail, err) ||
        !start_or_tell(tx, arena, &request, &execution, &refusal, err))
        return false;
    return tell(tx, row, execution, refusal ? "NotStarted" : "Started",
                describe_start(arena, row, instant, count_instants(times, now), refusal), err);
}

/* It goes on resting: the expression is one that this program cannot read (a newer one wrote it), or its zone is gone.
 */
static bool give_up(struct tx *tx, struct arena *arena, struct schedule_row *row, const struct err *why,
                    struct err *err) {
    struct json *detail = describe(arena, row);
    json_set_text(arena, detail, "refusal", why->message);
    row->next_ms = 0;
    return schedules_set_times(tx, row, err) && tell(tx, row, NULL, "NotStarted", json_print(arena, detail), err);
}

/* Too early for a rate: the clock was set back, counted from there, and came forward again. */
static bool is_too_early(const struct times *times, int64_t instant) {
    int64_t since = instant - times->row.last_ms;
    return times->interval_ms > 0 && times->row.last_ms > 0 && since >= 0 && since < times->interval_ms;
}

bool do_schedule(struct tx *tx, struct arena *arena, int64_t schedule_id, struct err *err) {
    struct schedule_row row;
    struct times times;
    struct err why = {.kind = ERR_NONE};
    bool found = false;
    int64_t now = clock_wall_ms(tx_clock(tx));
    if (!schedules_get(tx, arena, schedule_id, &found, &row, err))
        return false;
    if (!found || !row.enabled || !row.next_ms || row.next_ms > now)
        return true;
    if (!read_times(arena, &row, &times, &why))
        return why.kind == ERR_INVALID ? give_up(tx, arena, &row, &why, err) : pass_on(err, &why);
    int64_t instant = last_instant(&times, now);
    if (is_too_early(&times, instant)) {
        row.anchor_ms = row.last_ms;
        row.next_ms = row.last_ms + times.interval_ms;
        return schedules_set_times(tx, &row, err);
    }
    row.last_ms = instant;
    row.next_ms = next_after(&times, now);
    return start(tx, arena, &times, instant, now, err) && schedules_set_times(tx, &row, err);
}

/* Leaves alone what is due. */
static bool recompute(struct tx *tx, struct arena *arena, struct schedule_row *row, int64_t now, struct err *err) {
    struct times times;
    struct err why = {.kind = ERR_NONE};
    if (!row->enabled || (row->next_ms && row->next_ms <= now))
        return true;
    if (!read_times(arena, row, &times, &why))
        return why.kind == ERR_INVALID || pass_on(err, &why);
    int64_t next = next_after(&times, now);
    if (times.interval_ms > 0) {
        if (row->next_ms && row->next_ms <= now + times.interval_ms)
            return true;
        row->anchor_ms = now;
        next = now + times.interval_ms;
    }
    if (next == row->next_ms)
        return true;
    row->next_ms = next;
    return schedules_set_times(tx, row, err);
}

bool engine_recompute_schedules(struct tx *tx, struct err *err) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct schedule_row *rows = NULL;
    size_t count = 0;
    if (!schedules_list(tx, &arena, 0, &rows, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!recompute(tx, &arena, &rows[i], clock_wall_ms(tx_clock(tx)), err))
            return false;
    }
    return true;
}
