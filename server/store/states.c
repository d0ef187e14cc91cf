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

static const struct state_row type_rows[] = {
    [EXECUTION_STANDARD] = {.name = "STANDARD"},
    [EXECUTION_ROLLBACK] = {.name = "ROLLBACK"},
};

static const struct state_row execution_rows[] = {
    [EXECUTION_IN_PROGRESS] = {.name = "InProgress",
                               .next = MAY_BECOME(EXECUTION_STOPPING) | MAY_BECOME(EXECUTION_SUCCEEDED) |
                                       MAY_BECOME(EXECUTION_SUPERSEDED) | MAY_BECOME(EXECUTION_FAILED) |
                                       MAY_BECOME(EXECUTION_CANCELLED)},
    [EXECUTION_STOPPING] = {.name = "Stopping", .next = MAY_BECOME(EXECUTION_STOPPED)},
    /* A retry of the stage opens it again, as it does a failed one. */
    [EXECUTION_STOPPED] = {.name = "Stopped", .next = MAY_BECOME(EXECUTION_IN_PROGRESS), .end = true},
    [EXECUTION_SUCCEEDED] = {.name = "Succeeded", .end = true},
    [EXECUTION_SUPERSEDED] = {.name = "Superseded", .end = true},
    [EXECUTION_FAILED] = {.name = "Failed", .next = MAY_BECOME(EXECUTION_IN_PROGRESS), .end = true},
    [EXECUTION_CANCELLED] = {.name = "Cancelled", .end = true},
};

static const struct state_row place_rows[] = {
    [PLACE_WAITING] = {.name = "waiting", .next = MAY_BECOME(PLACE_INSIDE) | MAY_BECOME(PLACE_ENDED)},
    [PLACE_INSIDE] = {.name = "inside", .next = MAY_BECOME(PLACE_WAITING) | MAY_BECOME(PLACE_ENDED)},
    [PLACE_ENDED] = {.name = "ended", .next = MAY_BECOME(PLACE_INSIDE), .end = true},
};

static const struct state_row stop_rows[] = {
    [STOP_NONE] = {.name = "none", .next = MAY_BECOME(STOP_WAIT) | MAY_BECOME(STOP_ABANDON) | MAY_BECOME(STOP_UPDATE)},
    [STOP_WAIT] = {.name = "wait", .next = MAY_BECOME(STOP_ABANDON) | MAY_BECOME(STOP_NONE)},
    [STOP_ABANDON] = {.name = "abandon", .next = MAY_BECOME(STOP_NONE), .end = true},
    [STOP_UPDATE] = {.name = "update", .next = MAY_BECOME(STOP_WAIT) | MAY_BECOME(STOP_ABANDON)},
};

static const struct state_row stage_rows[] = {
    [STAGE_IN_PROGRESS] = {.name = "InProgress",
                           .next = MAY_BECOME(STAGE_STOPPING) | MAY_BECOME(STAGE_SUCCEEDED) | MAY_BECOME(STAGE_FAILED) |
                                   MAY_BECOME(STAGE_CANCELLED) | MAY_BECOME(STAGE_SKIPPED)},
    [STAGE_STOPPING] = {.name = "Stopping", .next = MAY_BECOME(STAGE_STOPPED)},
    [STAGE_STOPPED] = {.name = "Stopped", .next = MAY_BECOME(STAGE_IN_PROGRESS), .end = true},
    [STAGE_SUCCEEDED] = {.name = "Succeeded", .end = true},
    [STAGE_FAILED] = {.name = "Failed", .next = MAY_BECOME(STAGE_IN_PROGRESS), .end = true},
    [STAGE_CANCELLED] = {.name = "Cancelled", .end = true},
    [STAGE_SKIPPED] = {.name = "Skipped", .end = true},
};

static const struct state_row phase_rows[] = {
    [PHASE_ENTRY] = {.name = "entry", .next = MAY_BECOME(PHASE_ACTIONS)},
    [PHASE_ACTIONS] = {.name = "actions", .next = MAY_BECOME(PHASE_SUCCESS) | MAY_BECOME(PHASE_FAILURE)},
    /* A retry goes back to the actions. */
    [PHASE_SUCCESS] = {.name = "success", .next = MAY_BECOME(PHASE_ACTIONS)},
    [PHASE_FAILURE] = {.name = "failure", .next = MAY_BECOME(PHASE_ACTIONS)},
};

static const struct state_row retry_trigger_rows[] = {
    [RETRY_AUTOMATED] = {.name = "AutomatedStageRetry"},
    [RETRY_MANUAL] = {.name = "ManualStageRetry"},
};

static const struct state_row condition_kind_rows[] = {
    [CONDITION_BEFORE_ENTRY] = {.name = "BEFORE_ENTRY"},
    [CONDITION_ON_SUCCESS] = {.name = "ON_SUCCESS"},
    [CONDITION_ON_FAILURE] = {.name = "ON_FAILURE"},
};

static const struct state_row condition_result_rows[] = {
    [RESULT_FAIL] = {.name = "FAIL"},
    [RESULT_SKIP] = {.name = "SKIP"},
    [RESULT_ROLLBACK] = {.name = "ROLLBACK"},
    [RESULT_RETRY] = {.name = "RETRY"},
};

static const struct state_row condition_rows[] = {
    [CONDITION_IN_PROGRESS] = {.name = "InProgress",
                               .next = MAY_BECOME(CONDITION_SUCCEEDED) | MAY_BECOME(CONDITION_FAILED) |
                                       MAY_BECOME(CONDITION_ERRORED) | MAY_BECOME(CONDITION_CANCELLED) |
                                       MAY_BECOME(CONDITION_ABANDONED) | MAY_BECOME(CONDITION_OVERRIDDEN)},
    [CONDITION_SUCCEEDED] = {.name = "Succeeded", .end = true},
    [CONDITION_FAILED] = {.name = "Failed", .end = true},
    [CONDITION_ERRORED] = {.name = "Errored", .end = true},
    [CONDITION_CANCELLED] = {.name = "Cancelled", .end = true},
    [CONDITION_ABANDONED] = {.name = "Abandoned", .end = true},
    [CONDITION_OVERRIDDEN] = {.name = "Overridden", .end = true},
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

static const struct state_row worker_job_rows[] = {
    [WORKER_JOB_CREATED] = {.name = "Created", .next = MAY_BECOME(WORKER_JOB_QUEUED)},
    [WORKER_JOB_QUEUED] = {.name = "Queued",
                           .next = MAY_BECOME(WORKER_JOB_DISPATCHED) | MAY_BECOME(WORKER_JOB_TIMED_OUT) |
                                   MAY_BECOME(WORKER_JOB_FAILED)},
    [WORKER_JOB_DISPATCHED] = {.name = "Dispatched",
                               .next = MAY_BECOME(WORKER_JOB_IN_PROGRESS) | MAY_BECOME(WORKER_JOB_QUEUED) |
                                       MAY_BECOME(WORKER_JOB_TIMED_OUT) | MAY_BECOME(WORKER_JOB_FAILED)},
    [WORKER_JOB_IN_PROGRESS] = {.name = "InProgress",
                                .next = MAY_BECOME(WORKER_JOB_TIMED_OUT) | MAY_BECOME(WORKER_JOB_SUCCEEDED) |
                                        MAY_BECOME(WORKER_JOB_FAILED)},
    [WORKER_JOB_TIMED_OUT] = {.name = "TimedOut", .end = true},
    [WORKER_JOB_SUCCEEDED] = {.name = "Succeeded", .end = true},
    [WORKER_JOB_FAILED] = {.name = "Failed", .end = true},
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

static const struct state_row batch_rows[] = {
    [BUILD_IN_PROGRESS] = {.name = "IN_PROGRESS",
                           .next = MAY_BECOME(BUILD_SUCCEEDED) | MAY_BECOME(BUILD_FAILED) | MAY_BECOME(BUILD_FAULT) |
                                   MAY_BECOME(BUILD_TIMED_OUT) | MAY_BECOME(BUILD_STOPPED)},
    [BUILD_SUCCEEDED] = {.name = "SUCCEEDED", .end = true},
    /* RetryBuildBatch opens it again. */
    [BUILD_FAILED] = {.name = "FAILED", .next = MAY_BECOME(BUILD_IN_PROGRESS), .end = true},
    [BUILD_FAULT] = {.name = "FAULT", .next = MAY_BECOME(BUILD_IN_PROGRESS), .end = true},
    [BUILD_TIMED_OUT] = {.name = "TIMED_OUT", .next = MAY_BECOME(BUILD_IN_PROGRESS), .end = true},
    [BUILD_STOPPED] = {.name = "STOPPED", .next = MAY_BECOME(BUILD_IN_PROGRESS), .end = true},
};

static const struct state_row batch_stop_rows[] = {
    [BATCH_STOP_NONE] = {.name = "none",
                         .next = MAY_BECOME(BATCH_STOP_FAILED) | MAY_BECOME(BATCH_STOP_TIMEOUT) |
                                 MAY_BECOME(BATCH_STOP_ASKED)},
    [BATCH_STOP_FAILED] = {.name = "failed", .next = MAY_BECOME(BATCH_STOP_ASKED) | MAY_BECOME(BATCH_STOP_NONE)},
    [BATCH_STOP_TIMEOUT] = {.name = "timeout", .next = MAY_BECOME(BATCH_STOP_ASKED) | MAY_BECOME(BATCH_STOP_NONE)},
    [BATCH_STOP_ASKED] = {.name = "stop", .next = MAY_BECOME(BATCH_STOP_NONE)},
};

static const struct state_row pause_rows[] = {
    [PAUSE_WAITING] = {.name = "Waiting",
                       .next = MAY_BECOME(PAUSE_APPROVED) | MAY_BECOME(PAUSE_REJECTED) | MAY_BECOME(PAUSE_GONE)},
    [PAUSE_APPROVED] = {.name = "Approved", .end = true},
    [PAUSE_REJECTED] = {.name = "Rejected", .end = true},
    [PAUSE_GONE] = {.name = "Gone", .next = MAY_BECOME(PAUSE_WAITING), .end = true}, /* it was told again */
};

static const struct state_row batch_group_kind_rows[] = {
    [BATCH_GROUP_SOURCE] = {.name = "source"},
    [BATCH_GROUP_BUILD] = {.name = "build"},
    [BATCH_GROUP_COMBINE] = {.name = "combine"},
};

#define ROWS(array) .rows = (array), .count = sizeof(array) / sizeof((array)[0])

const struct state_table execution_modes = {.what = "execution mode", ROWS(mode_rows)};
const struct state_table execution_statuses = {.what = "execution", ROWS(execution_rows)};
const struct state_table execution_types = {.what = "execution type", ROWS(type_rows)};
const struct state_table execution_places = {.what = "execution's place", ROWS(place_rows)};
const struct state_table stop_modes = {.what = "execution's stop", ROWS(stop_rows)};
const struct state_table stage_statuses = {.what = "stage", ROWS(stage_rows)};
const struct state_table stage_phases = {.what = "stage's phase", ROWS(phase_rows)};
const struct state_table retry_triggers = {.what = "retry's trigger", ROWS(retry_trigger_rows)};
const struct state_table condition_kinds = {.what = "condition's kind", ROWS(condition_kind_rows)};
const struct state_table condition_results = {.what = "condition's result", ROWS(condition_result_rows)};
const struct state_table condition_statuses = {.what = "condition", ROWS(condition_rows)};
const struct state_table action_statuses = {.what = "action", ROWS(action_rows)};
const struct state_table job_states = {.what = "job", ROWS(job_rows)};
const struct state_table job_cancels = {.what = "job's cancel", ROWS(cancel_rows)};
const struct state_table job_outcomes = {.what = "job's outcome", ROWS(outcome_rows)};
const struct state_table worker_job_states = {.what = "job worker's job", ROWS(worker_job_rows)};
const struct state_table build_statuses = {.what = "build", ROWS(build_rows)};
const struct state_table batch_statuses = {.what = "batch", ROWS(batch_rows)};
const struct state_table pause_states = {.what = "pause", ROWS(pause_rows)};
const struct state_table batch_stops = {.what = "batch's stop", ROWS(batch_stop_rows)};
const struct state_table batch_group_kinds = {.what = "kind of a batch's group", ROWS(batch_group_kind_rows)};

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
