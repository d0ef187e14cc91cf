/*
 * The message of a Commands action and of a rule: what their rows say reaches the runner.
 */
#include "server/jobs/job_message.h"

#include "common/hash.h"
#include "server/store/action_runs.h"
#include "server/store/conditions.h"
#include "tests/unit/server/jobs/bench.h"

static const struct job_message_settings settings = {
    .base_url = "http://127.0.0.1:8080", .region = "eu-west-1", .account_id = "123456789012"};

/* The job of a new row made from that of the bench, after a runner has leased it, as the runner reads it. */
static struct wire_job message_of(struct bench *bench, struct action_run_row row) {
    struct err err = {0};
    struct action_run_row made;
    struct wire_job job, read = {0};
    int64_t id = 0;
    assert_true(action_runs_get_by_id(bench->tx, &bench->arena, bench->action_run_id, &made, &err));
    row.uuid = row.action;
    row.execution_id = made.execution_id;
    row.stage_run_id = made.stage_run_id;
    row.pipeline_id = made.pipeline_id;
    row.stage = made.stage;
    row.run_order = 1;
    if (!action_runs_add(bench->tx, &row, &id, &err))
        fail_msg("%s", err.message);
    const struct queue_new_job add = {.provider = row.provider, .action_run_id = id, .log_id = row.action};
    assert_true(queue_add(bench->tx, &add, &err));
    const char *leased = bench_lease(bench, RUNNER_A, CLAIM_1, row.provider);
    assert_non_null(leased);
    if (!job_message(bench->tx, &bench->arena, &settings, leased, &job, &err) ||
        !wire_job_decode(&bench->arena, wire_job_encode(&bench->arena, &job), &read, &err))
        fail_msg("%s", err.message);
    return read;
}

static void commands_come_with_all_that_they_need(struct bench *bench, struct err *err) {
    (void)err;
    const struct wire_job job =
        message_of(bench, (struct action_run_row){
                              .action = "Smoke",
                              .category = "Compute",
                              .provider = "Commands",
                              .configuration = "{\"ComputeType\":\"BUILD_GENERAL1_LARGE\"}",
                              .inputs = "[]",
                              .outputs = "[\"Made\"]",
                              .commands = "[\"make\",\"make test\"]",
                              .environment = "[{\"name\":\"MODE\",\"value\":\"fast\",\"type\":\"PLAINTEXT\"}]",
                              .output_variable_names = "[\"TAG\",\"OTHER\"]",
                              .output_files = "{\"Made\":[\"dist/**/*\"]}",
                          });
    assert_string_equal(job.category, "Compute");
    assert_int_equal(job.command_count, 2);
    assert_string_equal(job.commands[0], "make");
    assert_string_equal(job.commands[1], "make test");
    assert_string_equal(json_print(&bench->arena, job.environment),
                        "[{\"name\":\"MODE\",\"value\":\"fast\",\"type\":\"PLAINTEXT\"}]");
    assert_int_equal(job.output_variable_count, 2);
    assert_string_equal(job.output_variables[1], "OTHER");
    assert_string_equal(json_print(&bench->arena, job.output_files), "{\"Made\":[\"dist/**/*\"]}");
    assert_null(job.condition);
    assert_null(job.build);
}

static void a_rule_knows_its_condition(struct bench *bench, struct err *err) {
    struct action_run_row made;
    int64_t condition = 0;
    assert_true(action_runs_get_by_id(bench->tx, &bench->arena, bench->action_run_id, &made, err));
    assert_true(conditions_add(bench->tx, made.stage_run_id, CONDITION_ON_FAILURE, RESULT_ROLLBACK, &condition, err));
    const struct wire_job job = message_of(bench, (struct action_run_row){
                                                      .action = "Alarm",
                                                      .category = "Rule",
                                                      .provider = "CloudWatchAlarm",
                                                      .condition_id = condition,
                                                      .configuration = "{\"AlarmName\":\"errors\"}",
                                                      .inputs = "[]",
                                                      .outputs = "[]",
                                                  });
    assert_string_equal(job.category, "Rule");
    assert_string_equal(job.condition, "ON_FAILURE");
    assert_string_equal(json_get_text(job.configuration, "AlarmName"), "errors");
    assert_int_equal(job.command_count + job.output_variable_count, 0);
    assert_null(job.environment);
    assert_null(job.output_files);
}

static void commands_test(void **state) {
    (void)state;
    bench_run(commands_come_with_all_that_they_need);
}

static void rule_test(void **state) {
    (void)state;
    bench_run(a_rule_knows_its_condition);
}

int main(void) {
    hash_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_test),
        cmocka_unit_test(rule_test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
