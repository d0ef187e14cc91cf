/*
 * Pauses of deploys.
 */
#include "server/store/pauses.h"

#include "server/store/query.h"

#define COLUMNS                                                                                                        \
    "id, action_run_id, pause, stage, sentence, test_url, expires_ms, token, state, summary, answered_by, asked_ms, "  \
    "answered_ms FROM pauses "

static struct pause_row pause_from_row(struct query *query, struct arena *arena) {
    return (struct pause_row){
        .id = query_column_integer(query, 0),
        .action_run_id = query_column_integer(query, 1),
        .pause = query_column_text(query, arena, 2),
        .stage = query_column_text(query, arena, 3),
        .sentence = query_column_text(query, arena, 4),
        .test_url = query_column_text(query, arena, 5),
        .expires_ms = query_column_integer(query, 6),
        .token = query_column_text(query, arena, 7),
        .state = (enum pause_state)query_column_state(query, &pause_states, 8),
        .summary = query_column_text(query, arena, 9),
        .answered_by = query_column_text(query, arena, 10),
        .asked_ms = query_column_integer(query, 11),
        .answered_ms = query_column_integer(query, 12),
    };
}

static bool one(struct query *query, struct arena *arena, bool *found, struct pause_row *out, struct err *err) {
    *found = query_next(query);
    if (*found)
        *out = pause_from_row(query, arena);
    return query_done(query, err);
}

bool pauses_waiting(struct tx *tx, struct arena *arena, int64_t action_run_id, bool *found, struct pause_row *out,
                    struct err *err) {
    static const char sql[] = "SELECT " COLUMNS "WHERE action_run_id = :action_run_id AND state = 'Waiting'";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":action_run_id", action_run_id);
    return one(&query, arena, found, out, err);
}

bool pauses_newest(struct tx *tx, struct arena *arena, int64_t action_run_id, bool *found, struct pause_row *out,
                   struct err *err) {
    static const char sql[] = "SELECT " COLUMNS "WHERE action_run_id = :action_run_id ORDER BY id DESC LIMIT 1";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":action_run_id", action_run_id);
    return one(&query, arena, found, out, err);
}

bool pauses_of_token(struct tx *tx, struct arena *arena, const char *token, bool *found, struct pause_row *out,
                     struct err *err) {
    static const char sql[] = "SELECT " COLUMNS "WHERE token = :token";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":token", token);
    return one(&query, arena, found, out, err);
}

bool pauses_of_name(struct tx *tx, struct arena *arena, int64_t action_run_id, const char *pause, bool *found,
                    struct pause_row *out, struct err *err) {
    static const char sql[] = "SELECT " COLUMNS "WHERE action_run_id = :action_run_id AND pause = :pause";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":action_run_id", action_run_id);
    query_text(&query, ":pause", pause);
    return one(&query, arena, found, out, err);
}

bool pauses_list(struct tx *tx, struct arena *arena, int64_t action_run_id, struct pause_row **out, size_t *count,
                 struct err *err) {
    static const char sql[] = "SELECT " COLUMNS "WHERE action_run_id = :action_run_id ORDER BY id";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":action_run_id", action_run_id);
    struct pause_row *rows = NULL;
    size_t capacity = 0, found = 0;
    while (query_next(&query)) {
        if (found == capacity)
            rows = arena_grow(arena, rows, sizeof *rows, &capacity);
        rows[found++] = pause_from_row(&query, arena);
    }
    if (!query_done(&query, err))
        return false;
    *out = rows;
    *count = found;
    return true;
}

bool pauses_add(struct tx *tx, const struct pause_row *row, struct err *err) {
    static const char sql[] =
        "INSERT INTO pauses (action_run_id, pause, stage, sentence, test_url, expires_ms, token, state, asked_ms) "
        "VALUES (:action_run_id, :pause, :stage, :sentence, :test_url, :expires_ms, :token, 'Waiting', :now)";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":action_run_id", row->action_run_id);
    query_text(&query, ":pause", row->pause);
    query_text(&query, ":stage", row->stage);
    query_text(&query, ":sentence", row->sentence);
    query_text(&query, ":test_url", row->test_url);
    query_integer_or_null(&query, ":expires_ms", row->expires_ms, 0);
    query_text(&query, ":token", row->token);
    query_integer(&query, ":now", clock_wall_ms(tx_clock(tx)));
    return query_run(&query, err);
}

bool pauses_reopen(struct tx *tx, int64_t id, const char *token, struct err *err) {
    static const char sql[] = "UPDATE pauses SET state = 'Waiting', token = :token WHERE id = :id AND state = 'Gone'";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":id", id);
    query_text(&query, ":token", token);
    return query_run_one(&query, "the pause", err);
}

bool pauses_describe(struct tx *tx, int64_t id, const struct pause_row *row, struct err *err) {
    static const char sql[] = "UPDATE pauses SET stage = :stage, sentence = :sentence, test_url = :test_url, "
                              "expires_ms = :expires_ms WHERE id = :id AND state = 'Waiting'";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":id", id);
    query_text(&query, ":stage", row->stage);
    query_text(&query, ":sentence", row->sentence);
    query_text(&query, ":test_url", row->test_url);
    query_integer_or_null(&query, ":expires_ms", row->expires_ms, 0);
    return query_run_one(&query, "the pause", err);
}

bool pauses_answer(struct tx *tx, int64_t id, enum pause_state state, const char *by, const char *summary,
                   struct err *err) {
    static const char sql[] = "UPDATE pauses SET state = :to, answered_by = :by, summary = :summary, "
                              "answered_ms = :now WHERE id = :id AND state = 'Waiting'";
    if (!state_may_follow(&pause_states, PAUSE_WAITING, (int)state))
        return err_set(err, ERR_INTERNAL, "a pause cannot become %s", state_name(&pause_states, (int)state));
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":id", id);
    query_state(&query, ":to", &pause_states, (int)state);
    query_text(&query, ":by", by);
    query_text(&query, ":summary", summary);
    query_integer(&query, ":now", clock_wall_ms(tx_clock(tx)));
    return query_run_one(&query, "the pause", err);
}

bool pauses_end(struct tx *tx, int64_t id, struct err *err) {
    static const char sql[] = "UPDATE pauses SET state = 'Gone' WHERE id = :id AND state = 'Waiting'";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":id", id);
    return query_run_one(&query, "the pause", err);
}
