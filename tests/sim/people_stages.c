/* What people do to stages: try again, go back, open and close the way in, go on against a condition. */
#include "tests/sim/people.h"

#include "tests/sim/draw.h"

/* One that an execution has been in, mostly of these, and one of the newest; NULL: there is none. */
static const struct seen_stage *pick_stage(const struct sim *sim, unsigned statuses, bool behind_source) {
    const struct seen *seen = sim->seen;
    const struct seen_stage *found = NULL;
    for (size_t i = 0; i < seen->stage_count; i++) {
        const struct seen_stage *stage = &seen->stages[i];
        bool right = (statuses & 1u << stage->status) && (stage->stage_index > 0 || !behind_source);
        if ((right && (!found || draw_chance(600))) || draw_chance(10))
            found = stage;
    }
    return found;
}

static bool retry(struct tx *tx, void *context, struct err *err) {
    const struct order *order = context;
    return engine_retry_stage(tx, &order->sim->scratch, order->retry, err);
}

/* What succeeded counts still, after the failed actions were retried; another retry may have followed by itself. */
static void check_kept(struct sim *sim, const struct seen_stage *before) {
    const struct seen *seen = sim->seen;
    bool *counted = arena_array(&sim->scratch, bool, seen->action_count);
    size_t were = seen->action_count;
    for (size_t i = 0; i < were; i++)
        counted[i] = seen->actions[i].stage_run_id == before->id && seen->actions[i].status == ACTION_SUCCEEDED &&
                     !seen->actions[i].set_aside;
    look(sim, false);
    if (seen_stage(seen, before->id)->retries != before->retries + 1)
        return;
    for (size_t i = 0; i < were; i++) {
        if (counted[i] && seen->actions[i].set_aside)
            violated("no action twice", "action run %s succeeded and a retry of what failed does it again",
                     seen->actions[i].uuid);
    }
}

bool people_retry(struct sim *sim) {
    const struct seen_stage *stage = pick_stage(sim, 1u << STAGE_FAILED | 1u << STAGE_STOPPED, false);
    if (!stage)
        return false;
    const struct seen_execution *execution = seen_execution(sim->seen, stage->execution_id);
    const struct engine_retry_request request = {.pipeline = execution->pipeline,
                                                 .stage = stage->name,
                                                 .execution = execution->uuid,
                                                 .mode = draw_chance(500) ? RETRY_ALL_ACTIONS : RETRY_FAILED_ACTIONS,
                                                 .by = "someone"};
    struct order order = {.retry = &request};
    struct seen_stage before = *stage;
    if (people_ask(sim, retry, &order, people_say(sim, "retry", stage->name, execution->uuid)) != ANSWER_DONE)
        return true;
    count(COUNT_RETRIES);
    if (request.mode == RETRY_FAILED_ACTIONS)
        check_kept(sim, &before);
    return true;
}

static bool rollback(struct tx *tx, void *context, struct err *err) {
    struct order *order = context;
    return engine_rollback_stage(tx, &order->sim->scratch, order->rollback, &order->execution, err);
}

/* What was accepted is there afterwards, as every start is. */
bool people_roll_back(struct sim *sim) {
    const struct seen_stage *stage = pick_stage(sim, 1u << STAGE_SUCCEEDED, true);
    if (!stage)
        return false;
    const struct seen_execution *execution = seen_execution(sim->seen, stage->execution_id);
    const struct engine_rollback_request request = {
        .pipeline = execution->pipeline, .stage = stage->name, .target = execution->uuid, .by = "someone"};
    struct order order = {.rollback = &request};
    if (people_ask(sim, rollback, &order, people_say(sim, "roll back", stage->name, execution->uuid)) != ANSWER_DONE)
        return true;
    people_acknowledge(people_remember_start(sim, 0, ""), order.execution);
    count(COUNT_ROLLBACKS);
    return true;
}

static bool set_transition(struct tx *tx, void *context, struct err *err) {
    const struct order *order = context;
    return engine_set_transition(tx, &order->sim->scratch, order->transition, err);
}

void people_turn_transition(struct sim *sim, const struct design *design, const char *stage, bool enable) {
    const struct engine_transition_request request = {.pipeline = design->name,
                                                      .stage = stage,
                                                      .enable = enable,
                                                      .reason = enable ? NULL : "not now",
                                                      .by = "someone"};
    struct order order = {.transition = &request};
    if (people_ask(sim, set_transition, &order,
                   people_say(sim, enable ? "open the way into" : "close the way into", stage, NULL)) == ANSWER_DONE)
        count(COUNT_TRANSITIONS);
}

static bool override(struct tx *tx, void *context, struct err *err) {
    const struct order *order = context;
    return engine_override_condition(tx, &order->sim->scratch, order->override, err);
}

/* Mostly one that is at a condition. */
bool people_override(struct sim *sim) {
    const struct seen_stage *stage = NULL;
    for (size_t i = 0; i < sim->seen->stage_count; i++) {
        const struct seen_stage *candidate = &sim->seen->stages[i];
        if (candidate->status == STAGE_IN_PROGRESS && (candidate->phase != PHASE_ACTIONS || draw_chance(50)))
            stage = candidate;
    }
    if (!stage)
        return false;
    const struct seen_execution *execution = seen_execution(sim->seen, stage->execution_id);
    const struct engine_override_request request = {.pipeline = execution->pipeline,
                                                    .stage = stage->name,
                                                    .execution = execution->uuid,
                                                    .kind = stage->phase == PHASE_ENTRY ? CONDITION_BEFORE_ENTRY
                                                                                        : CONDITION_ON_SUCCESS,
                                                    .by = "someone"};
    struct order order = {.override = &request};
    if (people_ask(sim, override, &order, people_say(sim, "override", stage->name, execution->uuid)) == ANSWER_DONE)
        count(COUNT_OVERRIDES);
    return true;
}
