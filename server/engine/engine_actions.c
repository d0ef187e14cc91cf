/*
 * What people do to single actions: answer an approval, give up one that is being undone.
 */
#include "common/str.h"
#include "common/utf8.h"
#include "server/engine/carry_out.h"
#include "server/engine/engine.h"
#include "server/engine/load.h"
#include "server/jobs/deployment.h"
#include "server/store/events.h"

#define ANSWER_MAX 512 /* characters */
#define RULES_MAX 100  /* the newest of an execution: those under way are among them */

static const struct engine_event look = {.kind = EVENT_LOOK};
static const struct build_ending stopped_build = {.status = BUILD_STOPPED};

/* AWS's error for a stage or action that the definition does not have; true where it has both. */
static bool check_names(struct tx *tx, struct arena *arena, int64_t pipeline_id, int64_t version, const char *stage,
                        const char *action, struct err *err) {
    const struct pipeline *definition = NULL;
    if (!load_definition(tx, arena, pipeline_id, version, &definition, err))
        return false;
    for (size_t i = 0; i < definition->stage_count; i++) {
        if (!str_equal(definition->stages[i].name, stage))
            continue;
        for (size_t j = 0; j < definition->stages[i].action_count; j++) {
            if (str_equal(definition->stages[i].actions[j].name, action))
                return true;
        }
        return err_set_code(err, ERR_NOT_FOUND, "ActionNotFoundException", "stage '%s' has no action '%s'", stage,
                            action);
    }
    return err_set_code(err, ERR_NOT_FOUND, "StageNotFoundException", "the pipeline has no stage '%s'", stage);
}

/* ---- approvals ---- */

static bool wrong_token(struct err *err) {
    return err_set_code(err, ERR_CONFLICT, "InvalidApprovalTokenException",
                        "this is not the token of an approval that waits; get the current one");
}

/* What a token is for: a manual approval, or a deploy in a pause. */
struct question {
    struct action_run_row action;
    bool is_pause;
    struct pause_row pause;
};

static bool find_token(struct tx *tx, struct arena *arena, const char *token, bool *found, struct question *out,
                       struct err *err) {
    *out = (struct question){0};
    if (!action_runs_find_token(tx, arena, token, found, &out->action, err))
        return false;
    if (*found)
        return true;
    if (!pauses_of_token(tx, arena, token, found, &out->pause, err))
        return false;
    out->is_pause = *found;
    return !*found || action_runs_get_by_id(tx, arena, out->pause.action_run_id, &out->action, err);
}

static bool completed(struct err *err) {
    return err_set_code(err, ERR_CONFLICT, "ApprovalAlreadyCompletedException", "this approval was answered already");
}

static bool check_pause(struct tx *tx, const struct pause_row *pause, struct err *err) {
    bool expired = pause->expires_ms && pause->expires_ms <= clock_wall_ms(tx_clock(tx));
    if (pause->state == PAUSE_APPROVED || pause->state == PAUSE_REJECTED)
        return completed(err);
    return (pause->state == PAUSE_WAITING && !expired) || wrong_token(err);
}

/* What the token is for, and still waits. */
static bool find_question(struct tx *tx, struct arena *arena, const struct engine_answer *answer, struct question *out,
                          struct err *err) {
    struct pipeline_row pipeline;
    const struct action_run_row *action = &out->action;
    bool found = false;
    if (!pipelines_get(tx, arena, answer->pipeline, &pipeline, err) ||
        !find_token(tx, arena, answer->token, &found, out, err))
        return false;
    if (!found || action->pipeline_id != pipeline.id || !str_equal(action->stage, answer->stage) ||
        !str_equal(action->action, answer->action))
        return check_names(tx, arena, pipeline.id, pipeline.version, answer->stage, answer->action, err) &&
               wrong_token(err);
    if (out->is_pause)
        return check_pause(tx, &out->pause, err);
    if (action->status == ACTION_IN_PROGRESS)
        return true;
    if (!action->updated_by && action->status != ACTION_SUCCEEDED) /* expired, or given up with its execution */
        return wrong_token(err);
    return completed(err);
}

static bool tell_answer(struct step *step, const struct action_run_row *action, const char *status, const char *by,
                        struct err *err) {
    struct json *detail = json_object(step->arena);
    json_set_text(step->arena, detail, "by", by);
    const struct event_row event = {
        .type = "approval",
        .pipeline = action->pipeline,
        .execution = action->execution,
        .stage = action->stage,
        .action = action->action,
        .status = status,
        .detail = json_print(step->arena, detail),
    };
    return events_add(step->tx, &event, err);
}

/* A manual approval ends with the answer. */
static bool end_approval(struct tx *tx, struct arena *arena, const struct engine_answer *answer,
                         const struct action_run_row *action, struct err *err) {
    struct step step = {.tx = tx, .arena = arena, .pipeline_id = action->pipeline_id, .pipeline = action->pipeline};
    struct action_end end = {
        .status = answer->approved ? ACTION_SUCCEEDED : ACTION_FAILED,
        .summary = answer->summary,
        .updated_by = answer->by ? answer->by : "unknown",
    };
    if (!answer->approved) {
        end.error_code = "JobFailed";
        end.error_message = arena_printf(arena, "rejected by %s", end.updated_by);
    }
    return tell_answer(&step, action, answer->approved ? "approved" : "rejected", answer->by, err) &&
           end_action(&step, action, &end, err) && engine_move(tx, arena, action->pipeline_id, &look, err);
}

bool engine_answer_approval(struct tx *tx, struct arena *arena, const struct engine_answer *answer,
                            int64_t *answered_ms, struct err *err) {
    struct question question;
    if (answer->summary && utf8_count(answer->summary) > ANSWER_MAX)
        return err_set_code(err, ERR_INVALID, "ValidationException", "the summary has more than %d characters",
                            ANSWER_MAX);
    if (!find_question(tx, arena, answer, &question, err))
        return false;
    *answered_ms = clock_wall_ms(tx_clock(tx));
    /* The deploy goes on, or back, as its runner says: nothing for the rules yet. */
    if (question.is_pause)
        return deployment_answer(tx, arena, &question.action, &question.pause, answer->approved, answer->by,
                                 answer->summary, err);
    return end_approval(tx, arena, answer, &question.action, err);
}

/* ---- giving up ---- */

static bool find_named(const struct action_run_row *rows, size_t count, const struct engine_abandon_request *request,
                       struct action_run_row *out) {
    for (size_t i = 0; i < count; i++) {
        if (rows[i].status == ACTION_IN_PROGRESS && str_equal(rows[i].stage, request->stage) &&
            str_equal(rows[i].action, request->action)) {
            *out = rows[i];
            return true;
        }
    }
    return false;
}

/* The run of the action, or of a rule of a condition, that is under way; else its newest. A deleted pipeline's too: its
 * executions are being undone, and that may never end. */
static bool find_action(struct tx *tx, struct arena *arena, const struct engine_abandon_request *request,
                        struct execution_row *execution, struct action_run_row *out, struct err *err) {
    struct action_run_row *rows = NULL, *rules = NULL;
    size_t count = 0, rule_count = 0;
    if (!executions_find(tx, arena, request->pipeline, request->execution, execution, err) ||
        !action_runs_list(tx, arena, execution->id, &rows, &count, err) ||
        !action_runs_list_rules_of(tx, arena, execution->id, true, 0, RULES_MAX, &rules, &rule_count, err))
        return false;
    if (find_named(rows, count, request, out) || find_named(rules, rule_count, request, out))
        return true;
    for (size_t i = count; i-- > 0;) {
        if (str_equal(rows[i].stage, request->stage) && str_equal(rows[i].action, request->action)) {
            *out = rows[i];
            return true;
        }
    }
    return check_names(tx, arena, execution->pipeline_id, execution->version, request->stage, request->action, err) &&
           err_set_code(err, ERR_CONFLICT, "ConflictException", "action '%s' has not begun", request->action);
}

/* Nobody watches what runs of it any more. */
static bool give_up_job(struct tx *tx, struct arena *arena, int64_t action_run_id, struct err *err) {
    struct batch_row batch;
    struct job_row job;
    bool found = false, ended = false;
    if (!batches_of_action(tx, arena, action_run_id, &found, &batch, err))
        return false;
    if (found)
        return batch_abandon(tx, arena, batch.id, err);
    return job_rows_of_action(tx, arena, action_run_id, &found, &job, err) &&
           (!found || queue_cancel(tx, job.id, JOB_CANCEL_ABANDON, &ended, err)) &&
           (!ended || !job.build_id || build_finish(tx, arena, &job, &stopped_build, err));
}

bool engine_abandon_action(struct tx *tx, struct arena *arena, const struct engine_abandon_request *request,
                           struct err *err) {
    struct execution_row execution;
    struct action_run_row action;
    if (!find_action(tx, arena, request, &execution, &action, err))
        return false;
    if (action.status != ACTION_IN_PROGRESS || execution.stop_mode != STOP_ABANDON)
        return err_set_code(err, ERR_CONFLICT, "ConflictException",
                            "action '%s' is not being undone; stop its execution first", request->action);
    if (!give_up_job(tx, arena, action.id, err))
        return false;
    struct step step = {.tx = tx, .arena = arena, .pipeline_id = action.pipeline_id, .pipeline = action.pipeline};
    const struct action_end end = {.status = ACTION_ABANDONED,
                                   .summary = "given up while it was being undone; what it began may still run",
                                   .updated_by = request->by};
    return end_action(&step, &action, &end, err) && engine_move(tx, arena, action.pipeline_id, &look, err);
}
