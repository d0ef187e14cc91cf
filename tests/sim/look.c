/*
 * One look at the world: the rows, the rules among them, and what was promised to those who asked.
 */
#include "tests/sim/look.h"

#include "common/str.h"

const struct seen_execution *seen_execution(const struct seen *seen, int64_t id) {
    for (size_t i = 0; i < seen->execution_count; i++) {
        if (seen->executions[i].id == id)
            return &seen->executions[i];
    }
    return NULL;
}

const struct seen_stage *seen_stage(const struct seen *seen, int64_t id) {
    for (size_t i = 0; i < seen->stage_count; i++) {
        if (seen->stages[i].id == id)
            return &seen->stages[i];
    }
    return NULL;
}

const struct seen_action *seen_action(const struct seen *seen, const char *uuid) {
    for (size_t i = 0; i < seen->action_count; i++) {
        if (str_equal(seen->actions[i].uuid, uuid))
            return &seen->actions[i];
    }
    return NULL;
}

const struct seen_job *seen_job_of(const struct seen *seen, int64_t action_run_id) {
    for (size_t i = seen->job_count; i-- > 0;) {
        if (seen->jobs[i].action_run_id == action_run_id)
            return &seen->jobs[i];
    }
    return NULL;
}

/* ---- starts ---- */

static size_t count_of_start(const struct seen *seen, const struct sent_start *sent) {
    size_t found = 0;
    for (size_t i = 0; i < seen->execution_count; i++) {
        const struct seen_execution *execution = &seen->executions[i];
        if (*sent->execution ? str_equal(execution->uuid, sent->execution)
                             : *sent->token && str_equal(execution->token, sent->token))
            found++;
    }
    return found;
}

static void check_starts(const struct sim *sim, const struct seen *seen) {
    for (size_t i = 0; i < sim->start_count; i++) {
        const struct sent_start *sent = &sim->starts[i];
        size_t found = count_of_start(seen, sent);
        if (*sent->execution && found == 0)
            violated("every accepted start is there", "execution %s was acknowledged and is gone", sent->execution);
        if (found > 1)
            violated("a client request token starts one execution", "token %s started %zu", sent->token, found);
    }
}

/* ---- looks ---- */

static bool read_all(struct tx *tx, void *context, struct err *err) {
    struct looking *looking = context;
    return look_read(tx, looking, err) && look_read_workers(tx, looking, err) &&
           look_read_schedules(tx, looking, err) && look_read_events(tx, looking, err) &&
           (!looking->whole || (look_waits(tx, looking, err) && look_whole(tx, looking, err)));
}

void look_begin(struct sim *sim) {
    sim->seen = arena_new(&sim->arena, struct seen);
}

void look(struct sim *sim, bool whole) {
    struct looking looking = {.sim = sim, .seen = sim->seen, .whole = whole};
    if (!sim->db || !server_read(sim, read_all, &looking))
        return;
    look_rules(&looking);
    look_promises(&looking);
    if (whole)
        check_starts(sim, sim->seen);
}
