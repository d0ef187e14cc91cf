/*
 * What must hold among the rows of one look, the runners' own beliefs and the provider's ledger.
 */
#include "tests/sim/look.h"

#include "common/str.h"
#include "server/engine/wait.h"
#include "server/store/executions.h"

/* ---- owners ---- */

static bool believes(const struct sim *sim, const struct runner *runner, const struct slot *slot) {
    return runner->alive && slot->state == SLOT_WORKS && sim->now_ms < slot->believed_ms;
}

static void check_owners(const struct sim *sim) {
    for (size_t i = 0; i < sim->runner_count * SLOTS; i++) {
        const struct slot *slot = &sim->runners[i / SLOTS].slots[i % SLOTS];
        if (!believes(sim, &sim->runners[i / SLOTS], slot))
            continue;
        for (size_t j = i + 1; j < sim->runner_count * SLOTS; j++) {
            const struct slot *other = &sim->runners[j / SLOTS].slots[j % SLOTS];
            if (believes(sim, &sim->runners[j / SLOTS], other) && str_equal(slot->job, other->job))
                violated("a job never has two live owners", "runners %zu and %zu both own job %s", i / SLOTS, j / SLOTS,
                         slot->job);
        }
    }
}

/* ---- stages ---- */

static bool is_open(int status) {
    return status == STAGE_IN_PROGRESS || status == STAGE_STOPPING;
}

static void check_locks(const struct seen *seen) {
    for (size_t i = 0; i < seen->stage_count; i++) {
        const struct seen_stage *stage = &seen->stages[i];
        if (!is_open(stage->status) || seen_execution(seen, stage->execution_id)->mode == MODE_PARALLEL)
            continue;
        for (size_t j = i + 1; j < seen->stage_count; j++) {
            const struct seen_stage *other = &seen->stages[j];
            if (is_open(other->status) && other->pipeline_id == stage->pipeline_id &&
                str_equal(other->name, stage->name) && seen_execution(seen, other->execution_id)->mode != MODE_PARALLEL)
                violated("one execution at a time is in a stage", "executions %lld and %lld are in stage %s",
                         (long long)stage->execution_id, (long long)other->execution_id, stage->name);
        }
    }
}

static bool wait_at_same_place(const struct seen_execution *a, const struct seen_execution *b) {
    return a->pipeline_id == b->pipeline_id && a->version == b->version && a->mode == b->mode &&
           a->stage_index == b->stage_index && a->type == EXECUTION_STANDARD && b->type == EXECUTION_STANDARD;
}

static void check_waiting(const struct seen *seen) {
    for (size_t i = 0; i < seen->execution_count; i++) {
        const struct seen_execution *execution = &seen->executions[i];
        for (size_t j = 0; j < i; j++) {
            const struct seen_execution *older = &seen->executions[j];
            if (older->place != PLACE_WAITING || !wait_at_same_place(execution, older))
                continue;
            if (execution->mode == MODE_QUEUED && execution->entered)
                violated("nobody is overtaken in a queue", "execution %lld went in before %lld",
                         (long long)execution->id, (long long)older->id);
            if (execution->mode == MODE_SUPERSEDED && execution->place == PLACE_WAITING)
                violated("one execution waits before a stage", "executions %lld and %lld wait there",
                         (long long)older->id, (long long)execution->id);
        }
    }
}

/* ---- actions ---- */

static void check_targets(const struct seen *seen) {
    for (size_t i = 0; i < seen->action_count; i++) {
        const struct seen_action *action = &seen->actions[i];
        if (action->status != ACTION_IN_PROGRESS || !action->holds_target)
            continue;
        for (size_t j = i + 1; j < seen->action_count; j++) {
            const struct seen_action *other = &seen->actions[j];
            if (other->status == ACTION_IN_PROGRESS && other->holds_target && str_equal(other->target, action->target))
                violated("a deploy target has one holder", "action runs %lld and %lld hold '%s'", (long long)action->id,
                         (long long)other->id, action->target);
        }
    }
}

static bool has_holder(const struct seen *seen, const char *target) {
    for (size_t i = 0; i < seen->action_count; i++) {
        const struct seen_action *action = &seen->actions[i];
        if (action->status == ACTION_IN_PROGRESS && action->holds_target && str_equal(action->target, target))
            return true;
    }
    return false;
}

/* What is in progress is in somebody's hands: a person's, the queue's, the clock's, or another deploy is before it. */
static void check_in_hands(const struct seen *seen, const struct seen_action *action) {
    const struct seen_job *job = seen_job_of(seen, action->id);
    if (job && job->state == JOB_DONE)
        violated("nothing stands still", "action run %lld is in progress and its job has ended", (long long)action->id);
    if (job && job->state != JOB_QUEUED && job->deadline_ms == 0)
        violated("nothing stands still", "job %s is held without an end", job->id);
    if (job || action->approval || action->clocked || seen_by_worker(seen, action->id))
        return;
    if (action->target && !action->holds_target && has_holder(seen, action->target))
        return;
    violated("nothing stands still", "action run %lld (%s/%s) is in progress and in nobody's hands",
             (long long)action->id, action->stage, action->action);
}

/* Whose action has ended does nothing any more, or has been told to stop. */
static void check_over(const struct seen *seen, const struct seen_action *action) {
    const struct seen_job *job = seen_job_of(seen, action->id);
    if (job && job->state != JOB_DONE && job->cancel == JOB_CANCEL_NONE)
        violated("what has ended is not worked on", "action run %lld has ended and its job %s is %s",
                 (long long)action->id, job->id, state_name(&job_states, job->state));
}

/* A person is asked while the answer can still matter, and a no is one. */
static void check_question(const struct seen *seen, const struct seen_action *action) {
    const struct seen_job *job = seen_job_of(seen, action->id);
    if (*action->question && (action->status != ACTION_IN_PROGRESS || !job || job->cancel != JOB_CANCEL_NONE))
        violated("nobody is asked in vain", "action run %lld asks and has ended or is being undone",
                 (long long)action->id);
    if (action->rejected && action->status == ACTION_SUCCEEDED)
        violated("a no is a no", "action run %lld was rejected and succeeded", (long long)action->id);
}

/* The ledger and the history tell the same. */
static void check_effect(const struct sim *sim, const struct seen *seen, const struct seen_action *action) {
    const struct effect *effect = provider_find(sim, action->uuid);
    const struct seen_job *job = seen_job_of(seen, action->id);
    if (!job || !str_equal(job->provider, "ECS"))
        return;
    if (action->status == ACTION_SUCCEEDED && (!effect || !effect->in_place))
        violated("what is shown as deployed is", "action run %lld succeeded and its deploy is not in place",
                 (long long)action->id);
    if (action->status == ACTION_ABANDONED && job->cancel == JOB_CANCEL_UNDO && job->state == JOB_DONE && effect &&
        effect->in_place)
        violated("what is shown as undone is", "action run %lld was undone and its deploy is in place",
                 (long long)action->id);
}

static void check_actions(const struct sim *sim, const struct seen *seen) {
    for (size_t i = 0; i < seen->action_count; i++) {
        const struct seen_action *action = &seen->actions[i];
        check_question(seen, action);
        if (action->status == ACTION_IN_PROGRESS)
            check_in_hands(seen, action);
        else {
            check_over(seen, action);
            check_effect(sim, seen, action);
        }
    }
}

/* ---- executions ---- */

static bool works(const struct seen *seen, const struct seen_execution *execution) {
    for (size_t i = seen->action_count; i-- > 0;) {
        if (seen->actions[i].execution_id == execution->id && seen->actions[i].status == ACTION_IN_PROGRESS)
            return true;
    }
    return false;
}

static void check_executions(const struct seen *seen) {
    for (size_t i = 0; i < seen->execution_count; i++) {
        const struct seen_execution *execution = &seen->executions[i];
        bool working = works(seen, execution);
        if (execution->place == PLACE_INSIDE && !working)
            violated("nothing stands still", "execution %lld is in its stage and nothing of it is in progress",
                     (long long)execution->id);
        if (execution->place != PLACE_INSIDE && working)
            violated("nothing works outside of a stage", "execution %lld is in no stage and an action is in progress",
                     (long long)execution->id);
    }
}

/* ---- the clock, and who is parked ---- */

static void check_clock(const struct sim *sim, int64_t next_deadline_ms) {
    if (!sim->clock_woken && !sim->clock_failed && next_deadline_ms < sim->clock_boot_ms)
        violated("the clock is awake for what is due", "it sleeps until %lld, and something is due at %lld",
                 (long long)sim->clock_boot_ms, (long long)next_deadline_ms);
}

static bool may_have(const struct runner *runner, const struct seen_job *job) {
    return job->state == JOB_QUEUED && !job->held &&
           (job->cancel == JOB_CANCEL_NONE || !*job->left_by || str_equal(job->left_by, runner->id));
}

/* history.c gives the project "tools" a limit of one. */
static void check_limit(const struct seen *seen) {
    size_t in_work = 0, held = 0;
    for (size_t i = 0; i < seen->job_count; i++) {
        const struct seen_job *job = &seen->jobs[i];
        bool counts = job->state != JOB_DONE && str_equal(job->project, "tools");
        in_work += counts && !job->held;
        held += counts && job->held;
        if (job->held && job->state != JOB_QUEUED && job->state != JOB_DONE)
            violated("a build above the limit waits", "job %s is held back and not queued", job->id);
    }
    if (in_work > 1)
        violated("a project has no more builds in work than it may", "'tools' has %zu", in_work);
    if (held > 0 && in_work == 0)
        violated("nothing stands still", "%zu builds of 'tools' are held back and none is in work", held);
}

static void check_parked(const struct seen *seen, const struct runner *runner, const struct slot *slot) {
    for (size_t i = 0; i < seen->job_count; i++) {
        const struct seen_job *job = &seen->jobs[i];
        if (slot->state == SLOT_PARKED && may_have(runner, job))
            violated("who waits for work is woken", "a runner waits and job %s is in the queue", job->id);
        if (slot->state == SLOT_WORKS && slot->beat_parked && str_equal(job->id, slot->job) &&
            job->token == slot->token && job->state == JOB_RUNNING && job->cancel != JOB_CANCEL_NONE)
            violated("who is to stop is woken", "the runner of job %s waits and has not heard of its cancel", job->id);
        const struct seen_action *action = seen_action(seen, slot->action_run ? slot->action_run : "");
        if (slot->state == SLOT_WORKS && slot->beat_parked && str_equal(job->id, slot->job) &&
            job->token == slot->token && job->state == JOB_RUNNING && action && action->answered &&
            slot->answer == PAUSE_WAITING)
            violated("who asked is woken", "the runner of job %s waits and has not heard the answer", job->id);
    }
}

void look_rules(const struct looking *looking) {
    const struct sim *sim = looking->sim;
    const struct seen *seen = looking->seen;
    check_owners(sim);
    check_locks(seen);
    check_waiting(seen);
    check_limit(seen);
    check_targets(seen);
    check_actions(sim, seen);
    check_executions(seen);
    check_clock(sim, looking->next_deadline_ms);
    for (size_t i = 0; i < sim->runner_count * SLOTS; i++) {
        const struct runner *runner = &sim->runners[i / SLOTS];
        if (runner->exists && runner->alive)
            check_parked(seen, runner, &runner->slots[i % SLOTS]);
    }
}

static bool is_worked_on(const struct seen *seen, int64_t action_run_id) {
    const struct seen_job *job = seen_job_of(seen, action_run_id);
    return (job && (job->state == JOB_OFFERED || job->state == JOB_RUNNING)) || seen_by_worker(seen, action_run_id);
}

/* Somebody works on one of its actions, or will say what it is that they wait for. */
static bool must_say(const struct seen *seen, const struct seen_execution *execution) {
    if (execution->place != PLACE_INSIDE)
        return execution->place == PLACE_WAITING;
    for (size_t i = 0; i < seen->action_count; i++) {
        const struct seen_action *action = &seen->actions[i];
        if (action->execution_id == execution->id && action->status == ACTION_IN_PROGRESS &&
            is_worked_on(seen, action->id))
            return false;
    }
    return true;
}

/* Who waits can say for whom or what. */
bool look_waits(struct tx *tx, const struct looking *looking, struct err *err) {
    const struct seen *seen = looking->seen;
    for (size_t i = 0; i < seen->execution_count; i++) {
        const struct seen_execution *execution = &seen->executions[i];
        struct execution_row row;
        const char *wait = NULL;
        if (!must_say(seen, execution))
            continue;
        if (!executions_get_by_id(tx, &looking->sim->scratch, execution->id, &row, err) ||
            !wait_of_execution(tx, &looking->sim->scratch, &row, &wait, err))
            return false;
        if (!wait)
            violated("who waits says for whom", "execution %lld waits and cannot say for what",
                     (long long)execution->id);
    }
    return true;
}
