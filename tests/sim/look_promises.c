/*
 * What the rules of CodePipeline promise about one execution or stage, beyond what no engine may do.
 */
#include "tests/sim/look.h"

#include "common/str.h"
#include "server/jobs/queue.h"

/* Superseding is between stages, by a newer one, in a pipeline of that mode. */
static void check_superseded(const struct seen *seen, const struct seen_execution *execution) {
    bool newer = false;
    if (execution->mode != MODE_SUPERSEDED)
        violated("who is superseded may be", "execution %lld of another mode was", (long long)execution->id);
    for (size_t i = 0; i < seen->execution_count; i++)
        newer = newer || (seen->executions[i].pipeline_id == execution->pipeline_id &&
                          seen->executions[i].number > execution->number);
    if (!newer)
        violated("who is superseded may be", "execution %lld is the newest", (long long)execution->id);
    for (size_t i = 0; i < seen->stage_count; i++) {
        const struct seen_stage *stage = &seen->stages[i];
        if (stage->execution_id == execution->id && stage->status != STAGE_SUCCEEDED && stage->status != STAGE_SKIPPED)
            violated("who is superseded may be", "execution %lld was in stage %s", (long long)execution->id,
                     stage->name);
    }
}

static const struct seen_stage *stage_of(const struct seen *seen, int64_t execution_id, int stage_index) {
    for (size_t i = 0; i < seen->stage_count; i++) {
        if (seen->stages[i].execution_id == execution_id && seen->stages[i].stage_index == stage_index)
            return &seen->stages[i];
    }
    return NULL;
}

static void check_rollback(const struct seen *seen, const struct seen_execution *execution) {
    const struct seen_execution *target = seen_execution(seen, execution->rollback_of);
    const struct seen_stage *stage = target ? stage_of(seen, target->id, execution->stage_index) : NULL;
    if (!target || target->type != EXECUTION_STANDARD || target->version != execution->version)
        violated("a rollback goes back to what was good", "execution %lld has no such target",
                 (long long)execution->id);
    if (!stage || stage->status != STAGE_SUCCEEDED)
        violated("a rollback goes back to what was good", "the target of execution %lld did not succeed there",
                 (long long)execution->id);
}

static bool is_closed(const struct seen *seen, int64_t pipeline_id, const char *stage) {
    for (size_t i = 0; i < seen->gate_count; i++) {
        const struct seen_gate *gate = &seen->gates[i];
        if (gate->pipeline_id == pipeline_id && str_equal(gate->stage, stage))
            return gate->closed && gate->was_closed;
    }
    return false;
}

/* A rollback does not ask. */
static void check_way_in(const struct seen *seen, const struct seen_execution *execution) {
    const struct seen_stage *stage = stage_of(seen, execution->id, execution->stage_index);
    if (stage && execution->type == EXECUTION_STANDARD && is_closed(seen, execution->pipeline_id, stage->name))
        violated("nobody goes through a closed transition", "execution %lld went into stage %s",
                 (long long)execution->id, stage->name);
}

static void check_retries(const struct seen *seen) {
    for (size_t i = 0; i < seen->stage_count; i++) {
        if (seen->stages[i].auto_retries > 1)
            violated("a stage is retried by itself once", "stage run %lld was %lld times",
                     (long long)seen->stages[i].id, (long long)seen->stages[i].auto_retries);
    }
}

/* After a restart of the machine a deadline of the boot before would be far away. */
static void check_leases(const struct sim *sim, const struct seen *seen) {
    for (size_t i = 0; i < seen->job_count; i++) {
        const struct seen_job *job = &seen->jobs[i];
        bool held = job->state == JOB_OFFERED || job->state == JOB_RUNNING;
        if (held && job->deadline_ms > sim_boot_ms(sim) + QUEUE_LEASE_MS)
            violated("a lease lasts a minute", "that of job %s ends in %lld ms", job->id,
                     (long long)(job->deadline_ms - sim_boot_ms(sim)));
    }
}

void look_promises(const struct looking *looking) {
    const struct seen *seen = looking->seen;
    for (size_t i = 0; i < seen->execution_count; i++) {
        const struct seen_execution *execution = &seen->executions[i];
        if (execution->status == EXECUTION_SUPERSEDED)
            check_superseded(seen, execution);
        if (execution->type == EXECUTION_ROLLBACK)
            check_rollback(seen, execution);
        if (execution->entered)
            check_way_in(seen, execution);
    }
    check_retries(seen);
    check_leases(looking->sim, seen);
}
