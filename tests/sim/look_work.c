/* Reading actions and jobs. */
#include "tests/sim/rows.h"

/* ---- actions ---- */

static void read_action(struct looking *looking, struct query *query, size_t place) {
    bool is_new = IS_NEW(action, place);
    struct seen_action *row = &looking->seen->actions[place];
    uint64_t fixed = row_hash(query, 0, 17), rest = row_hash(query, 20, 28);
    int status = query_column_state(query, &action_statuses, 17);
    if (is_new) {
        *row = (struct seen_action){
            .id = row_number(query, 0),
            .execution_id = row_number(query, 2),
            .stage_run_id = row_number(query, 3),
            .condition_id = row_number(query, 4),
            .stage = query_column_text(query, &looking->sim->arena, 5),
            .action = query_column_text(query, &looking->sim->arena, 6),
            .category = query_column_text(query, &looking->sim->arena, 7),
            .approval = query_column_text(query, &looking->sim->arena, 8),
            .target = query_column_text(query, &looking->sim->arena, 9),
            .fixed = fixed,
        };
        row_uuid(query, 1, row->uuid);
        count(COUNT_ACTIONS);
    } else {
        row_check_same("action run", row->id, row_number(query, 0), row->fixed, fixed);
        row_check_move(&action_statuses, row->status, status, row->id);
        row_check_ended(&action_statuses, row->status, status, row->rest, rest, row->id);
        if (row->set_aside && !row_number(query, 19))
            violated(HISTORY, "action run %lld was set aside and counts again", (long long)row->id);
    }
    row->status = status;
    row->holds_target = row_number(query, 18) != 0;
    row->set_aside = row_number(query, 19) != 0;
    row->clocked = row_number(query, 26) != 0 || row_number(query, 27) != 0;
    row->rest = rest;
    row_uuid(query, 28, row->question);
    row->rejected = row_number(query, 30) != 0;
    row->answered = row_number(query, 29) != 0;
}

bool look_read_actions(struct tx *tx, struct looking *looking, struct err *err) {
    static const char sql[] =
        "SELECT id, uuid, execution_id, stage_run_id, condition_id, stage, action, category, approval_token, target, "
        "provider, run_order, variable_namespace, configuration, inputs, outputs, started_ms, status, holds_target, "
        "set_aside, summary, external_id, error_code, error_message, updated_by, ended_ms, expires_ms, look_ms, "
        "coalesce((SELECT token FROM pauses p WHERE p.action_run_id = a.id AND state = 'Waiting'), ''), "
        "EXISTS (SELECT 1 FROM pauses p WHERE p.action_run_id = a.id AND state IN ('Approved', 'Rejected')), "
        "EXISTS (SELECT 1 FROM pauses p WHERE p.action_run_id = a.id AND state = 'Rejected') "
        "FROM action_runs a ORDER BY id";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    size_t place = 0, were = looking->seen->action_count;
    for (; query_next(&query); place++)
        read_action(looking, &query, place);
    row_check_count("action run", were, place);
    return query_done(&query, err);
}

/* ---- jobs ---- */

static void check_job(const struct seen_job *was, struct query *query, uint64_t fixed, uint64_t rest) {
    int state = query_column_state(query, &job_states, 6);
    row_check_same("job", was->sequence, row_number(query, 0), was->fixed, fixed);
    row_check_move(&job_states, was->state, state, was->sequence);
    row_check_move(&job_cancels, was->cancel, query_column_state(query, &job_cancels, 7), was->sequence);
    row_check_ended(&job_states, was->state, state, was->rest, rest, was->sequence);
    if (row_number(query, 8) < was->token || row_number(query, 9) < was->attempts)
        violated(HISTORY, "the token or the attempts of job %.8s went back", was->id);
    if (was->marked && !row_number(query, 10))
        violated(HISTORY, "the mark of job %.8s is gone", was->id);
    bool held = was->state == JOB_OFFERED || was->state == JOB_RUNNING;
    if (held && state == JOB_QUEUED && row_number(query, 8) == was->token)
        violated("who lost a job is fenced off", "job %.8s went back to the queue with its token", was->id);
}

/* The action has had a job before: its build failed. */
static bool is_again(const struct seen *seen, const struct seen_job *job, size_t place) {
    for (size_t i = 0; i < place; i++)
        if (job->action_run_id && seen->jobs[i].action_run_id == job->action_run_id)
            return true;
    return false;
}

static void read_job(struct looking *looking, struct query *query, size_t place) {
    bool is_new = IS_NEW(job, place);
    struct seen_job *row = &looking->seen->jobs[place];
    uint64_t fixed = row_hash(query, 0, 6), rest = row_hash(query, 6, 16);
    if (is_new) {
        *row = (struct seen_job){.sequence = row_number(query, 0),
                                 .provider = query_column_text(query, &looking->sim->arena, 2),
                                 .action_run_id = row_number(query, 3),
                                 .project = query_column_text(query, &looking->sim->arena, 17),
                                 .fixed = fixed};
        row_uuid(query, 1, row->id);
        if (row_number(query, 16))
            count(COUNT_BUILDS_HELD);
        if (*row->project && is_again(looking->seen, row, place))
            count(COUNT_BUILDS_AGAIN);
    } else {
        check_job(row, query, fixed, rest);
    }
    row->state = query_column_state(query, &job_states, 6);
    row->cancel = query_column_state(query, &job_cancels, 7);
    row->token = row_number(query, 8);
    row->attempts = (int)row_number(query, 9);
    row->marked = row_number(query, 10) != 0;
    row->outcome = query_column_is_null(query, 11) ? -1 : query_column_state(query, &job_outcomes, 11);
    row->deadline_ms = row_number(query, 14);
    row_uuid(query, 12, row->runner);
    row_uuid(query, 13, row->left_by);
    row->held = row_number(query, 16) != 0;
    row->rest = rest;
}

bool look_read_jobs(struct tx *tx, struct looking *looking, struct err *err) {
    static const char sql[] =
        "SELECT sequence, id, provider, action_run_id, build_id, log_id, state, cancel, token, attempts, "
        "checkpoint IS NOT NULL, outcome, coalesce(runner_id, ''), coalesce(left_by, ''), deadline_boot_ms, ended_ms, "
        "held, coalesce(project, '') FROM jobs ORDER BY sequence";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    size_t place = 0, were = looking->seen->job_count;
    for (; query_next(&query); place++)
        read_job(looking, &query, place);
    row_check_count("job", were, place);
    return query_done(&query, err);
}
