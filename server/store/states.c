/*
 * The tables of states. A row that names itself in `next` may be written again without a change of state.
 */
#include "server/store/states.h"

#include "common/str.h"

#include <assert.h>

#define MAY_BECOME(state) (1u << (state))

static const struct state_row mode_rows[] = {
    [MODE_SUPERSEDED] = {.name = "SUPERSEDED"},
    [MODE_QUEUED] = {.name = "QUEUED"},
    [MODE_PARALLEL] = {.name = "PARALLEL"},
};

static const struct state_row execution_rows[] = {
    [EXECUTION_IN_PROGRESS] = {.name = "InProgress",
                               .next = MAY_BECOME(EXECUTION_STOPPING) | MAY_BECOME(EXECUTION_SUCCEEDED) |
                                       MAY_BECOME(EXECUTION_SUPERSEDED) | MAY_BECOME(EXECUTION_FAILED) |
                                       MAY_BECOME(EXECUTION_CANCELLED)},
    [EXECUTION_STOPPING] = {.name = "Stopping", .next = MAY_BECOME(EXECUTION_STOPPED)},
    [EXECUTION_STOPPED] = {.name = "Stopped", .end = true},
    [EXECUTION_SUCCEEDED] = {.name = "Succeeded", .end = true},
    [EXECUTION_SUPERSEDED] = {.name = "Superseded", .end = true},
    [EXECUTION_FAILED] = {.name = "Failed", .end = true},
    [EXECUTION_CANCELLED] = {.name = "Cancelled", .end = true},
};

static const struct state_row place_rows[] = {
    [PLACE_WAITING] = {.name = "waiting", .next = MAY_BECOME(PLACE_INSIDE) | MAY_BECOME(PLACE_ENDED)},
    [PLACE_INSIDE] = {.name = "inside", .next = MAY_BECOME(PLACE_WAITING) | MAY_BECOME(PLACE_ENDED)},
    [PLACE_ENDED] = {.name = "ended", .end = true},
};

static const struct state_row stop_rows[] = {
    [STOP_NONE] = {.name = "none", .next = MAY_BECOME(STOP_WAIT) | MAY_BECOME(STOP_ABANDON) | MAY_BECOME(STOP_UPDATE)},
    [STOP_WAIT] = {.name = "wait", .next = MAY_BECOME(STOP_ABANDON)},
    [STOP_ABANDON] = {.name = "abandon", .end = true},
    [STOP_UPDATE] = {.name = "update", .next = MAY_BECOME(STOP_WAIT) | MAY_BECOME(STOP_ABANDON)},
};

static const struct state_row stage_rows[] = {
    [STAGE_IN_PROGRESS] = {.name = "InProgress",
                           .next = MAY_BECOME(STAGE_STOPPING) | MAY_BECOME(STAGE_SUCCEEDED) | MAY_BECOME(STAGE_FAILED) |
                                   MAY_BECOME(STAGE_CANCELLED)},
    [STAGE_STOPPING] = {.name = "Stopping", .next = MAY_BECOME(STAGE_STOPPED)},
    [STAGE_STOPPED] = {.name = "Stopped", .end = true},
    [STAGE_SUCCEEDED] = {.name = "Succeeded", .end = true},
    [STAGE_FAILED] = {.name = "Failed", .end = true},
    [STAGE_CANCELLED] = {.name = "Cancelled", .end = true},
    [STAGE_SKIPPED] = {.name = "Skipped", .end = true},
};

static const struct state_row action_rows[] = {
    [ACTION_IN_PROGRESS] = {.name = "InProgress",
                            .next = MAY_BECOME(ACTION_SUCCEEDED) | MAY_BECOME(ACTION_FAILED) |
                                    MAY_BECOME(ACTION_ABANDONED)},
    [ACTION_SUCCEEDED] = {.name = "Succeeded", .end = true},
    [ACTION_FAILED] = {.name = "Failed", .end = true},
    [ACTION_ABANDONED] = {.name = "Abandoned", .end = true},
};

static const struct state_row job_rows[] = {
    [JOB_QUEUED] = {.name = "queued", .next = MAY_BECOME(JOB_OFFERED) | MAY_BECOME(JOB_DONE)},
    [JOB_OFFERED] = {.name = "offered",
                     .next = MAY_BECOME(JOB_RUNNING) | MAY_BECOME(JOB_QUEUED) | MAY_BECOME(JOB_DONE)},
    [JOB_RUNNING] = {.name = "running",
                     .next = MAY_BECOME(JOB_RUNNING) | MAY_BECOME(JOB_QUEUED) | MAY_BECOME(JOB_DONE)},
    [JOB_DONE] = {.name = "done", .end = true},
};

static const struct state_row cancel_rows[] = {
    [JOB_CANCEL_NONE] = {.name = "none", .next = MAY_BECOME(JOB_CANCEL_UNDO) | MAY_BECOME(JOB_CANCEL_ABANDON)},
    [JOB_CANCEL_UNDO] = {.name = "cancel", .next = MAY_BECOME(JOB_CANCEL_ABANDON)},
    [JOB_CANCEL_ABANDON] = {.name = "abandon", .end = true},
};

static const struct state_row outcome_rows[] = {
    [JOB_SUCCEEDED] = {.name = "succeeded", .end = true},
    [JOB_FAILED] = {.name = "failed", .end = true},
    [JOB_STOPPED] = {.name = "stopped", .end = true},
};

static const struct state_row build_rows[] = {
    [BUILD_IN_PROGRESS] = {.name = "IN_PROGRESS",
                           .next = MAY_BECOME(BUILD_SUCCEEDED) | MAY_BECOME(BUILD_FAILED) | MAY_BECOME(BUILD_FAULT) |
                                   MAY_BECOME(BUILD_TIMED_OUT) | MAY_BECOME(BUILD_STOPPED)},
    [BUILD_SUCCEEDED] = {.name = "SUCCEEDED", .end = true},
    [BUILD_FAILED] = {.name = "FAILED", .end = true},
    [BUILD_FAULT] = {.name = "FAULT", .end = true},
    [BUILD_TIMED_OUT] = {.name = "TIMED_OUT", .end = true},
    [BUILD_STOPPED] = {.name = "STOPPED", .end = true},
};

#define ROWS(array) .rows = (array), .count = sizeof(array) / sizeof((array)[0])

const struct state_table execution_modes = {.what = "execution mode", ROWS(mode_rows)};
const struct state_table execution_statuses = {.what = "execution", ROWS(execution_rows)};
const struct state_table execution_places = {.what = "execution's place", ROWS(place_rows)};
const struct state_table stop_modes = {.what = "execution's stop", ROWS(stop_rows)};
const struct state_table stage_statuses = {.what = "stage", ROWS(stage_rows)};
const struct state_table action_statuses = {.what = "action", ROWS(action_rows)};
const struct state_table job_states = {.what = "job", ROWS(job_rows)};
const struct state_table job_cancels = {.what = "job's cancel", ROWS(cancel_rows)};
const struct state_table job_outcomes = {.what = "job's outcome", ROWS(outcome_rows)};
const struct state_table build_statuses = {.what = "build", ROWS(build_rows)};

const char *state_name(const struct state_table *table, int state) {
    assert(state >= 0 && (size_t)state < table->count);
    return table->rows[state].name;
}

int state_parse(const struct state_table *table, const char *name) {
    for (size_t i = 0; i < table->count; i++) {
        if (str_equal(table->rows[i].name, name))
            return (int)i;
    }
    return -1;
}

bool state_may_follow(const struct state_table *table, int from, int to) {
    assert(from >= 0 && (size_t)from < table->count && to >= 0 && (size_t)to < table->count);
    return (table->rows[from].next & MAY_BECOME(to)) != 0;
}

bool state_is_end(const struct state_table *table, int state) {
    assert(state >= 0 && (size_t)state < table->count);
    return table->rows[state].end;
}
