/* The database as the last look found it. People decide by it, as they do by a screen that was true a moment ago. */
#ifndef TESTS_SIM_LOOK_H
#define TESTS_SIM_LOOK_H

#include "server/store/db.h"
#include "server/store/states.h"
#include "tests/sim/sim.h"

struct seen_execution {
    int64_t id;
    char uuid[UUID_SIZE];
    int64_t pipeline_id, number, version, rollback_of;
    const char *pipeline;
    int mode, type, status, place, stage_index, stop;
    const char *token; /* of its start, or NULL */
    bool entered;      /* its stage, since the look before, from in front of it */
    uint64_t fixed;    /* a hash of what never changes */
    uint64_t rest;     /* of what may change until it has ended */
};

struct seen_stage {
    int64_t id, execution_id, pipeline_id;
    const char *name;
    int stage_index, status, phase;
    bool holds_lock;
    int64_t retries, auto_retries;
    bool retried; /* since the look before */
    uint64_t fixed, rest;
};

struct seen_action {
    int64_t id, execution_id, stage_run_id, condition_id;
    char uuid[UUID_SIZE];
    const char *stage, *action, *category;
    const char *approval;     /* the token that answers it, or NULL */
    char question[UUID_SIZE]; /* the token of the pause that its deploy is in; "": none */
    bool answered, rejected;  /* its newest pause */
    const char *target;       /* or NULL */
    int status;
    bool holds_target, set_aside;
    bool clocked; /* the clock brings it on: it expires, or is looked at again */
    uint64_t fixed, rest;
};

struct seen_job {
    int64_t sequence, token, action_run_id, deadline_ms;
    char id[UUID_SIZE];
    const char *provider;
    char runner[UUID_SIZE], left_by[UUID_SIZE]; /* "" : none */
    int state, cancel, attempts;
    int outcome; /* -1: none */
    bool marked;
    const char *project; /* whose limit it counts for; "": none */
    bool held;
    uint64_t fixed, rest;
};

struct seen_condition {
    int64_t id, stage_run_id;
    int status;
    uint64_t fixed, rest;
};

/* A transition that somebody closed once. */
struct seen_gate {
    int64_t pipeline_id;
    const char *stage;
    bool closed, was_closed; /* now, and at the look before */
};

struct seen_schedule {
    int64_t id, next_ms;
    const char *expression;
    bool enabled;
    int steps_back; /* of the wall clock, when it was seen */
};

struct seen_worker_job {
    char id[UUID_SIZE];
    int64_t action_run_id;
    int state;
};

/* A version of a pipeline, by its place in the order of both numbers within one pipeline. */
struct seen_version {
    int64_t pipeline_id, version;
    uint64_t fixed;
};

/* Rows in the order of their ids; a row keeps its place. */
struct seen {
    struct seen_execution *executions;
    struct seen_stage *stages;
    struct seen_action *actions;
    struct seen_job *jobs;
    struct seen_condition *conditions;
    size_t execution_count, stage_count, action_count, job_count, condition_count;
    size_t execution_room, stage_room, action_room, job_room, condition_room;
    struct seen_gate *gates;
    size_t gate_count, gate_room;
    struct seen_version *versions;
    size_t version_count, version_room;
    struct seen_worker_job *worker_jobs;
    size_t worker_job_count, worker_job_room;
    struct seen_schedule *schedules;
    size_t schedule_count, schedule_room;
    uint64_t *events; /* a hash of each, in their order */
    size_t event_count, event_room;
    int64_t last_event;
};

const struct seen_execution *seen_execution(const struct seen *seen, int64_t id);
const struct seen_stage *seen_stage(const struct seen *seen, int64_t id);
const struct seen_action *seen_action(const struct seen *seen, const char *uuid);
const struct seen_job *seen_job_of(const struct seen *seen, int64_t action_run_id); /* the newest; NULL: none */

/* look_read.c: reads all rows anew and compares each with what it was. */
struct looking {
    struct sim *sim;
    struct seen *seen;
    bool whole;
    int64_t next_deadline_ms;
};
bool look_read(struct tx *tx, struct looking *looking, struct err *err);
bool look_read_actions(struct tx *tx, struct looking *looking, struct err *err); /* look_work.c, as is the next */
bool look_read_jobs(struct tx *tx, struct looking *looking, struct err *err);
bool look_read_events(struct tx *tx, struct looking *looking, struct err *err);
/* look_whole.c: what is too dear for each step. */
bool look_whole(struct tx *tx, struct looking *looking, struct err *err);
/* look_workers.c */
bool look_read_workers(struct tx *tx, struct looking *looking, struct err *err);
bool seen_by_worker(const struct seen *seen, int64_t action_run_id); /* a job of it has not ended */
/* look_schedules.c */
bool look_read_schedules(struct tx *tx, struct looking *looking, struct err *err);
/* look_rules.c: what must hold among rows that were just read. */
void look_rules(const struct looking *looking);
/* look_promises.c: what AWS's rules promise. */
void look_promises(const struct looking *looking);
bool look_waits(struct tx *tx, const struct looking *looking, struct err *err);

#endif
