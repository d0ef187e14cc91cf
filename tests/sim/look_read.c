/*
 * Reading all rows, and what must hold between two looks at one row: it stays, what is fixed in it never changes, its
 * states move as their tables say, and once it has ended it is as it was, unless a retry opens it again.
 */
#include "tests/sim/look.h"

#include "common/str.h"
#include "server/engine/engine.h"
#include "tests/sim/rows.h"

#include <stdio.h>
#include <string.h>

/* A retry opens what had ended, and that may have ended again since. */
static bool has_retried(const struct seen *seen, int64_t execution_id) {
    for (size_t i = 0; i < seen->stage_count; i++) {
        if (seen->stages[i].execution_id == execution_id && seen->stages[i].retried)
            return true;
    }
    return false;
}

/* ---- executions ---- */

static void read_execution(struct looking *looking, struct query *query, size_t place) {
    bool is_new = IS_NEW(execution, place);
    struct seen_execution *row = &looking->seen->executions[place];
    uint64_t fixed = row_hash(query, 0, 14), rest = row_hash(query, 14, 23);
    int status = query_column_state(query, &execution_statuses, 14),
        at = query_column_state(query, &execution_places, 15), stop = query_column_state(query, &stop_modes, 17);
    if (is_new) {
        *row = (struct seen_execution){
            .id = row_number(query, 0),
            .pipeline_id = row_number(query, 2),
            .number = row_number(query, 3),
            .version = row_number(query, 4),
            .rollback_of = row_number(query, 5),
            .mode = query_column_state(query, &execution_modes, 6),
            .type = query_column_state(query, &execution_types, 7),
            .token = query_column_text(query, &looking->sim->arena, 8),
            .pipeline = query_column_text(query, &looking->sim->arena, 13),
            .fixed = fixed,
        };
        row_uuid(query, 1, row->uuid);
        count(COUNT_EXECUTIONS);
    } else {
        row_check_same("execution", row->id, row_number(query, 0), row->fixed, fixed);
        row_check_move(&execution_statuses, row->status, status, row->id);
        row_check_move(&execution_places, row->place, at, row->id);
        row_check_move(&stop_modes, row->stop, stop, row->id);
        if (!has_retried(looking->seen, row->id))
            row_check_ended(&execution_statuses, row->status, status, row->rest, rest, row->id);
    }
    int stage_index = (int)row_number(query, 16);
    row->entered = at == PLACE_INSIDE && (is_new || row->place == PLACE_WAITING ||
                                          (row->place == PLACE_INSIDE && row->stage_index != stage_index));
    row->status = status;
    row->place = at;
    row->stop = stop;
    row->stage_index = stage_index;
    row->rest = rest;
}

static bool read_executions(struct tx *tx, struct looking *looking, struct err *err) {
    static const char sql[] =
        "SELECT e.id, e.uuid, e.pipeline_id, e.number, e.version, e.rollback_of, e.mode, e.type, "
        "e.client_request_token, e.trigger_type, e.trigger_detail, e.started_by, e.started_ms, p.name, e.status, "
        "e.place, e.stage_index, e.stop_mode, e.summary, e.stop_reason, e.stopped_by, e.updated_ms, e.ended_ms "
        "FROM executions e JOIN pipelines p ON p.id = e.pipeline_id ORDER BY e.id";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    size_t place = 0, were = looking->seen->execution_count;
    for (; query_next(&query); place++)
        read_execution(looking, &query, place);
    row_check_count("execution", were, place);
    return query_done(&query, err);
}

/* ---- stages ---- */

static void read_stage(struct looking *looking, struct query *query, size_t place) {
    bool is_new = IS_NEW(stage, place);
    struct seen_stage *row = &looking->seen->stages[place];
    uint64_t fixed = row_hash(query, 0, 5), rest = row_hash(query, 5, 12);
    int status = query_column_state(query, &stage_statuses, 5), phase = query_column_state(query, &stage_phases, 6);
    if (is_new) {
        *row = (struct seen_stage){.id = row_number(query, 0),
                                   .execution_id = row_number(query, 1),
                                   .pipeline_id = row_number(query, 2),
                                   .stage_index = (int)row_number(query, 3),
                                   .name = query_column_text(query, &looking->sim->arena, 4),
                                   .fixed = fixed};
    } else {
        row_check_same("stage run", row->id, row_number(query, 0), row->fixed, fixed);
        row_check_move(&stage_statuses, row->status, status, row->id);
        row_check_move(&stage_phases, row->phase, phase, row->id);
        row->retried = row_number(query, 10) + row_number(query, 11) != row->retries;
        if (!row->retried)
            row_check_ended(&stage_statuses, row->status, status, row->rest, rest, row->id);
    }
    row->auto_retries = row_number(query, 10);
    row->retries = row_number(query, 10) + row_number(query, 11);
    row->status = status;
    row->phase = phase;
    row->holds_lock = row_number(query, 7) != 0;
    row->rest = rest;
}

static bool read_stages(struct tx *tx, struct looking *looking, struct err *err) {
    static const char sql[] =
        "SELECT id, execution_id, pipeline_id, stage_index, name, status, phase, holds_lock, run_order, ended_ms, "
        "auto_retries, manual_retries FROM stage_runs ORDER BY id";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    size_t place = 0, were = looking->seen->stage_count;
    for (; query_next(&query); place++)
        read_stage(looking, &query, place);
    row_check_count("stage run", were, place);
    return query_done(&query, err);
}

/* ---- conditions ---- */

static bool read_conditions(struct tx *tx, struct looking *looking, struct err *err) {
    static const char sql[] = "SELECT id, stage_run_id, kind, result, started_ms, status, summary, ended_ms "
                              "FROM conditions ORDER BY id";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    size_t place = 0, were = looking->seen->condition_count;
    for (; query_next(&query); place++) {
        bool is_new = IS_NEW(condition, place);
        struct seen_condition *row = &looking->seen->conditions[place];
        uint64_t fixed = row_hash(&query, 0, 5), rest = row_hash(&query, 5, 8);
        int status = query_column_state(&query, &condition_statuses, 5);
        if (is_new) {
            *row = (struct seen_condition){
                .id = row_number(&query, 0), .stage_run_id = row_number(&query, 1), .fixed = fixed};
        } else {
            row_check_same("condition", row->id, row_number(&query, 0), row->fixed, fixed);
            row_check_move(&condition_statuses, row->status, status, row->id);
            row_check_ended(&condition_statuses, row->status, status, row->rest, rest, row->id);
        }
        row->status = status;
        row->rest = rest;
    }
    row_check_count("condition", were, place);
    return query_done(&query, err);
}

/* ---- transitions ---- */

static void read_gate(struct looking *looking, struct query *query) {
    struct seen *seen = looking->seen;
    bool closed = row_number(query, 2) == 0;
    const char *stage = (const char *)sqlite3_column_text(query->statement, 1);
    for (size_t i = 0; i < seen->gate_count; i++) {
        struct seen_gate *gate = &seen->gates[i];
        if (gate->pipeline_id == row_number(query, 0) && str_equal(gate->stage, stage)) {
            gate->closed = closed;
            return;
        }
    }
    if (seen->gate_count == seen->gate_room)
        seen->gates = arena_grow(&looking->sim->arena, seen->gates, sizeof *seen->gates, &seen->gate_room);
    seen->gates[seen->gate_count++] = (struct seen_gate){
        .pipeline_id = row_number(query, 0), .stage = arena_strdup(&looking->sim->arena, stage), .closed = closed};
}

/* One whose stage is gone is gone, and counts as open. */
static bool read_gates(struct tx *tx, struct looking *looking, struct err *err) {
    static const char sql[] = "SELECT pipeline_id, stage, enabled FROM stage_gates";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    for (size_t i = 0; i < looking->seen->gate_count; i++) {
        looking->seen->gates[i].was_closed = looking->seen->gates[i].closed;
        looking->seen->gates[i].closed = false;
    }
    while (query_next(&query))
        read_gate(looking, &query);
    return query_done(&query, err);
}

/* ---- events ---- */

static uint64_t hash_event(struct query *query) {
    return row_hash(query, 0, 9);
}

static const char *text_of(struct query *query, int column) {
    const char *text = (const char *)sqlite3_column_text(query->statement, column);
    return text ? text : "-";
}

/* New ones; all of them again where the look is whole. */
bool look_read_events(struct tx *tx, struct looking *looking, struct err *err) {
    static const char sql[] = "SELECT sequence, time_ms, type, pipeline, execution, stage, action, status, detail "
                              "FROM events WHERE sequence > :after ORDER BY sequence";
    struct seen *seen = looking->seen;
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":after", looking->whole ? 0 : seen->last_event);
    size_t place = looking->whole ? 0 : seen->event_count;
    for (; query_next(&query); place++) {
        if (place < seen->event_count) {
            if (seen->events[place] != hash_event(&query))
                violated(HISTORY, "event %lld was written again", (long long)row_number(&query, 0));
            continue;
        }
        if (row_number(&query, 0) <= seen->last_event)
            violated(HISTORY, "event %lld comes behind %lld", (long long)row_number(&query, 0),
                     (long long)seen->last_event);
        if (seen->event_count == seen->event_room)
            seen->events = arena_grow(&looking->sim->arena, seen->events, sizeof *seen->events, &seen->event_room);
        seen->events[seen->event_count++] = hash_event(&query);
        seen->last_event = row_number(&query, 0);
        tell("              %s %s %s %s/%s: %s", text_of(&query, 2), text_of(&query, 3), text_of(&query, 4),
             text_of(&query, 5), text_of(&query, 6), text_of(&query, 7));
        note_hash(&seen->events[place], sizeof seen->events[place]);
    }
    row_check_count("event", seen->event_count, place);
    return query_done(&query, err);
}

bool look_read(struct tx *tx, struct looking *looking, struct err *err) {
    return read_stages(tx, looking, err) && read_executions(tx, looking, err) && look_read_actions(tx, looking, err) &&
           look_read_jobs(tx, looking, err) && read_conditions(tx, looking, err) && read_gates(tx, looking, err) &&
           engine_next_deadline(tx, &looking->next_deadline_ms, err);
}
