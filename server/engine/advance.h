/*
 * The rules: what an execution does next. Pure: they see one pipeline's executions and an event, and return decisions;
 * no database, no clock, no randomness. What time brings (an approval that expired) and what runners tell has been
 * written to the executions before the rules look.
 *
 * AWS, "How executions are processed in SUPERSEDED / QUEUED / PARALLEL mode", "Stop a pipeline execution". One
 * deviation, on purpose: where an action failed while others of its group still run, the stage stays InProgress until
 * they have ended, and keeps its lock. So a stuck deploy beside a failed test can still be cancelled, and two
 * executions never work in one stage.
 */
#ifndef SERVER_ENGINE_ADVANCE_H
#define SERVER_ENGINE_ADVANCE_H

#include "common/arena.h"
#include "server/definition/pipeline.h"
#include "server/store/states.h"

#include <stdint.h>

/* The newest run of an action in the stage that its execution is in. */
struct view_action {
    int64_t run_id; /* 0: decided in this round, not yet written */
    const char *name;
    bool by_person; /* an approval: no job */
    enum action_status status;
};

struct view_execution {
    int64_t id;
    int64_t number;
    int64_t version;
    const struct pipeline *definition; /* of its version */
    const char *unreadable;            /* why its definition cannot be read, else NULL: then that is a stand-in */
    enum execution_mode mode;
    enum execution_status status;
    enum execution_place place;
    int stage_index;
    enum stop_mode stop_mode;
    /* PLACE_INSIDE: */
    int64_t stage_run_id; /* 0: decided in this round, not yet written */
    enum stage_status stage_status;
    int run_order;               /* the group that was started last; 0 none yet */
    struct view_action *actions; /* those that were started; room for all of the definition's largest stage */
    size_t action_count;
};

/* One pipeline's executions that have not ended, oldest first. */
struct view {
    struct view_execution *executions;
    size_t count;
};

enum engine_event_kind {
    EVENT_LOOK,    /* something was written: an execution was added, an action ended */
    EVENT_STOP,    /* stop an execution, and let what runs end */
    EVENT_ABANDON, /* stop it, and undo what runs */
    EVENT_UPDATE,  /* the pipeline has a new version */
    EVENT_DELETE,  /* the pipeline is gone */
};

struct engine_event {
    enum engine_event_kind kind;
    int64_t execution_id; /* EVENT_STOP, EVENT_ABANDON */
    int64_t version;      /* EVENT_UPDATE: the new one */
};

enum decision_kind {
    DECIDE_STATUS,         /* the execution moves from `from` to `status` */
    DECIDE_STOP_MODE,      /* its stop_mode moves */
    DECIDE_WAIT,           /* it leaves its stage for the place in front of stage_index */
    DECIDE_ENTER,          /* it enters stage_index, where it waited */
    DECIDE_STAGE_STATUS,   /* its stage moves; a final one frees the stage */
    DECIDE_GROUP,          /* the actions of run_order come next */
    DECIDE_START_ACTION,   /* start `action` */
    DECIDE_ABANDON_ACTION, /* the action (an approval) is Abandoned */
    DECIDE_UNDO_ACTION,    /* its job is to be undone */
    DECIDE_DROP_ACTION,    /* its job is to be dropped where no runner has begun it */
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
    int run_order;
    const struct pipeline_action *action;
    int64_t action_run_id;
};

struct decisions {
    struct arena *arena;
    struct decision *items;
    size_t count;
    size_t capacity;
};

/* Applies the event, then everything that follows from it, to the view; the decisions come out in the order in which
 * they are to be written. */
void advance(struct view *view, const struct engine_event *event, struct decisions *out);

/* Whose turn before a stage it is not, and why: the execution that is in the stage in front of which `execution` waits;
 * NULL where nobody is. */
const struct view_execution *advance_holder(const struct view *view, const struct view_execution *execution);

#endif
