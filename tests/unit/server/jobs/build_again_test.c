/*
 * Builds that are done again, builds that wait for others of their project, builds that nobody begins.
 */
#include "common/hash.h"
#include "common/str.h"
#include "server/jobs/build_start.h"
#include "server/store/projects.h"
#include "tests/unit/server/jobs/bench.h"

static const char project_document[] =
    "{\"name\":\"shop\",\"source\":{\"type\":\"NO_SOURCE\",\"buildspec\":\"version: 0.2\"},"
    "\"artifacts\":{\"type\":\"NO_ARTIFACTS\"},\"environment\":{\"type\":\"LINUX_CONTAINER\",\"image\":\"debian:12\"}}";

static void add_project(struct bench *bench, struct err *err) {
    const struct project_row project = {.name = "shop", .document = project_document};
    assert_true(projects_add(bench->tx, &project, err));
}

static const struct json *parse(struct bench *bench, const char *text) {
    const struct json *json = NULL;
    assert_true(json_parse(&bench->arena, text, strlen(text), &json, NULL));
    return json;
}

static struct job_row job_of(struct bench *bench, const struct build_row *row) {
    struct err err = {0};
    struct job_row job;
    bool found = false;
    assert_true(job_rows_of_build(bench->tx, &bench->arena, row->id, &found, &job, &err) && found);
    return job;
}

/* ---- builds that are done again ---- */

static void fail_build(struct bench *bench, const struct build_row *row, const char *told, bool *again,
                       struct build_row *successor, struct err *err) {
    const struct job_row job = job_of(bench, row);
    const struct json *state = parse(bench, told);
    const struct build_ending ending = {.status = BUILD_FAILED, .message = "m", .told = state};
    assert_true(build_finish(bench->tx, &bench->arena, &job, &ending, err));
    assert_true(build_retry(bench->tx, &bench->arena, &job, state, again, successor, err));
}

static void a_failed_build_is_done_again_as_often_as_it_may(struct bench *bench, struct err *err) {
    add_project(bench, err);
    const struct build_request request = {
        .project = "shop",
        .initiator = "ann",
        .overrides = parse(bench, "{\"autoRetryLimitOverride\":2,\"imageOverride\":\"debian:13\"}")};
    struct build_row first, second, third, none;
    bool again = false;
    assert_true(build_start(bench->tx, &bench->arena, &request, &first, err));
    fail_build(bench, &first, "{}", &again, &second, err);
    assert_true(again);
    assert_int_equal(second.number, 2);
    assert_string_equal(second.previous_uuid, first.uuid);
    assert_string_equal(second.initiator, "ann");
    assert_string_equal(second.document, first.document);
    assert_string_equal(second.log_id, second.uuid);
    assert_true(builds_get_by_id(bench->tx, &bench->arena, first.id, &first, err));
    assert_string_equal(first.next_uuid, second.uuid);
    fail_build(bench, &second, "{}", &again, &third, err);
    assert_true(again);
    assert_int_equal(third.retry_number, 2);
    assert_int_equal(third.retry_limit, 2);
    fail_build(bench, &third, "{}", &again, &none, err);
    assert_false(again);
    /* Told twice, it is not done again twice. */
    fail_build(bench, &first, "{}", &again, &none, err);
    assert_false(again);
}

static void on_failure_retry_counts_for_itself(struct bench *bench, struct err *err) {
    add_project(bench, err);
    const struct build_request request = {.project = "shop", .initiator = "ann"};
    struct build_row first, second, none;
    bool again = false;
    assert_true(build_start(bench->tx, &bench->arena, &request, &first, err));
    fail_build(bench, &first, "{\"retry\":{\"limit\":1}}", &again, &second, err);
    assert_true(again);
    assert_true(builds_get_by_id(bench->tx, &bench->arena, first.id, &first, err));
    assert_int_equal(first.retry_limit, 1);
    assert_null(strstr(first.state, "retry"));
    fail_build(bench, &second, "{\"retry\":{\"limit\":1}}", &again, &none, err);
    assert_false(again);
}

static void what_was_stopped_or_has_no_project_is_not_done_again(struct bench *bench, struct err *err) {
    add_project(bench, err);
    const struct build_request request = {
        .project = "shop", .initiator = "ann", .overrides = parse(bench, "{\"autoRetryLimitOverride\":3}")};
    struct build_row row, none;
    bool again = true;
    assert_true(build_start(bench->tx, &bench->arena, &request, &row, err));
    struct job_row job = job_of(bench, &row);
    const struct build_ending stopped = {.status = BUILD_STOPPED};
    assert_true(build_finish(bench->tx, &bench->arena, &job, &stopped, err));
    assert_true(build_retry(bench->tx, &bench->arena, &job, NULL, &again, &none, err));
    assert_false(again);
    assert_true(build_start(bench->tx, &bench->arena, &request, &row, err));
    assert_true(projects_delete(bench->tx, "shop", err));
    fail_build(bench, &row, "{}", &again, &none, err);
    assert_false(again);
}

static void somebody_may_ask_for_a_build_again(struct bench *bench, struct err *err) {
    add_project(bench, err);
    const struct build_request request = {
        .project = "shop", .initiator = "ann", .overrides = parse(bench, "{\"imageOverride\":\"debian:13\"}")};
    struct build_row first, second, third;
    bool again = false;
    assert_true(build_start(bench->tx, &bench->arena, &request, &first, err));
    assert_false(build_repeat(bench->tx, &bench->arena, &first, "bob", "t", &second, err));
    assert_string_equal(err->code, "InvalidInputException");
    fail_build(bench, &first, "{}", &again, &second, err);
    assert_true(builds_get_by_id(bench->tx, &bench->arena, first.id, &first, err));
    assert_true(build_repeat(bench->tx, &bench->arena, &first, "bob", "t", &second, err));
    assert_string_equal(second.document, first.document);
    assert_string_equal(second.initiator, "bob");
    assert_null(second.previous_uuid);
    assert_true(build_repeat(bench->tx, &bench->arena, &first, "bob", "t", &third, err));
    assert_string_equal(third.uuid, second.uuid);
}

/* ---- a project's limit ---- */

static void set_limit(struct bench *bench, int limit, struct err *err) {
    const struct project_row project = {.name = "shop",
                                        .document =
                                            arena_printf(&bench->arena, "%.*s,\"concurrentBuildLimit\":%d}",
                                                         (int)sizeof project_document - 2, project_document, limit)};
    assert_true(projects_change(bench->tx, &project, err));
}

static const char *lease_build(struct bench *bench, const char *claim) {
    return bench_lease(bench, RUNNER_A, claim, "CodeBuild");
}

static void a_project_has_no_more_builds_in_work_than_it_may(struct bench *bench, struct err *err) {
    static const char third[] = "00000000-0000-4000-9000-000000000003",
                      fourth[] = "00000000-0000-4000-9000-000000000004";
    add_project(bench, err);
    set_limit(bench, 1, err);
    const struct project_row other_project = {.name = "other", .document = project_document};
    assert_true(projects_add(bench->tx, &other_project, err));
    const struct build_request request = {.project = "shop", .initiator = "ann"},
                               of_other = {.project = "other", .initiator = "ann"};
    struct build_row one, two, three, other;
    bool ended = false;
    assert_true(build_start(bench->tx, &bench->arena, &request, &one, err));
    assert_true(build_start(bench->tx, &bench->arena, &request, &two, err));
    assert_true(build_start(bench->tx, &bench->arena, &request, &three, err));
    assert_true(build_start(bench->tx, &bench->arena, &of_other, &other, err));
    assert_string_equal(lease_build(bench, CLAIM_1), job_of(bench, &one).id);
    assert_string_equal(lease_build(bench, CLAIM_2), job_of(bench, &other).id); /* held up by nobody */
    assert_null(lease_build(bench, third));
    const struct queue_fence fence = bench_fence(bench, job_of(bench, &one).id, RUNNER_A);
    const struct wire_result result = {.token = fence.token, .outcome = WIRE_SUCCEEDED};
    struct job_row job;
    assert_true(queue_acknowledge(bench->tx, &fence, err));
    assert_true(queue_finish(bench->tx, &bench->arena, &fence, &result, &ended, &job, err));
    assert_string_equal(lease_build(bench, third), job_of(bench, &two).id);
    assert_null(lease_build(bench, fourth));
    set_limit(bench, 2, err);
    assert_true(queue_let_go(bench->tx, "shop", err));
    assert_string_equal(lease_build(bench, fourth), job_of(bench, &three).id);
}

static void a_build_that_nobody_begins_in_time_ends(struct bench *bench, struct err *err) {
    add_project(bench, err);
    const struct build_request request = {
        .project = "shop", .initiator = "ann", .overrides = parse(bench, "{\"queuedTimeoutInMinutesOverride\":5}")};
    struct build_row row;
    struct queue_ending ending = {0};
    int64_t due = 0;
    bool ended = false;
    assert_true(build_start(bench->tx, &bench->arena, &request, &row, err));
    const struct job_row job = job_of(bench, &row);
    assert_true(job_rows_next_overdue(bench->tx, &due, err));
    assert_int_equal(due, bench->wall_ms + 5 * 60 * 1000);
    bench->wall_ms = due - 1;
    assert_true(queue_expire(bench->tx, &bench->arena, job.id, &ended, &ending, err));
    assert_false(ended);
    bench->wall_ms = due;
    assert_true(queue_expire(bench->tx, &bench->arena, job.id, &ended, &ending, err));
    assert_true(ended && ending.timed_out);
    assert_non_null(strstr(ending.error_message, "queuedTimeoutInMinutes"));
    /* One that has begun has all the time that its runner gives it. */
    assert_true(build_start(bench->tx, &bench->arena, &request, &row, err));
    const char *begun = lease_build(bench, CLAIM_1);
    const struct queue_fence fence = bench_fence(bench, begun, RUNNER_A);
    assert_true(queue_acknowledge(bench->tx, &fence, err));
    assert_true(job_rows_next_overdue(bench->tx, &due, err));
    assert_int_equal(due, 0);
}

static void builds_for_arm_wait_for_a_runner_on_arm(struct bench *bench, struct err *err) {
    add_project(bench, err);
    const struct build_request request = {.project = "shop",
                                          .initiator = "ann",
                                          .overrides = parse(bench, "{\"environmentTypeOverride\":\"ARM_CONTAINER\"}")};
    struct build_row row;
    assert_true(build_start(bench->tx, &bench->arena, &request, &row, err));
    assert_null(lease_build(bench, CLAIM_1));
    assert_non_null(bench_lease(bench, RUNNER_A, CLAIM_2, "CodeBuildArm"));
}

#define CASE(name)                                                                                                     \
    static void test_##name(void **state) {                                                                            \
        (void)state;                                                                                                   \
        bench_run(name);                                                                                               \
    }

CASE(a_failed_build_is_done_again_as_often_as_it_may)
CASE(on_failure_retry_counts_for_itself)
CASE(what_was_stopped_or_has_no_project_is_not_done_again)
CASE(somebody_may_ask_for_a_build_again)
CASE(a_project_has_no_more_builds_in_work_than_it_may)
CASE(a_build_that_nobody_begins_in_time_ends)
CASE(builds_for_arm_wait_for_a_runner_on_arm)

int main(void) {
    hash_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_failed_build_is_done_again_as_often_as_it_may),
        cmocka_unit_test(test_on_failure_retry_counts_for_itself),
        cmocka_unit_test(test_what_was_stopped_or_has_no_project_is_not_done_again),
        cmocka_unit_test(test_somebody_may_ask_for_a_build_again),
        cmocka_unit_test(test_a_project_has_no_more_builds_in_work_than_it_may),
        cmocka_unit_test(test_a_build_that_nobody_begins_in_time_ends),
        cmocka_unit_test(test_builds_for_arm_wait_for_a_runner_on_arm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
