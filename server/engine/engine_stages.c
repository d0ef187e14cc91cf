/*
 * What people do to stages: try again, roll back, open and close the way in, go on against a condition. Who may not is
 * told here, with AWS's names; what follows is advance.h's.
 */
#include "server/engine/carry_out.h"
#include "server/engine/engine.h"
#include "server/engine/load.h"
#include "server/engine/rollback.h"

#include "common/str.h"
#include "server/store/conditions.h"
#include "server/store/events.h"
#include "server/store/stage_gates.h"
#include "server/store/stage_runs.h"
#include "server/wake.h"

#define STALE_GATE_MS (30LL * 24 * 60 * 60 * 1000) /* AWS: nothing resumes by itself after that */

static const struct engine_event look = {.kind = EVENT_LOOK};

/* ---- what is meant ---- */

static bool find_stage(const struct pipeline *definition, const char *name, int *out, struct err *err) {
    for (size_t i = 0; i < definition->stage_count; i++) {
        if (str_equal(definition->stages[i].name, name)) {
            *out = (int)i;
            return true;
        }
    }
    return err_set_code(err, ERR_NOT_FOUND, "StageNotFoundException", "the pipeline has no stage '%s'", name);
}

/* An execution and its time in a stage. */
struct visit {
    struct pipeline_row pipeline;
    const struct pipeline *definition; /* of the version in force */
    int stage_index;
    struct execution_row execution;
    struct stage_run_row run;
    bool was_there;
};

static bool find_visit(struct tx *tx, struct arena *arena, const char *pipeline, const char *stage,
                       const char *execution, struct visit *out, struct err *err) {
    if (!pipelines_get(tx, arena, pipeline, &out->pipeline, err) ||
        !load_definition(tx, arena, out->pipeline.id, out->pipeline.version, &out->definition, err) ||
        !find_stage(out->definition, stage, &out->stage_index, err) ||
        !executions_get(tx, arena, out->pipeline.id, execution, &out->execution, err))
        return false;
    struct stage_run_row *runs = NULL;
    size_t count = 0;
    if (!stage_runs_list(tx, arena, out->execution.id, &runs, &count, err))
        return false;
    out->was_there = false;
    for (size_t i = 0; i < count; i++) {
        if (!str_equal(runs[i].name, stage))
            continue;
        out->run = runs[i];
        out->was_there = true;
    }
    return true;
}

static bool check_newest(struct tx *tx, const struct visit *visit, struct err *err) {
    bool newest = true;
    if (visit->execution.mode != MODE_PARALLEL && !stage_runs_is_newest(tx, &visit->run, &newest, err))
        return false;
    return newest ||
           err_set_code(err, ERR_CONFLICT, "NotLatestPipelineExecutionException",
                        "another execution has entered stage '%s' since; start the pipeline again, or retry that "
                        "one",
                        visit->run.name);
}

/* What would be said to who asks for it; anything else is trouble of ours. */
static bool is_refusal(const struct err *why) {
    return why->kind == ERR_CONFLICT || why->kind == ERR_NOT_FOUND || why->kind == ERR_LIMIT ||
           str_equal(why->code, UNREADABLE_DEFINITION);
}

/* ---- retry ---- */

static bool not_retryable(struct err *err, const char *stage, const char *why) {
    return err_set_code(err, ERR_CONFLICT, "StageNotRetryableException", "stage '%s' cannot be retried: %s", stage,
                        why);
}

/* How the actions of this try stand. */
struct standing {
    size_t failed; /* or abandoned */
    size_t working;
    size_t succeeded;
};

static bool count_runs(struct tx *tx, struct arena *arena, int64_t stage_run_id, struct standing *out,
                       struct err *err) {
    struct action_run_row *rows = NULL;
    size_t count = 0;
    *out = (struct standing){0};
    if (!action_runs_list_stage(tx, arena, stage_run_id, &rows, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        out->working += rows[i].status == ACTION_IN_PROGRESS;
        out->failed += rows[i].status == ACTION_FAILED || rows[i].status == ACTION_ABANDONED;
        out->succeeded += rows[i].status == ACTION_SUCCEEDED;
    }
    return true;
}

static bool check_status(const struct visit *visit, struct err *err) {
    const char *stage = visit->run.name;
    switch (visit->run.status) {
    case STAGE_FAILED:
    case STAGE_STOPPED:
    case STAGE_IN_PROGRESS:
        break;
    case STAGE_SUCCEEDED:
        return not_retryable(err, stage, "all its actions succeeded");
    case STAGE_SKIPPED:
        return not_retryable(err, stage, "it was skipped");
    case STAGE_STOPPING:
        return not_retryable(err, stage, "it is being stopped; wait until it has stopped");
    case STAGE_CANCELLED:
        return not_retryable(err, stage, "the pipeline was changed while it ran; start the pipeline again");
    }
    if (visit->execution.version != visit->pipeline.version && visit->execution.mode != MODE_PARALLEL)
        return not_retryable(err, stage, "the pipeline was changed since; start it again");
    return true;
}

static bool check_work(struct tx *tx, struct arena *arena, const struct visit *visit, enum retry_mode mode,
                       struct err *err) {
    const struct pipeline_stage *stage = &visit->definition->stages[visit->stage_index];
    struct standing runs;
    if (!count_runs(tx, arena, visit->run.id, &runs, err))
        return false;
    /* Stopped after its last action: there is nothing to do again. A condition can be asked again. */
    if (visit->run.phase == PHASE_ACTIONS && runs.succeeded == stage->action_count)
        return not_retryable(err, visit->run.name, "all its actions succeeded");
    if (visit->run.status == STAGE_IN_PROGRESS && (runs.failed == 0 || visit->run.phase != PHASE_ACTIONS))
        return not_retryable(err, visit->run.name, "it is in progress and nothing in it has failed");
    if (runs.working > 0 && mode == RETRY_ALL_ACTIONS)
        return err_set_code(err, ERR_CONFLICT, "ConflictException",
                            "actions of stage '%s' still run; wait for them, or retry the failed actions only",
                            visit->run.name);
    return true;
}

static bool check_retry(struct tx *tx, struct arena *arena, const struct engine_retry_request *request,
                        struct visit *visit, struct err *err) {
    if (!find_visit(tx, arena, request->pipeline, request->stage, request->execution, visit, err))
        return false;
    if (!visit->was_there)
        return not_retryable(err, request->stage, "the execution has not been in it");
    if (!check_status(visit, err) || !check_newest(tx, visit, err) || !check_work(tx, arena, visit, request->mode, err))
        return false;
    if (visit->run.stage_index != visit->execution.stage_index)
        return not_retryable(err, request->stage, "the execution has left it");
    return !visit->run.ended_ms || check_execution_limit(tx, arena, &visit->pipeline, err);
}

bool engine_can_retry_stage(struct tx *tx, struct arena *arena, const struct engine_retry_request *request, bool *out,
                            struct err *err) {
    struct visit visit;
    struct err why = {.kind = ERR_NONE};
    *out = check_retry(tx, arena, request, &visit, &why);
    return *out || is_refusal(&why) || pass_on(err, &why);
}

bool engine_retry_stage(struct tx *tx, struct arena *arena, const struct engine_retry_request *request,
                        struct err *err) {
    struct visit visit;
    if (!check_retry(tx, arena, request, &visit, err))
        return false;
    const struct engine_event event = {
        .kind = EVENT_RETRY, .execution_id = visit.execution.id, .retry_mode = request->mode};
    return engine_move(tx, arena, visit.pipeline.id, &event, err);
}

/* ---- rollback ---- */

static bool cannot_roll_back(struct err *err, const char *stage, const char *why) {
    return err_set_code(err, ERR_CONFLICT, "UnableToRollbackStageException", "stage '%s' cannot be rolled back: %s",
                        stage, why);
}

static bool check_target(const struct visit *visit, const char *stage, struct err *err) {
    if (visit->execution.version != visit->pipeline.version)
        return err_set_code(err, ERR_CONFLICT, "PipelineExecutionOutdatedException",
                            "execution '%s' ran version %lld of the pipeline, which has version %lld now; choose a "
                            "newer one",
                            visit->execution.uuid, (long long)visit->execution.version,
                            (long long)visit->pipeline.version);
    if (visit->execution.type == EXECUTION_ROLLBACK)
        return cannot_roll_back(err, stage, "the target is a rollback itself; choose the execution it went back to");
    if (!visit->was_there || visit->run.status != STAGE_SUCCEEDED)
        return cannot_roll_back(err, stage, "the target did not succeed in it");
    return true;
}

static bool check_idle(struct tx *tx, struct arena *arena, const struct visit *visit, const char *stage,
                       struct err *err) {
    struct stage_run_row newest;
    bool found = false;
    if (!stage_runs_latest(tx, arena, visit->pipeline.id, stage, &found, &newest, err))
        return false;
    return !found || newest.ended_ms || cannot_roll_back(err, stage, "an execution is in it; wait, or stop that one");
}

static bool check_rollback(struct tx *tx, struct arena *arena, const struct engine_rollback_request *request,
                           struct visit *visit, struct err *err) {
    if (!find_visit(tx, arena, request->pipeline, request->stage, request->target, visit, err))
        return false;
    if (visit->pipeline.mode == MODE_PARALLEL)
        return cannot_roll_back(err, request->stage, "the pipeline's execution mode is PARALLEL");
    if (visit->stage_index == 0)
        return cannot_roll_back(err, request->stage, "it is the source stage; start the pipeline with that revision");
    return check_target(visit, request->stage, err) && check_idle(tx, arena, visit, request->stage, err);
}

bool engine_why_not_roll_back(struct tx *tx, struct arena *arena, const struct engine_rollback_request *request,
                              const char **out, struct err *err) {
    struct visit visit;
    struct err why = {.kind = ERR_NONE};
    *out = NULL;
    if (check_rollback(tx, arena, request, &visit, &why))
        return true;
    *out = arena_strdup(arena, why.message);
    return is_refusal(&why) || pass_on(err, &why);
}

bool engine_can_roll_back_stage(struct tx *tx, struct arena *arena, const struct engine_rollback_request *request,
                                bool *out, struct err *err) {
    const char *why_not = NULL;
    if (!engine_why_not_roll_back(tx, arena, request, &why_not, err))
        return false;
    *out = !why_not;
    return true;
}

bool engine_rollback_stage(struct tx *tx, struct arena *arena, const struct engine_rollback_request *request,
                           const char **execution, struct err *err) {
    struct visit visit;
    if (!check_rollback(tx, arena, request, &visit, err))
        return false;
    struct step step = {.tx = tx, .arena = arena, .pipeline_id = visit.pipeline.id, .pipeline = visit.pipeline.name};
    const struct rollback rollback = {
        .target = &visit.execution,
        .stage_index = visit.stage_index,
        .trigger_type = "ManualRollback",
        .trigger_detail = request->by,
        .by = request->by,
    };
    return rollback_add(&step, &rollback, execution, err) && engine_move(tx, arena, visit.pipeline.id, &look, err);
}

/* ---- transitions ---- */

static bool find_gate(struct tx *tx, struct arena *arena, int64_t pipeline_id, const char *stage, bool *found,
                      struct stage_gate_row *out, struct err *err) {
    struct stage_gate_row *rows = NULL;
    size_t count = 0;
    *found = false;
    if (!stage_gates_list(tx, arena, pipeline_id, &rows, &count, err))
        return false;
    for (size_t i = 0; i < count && !*found; i++) {
        *found = str_equal(rows[i].stage, stage);
        if (*found)
            *out = rows[i];
    }
    return true;
}

static bool put_gate(struct tx *tx, struct arena *arena, const struct pipeline_row *pipeline, const char *stage,
                     const struct engine_transition_request *request, struct err *err) {
    struct stage_gate_row gate, before;
    int64_t now_ms = clock_wall_ms(tx_clock(tx));
    bool found = false;
    if (!find_gate(tx, arena, pipeline->id, stage, &found, &before, err))
        return false;
    bool was_closed = found && !before.enabled;
    if (request->enable && !was_closed) /* open already: who opened it, and when, stays */
        return true;
    gate = (struct stage_gate_row){
        .stage = stage,
        .enabled = request->enable,
        .reason = request->enable ? NULL : request->reason,
        .changed_by = request->by,
        .changed_ms = now_ms,
    };
    gate.resume_after = found ? before.resume_after : 0; /* closing it again lets nobody in */
    if (request->enable && now_ms - before.changed_ms > STALE_GATE_MS)
        gate.resume_after = pipeline->last_number;
    if (was_closed && !request->enable) /* closed since then, for another reason now */
        gate.changed_ms = before.changed_ms;
    return stage_gates_put(tx, pipeline->id, &gate, err);
}

static bool tell_transition(struct tx *tx, struct arena *arena, const char *pipeline, const char *stage,
                            const struct engine_transition_request *request, struct err *err) {
    struct json *detail = json_object(arena);
    json_set_text(arena, detail, "by", request->by);
    json_set_text(arena, detail, "reason", request->enable ? NULL : request->reason);
    const struct event_row event = {
        .type = "transition",
        .pipeline = pipeline,
        .stage = stage,
        .status = request->enable ? "enabled" : "disabled",
        .detail = json_print(arena, detail),
    };
    return events_add(tx, &event, err);
}

bool engine_set_transition(struct tx *tx, struct arena *arena, const struct engine_transition_request *request,
                           struct err *err) {
    struct pipeline_row pipeline;
    const struct pipeline *definition = NULL;
    int index = 0;
    if (!pipelines_get(tx, arena, request->pipeline, &pipeline, err) ||
        !load_definition(tx, arena, pipeline.id, pipeline.version, &definition, err) ||
        !find_stage(definition, request->stage, &index, err))
        return false;
    index += request->outbound;
    if ((size_t)index == definition->stage_count) /* out of the last stage: there is no way to close */
        return true;
    const char *stage = definition->stages[index].name;
    return put_gate(tx, arena, &pipeline, stage, request, err) &&
           tell_transition(tx, arena, pipeline.name, stage, request, err) &&
           engine_move(tx, arena, pipeline.id, &look, err);
}

/* ---- conditions ---- */

bool engine_override_condition(struct tx *tx, struct arena *arena, const struct engine_override_request *request,
                               struct err *err) {
    struct visit visit;
    struct condition_row condition;
    if (!find_visit(tx, arena, request->pipeline, request->stage, request->execution, &visit, err))
        return false;
    if (!visit.was_there || !visit.run.condition_id)
        return err_set_code(err, ERR_CONFLICT, "ConditionNotOverridableException",
                            "stage '%s' has no condition that is in progress", request->stage);
    if (!check_newest(tx, &visit, err) || !conditions_get(tx, arena, visit.run.condition_id, &condition, err))
        return false;
    if (condition.status != CONDITION_IN_PROGRESS || condition.kind != request->kind ||
        visit.run.status != STAGE_IN_PROGRESS)
        return err_set_code(err, ERR_CONFLICT, "ConditionNotOverridableException",
                            "the condition of stage '%s' that you name is not in progress", request->stage);
    if (condition.kind == CONDITION_BEFORE_ENTRY && condition.result == RESULT_SKIP)
        return err_set_code(err, ERR_CONFLICT, "ConditionNotOverridableException",
                            "a condition that may skip stage '%s' cannot be overridden", request->stage);
    const struct engine_event event = {.kind = EVENT_OVERRIDE, .execution_id = visit.execution.id};
    return engine_move(tx, arena, visit.pipeline.id, &event, err);
}
