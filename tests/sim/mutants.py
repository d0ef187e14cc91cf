"""Bugs put in on purpose, which the simulation must find: tests/sim/run_mutants.py puts in one after the other. `text`
stands in `file` exactly once; `why` says what would be wrong in the world."""

from typing import NamedTuple


class Mutant(NamedTuple):
    name: str
    file: str
    text: str
    instead: str
    why: str


MUTANTS = [
    # ---- leases and fences
    Mutant("no token check", "server/jobs/queue.c",
           "if (!is_held(&job) || job.token != fence->token || !str_equal(job.runner_id, fence->runner_id))",
           "if (!is_held(&job) || !str_equal(job.runner_id, fence->runner_id))",
           "what a runner sends late is taken as said by who has the job now"),
    Mutant("the token stays in the queue", "server/store/job_changes.c",
           "UPDATE jobs SET state = 'queued', token = token + 1,",
           "UPDATE jobs SET state = 'queued', token = token,",
           "who lost the job is fenced off only when somebody else gets it"),
    Mutant("a mark without a fence", "server/jobs/queue.c",
           "    if (!queue_hold(tx, &arena, fence, &job, err))\n",
           "    if (!job_rows_get(tx, &arena, fence->job_id, &job, err))\n"
           "        return false;\n"
           "    if (job.state != JOB_RUNNING && !stale(fence->job_id, err))\n",
           "the fence is not checked in the transaction that writes"),
    Mutant("what was given up may begin", "server/jobs/queue.c",
           "    if (job.cancel == JOB_CANCEL_ABANDON)\n",
           "    if (job.cancel == JOB_CANCEL_ABANDON && !fence)\n",
           "a deploy begins beside the next one of its target"),
    Mutant("leases of the boot before", "server/engine/engine_clock.c",
           "return job_rows_extend_all(tx, clock_boot_ms(tx_clock(tx)) + QUEUE_LEASE_MS, err)",
           "return job_rows_next_deadline(tx, &(int64_t){0}, err)",
           "after a restart of the machine the stored deadlines mean nothing"),
    Mutant("leases without an end", "server/jobs/queue.c",
           "int64_t deadline = clock_boot_ms(tx_clock(tx)) + QUEUE_LEASE_MS;",
           "int64_t deadline = clock_boot_ms(tx_clock(tx)) + 1000LL * QUEUE_LEASE_MS;",
           "a lost runner keeps its job for most of a day"),
    Mutant("short leases", "server/jobs/queue.c",
           "int64_t deadline = clock_boot_ms(tx_clock(tx)) + QUEUE_LEASE_MS;",
           "int64_t deadline = clock_boot_ms(tx_clock(tx)) + QUEUE_LEASE_MS / 4;",
           "the job is given to another one while its runner still believes in it"),
    Mutant("undone without a look at the mark", "server/jobs/queue_end.c",
           "bool nothing_to_undo = (!job.checkpoint && !job.left_by) || cancel == JOB_CANCEL_ABANDON;",
           "bool nothing_to_undo = true;",
           "a deploy whose runner was lost is shown as undone and stays in place"),
    # ---- wakes
    Mutant("nobody is woken for a job", "server/jobs/queue_end.c",
           "    tx_wake(tx, WAKE_JOBS);\n    if (job->queued_until_ms)",
           "    if (job->queued_until_ms)",
           "a runner waits beside a job that waits"),
    Mutant("nobody is woken for a cancel", "server/jobs/queue_end.c",
           '    wake_job(tx, job.id);\n    return queue_tell(tx, &job, "cancelling", err);',
           '    return queue_tell(tx, &job, "cancelling", err);',
           "a runner works on until its next question"),
    Mutant("the clock sleeps through an offer", "server/jobs/queue.c",
           "    tx_wake(tx, WAKE_CLOCK);\n", "",
           "the end of a lease is noticed whenever something else wakes the clock"),
    # ---- stages
    Mutant("two in a stage", "server/engine/advance.c",
           "    return other->place == PLACE_INSIDE || (other->place == PLACE_WAITING && other->type == EXECUTION_ROLLBACK &&",
           "    return (other->place == PLACE_WAITING && other->type == EXECUTION_ROLLBACK &&",
           "the stage lock is not asked"),
    Mutant("the older one supersedes", "server/engine/advance.c",
           "if (other->number > execution->number && other->place == PLACE_WAITING",
           "if (other->number < execution->number && other->place == PLACE_WAITING",
           "the newest push never gets through"),
    Mutant("superseded in a stage", "server/engine/advance.c",
           "        return look_inside(execution, decisions);",
           "        if (execution->mode == MODE_SUPERSEDED && newer_waiting(view, execution)) {\n"
           "            decide_status(decisions, execution, EXECUTION_SUPERSEDED, NULL);\n"
           "            return true;\n"
           "        }\n"
           "        return look_inside(execution, decisions);",
           "a newer push ends a deploy in its middle"),
    Mutant("the queue from its end", "server/store/executions.c",
           "AND e.place <> 'ended' ORDER BY e.number\"",
           "AND e.place <> 'ended' ORDER BY e.number DESC\"",
           "who came last goes in first"),
    Mutant("closed transitions are open", "server/engine/load.c",
           "gates[view->gate_count++] = (struct view_gate){.stage = rows[i].stage, .reason = reason};",
           "gates[0] = (struct view_gate){.stage = rows[i].stage, .reason = reason};",
           "people close a transition and executions go through"),
    Mutant("the stop is not kept", "server/engine/carry_out.c",
           "return executions_set_stop(step->tx, execution->id, decision->stop_from, decision->stop, err);",
           "return true;",
           "after the next event nobody knows that the execution is to stop"),
    # ---- deploy targets
    Mutant("a target for everybody", "server/engine/target.c",
           "    *had = !found;\n    return found || action_runs_take_target(",
           "    *had = true;\n    return action_runs_take_target(",
           "two executions deploy to one service at a time"),
    Mutant("a target is not passed on", "server/engine/target.c",
           "    if (!ended->target)\n        return true;",
           "    if (!ended->target || ended->status == ACTION_IN_PROGRESS)\n        return true;",
           "who waits for the target waits for ever"),
    Mutant("passed on before it is free", "server/engine/carry_out.c",
           "           action_runs_end(step->tx, action->id, end, err) && events_add(step->tx, &event, err) &&\n"
           "           target_pass_on(step, action, err);",
           "           target_pass_on(step, action, err) && action_runs_end(step->tx, action->id, end, err) &&\n"
           "           events_add(step->tx, &event, err);",
           "two writes in the wrong order"),
    Mutant("passed on to who is to be stopped", "server/engine/carry_out.c",
           "return action.holds_target ? undo_action(step, decision, false, err) : abandon(step, &action, err);",
           "return abandon(step, &action, err);",
           "a deploy begins after its execution was stopped; the simulation found this one by itself"),
    # ---- retry and rollback
    Mutant("a retry of everything", "server/store/action_run_changes.c",
           '"AND (:all OR status IN (\'Failed\', \'Abandoned\'))"',
           '"AND (:all OR 1)"',
           "a retry of the failed actions does those again that succeeded"),
    Mutant("back to what failed", "server/store/executions.c",
           "AND s.status = 'Succeeded' AND s.execution_id < :before AND e.type = 'STANDARD' ",
           "AND s.status = 'Failed' AND s.execution_id < :before AND e.type = 'STANDARD' ",
           "a rollback on failure goes back to another failure"),
    Mutant("retried without an end", "server/engine/advance.c",
           "if (execution->auto_retries == 0)", "if (execution->auto_retries < 3)",
           "a stage that cannot succeed is tried again and again"),
    Mutant("the artifact of the first try", "server/store/artifact_rows.c",
           "ORDER BY f.execution_id = :execution_id DESC, a.id DESC LIMIT 1",
           "ORDER BY f.execution_id = :execution_id DESC, a.id LIMIT 1",
           "after a retry the old build is deployed"),
    Mutant("the variable of the first try", "server/store/action_runs.c",
           "ORDER BY a.execution_id = :execution_id DESC, a.id DESC LIMIT 1",
           "ORDER BY a.execution_id = :execution_id DESC, a.id LIMIT 1",
           "after a retry a build gets what the old one put out"),
    # ---- schedules and job workers
    Mutant("a missed schedule is forgotten", "server/engine/engine_schedules.c",
           "if (!row->enabled || (row->next_ms && row->next_ms <= now))",
           "if (!row->enabled)",
           "what came due while the server was away is not started"),
    Mutant("any worker may acknowledge", "server/jobs/worker_queue.c",
           "if (!job.nonce || !hash_equal_text(job.nonce, nonce))",
           "if (!job.nonce && !nonce)",
           "two workers do one job"),
    # ---- questions of deploys
    Mutant("nobody is woken for an answer", "server/jobs/deployment.c",
           "           wake_holder(tx, arena, action->id, err);", "           (action || wake_holder(tx, arena, 0, err));",
           "a deploy goes on waiting beside its answer until its next sign of life"),
    Mutant("a question outlives its stop", "server/engine/carry_out.c",
           "    return deployment_stop_asking(step->tx, step->arena, &action, err) &&\n           queue_cancel(",
           "    return queue_cancel(",
           "a person approves what is being undone"),
    Mutant("an answer is asked for twice", "server/jobs/deployment.c",
           "    if (found && before.state != PAUSE_GONE)\n        return true;\n", "",
           "the next holder of the job cannot tell where it is"),
    # ---- builds
    Mutant("what was held back stays so", "server/jobs/queue_end.c",
           " && queue_let_go(tx, job->project, err);", ";",
           "a build above its project's limit is never offered"),
    Mutant("a limit is not looked at", "server/jobs/queue_end.c",
           ".held = !room,", ".held = room && !job,",
           "a project has more builds in work than it may"),
    # ---- starts
    Mutant("the client token is not looked at", "server/engine/engine_executions.c",
           "    if (found) {\n        *execution = earlier.uuid;",
           "    if (found && !*earlier.uuid) {\n        *execution = earlier.uuid;",
           "a start that is sent twice fails or starts twice"),
    # ---- the store
    Mutant("answered before it is durable", "server/store/connection.c",
           '"PRAGMA synchronous = FULL;"', '"PRAGMA synchronous = NORMAL;"',
           "a power loss takes what was acknowledged"),
    Mutant("the commit's failure is not looked at", "server/store/db.c",
           'code = connection_step(writer, "COMMIT");', '(void)connection_step(writer, "COMMIT");',
           "on a full disk everything is acknowledged and nothing is kept"),
    Mutant("a group that was rolled back is acknowledged", "server/store/db.c",
           "    if (code == SQLITE_OK) {\n        fire_wakes(db);\n        return;",
           "    if (code == SQLITE_OK || code == SQLITE_FULL) {\n        fire_wakes(db);\n        return;",
           "on a full disk those who came together hear that it was done"),
]
