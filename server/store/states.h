/*
 * THE tables of states: for every state machine the names (AWS's own words, as the database and the API show them),
 * which state may follow which, and which are ends. The store refuses a move that its table does not allow; the engine
 * decides which to make. They stand here, below both.
 */
#ifndef SERVER_STORE_STATES_H
#define SERVER_STORE_STATES_H

#include "server/definition/pipeline.h"

#include <stdbool.h>
#include <stddef.h>

enum execution_status {
    EXECUTION_IN_PROGRESS,
    EXECUTION_STOPPING,
    EXECUTION_STOPPED,
    EXECUTION_SUCCEEDED,
    EXECUTION_SUPERSEDED,
    EXECUTION_FAILED,
    EXECUTION_CANCELLED,
};

enum execution_type {
    EXECUTION_STANDARD,
    EXECUTION_ROLLBACK, /* one stage, again as an earlier execution left it */
};

/* Where an execution is. */
enum execution_place {
    PLACE_WAITING, /* in front of its stage */
    PLACE_INSIDE,  /* in its stage */
    PLACE_ENDED,
};

/* Why it is to end before its last stage. */
enum stop_mode {
    STOP_NONE,
    STOP_WAIT,    /* actions under way end by themselves, then Stopped */
    STOP_ABANDON, /* actions under way are undone, then Stopped */
    STOP_UPDATE,  /* its pipeline was changed: actions under way end by themselves, then Cancelled */
};

enum stage_status {
    STAGE_IN_PROGRESS,
    STAGE_STOPPING,
    STAGE_STOPPED,
    STAGE_SUCCEEDED,
    STAGE_FAILED,
    STAGE_CANCELLED,
    STAGE_SKIPPED,
};

/* What a stage is at. */
enum stage_phase {
    PHASE_ENTRY,   /* its beforeEntry condition */
    PHASE_ACTIONS, /* its actions */
    PHASE_SUCCESS, /* they succeeded: its onSuccess condition */
    PHASE_FAILURE, /* one failed: its onFailure condition */
};

enum retry_trigger { RETRY_AUTOMATED, RETRY_MANUAL };

enum condition_status {
    CONDITION_IN_PROGRESS,
    CONDITION_SUCCEEDED,
    CONDITION_FAILED,
    CONDITION_ERRORED,
    CONDITION_CANCELLED,  /* its execution was stopped, or its pipeline changed */
    CONDITION_ABANDONED,  /* its execution was stopped at once */
    CONDITION_OVERRIDDEN, /* a person said: go on */
};

enum action_status {
    ACTION_IN_PROGRESS,
    ACTION_SUCCEEDED,
    ACTION_FAILED,
    ACTION_ABANDONED,
};

enum job_state {
    JOB_QUEUED,
    JOB_OFFERED, /* given to a runner that has not yet said that it has it */
    JOB_RUNNING,
    JOB_DONE,
};

enum job_cancel {
    JOB_CANCEL_NONE,
    JOB_CANCEL_UNDO,    /* stop, and put back what was begun */
    JOB_CANCEL_ABANDON, /* stop watching; what the provider runs stays */
};

enum job_outcome { JOB_SUCCEEDED, JOB_FAILED, JOB_STOPPED };

/* AWS's states of a job worker's job. */
enum worker_job_state {
    WORKER_JOB_CREATED, /* unused here: a job is queued in the transaction that makes it */
    WORKER_JOB_QUEUED,
    WORKER_JOB_DISPATCHED, /* answered to a poll, not yet acknowledged */
    WORKER_JOB_IN_PROGRESS,
    WORKER_JOB_TIMED_OUT,
    WORKER_JOB_SUCCEEDED,
    WORKER_JOB_FAILED,
};

enum build_status {
    BUILD_IN_PROGRESS,
    BUILD_SUCCEEDED,
    BUILD_FAILED,
    BUILD_FAULT,
    BUILD_TIMED_OUT,
    BUILD_STOPPED,
};

/* Why nothing more of a batch is begun, and what runs is stopped. */
enum batch_stop {
    BATCH_STOP_NONE,
    BATCH_STOP_FAILED,  /* fast-fail, or its buildspec was refused */
    BATCH_STOP_TIMEOUT, /* buildBatchConfig.timeoutInMins */
    BATCH_STOP_ASKED,   /* StopBuildBatch, or its pipeline's execution is stopped */
};

enum batch_group_kind {
    BATCH_GROUP_SOURCE, /* reads the buildspec */
    BATCH_GROUP_BUILD,
    BATCH_GROUP_COMBINE, /* makes the artifacts of a pipeline's action out of those of the builds */
};

/* A deploy that waits for a person in the midst of its work. */
enum pause_state {
    PAUSE_WAITING,
    PAUSE_APPROVED,
    PAUSE_REJECTED,
    PAUSE_GONE, /* over without an answer */
};

struct state_row {
    const char *name;
    unsigned next; /* bit N: state N may follow */
    bool end;      /* its work is over; a row that names a next state all the same can be opened again */
};

struct state_table {
    const char *what; /* "execution" */
    const struct state_row *rows;
    size_t count;
};

extern const struct state_table execution_modes; /* names only; enum execution_mode of the definition */
extern const struct state_table execution_statuses;
extern const struct state_table execution_types; /* names only */
extern const struct state_table execution_places;
extern const struct state_table stop_modes;
extern const struct state_table stage_statuses;
extern const struct state_table stage_phases;
extern const struct state_table retry_triggers;    /* names only */
extern const struct state_table condition_kinds;   /* names only; enum condition_kind of the definition */
extern const struct state_table condition_results; /* names only; enum condition_result */
extern const struct state_table condition_statuses;
extern const struct state_table action_statuses;
extern const struct state_table job_states;
extern const struct state_table job_cancels;
extern const struct state_table job_outcomes; /* names only */
extern const struct state_table worker_job_states;
extern const struct state_table build_statuses;
extern const struct state_table batch_statuses; /* enum build_status */
extern const struct state_table pause_states;
extern const struct state_table batch_stops;
extern const struct state_table batch_group_kinds; /* names only */

/* "InProgress". */
const char *state_name(const struct state_table *table, int state);
/* The state of that name, -1 for none. */
int state_parse(const struct state_table *table, const char *name);
bool state_may_follow(const struct state_table *table, int from, int to);
bool state_is_end(const struct state_table *table, int state);

static inline const char *execution_mode_name(enum execution_mode mode) {
    return state_name(&execution_modes, (int)mode);
}
static inline const char *execution_status_name(enum execution_status status) {
    return state_name(&execution_statuses, (int)status);
}
static inline const char *stage_status_name(enum stage_status status) {
    return state_name(&stage_statuses, (int)status);
}
static inline const char *action_status_name(enum action_status status) {
    return state_name(&action_statuses, (int)status);
}
static inline const char *build_status_name(enum build_status status) {
    return state_name(&build_statuses, (int)status);
}
static inline bool execution_has_ended(enum execution_status status) {
    return state_is_end(&execution_statuses, (int)status);
}

#endif
