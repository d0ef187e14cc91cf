/*
 * Jobs: writing them. Every statement names the state and the token that the caller read; where the row has moved on,
 * nothing is written.
 */
#include "server/store/job_rows.h"
#include "server/store/query.h"

bool job_rows_add(struct tx *tx, const struct job_row *row, struct err *err) {
    static const char sql[] =
        "INSERT INTO jobs (id, provider, state, most_attempts, action_run_id, build_id, log_id, timeout_seconds, "
        "project, held, queued_until_ms, batch_id, sequence, queued_ms) VALUES (:id, :provider, 'queued', "
        ":most_attempts, "
        ":action_run_id, :build_id, :log_id, :timeout_seconds, :project, :held, :queued_until, :batch_id, "
        "(SELECT coalesce(max(sequence), 0) + 1 FROM jobs), :now)";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":id", row->id);
    query_text(&query, ":provider", row->provider);
    query_integer(&query, ":most_attempts", row->most_attempts);
    query_integer_or_null(&query, ":action_run_id", row->action_run_id, 0);
    query_integer_or_null(&query, ":build_id", row->build_id, 0);
    query_text(&query, ":log_id", row->log_id);
    query_integer(&query, ":timeout_seconds", row->timeout_seconds);
    query_text(&query, ":project", row->project);
    query_integer(&query, ":held", row->held);
    query_integer_or_null(&query, ":queued_until", row->queued_until_ms, 0);
    query_integer_or_null(&query, ":batch_id", row->batch_id, 0);
    query_integer(&query, ":now", clock_wall_ms(tx_clock(tx)));
    return query_run(&query, err);
}

static struct query open_change(struct tx *tx, const char *sql, const struct job_row *job) {
    struct query query = query_open(tx, sql);
    query_text(&query, ":id", job->id);
    query_integer(&query, ":token", job->token);
    query_state(&query, ":state", &job_states, (int)job->state);
    return query;
}

static bool move_allowed(const struct job_row *job, enum job_state to, struct err *err) {
    if (state_may_follow(&job_states, (int)job->state, (int)to))
        return true;
    return err_set(err, ERR_INTERNAL, "a job cannot become %s from %s", state_name(&job_states, (int)to),
                   state_name(&job_states, (int)job->state));
}

bool job_rows_offer(struct tx *tx, const struct job_row *job, const char *runner_id, const char *claim_id,
                    int64_t deadline_boot_ms, struct err *err) {
    static const char sql[] =
        "UPDATE jobs SET state = 'offered', token = token + 1, runner_id = :runner_id, claim_id = :claim_id, "
        "deadline_boot_ms = :deadline WHERE id = :id AND state = :state AND token = :token";
    if (!move_allowed(job, JOB_OFFERED, err))
        return false;
    struct query query CLEANUP(query_close) = open_change(tx, sql, job);
    query_text(&query, ":runner_id", runner_id);
    query_text(&query, ":claim_id", claim_id);
    query_integer(&query, ":deadline", deadline_boot_ms);
    return query_run_one(&query, "the job", err);
}

bool job_rows_begin(struct tx *tx, const struct job_row *job, int64_t deadline_boot_ms, struct err *err) {
    static const char sql[] =
        "UPDATE jobs SET state = 'running', attempts = attempts + 1, started_ms = coalesce(started_ms, :now), "
        "queued_until_ms = NULL, deadline_boot_ms = :deadline WHERE id = :id AND state = :state AND token = :token";
    if (!move_allowed(job, JOB_RUNNING, err))
        return false;
    struct query query CLEANUP(query_close) = open_change(tx, sql, job);
    query_integer(&query, ":deadline", deadline_boot_ms);
    query_integer(&query, ":now", clock_wall_ms(tx_clock(tx)));
    return query_run_one(&query, "the job", err);
}

bool job_rows_extend(struct tx *tx, const struct job_row *job, int64_t deadline_boot_ms, struct err *err) {
    static const char sql[] = "UPDATE jobs SET deadline_boot_ms = :deadline "
                              "WHERE id = :id AND state = :state AND token = :token AND state = 'running'";
    struct query query CLEANUP(query_close) = open_change(tx, sql, job);
    query_integer(&query, ":deadline", deadline_boot_ms);
    return query_run_one(&query, "the job", err);
}

bool job_rows_requeue(struct tx *tx, const struct job_row *job, const char *left_by, struct err *err) {
    static const char sql[] =
        "UPDATE jobs SET state = 'queued', token = token + 1, runner_id = NULL, claim_id = NULL, "
        "deadline_boot_ms = NULL, left_by = :left_by WHERE id = :id AND state = :state AND token = :token";
    if (!move_allowed(job, JOB_QUEUED, err))
        return false;
    struct query query CLEANUP(query_close) = open_change(tx, sql, job);
    query_text(&query, ":left_by", left_by);
    return query_run_one(&query, "the job", err);
}

bool job_rows_let_go(struct tx *tx, const struct job_row *job, struct err *err) {
    static const char sql[] = "UPDATE jobs SET held = 0 WHERE id = :id AND state = :state AND token = :token "
                              "AND state = 'queued' AND held = 1";
    struct query query CLEANUP(query_close) = open_change(tx, sql, job);
    return query_run_one(&query, "the job", err);
}

bool job_rows_forget_runner(struct tx *tx, const char *runner_id, struct err *err) {
    static const char sql[] = "UPDATE jobs SET left_by = NULL WHERE left_by = :runner_id AND state <> 'done'";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":runner_id", runner_id);
    return query_run(&query, err);
}

bool job_rows_finish(struct tx *tx, const struct job_row *job, enum job_outcome outcome, bool fence_off,
                     struct err *err) {
    static const char sql[] =
        "UPDATE jobs SET state = 'done', outcome = :outcome, deadline_boot_ms = NULL, ended_ms = :now, "
        "token = token + :fence_off "
        "WHERE id = :id AND state = :state AND token = :token";
    if (!move_allowed(job, JOB_DONE, err))
        return false;
    struct query query CLEANUP(query_close) = open_change(tx, sql, job);
    query_integer(&query, ":fence_off", fence_off);
    query_state(&query, ":outcome", &job_outcomes, (int)outcome);
    query_integer(&query, ":now", clock_wall_ms(tx_clock(tx)));
    return query_run_one(&query, "the job", err);
}

bool job_rows_set_cancel(struct tx *tx, const struct job_row *job, enum job_cancel cancel, struct err *err) {
    static const char sql[] = "UPDATE jobs SET cancel = :to WHERE id = :id AND state = :state AND token = :token "
                              "AND cancel = :from AND state <> 'done'";
    if (!state_may_follow(&job_cancels, (int)job->cancel, (int)cancel))
        return err_set(err, ERR_INTERNAL, "a job's cancel cannot become %s from %s",
                       state_name(&job_cancels, (int)cancel), state_name(&job_cancels, (int)job->cancel));
    struct query query CLEANUP(query_close) = open_change(tx, sql, job);
    query_state(&query, ":from", &job_cancels, (int)job->cancel);
    query_state(&query, ":to", &job_cancels, (int)cancel);
    return query_run_one(&query, "the job", err);
}

bool job_rows_set_checkpoint(struct tx *tx, const struct job_row *job, const char *checkpoint, struct err *err) {
    static const char sql[] = "UPDATE jobs SET checkpoint = :checkpoint "
                              "WHERE id = :id AND state = :state AND token = :token AND state = 'running'";
    struct query query CLEANUP(query_close) = open_change(tx, sql, job);
    query_text(&query, ":checkpoint", checkpoint);
    return query_run_one(&query, "the job", err);
}

bool job_rows_extend_all(struct tx *tx, int64_t deadline_boot_ms, struct err *err) {
    static const char sql[] = "UPDATE jobs SET deadline_boot_ms = :deadline WHERE state IN ('offered', 'running')";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":deadline", deadline_boot_ms);
    return query_run(&query, err);
}
