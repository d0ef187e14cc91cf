/*
 * Schedules: what came due was started, whatever the clock and the server did meanwhile; and its start is there. That
 * an instant starts nothing twice follows from its token, of which there is one (look.c).
 */
#include "tests/sim/look.h"

#include "common/str.h"
#include "server/store/query.h"

#include <stdio.h>

#define LONGEST_RATE_MS 3600000

static struct seen_schedule *find(struct looking *looking, int64_t id, bool *is_new) {
    struct seen *seen = looking->seen;
    for (size_t i = 0; i < seen->schedule_count; i++) {
        if (seen->schedules[i].id == id) {
            *is_new = false;
            return &seen->schedules[i];
        }
    }
    if (seen->schedule_count == seen->schedule_room)
        seen->schedules =
            arena_grow(&looking->sim->arena, seen->schedules, sizeof *seen->schedules, &seen->schedule_room);
    struct seen_schedule *schedule = &seen->schedules[seen->schedule_count++];
    *schedule = (struct seen_schedule){.id = id};
    *is_new = true;
    return schedule;
}

/* The clock has nothing left to do. */
static bool is_settled(const struct sim *sim) {
    return !sim->clock_woken && !sim->clock_failed && !sim->clock_stepped && sim_boot_ms(sim) < sim->clock_boot_ms;
}

/* Between two looks at the same settings; where the clock was set back meanwhile, what was next is not any more. */
static void check_passed(const struct sim *sim, const struct seen_schedule *was, int64_t last_ms) {
    if (was->steps_back != sim->steps_back || !is_settled(sim))
        return;
    /* A rate that was counted anew after a step back may find itself too early, and waits for the rest of its interval.
     */
    if (sim->steps_back && str_starts_with(was->expression, "rate(") && last_ms > was->next_ms - LONGEST_RATE_MS)
        return;
    if (was->enabled && was->next_ms && was->next_ms <= sim->now_ms + sim->wall_ms && last_ms < was->next_ms)
        violated("no schedule is skipped", "schedule %lld was due at %lld, and started last at %lld",
                 (long long)was->id, (long long)was->next_ms, (long long)last_ms);
}

static void check_start(const struct seen *seen, int64_t id, int64_t last_ms) {
    char token[64];
    (void)snprintf(token, sizeof token, "schedule:%lld:%lld", (long long)id, (long long)last_ms);
    for (size_t i = 0; i < seen->execution_count; i++) {
        if (str_equal(seen->executions[i].token, token))
            return;
    }
    violated("no schedule is skipped", "schedule %lld says that it started at %lld, and nothing was", (long long)id,
             (long long)last_ms);
}

static void read_schedule(struct looking *looking, struct query *query) {
    bool is_new = false;
    struct seen_schedule *row = find(looking, query_column_integer(query, 0), &is_new);
    int64_t last_ms = query_column_integer(query, 3);
    const char *expression = (const char *)sqlite3_column_text(query->statement, 4);
    bool enabled = query_column_integer(query, 1) != 0;
    bool same = !is_new && str_equal(row->expression, expression) && row->enabled == enabled;
    if (same)
        check_passed(looking->sim, row, last_ms);
    if (last_ms)
        check_start(looking->seen, row->id, last_ms);
    if (!same)
        row->expression = arena_strdup(&looking->sim->arena, expression);
    row->enabled = enabled;
    row->next_ms = query_column_integer(query, 2);
    row->steps_back = looking->sim->steps_back;
}

bool look_read_schedules(struct tx *tx, struct looking *looking, struct err *err) {
    static const char sql[] = "SELECT id, enabled, next_ms, last_ms, expression FROM schedules ORDER BY id";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    while (query_next(&query))
        read_schedule(looking, &query);
    return query_done(&query, err);
}
