/*
 * The rules: what an execution does next. Pure: they see one pipeline's executions and an event, and return decisions;
 * no database, no clock, no randomness. What time brings (an approval that expired) and what runners tell has been
 * written to the executions before the rules look. docs/engine.md shows the tables of states and says each rule.
 *
 * AWS, "How executions are processed in SUPERSEDED / QUEUED / PARALLEL mode", "Stop a pipeline execution", "Retry a
 * failed stage", "Configure stage rollback", "Stage conditions". One deviation, on purpose: where an action failed
 * while others of its group still run, the stage stays InProgress until they have ended, and keeps its lock. So a stuck
 * deploy beside a failed test can still be cancelled, and two executions never work in one stage. What failed can be
 * tried again meanwhile, as on AWS.
 */
#ifndef SERVER_ENGINE_ADVANCE_H
#define SERVER_ENGINE_ADVANCE_H

#include "common/arena.h"
#include "server/definition/pipeline.h"
#include "server/store/states.h"

#include <stdint.h>

/* AWS: actions of one PARALLEL execution at a time. */
#define PARALLEL_ACTIONS_MAX 5

/* The newest run of an action in the stage that its execution is in, or of a rule of the condition that is asked. */
struct view_action {
    int64_t run_id; /* 0: decided in this round, not yet written */
    const char *name;
    bool without_job;      /* an approval, or a rule that the engine judges */
    bool waits_for_target; /* nobody has begun it: another deploy works on its target */
    enum action_status status;
};

struct view_execution {
    int64_t id;
    const char *uuid; /* for events */
    int64_t number;
    int64_t version;
    const struct pipeline *definition; /* of its version */
    const char *unreadable;            /* why its definition cannot be read, else NULL: then that is a stand-in */
    enum execution_mode mode;
    enum execution_type type;
    enum execution_status status;
    enum execution_place place;
    int stage_index;
    enum stop_mode stop_mode;
    /* PLACE_INSIDE, and one that a retry opens again: */
    int64_t stage_run_id; /* 0: decided in this round, not yet written */
    enum stage_status stage_status;
    enum stage_phase phase;
    int run_order; /* the group that was started last; 0 none yet */
    int auto_retries;
    int64_t rollback_target;     /* id of the execution that a rollback of this stage goes back to; 0: there is none */
    struct view_action *actions; /* those that were started; room for all of the definition's largest stage */
    size_t action_count;
    bool condition_begun; /* the condition of its phase */
    enum condition_status condition_status;
    struct view_action *rules; /* of that condition; room for all of the definition's largest */
    size_t rule_count;
};

/* The transition into a stage, where it is closed. */
struct view_gate {
    const char *stage;
    const char *reason; /* a sentence: who closed it, and why */
};

/* One pipeline's executions that have not ended, and one that a retry is to open again; oldest first. */
struct view {
    struct view_execution *executions;
    size_t count;
    const struct view_gate *gates;
    size_t gate_count;
};

enum engine_event_kind {
    EVENT_LOOK,     /* something was written: an execution was added, an action ended, a transition was opened */
    EVENT_STOP,     /* stop an execution, and let what runs end */
    EVENT_ABANDON,  /* stop it, and undo what runs */
    EVENT_UPDATE,   /* the pipeline has a new version */
    EVENT_DELETE,   /* the pipeline is gone */
    EVENT_RETRY,    /* try the stage that an execution is or was in again */
    EVENT_OVERRIDE, /* the condition that it is asked counts as met */
};

struct engine_event {
    enum engine_event_kind kind;
    int64_t execution_id; /* EVENT_STOP, EVENT_ABANDON, EVENT_RETRY, EVENT_OVERRIDE */
    int64_t version;      /* EVENT_UPDATE: the new one */
    enum retry_mode retry_mode;
};

enum decision_kind {
    DECIDE_STATUS,           /* the execution moves from `from` to `status` */
    DECIDE_STOP_MODE,        /* its stop_mode moves */
    DECIDE_WAIT,             /* it leaves its stage for the place in front of stage_index */
    DECIDE_ENTER,            /* it enters stage_index, where it waited, at `phase` */
    DECIDE_REOPEN,           /* it had ended (status_from), and is in stage_index again */
    DECIDE_RETRY,            /* its stage begins another try: retry_all, retry_trigger, phase */
    DECIDE_STAGE_STATUS,     /* its stage moves; a final one frees the stage */
    DECIDE_PHASE,            /* its stage goes from phase_from to phase */
    DECIDE_GROUP,            /* the actions of run_order come next */
    DECIDE_START_ACTION,     /* start `action` */
    DECIDE_ABANDON_ACTION,   /* the action (without a job) is Abandoned */
    DECIDE_UNDO_ACTION,      /* its job is to be undone */
    DECIDE_DROP_ACTION,      /* its job is to be dropped where no runner has begun it */
    DECIDE_CONDITION,        /* the condition of its phase is asked: condition */
    DECIDE_START_RULE,       /* start `rule` */
    DECIDE_GIVE_UP_RULE,     /* the rule is Abandoned now, its job dropped or undone without waiting for it */
    DECIDE_CONDITION_STATUS, /* the condition ends */
    DECIDE_ROLLBACK,         /* a new execution of type ROLLBACK, to rollback_target, for stage_index */
};

struct decision {
    enum decision_kind kind;
    struct view_execution *execution;
    enum execution_status status_from, status;
    const char *summary; /* DECIDE_STATUS: or NULL */
    enum stop_mode stop_from, stop;
    int stage_index;
    int64_t stage_run_id; /* 0: the execution's, once it is written */
    enum stage_status stage_from, stage;
    enum stage_phase phase_from, phase;
    int run_order;
    const struct pipeline_action *action;
    int64_t action_run_id;
    bool retry_all;
    enum retry_trigger retry_trigger;
    enum condition_kind condition_kind;
    const struct pipeline_condition *condition;
    const struct pipeline_rule *rule;
    enum condition_status condition_status;
    int64_t rollback_target;
};

struct decisions {
    struct arena *arena;
    struct decision *items;
    size_t count;
    size_t capacity;
    /* The last one adds an execution that the rules must see before they go on: write these, load again, look. */
    bool incomplete;
};

/* Applies the event, then everything that follows from it, to the view; the decisions come out in the order in which
 * they are to be written. */
void advance(struct view *view, const struct engine_event *event, struct decisions *out);

/* Why an execution that waits in front of a stage does not enter. One of them is set, or none: then it may. */
struct advance_wait {
    const struct view_execution *holder; /* it is in the stage, or is a rollback that goes first */
    const struct view_gate *gate;        /* the transition is closed */
};
struct advance_wait advance_wait(const struct view *view, const struct view_execution *execution);

/* The condition of a phase; PHASE_ACTIONS has none. */
enum condition_kind advance_condition_kind(enum stage_phase phase);

#endif
