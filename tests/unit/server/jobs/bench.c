/*
 * The bench.
 */
#include "tests/unit/server/jobs/bench.h"

#include "common/str.h"
#include "server/store/action_runs.h"
#include "server/store/executions.h"
#include "server/store/pipelines.h"
#include "server/store/runners.h"
#include "server/store/stage_runs.h"

#include <stdio.h>

static int64_t wall_now(void *context) {
    return ((struct bench *)context)->wall_ms;
}

static int64_t boot_now(void *context) {
    return ((struct bench *)context)->boot_ms;
}

static void note_wake(void *context, const char *topic) {
    struct bench *bench = context;
    size_t length = strlen(bench->topics);
    (void)snprintf(bench->topics + length, sizeof bench->topics - length, "%s ", topic);
}

static void add_runner(struct tx *tx, const char *id, const char *name, uint8_t seed, struct err *err) {
    const uint8_t hash[SHA256_BYTES] = {seed};
    const struct runner_row runner = {.id = id, .name = name, .version = "1"};
    assert_true(runners_add(tx, &runner, hash, err));
}

static void add_action(struct bench *bench, struct err *err) {
    const struct pipeline_change change = {.name = "shop", .type = "V1", .declaration = "{}"};
    int64_t pipeline = 0, stage = 0;
    assert_true(pipelines_add(bench->tx, &change, &pipeline, err));
    const struct execution_row execution = {
        .uuid = "e1", .pipeline_id = pipeline, .number = 1, .version = 1, .trigger_type = "Test"};
    assert_true(executions_add(bench->tx, &execution, &bench->execution_id, err));
    const struct stage_run_row run = {
        .execution_id = bench->execution_id, .pipeline_id = pipeline, .name = "Build", .holds_lock = true};
    assert_true(stage_runs_add(bench->tx, &run, &stage, err));
    const struct action_run_row action = {
        .uuid = "a1",
        .execution_id = bench->execution_id,
        .stage_run_id = stage,
        .pipeline_id = pipeline,
        .stage = "Build",
        .action = "Image",
        .category = "Build",
        .provider = "CodeBuild",
        .run_order = 1,
        .configuration = "{\"ProjectName\":\"shop\"}",
        .inputs = "[]",
        .outputs = "[\"Images\"]",
    };
    assert_true(action_runs_add(bench->tx, &action, &bench->action_run_id, err));
}

struct run {
    struct bench *bench;
    bench_body *body;
};

static bool run_body(struct tx *tx, void *context, struct err *err) {
    struct run *run = context;
    run->bench->tx = tx;
    add_runner(tx, RUNNER_A, "anton", 1, err);
    add_runner(tx, RUNNER_B, "berta", 2, err);
    add_action(run->bench, err);
    run->body(run->bench, err);
    return true;
}

void bench_run(bench_body *body) {
    struct bench bench = {.wall_ms = 1700000000000, .boot_ms = 5000};
    struct err err = {0};
    struct run run = {.bench = &bench, .body = body};
    bench.clock = (struct clock){.wall_ms = wall_now, .boot_ms = boot_now, .context = &bench};
    assert_true(db_open(":memory:", &bench.clock, note_wake, &bench, &bench.db, &err));
    assert_true(db_write(bench.db, run_body, &run, &err));
    db_close(bench.db);
    arena_release(&bench.arena);
}

const char *bench_queue(struct bench *bench, const char *provider, int most_attempts) {
    struct err err = {0};
    struct job_row row;
    bool found = false;
    const struct queue_new_job job = {
        .provider = provider, .action_run_id = bench->action_run_id, .log_id = "a1", .most_attempts = most_attempts};
    assert_true(queue_add(bench->tx, &job, &err));
    assert_true(job_rows_of_action(bench->tx, &bench->arena, bench->action_run_id, &found, &row, &err) && found);
    return row.id;
}

const char *bench_lease(struct bench *bench, const char *runner, const char *claim, const char *provider) {
    struct err err = {0};
    const char *id = NULL;
    const struct wire_lease lease = {.claim_id = claim, .providers = &provider, .provider_count = 1};
    if (!queue_lease(bench->tx, &bench->arena, runner, &lease, &id, &err))
        fail_msg("%s", err.message);
    return id;
}

size_t bench_expire(struct bench *bench, struct queue_ending *last) {
    struct err err = {0};
    struct job_row *jobs = NULL;
    size_t count = 0, endings = 0;
    assert_true(job_rows_expired(bench->tx, &bench->arena, bench->boot_ms, &jobs, &count, &err));
    for (size_t i = 0; i < count; i++) {
        struct queue_ending ending;
        bool ended = false;
        assert_true(queue_expire(bench->tx, &bench->arena, jobs[i].id, &ended, &ending, &err));
        if (ended && last)
            *last = ending;
        endings += ended;
    }
    return endings;
}

struct job_row bench_job(struct bench *bench, const char *id) {
    struct err err = {0};
    struct job_row row;
    assert_true(job_rows_get(bench->tx, &bench->arena, id, &row, &err));
    return row;
}

struct queue_fence bench_fence(struct bench *bench, const char *id, const char *runner) {
    return (struct queue_fence){.job_id = id, .token = bench_job(bench, id).token, .runner_id = runner};
}

void bench_refused(const struct err *err, const char *code) {
    assert_string_equal(err->code ? err->code : "", code);
}
