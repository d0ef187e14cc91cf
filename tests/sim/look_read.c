/*
 * Reading all rows, and what must hold between two looks at one row: it stays, what is fixed in it never changes, its
 * states move as their tables say, and once it has ended it is as it was, unless a retry opens it again.
 */
#include "tests/sim/look.h"

#include "common/str.h"
#include "server/engine/engine.h"
#include "server/store/query.h"
#include "server/store/states.h"

#include <stdio.h>
#include <string.h>

#define HISTORY "history only grows"

/* ---- states ---- */

/* Between two looks a row may have made several moves. */
static bool may_have_become(const struct state_table *table, int from, int to) {
    unsigned reached = 1u << from;
    for (size_t round = 0; round < table->count; round++) {
        for (size_t state = 0; state < table->count; state++) {
            if (reached & 1u << state)
                reached |= table->rows[state].next;
        }
    }
    return (reached & 1u << to) != 0;
}

void look_check_move(const struct state_table *table, int from, int to, int64_t id) {
    if (from != to && !may_have_become(table, from, to))
        violated("no state that its table does not allow", "%s %lld was %s and is %s", table->what, (long long)id,
                 state_name(table, from), state_name(table, to));
}

/* ---- rows ---- */

static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t size) {
    const unsigned char *byte = bytes;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ byte[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static uint64_t hash_columns(struct query *query, int from, int to) {
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (int column = from; column < to; column++) {
        int type = sqlite3_column_type(query->statement, column);
        int64_t number = sqlite3_column_int64(query->statement, column);
        if (type == SQLITE_TEXT)
            hash = hash_bytes(hash, sqlite3_column_text(query->statement, column),
                              (size_t)sqlite3_column_bytes(query->statement, column) + 1);
        else if (type == SQLITE_INTEGER)
            hash = (hash ^ (uint64_t)number) * UINT64_C(0x9e3779b97f4a7c15);
        else
            hash = (hash ^ 0x55) * UINT64_C(0x100000001b3);
    }
    return hash;
}

static int64_t number(struct query *query, int column) {
    return query_column_integer(query, column);
}

static void copy_uuid(struct query *query, int column, char out[UUID_SIZE]) {
    (void)snprintf(out, UUID_SIZE, "%s", (const char *)sqlite3_column_text(query->statement, column));
}

/* Makes room where the place is behind the last row: true, then the row is new. */
static bool is_new_row(const struct looking *looking, void *rows, size_t size, size_t *count, size_t *room,
                       size_t place) {
    void **list = rows;
    if (place < *count)
        return false;
    if (*count == *room)
        *list = arena_grow(&looking->sim->arena, *list, size, room);
    (*count)++;
    return true;
}

#define IS_NEW(list, place)                                                                                            \
    is_new_row(looking, &looking->seen->list##s, sizeof *looking->seen->list##s, &looking->seen->list##_count,         \
               &looking->seen->list##_room, (place))

static void check_same(const char *what, int64_t was, int64_t is, uint64_t fixed_was, uint64_t fixed_is) {
    if (was != is)
        violated(HISTORY, "%s %lld has vanished", what, (long long)was);
    if (fixed_was != fixed_is)
        violated(HISTORY, "what is fixed of %s %lld has changed", what, (long long)is);
}

static void check_ended(const struct state_table *table, int was, int is, uint64_t rest_was, uint64_t rest_is,
                        int64_t id) {
    if (was == is && state_is_end(table, was) && rest_was != rest_is)
        violated(HISTORY, "%s %lld had ended as %s and has changed since", table->what, (long long)id,
                 state_name(table, was));
}

static void check_count(const char *what, size_t were, size_t are) {
    if (are < were)
        violated(HISTORY, "there were %zu %ss and are %zu", were, what, are);
}

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
    uint64_t fixed = hash_columns(query, 0, 14), rest = hash_columns(query, 14, 23);
    int status = query_column_state(query, &execution_statuses, 14),
        at = query_column_state(query, &execution_places, 15), stop = query_column_state(query, &stop_modes, 17);
    if (is_new) {
        *row = (struct seen_execution){
            .id = number(query, 0),
            .pipeline_id = number(query, 2),
            .number = number(query, 3),
            .version = number(query, 4),
            .rollback_of = number(query, 5),
            .mode = query_column_state(query, &execution_modes, 6),
            .type = query_column_state(query, &execution_types, 7),
            .token = query_column_text(query, &looking->sim->arena, 8),
            .pipeline = query_column_text(query, &looking->sim->arena, 13),
            .fixed = fixed,
        };
        copy_uuid(query, 1, row->uuid);
        count(COUNT_EXECUTIONS);
    } else {
        check_same("execution", row->id, number(query, 0), row->fixed, fixed);
        look_check_move(&execution_statuses, row->status, status, row->id);
        look_check_move(&execution_places, row->place, at, row->id);
        look_check_move(&stop_modes, row->stop, stop, row->id);
        if (!has_retried(looking->seen, row->id))
            check_ended(&execution_statuses, row->status, status, row->rest, rest, row->id);
    }
    int stage_index = (int)number(query, 16);
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
    check_count("execution", were, place);
    return query_done(&query, err);
}

/* ---- stages ---- */

static void read_stage(struct looking *looking, struct query *query, size_t place) {
    bool is_new = IS_NEW(stage, place);
    struct seen_stage *row = &looking->seen->stages[place];
    uint64_t fixed = hash_columns(query, 0, 5), rest = hash_columns(query, 5, 12);
    int status = query_column_state(query, &stage_statuses, 5), phase = query_column_state(query, &stage_phases, 6);
    if (is_new) {
        *row = (struct seen_stage){.id = number(query, 0),
                                   .execution_id = number(query, 1),
                                   .pipeline_id = number(query, 2),
                                   .stage_index = (int)number(query, 3),
                                   .name = query_column_text(query, &looking->sim->arena, 4),
                                   .fixed = fixed};
    } else {
        check_same("stage run", row->id, number(query, 0), row->fixed, fixed);
        look_check_move(&stage_statuses, row->status, status, row->id);
        look_check_move(&stage_phases, row->phase, phase, row->id);
        row->retried = number(query, 10) + number(query, 11) != row->retries;
        if (!row->retried)
            check_ended(&stage_statuses, row->status, status, row->rest, rest, row->id);
    }
    row->auto_retries = number(query, 10);
    row->retries = number(query, 10) + number(query, 11);
    row->status = status;
    row->phase = phase;
    row->holds_lock = number(query, 7) != 0;
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
    check_count("stage run", were, place);
    return query_done(&query, err);
}

/* ---- actions ---- */

static void read_action(struct looking *looking, struct query *query, size_t place) {
    bool is_new = IS_NEW(action, place);
    struct seen_action *row = &looking->seen->actions[place];
    uint64_t fixed = hash_columns(query, 0, 17), rest = hash_columns(query, 20, 28);
    int status = query_column_state(query, &action_statuses, 17);
    if (is_new) {
        *row = (struct seen_action){
            .id = number(query, 0),
            .execution_id = number(query, 2),
            .stage_run_id = number(query, 3),
            .condition_id = number(query, 4),
            .stage = query_column_text(query, &looking->sim->arena, 5),
            .action = query_column_text(query, &looking->sim->arena, 6),
            .category = query_column_text(query, &looking->sim->arena, 7),
            .approval = query_column_text(query, &looking->sim->arena, 8),
            .target = query_column_text(query, &looking->sim->arena, 9),
            .fixed = fixed,
        };
        copy_uuid(query, 1, row->uuid);
        count(COUNT_ACTIONS);
    } else {
        check_same("action run", row->id, number(query, 0), row->fixed, fixed);
        look_check_move(&action_statuses, row->status, status, row->id);
        check_ended(&action_statuses, row->status, status, row->rest, rest, row->id);
        if (row->set_aside && !number(query, 19))
            violated(HISTORY, "action run %lld was set aside and counts again", (long long)row->id);
    }
    row->status = status;
    row->holds_target = number(query, 18) != 0;
    row->set_aside = number(query, 19) != 0;
    row->clocked = number(query, 26) != 0 || number(query, 27) != 0;
    row->rest = rest;
}

static bool read_actions(struct tx *tx, struct looking *looking, struct err *err) {
    static const char sql[] =
        "SELECT id, uuid, execution_id, stage_run_id, condition_id, stage, action, category, approval_token, target, "
        "provider, run_order, variable_namespace, configuration, inputs, outputs, started_ms, status, holds_target, "
        "set_aside, summary, external_id, error_code, error_message, updated_by, ended_ms, expires_ms, look_ms "
        "FROM action_runs ORDER BY id";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    size_t place = 0, were = looking->seen->action_count;
    for (; query_next(&query); place++)
        read_action(looking, &query, place);
    check_count("action run", were, place);
    return query_done(&query, err);
}

/* ---- jobs ---- */

static void check_job(const struct seen_job *was, struct query *query, uint64_t fixed, uint64_t rest) {
    int state = query_column_state(query, &job_states, 6);
    check_same("job", was->sequence, number(query, 0), was->fixed, fixed);
    look_check_move(&job_states, was->state, state, was->sequence);
    look_check_move(&job_cancels, was->cancel, query_column_state(query, &job_cancels, 7), was->sequence);
    check_ended(&job_states, was->state, state, was->rest, rest, was->sequence);
    if (number(query, 8) < was->token || number(query, 9) < was->attempts)
        violated(HISTORY, "the token or the attempts of job %.8s went back", was->id);
    if (was->marked && !number(query, 10))
        violated(HISTORY, "the mark of job %.8s is gone", was->id);
    bool held = was->state == JOB_OFFERED || was->state == JOB_RUNNING;
    if (held && state == JOB_QUEUED && number(query, 8) == was->token)
        violated("who lost a job is fenced off", "job %.8s went back to the queue with its token", was->id);
}

static void read_job(struct looking *looking, struct query *query, size_t place) {
    bool is_new = IS_NEW(job, place);
    struct seen_job *row = &looking->seen->jobs[place];
    uint64_t fixed = hash_columns(query, 0, 6), rest = hash_columns(query, 6, 16);
    if (is_new) {
        *row = (struct seen_job){.sequence = number(query, 0),
                                 .provider = query_column_text(query, &looking->sim->arena, 2),
                                 .action_run_id = number(query, 3),
                                 .fixed = fixed};
        copy_uuid(query, 1, row->id);
    } else {
        check_job(row, query, fixed, rest);
    }
    row->state = query_column_state(query, &job_states, 6);
    row->cancel = query_column_state(query, &job_cancels, 7);
    row->token = number(query, 8);
    row->attempts = (int)number(query, 9);
    row->marked = number(query, 10) != 0;
    row->outcome = query_column_is_null(query, 11) ? -1 : query_column_state(query, &job_outcomes, 11);
    row->deadline_ms = number(query, 14);
    copy_uuid(query, 12, row->runner);
    copy_uuid(query, 13, row->left_by);
    row->rest = rest;
}

static bool read_jobs(struct tx *tx, struct looking *looking, struct err *err) {
    static const char sql[] =
        "SELECT sequence, id, provider, action_run_id, build_id, log_id, state, cancel, token, attempts, "
        "checkpoint IS NOT NULL, outcome, coalesce(runner_id, ''), coalesce(left_by, ''), deadline_boot_ms, ended_ms "
        "FROM jobs ORDER BY sequence";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    size_t place = 0, were = looking->seen->job_count;
    for (; query_next(&query); place++)
        read_job(looking, &query, place);
    check_count("job", were, place);
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
        uint64_t fixed = hash_columns(&query, 0, 5), rest = hash_columns(&query, 5, 8);
        int status = query_column_state(&query, &condition_statuses, 5);
        if (is_new) {
            *row = (struct seen_condition){.id = number(&query, 0), .stage_run_id = number(&query, 1), .fixed = fixed};
        } else {
            check_same("condition", row->id, number(&query, 0), row->fixed, fixed);
            look_check_move(&condition_statuses, row->status, status, row->id);
            check_ended(&condition_statuses, row->status, status, row->rest, rest, row->id);
        }
        row->status = status;
        row->rest = rest;
    }
    check_count("condition", were, place);
    return query_done(&query, err);
}

/* ---- transitions ---- */

static void read_gate(struct looking *looking, struct query *query) {
    struct seen *seen = looking->seen;
    bool closed = number(query, 2) == 0;
    const char *stage = (const char *)sqlite3_column_text(query->statement, 1);
    for (size_t i = 0; i < seen->gate_count; i++) {
        struct seen_gate *gate = &seen->gates[i];
        if (gate->pipeline_id == number(query, 0) && str_equal(gate->stage, stage)) {
            gate->closed = closed;
            return;
        }
    }
    if (seen->gate_count == seen->gate_room)
        seen->gates = arena_grow(&looking->sim->arena, seen->gates, sizeof *seen->gates, &seen->gate_room);
    seen->gates[seen->gate_count++] = (struct seen_gate){
        .pipeline_id = number(query, 0), .stage = arena_strdup(&looking->sim->arena, stage), .closed = closed};
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
    return hash_columns(query, 0, 9);
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
                violated(HISTORY, "event %lld was written again", (long long)number(&query, 0));
            continue;
        }
        if (number(&query, 0) <= seen->last_event)
            violated(HISTORY, "event %lld comes behind %lld", (long long)number(&query, 0),
                     (long long)seen->last_event);
        if (seen->event_count == seen->event_room)
            seen->events = arena_grow(&looking->sim->arena, seen->events, sizeof *seen->events, &seen->event_room);
        seen->events[seen->event_count++] = hash_event(&query);
        seen->last_event = number(&query, 0);
        tell("              %s %s %s %s/%s: %s", text_of(&query, 2), text_of(&query, 3), text_of(&query, 4),
             text_of(&query, 5), text_of(&query, 6), text_of(&query, 7));
        note_hash(&seen->events[place], sizeof seen->events[place]);
    }
    check_count("event", seen->event_count, place);
    return query_done(&query, err);
}

bool look_read(struct tx *tx, struct looking *looking, struct err *err) {
    return read_stages(tx, looking, err) && read_executions(tx, looking, err) && read_actions(tx, looking, err) &&
           read_jobs(tx, looking, err) && read_conditions(tx, looking, err) && read_gates(tx, looking, err) &&
           engine_next_deadline(tx, &looking->next_deadline_ms, err);
}
