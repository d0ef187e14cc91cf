/*
 * How SQLite goes about the questions that are asked while there is a long history: none reads it through. Each
 * question is asked once in an empty database; then the plans of the statements that it compiled are read.
 */
#include "server/store/action_runs.h"
#include "server/store/builds.h"
#include "server/store/connection.h"
#include "server/store/deployments.h"
#include "server/store/events.h"
#include "server/store/executions.h"
#include "server/store/job_rows.h"
#include "server/store/pauses.h"
#include "server/store/query.h"
#include "server/store/releases.h"
#include "server/store/reports.h"
#include "server/store/revisions.h"
#include "server/store/stage_runs.h"
#include "server/store/target_claims.h"

#include "common/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define PLAN_SIZE 4096

struct asking {
    struct tx *tx;
    struct arena *arena;
    size_t count;
    bool found;
    int64_t number;
};

/* What of each row is looked at does not matter here. */
static union {
    struct execution_row execution;
    struct action_run_row action;
    struct stage_run_row stage;
    struct job_row job;
    struct revision_row revision;
    struct pause_row pause;
    struct release_row release;
} row;
static void *rows;
#define ROWS(type) ((struct type **)(void *)&rows)

static bool ask_executions(struct asking *a) {
    return executions_list(a->tx, a->arena, 1, 0, 10, ROWS(execution_row), &a->count, NULL);
}
static bool ask_succeeded(struct asking *a) {
    return executions_list_succeeded(a->tx, a->arena, 1, "Deploy", 0, 10, ROWS(execution_row), &a->count, NULL);
}
static bool ask_rollback_target(struct asking *a) {
    return executions_find_rollback_target(a->tx, a->arena, 1, 1, "Deploy", 1, &a->found, &row.execution, NULL);
}
static bool ask_active(struct asking *a) {
    return executions_active(a->tx, a->arena, 1, ROWS(execution_row), &a->count, NULL);
}
static bool ask_token(struct asking *a) {
    return executions_find_token(a->tx, a->arena, 1, "token", &a->found, &row.execution, NULL);
}
static bool ask_note_stop(struct asking *a) {
    return executions_note_stop(a->tx, 1, 0, NULL, NULL, NULL);
}
static bool ask_actions(struct asking *a) {
    return action_runs_list_pipeline(a->tx, a->arena, 1, 0, 10, ROWS(action_run_row), &a->count, NULL);
}
static bool ask_rules(struct asking *a) {
    return action_runs_list_rules(a->tx, a->arena, 1, 0, 10, ROWS(action_run_row), &a->count, NULL);
}
static bool ask_latest_action(struct asking *a) {
    return action_runs_latest(a->tx, a->arena, 1, "Build", "Make", &a->found, &row.action, NULL);
}
static bool ask_approvals(struct asking *a) {
    return action_runs_pending_approvals(a->tx, a->arena, 0, ROWS(action_run_row), &a->count, NULL);
}
static bool ask_expired(struct asking *a) {
    return action_runs_expired(a->tx, a->arena, 1, ROWS(action_run_row), &a->count, NULL);
}
static bool ask_expiry(struct asking *a) {
    return action_runs_next_expiry(a->tx, &a->number, NULL);
}
static bool ask_before_target(struct asking *a) {
    const char *target;
    return target_claims_before(a->tx, a->arena, 1, &a->found, &a->number, &target, NULL);
}
static bool ask_behind_target(struct asking *a) {
    int64_t *ids;
    return target_claims_behind(a->tx, a->arena, 1, &ids, &a->count, NULL);
}
static bool ask_latest_stage(struct asking *a) {
    return stage_runs_latest(a->tx, a->arena, 1, "Build", &a->found, &row.stage, NULL);
}
static bool ask_latest_revision(struct asking *a) {
    return revisions_latest(a->tx, a->arena, 1, "App", &a->found, &row.revision, NULL);
}
static bool ask_revision_before(struct asking *a) {
    return revisions_before(a->tx, a->arena, 1, "Deploy", "App", &a->found, &row.revision, NULL);
}
static bool ask_first_job(struct asking *a) {
    const char *const provider = "ECS";
    return job_rows_first_queued(a->tx, a->arena, "runner", &provider, 1, &a->found, &row.job, NULL);
}
static bool ask_expired_jobs(struct asking *a) {
    return job_rows_expired(a->tx, a->arena, 1, ROWS(job_row), &a->count, NULL);
}
static bool ask_deadline(struct asking *a) {
    return job_rows_next_deadline(a->tx, &a->number, NULL);
}
static bool ask_jobs_of_runner(struct asking *a) {
    return job_rows_of_runner(a->tx, a->arena, "runner", ROWS(job_row), &a->count, NULL);
}
static bool ask_jobs_left_by(struct asking *a) {
    return job_rows_left_by(a->tx, a->arena, "runner", ROWS(job_row), &a->count, NULL);
}
static bool ask_queued_count(struct asking *a) {
    return job_rows_count_queued(a->tx, &a->number, NULL);
}
static bool ask_first_held(struct asking *a) {
    return job_rows_first_held(a->tx, a->arena, "web", &a->found, &row.job, NULL);
}
static bool ask_in_work(struct asking *a) {
    return job_rows_count_in_work(a->tx, "web", &a->number, NULL);
}
static bool ask_overdue(struct asking *a) {
    return job_rows_overdue(a->tx, a->arena, 1, ROWS(job_row), &a->count, NULL);
}
static bool ask_next_overdue(struct asking *a) {
    return job_rows_next_overdue(a->tx, &a->number, NULL);
}
static bool ask_builds(struct asking *a) {
    return builds_list(a->tx, a->arena, NULL, false, 0, 10, ROWS(build_row), &a->count, NULL);
}
static bool ask_builds_of_project(struct asking *a) {
    return builds_list(a->tx, a->arena, "web", false, 0, 10, ROWS(build_row), &a->count, NULL);
}
static bool ask_reports(struct asking *a) {
    const struct report_filter filter = {.limit = 10};
    return reports_list(a->tx, a->arena, &filter, ROWS(report_row), &a->count, NULL);
}
static bool ask_reports_of_group(struct asking *a) {
    const struct report_filter filter = {.group_id = 1, .limit = 10};
    return reports_list(a->tx, a->arena, &filter, ROWS(report_row), &a->count, NULL);
}
static bool ask_reports_of_build(struct asking *a) {
    return reports_of_build(a->tx, a->arena, 1, ROWS(report_row), &a->count, NULL);
}
static bool ask_expired_reports(struct asking *a) {
    return reports_drop_expired(a->tx, NULL);
}
static bool ask_pause(struct asking *a) {
    return pauses_waiting(a->tx, a->arena, 1, &a->found, &row.pause, NULL);
}
static bool ask_newest_pause(struct asking *a) {
    return pauses_newest(a->tx, a->arena, 1, &a->found, &row.pause, NULL);
}
static bool ask_earlier_deployment(struct asking *a) {
    const char *text;
    return deployments_of_execution(a->tx, a->arena, 1, "Deploy", "Shop", &text, NULL);
}
static bool ask_releases_of_action(struct asking *a) {
    return releases_of_action(a->tx, a->arena, 1, "Deploy", "Shop", ROWS(release_row), &a->count, NULL);
}
static bool ask_release_of_target(struct asking *a) {
    return releases_of_target(a->tx, a->arena, "ecs/r/c/s", &a->found, &row.release, NULL);
}
static bool ask_releasing_executions(struct asking *a) {
    int64_t *ids;
    return releases_executions(a->tx, a->arena, 1, "Deploy", 0, 10, &ids, &a->count, NULL);
}
static bool ask_releases_of_execution(struct asking *a) {
    return releases_of_execution(a->tx, a->arena, 1, "Deploy", 1, ROWS(release_row), &a->count, NULL);
}
static bool ask_events(struct asking *a) {
    return events_list(a->tx, a->arena, 0, 10, ROWS(event_row), &a->count, NULL);
}

/* What the plan must name: an index that holds little, or bounds that end the reading after one page. */
static const struct {
    const char *name;
    bool (*ask)(struct asking *asking);
    const char *plan;
} questions[] = {
    {"executions", ask_executions, "(pipeline_id=? AND number<?)"},
    {"succeeded in a stage", ask_succeeded, "stage_runs_succeeded (pipeline_id=? AND name=? AND execution_id<?)"},
    {"rollback target", ask_rollback_target, "stage_runs_succeeded (pipeline_id=? AND name=? AND execution_id<?)"},
    {"active executions", ask_active, "executions_active (pipeline_id=?)"},
    {"token", ask_token, "executions_token"},
    {"stop", ask_note_stop, "executions_active"},
    {"actions", ask_actions, "action_runs_newest (pipeline_id=? AND id<?)"},
    {"rules", ask_rules, "action_runs_rules (pipeline_id=? AND id<?)"},
    {"latest of an action", ask_latest_action, "action_runs_latest (pipeline_id=? AND stage=? AND action=?)"},
    {"approvals", ask_approvals, "action_runs_expiry"},
    {"expired actions", ask_expired, "action_runs_look (look_ms<?)"},
    {"next expiry", ask_expiry, "action_runs_expiry (expires_ms>?)"},
    {"before it with a target", ask_before_target, "target_claims_run (action_run_id=?)"},
    {"behind it with a target", ask_behind_target, "target_claims_run (action_run_id=?)"},
    {"latest of a stage", ask_latest_stage, "stage_runs_latest (pipeline_id=? AND name=?)"},
    {"latest revision", ask_latest_revision, "(pipeline_id=? AND number>?)"},
    {"revision before", ask_revision_before, "stage_runs_succeeded (pipeline_id=? AND name=? AND execution_id<?)"},
    {"first job", ask_first_job, "jobs_queue (held=? AND provider=?)"},
    {"first held job", ask_first_held, "jobs_held (project=?)"},
    {"jobs in work", ask_in_work, "jobs_in_work (project=?)"},
    {"overdue jobs", ask_overdue, "jobs_queued_until (queued_until_ms<?)"},
    {"next overdue job", ask_next_overdue, "jobs_queued_until"},
    {"expired jobs", ask_expired_jobs, "jobs_deadline (deadline_boot_ms<?)"},
    {"next deadline", ask_deadline, "jobs_deadline"},
    {"reports", ask_reports, "(rowid<?)"},
    {"reports of a group", ask_reports_of_group, "reports_group (group_id=? AND id<?)"},
    {"reports of a build", ask_reports_of_build, "(build_id=?)"},
    {"expired reports", ask_expired_reports, "reports_expiry (expires_ms<?)"},
    {"jobs of a runner", ask_jobs_of_runner, "jobs_runner (runner_id=?)"},
    {"jobs left by a runner", ask_jobs_left_by, "jobs_left_by (left_by=?)"},
    {"how many jobs wait", ask_queued_count, "jobs_queue"},
    {"builds", ask_builds, "INTEGER PRIMARY KEY (rowid<?)"},
    {"builds of a project", ask_builds_of_project, "builds_project (project=? AND id<?)"},
    {"pause that waits", ask_pause, "pauses_waiting (action_run_id=?)"},
    {"newest pause", ask_newest_pause, "(action_run_id=?)"},
    {"deployment of an execution", ask_earlier_deployment, "action_runs_execution (execution_id=?)"},
    {"releases of an action", ask_releases_of_action, "releases_action (pipeline_id=? AND stage=? AND action=?)"},
    {"release of a target", ask_release_of_target, "releases_target (target=?)"},
    {"executions that released", ask_releasing_executions,
     "releases_stage (pipeline_id=? AND stage=? AND execution_id<?)"},
    {"releases of an execution", ask_releases_of_execution, "execution_id=?"},
    {"events", ask_events, "INTEGER PRIMARY KEY (rowid>?)"},
};

/* The plan of the newest statement, one line a step. */
static void read_plan(struct tx *tx, const char *sql, struct str *plan) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    sqlite3_stmt *explain = NULL;
    const char *text = arena_printf(&arena, "EXPLAIN QUERY PLAN %s", sql);
    assert_int_equal(sqlite3_prepare_v2(tx->connection->handle, text, -1, &explain, NULL), SQLITE_OK);
    while (sqlite3_step(explain) == SQLITE_ROW)
        str_printf(plan, "%s\n", (const char *)sqlite3_column_text(explain, 3));
    sqlite3_finalize(explain);
}

/* A whole reading of a table, or of an index that holds every row, or a sort of what no page bounds. */
static bool reads_history(const char *plan) {
    static const char *const bad[] = {"SCAN e\n",          "SCAN a\n",          "SCAN s\n",     "SCAN j\n",
                                      "SCAN b\n",          "SCAN r\n",          "SCAN jobs\n",  "SCAN events\n",
                                      "SCAN executions\n", "SCAN stage_runs\n", "jobs_sequence"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (strstr(plan, bad[i]))
            return true;
    return false;
}

static bool ask_all(struct tx *tx, void *context, struct err *err) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    (void)context;
    (void)err;
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
        struct asking asking = {.tx = tx, .arena = &arena};
        struct str plan = STR_INIT(PLAN_SIZE);
        bool known[STATEMENTS_MAX];
        for (size_t place = 0; place < STATEMENTS_MAX; place++)
            known[place] = tx->connection->kept[place].sql != NULL;
        assert_true(questions[i].ask(&asking));
        for (size_t place = 0; place < STATEMENTS_MAX; place++)
            if (!known[place] && tx->connection->kept[place].sql)
                read_plan(tx, tx->connection->kept[place].sql, &plan);
        if (!strstr(str_text(&plan), questions[i].plan) || reads_history(str_text(&plan)))
            fail_msg("%s, which should use %s:\n%s", questions[i].name, questions[i].plan, str_text(&plan));
        str_release(&plan);
    }
    return true;
}

static void test_no_question_reads_the_history(void **state) {
    struct db *db = NULL;
    struct err err = {0};
    (void)state;
    assert_true(db_open(":memory:", &clock_system, NULL, NULL, &db, &err));
    assert_true(db_write(db, ask_all, NULL, &err));
    db_close(db);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_no_question_reads_the_history)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
