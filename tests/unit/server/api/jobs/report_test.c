/*
 * The door of reports: what is taken, what is refused and writes nothing, what a repetition does, and when a report is
 * gone. Against the real store.
 */
#include "server/api/jobs/jobs.h"

#include "common/hash.h"
#include "common/str.h"
#include "server/engine/engine.h"
#include "server/store/projects.h"
#include "server/store/report_cases.h"
#include "server/store/report_coverages.h"
#include "server/store/report_groups.h"
#include "server/store/reports.h"
#include "tests/unit/server/api/door_under_test.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#define CLAIM "00000000-0000-4000-8000-000000000001"

static const char project_text[] =
    "{\"name\": \"shop\", \"source\": {\"type\": \"NO_SOURCE\", \"buildspec\": \"version: 0.2\"}, "
    "\"artifacts\": {\"type\": \"NO_ARTIFACTS\"}, \"timeoutInMinutes\": 60, \"environment\": {\"type\": "
    "\"LINUX_CONTAINER\", \"image\": \"debian:12\", \"computeType\": \"BUILD_GENERAL1_SMALL\"}}";

static const char *runner_id;
static const char *job_id;
static int64_t token;

static const struct json *json_of(const struct reply *reply) {
    const struct json *body = NULL;
    assert_true(json_parse(&test_arena, reply->body, reply->body_size, &body, NULL));
    return body;
}

static bool add_project(struct tx *tx, void *context, struct err *err) {
    (void)context;
    const struct project_row project = {.name = "shop", .document = project_text, .origin = ORIGIN_API, .tags = "[]"};
    return projects_add(tx, &project, err);
}

static bool add_build(struct tx *tx, void *context, struct err *err) {
    (void)context;
    const struct build_request request = {.project = "shop", .initiator = "test"};
    struct build_row build;
    return build_start(tx, &test_arena, &request, &build, err);
}

/* A build that a runner holds. */
static int setup(void **state) {
    int failed = under_test_open(state);
    struct auth_token join;
    struct err err = {0};
    assert_true(auth_create_join_token(&under_test, &test_arena, "admin", &join, &err));
    struct request request = request_to(
        "POST", "",
        arena_printf(&test_arena, "{\"joinToken\": \"%s\", \"name\": \"one\", \"version\": \"1.0\"}", join.token),
        NULL);
    struct reply reply = call(jobs_join, &request);
    runner_id = json_get_text(json_of(&reply), "runnerId");
    write_in(add_project, NULL);
    write_in(add_build, NULL);
    request = request_to("POST", "", "{\"claimId\": \"" CLAIM "\", \"providers\": [\"CodeBuild\"], \"waitSeconds\": 0}",
                         runner_id);
    reply = call(jobs_lease, &request);
    assert_int_equal(reply.status, 200);
    job_id = json_get_text(json_of(&reply), "id");
    token = json_get_integer(json_of(&reply), "token", 0);
    return failed;
}

static struct reply send_report(const char *body, int64_t with_token) {
    struct request request =
        request_to("POST", arena_printf(&test_arena, "token=%lld", (long long)with_token), body, runner_id);
    request_capture(&request, job_id, NULL);
    return call(jobs_put_report, &request);
}

static const char *tests_body(const char *name, int entry, int cases, const char *status) {
    struct json *body = json_object(&test_arena);
    json_set_text(&test_arena, body, "name", name);
    json_set_integer(&test_arena, body, "entry", entry);
    json_set_text(&test_arena, body, "type", "TEST");
    json_set_text(&test_arena, body, "status", status);
    struct json *summary = json_set_object(&test_arena, body, "testSummary");
    json_set_integer(&test_arena, summary, "total", cases);
    json_set_integer(&test_arena, json_set_object(&test_arena, summary, "statusCounts"), "SUCCEEDED", cases);
    json_set_integer(&test_arena, summary, "durationInNanoSeconds", 5);
    struct json *list = json_set_array(&test_arena, body, "testCases");
    for (int i = 0; i < cases; i++) {
        struct json *item = json_append_object(&test_arena, list);
        json_set_text(&test_arena, item, "name", arena_printf(&test_arena, "case %d", i));
        json_set_text(&test_arena, item, "status", "SUCCEEDED");
        json_set_text(&test_arena, item, "testRawDataPath", "junit.xml");
        json_set_integer(&test_arena, item, "durationInNanoSeconds", 1);
    }
    return json_print(&test_arena, body);
}

/* What is in the store for everybody to see. */
struct seen {
    struct report_row *reports;
    size_t count;
    struct report_case_row *cases;
    size_t case_count;
    size_t group_count;
};

static bool look(struct tx *tx, void *context, struct err *err) {
    struct seen *seen = context;
    struct report_group_row *groups;
    const struct report_filter all = {.limit = 100};
    if (!reports_list(tx, &test_arena, &all, &seen->reports, &seen->count, err) ||
        !report_groups_list(tx, &test_arena, NULL, 100, &groups, &seen->group_count, err))
        return false;
    return seen->count == 0 || report_cases_list(tx, &test_arena, seen->reports[0].id, NULL, NULL, 0, 1000,
                                                 &seen->cases, &seen->case_count, err);
}

static struct seen see(void) {
    struct seen seen = {0};
    read_in(look, &seen);
    return seen;
}

static void a_report_is_kept(void **state) {
    (void)state;
    struct reply reply = send_report(tests_body("units", 0, 3, "SUCCEEDED"), token);
    assert_int_equal(reply.status, 200);
    const struct seen seen = see();
    assert_int_equal(seen.count, 1);
    assert_string_equal(seen.reports[0].group, "shop-units");
    assert_string_equal(seen.reports[0].build_project, "shop");
    assert_int_equal(seen.reports[0].expires_ms - seen.reports[0].created_ms, REPORT_KEPT_MS);
    assert_int_equal(seen.case_count, 3);
    assert_string_equal(seen.cases[2].name, "case 2");
    const char *arn = json_get_text(json_of(&reply), "reportArn");
    assert_true(str_ends_with(arn, arena_printf(&test_arena, ":report/shop-units:%s", seen.reports[0].uuid)));
    assert_null(json_get(json_of(&reply), "s3Destination"));
}

static void again_replaces(void **state) {
    (void)state;
    struct reply first = send_report(tests_body("units", 0, 3, "SUCCEEDED"), token);
    const char *arn = json_get_text(json_of(&first), "reportArn");
    struct reply second = send_report(tests_body("units", 0, 2, "FAILED"), token);
    assert_string_equal(json_get_text(json_of(&second), "reportArn"), arn);
    struct seen seen = see();
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.case_count, 2);
    assert_string_equal(seen.reports[0].status, "FAILED");
    (void)send_report(tests_body("units", 1, 1, "SUCCEEDED"), token);
    seen = see();
    assert_int_equal(seen.count, 2);
    assert_int_equal(seen.group_count, 1);
}

static void refused(const char *body, int64_t with_token, int status, const char *words) {
    const struct seen before = see();
    struct reply reply = send_report(body, with_token);
    const char *message = json_get_text_or(json_of(&reply), "message", "");
    if (reply.status != status || !strstr(message, words))
        fail_msg("%d: %s", reply.status, message);
    const struct seen after = see();
    assert_int_equal(after.count, before.count);
    assert_int_equal(after.group_count, before.group_count);
    assert_int_equal(after.case_count, before.case_count);
}

static void bad_ones_write_nothing(void **state) {
    (void)state;
    const char *good = tests_body("units", 0, 1, "SUCCEEDED");
    struct json *body;
    refused(good, token + 1, 409, "another runner");
    refused("[]", token, 400, "");
    refused("{}", token, 400, "member 'type'");
    refused(tests_body("units", 0, 1, "GENERATING"), token, 400, "member 'status'");
    refused(tests_body("units", 5, 1, "SUCCEEDED"), token, 400, "entry");
    refused(tests_body("units", 0, 501, "SUCCEEDED"), token, 400, "more than 500 elements");
    refused(tests_body("", 0, 1, "SUCCEEDED"), token, 400, "member 'name'");
    refused(tests_body("a/b", 0, 1, "SUCCEEDED"), token, 400, "cannot be the name of a report group");
    refused(tests_body("arn:aws:codebuild:eu-west-1:1:report-group/none", 0, 1, "SUCCEEDED"), token, 400,
            "there is no report group");
    body = json_object(&test_arena);
    json_set_text(&test_arena, body, "name", "code");
    json_set_integer(&test_arena, body, "entry", 0);
    json_set_text(&test_arena, body, "type", "CODE_COVERAGE");
    json_set_text(&test_arena, body, "status", "SUCCEEDED");
    json_set_array(&test_arena, body, "codeCoverages");
    json_set_integer(&test_arena, json_set_object(&test_arena, body, "codeCoverageSummary"), "linesCovered", -1);
    refused(json_print(&test_arena, body), token, 400, "linesCovered");
}

static void a_group_has_one_type(void **state) {
    (void)state;
    assert_int_equal(send_report(tests_body("units", 0, 1, "SUCCEEDED"), token).status, 200);
    refused("{\"name\": \"units\", \"entry\": 1, \"type\": \"CODE_COVERAGE\", \"status\": \"SUCCEEDED\", "
            "\"codeCoverages\": [], \"codeCoverageSummary\": {\"linesCovered\": 1, \"linesMissed\": 1, "
            "\"branchesCovered\": 0, \"branchesMissed\": 0}}",
            token, 400, "is of type TEST");
}

struct rows {
    int64_t report_id;
    size_t count;
};

static bool count_cases(struct tx *tx, void *context, struct err *err) {
    struct rows *rows = context;
    struct report_case_row *cases;
    return report_cases_list(tx, &test_arena, rows->report_id, NULL, NULL, 0, 1000, &cases, &rows->count, err);
}

static void it_is_gone_after_30_days(void **state) {
    (void)state;
    assert_int_equal(send_report(tests_body("units", 0, 3, "SUCCEEDED"), token).status, 200);
    struct rows rows = {.report_id = see().reports[0].id};
    test_now_ms += REPORT_KEPT_MS - 1;
    assert_int_equal(see().count, 1);
    test_now_ms += 1;
    assert_int_equal(see().count, 0);
    read_in(count_cases, &rows);
    assert_int_equal(rows.count, 3); /* hidden, and not deleted before somebody writes */
    assert_int_equal(send_report(tests_body("units", 1, 1, "SUCCEEDED"), token).status, 200);
    read_in(count_cases, &rows);
    assert_int_equal(rows.count, 0);
    assert_int_equal(see().count, 1);
}

static bool delete_group(struct tx *tx, void *context, struct err *err) {
    struct report_group_row group;
    (void)context;
    return report_groups_get(tx, &test_arena, "shop-units", &group, err) && report_groups_delete(tx, group.id, err);
}

static void a_deleted_group_takes_its_reports(void **state) {
    (void)state;
    assert_int_equal(send_report(tests_body("units", 0, 3, "SUCCEEDED"), token).status, 200);
    const char *uuid = see().reports[0].uuid;
    write_in(delete_group, NULL);
    assert_int_equal(see().count, 0);
    assert_int_equal(see().group_count, 0);
    assert_int_equal(send_report(tests_body("units", 0, 2, "SUCCEEDED"), token).status, 200);
    const struct seen seen = see();
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.case_count, 2);
    assert_string_not_equal(seen.reports[0].uuid, uuid);
}

static bool list_coverages(struct tx *tx, void *context, struct err *err) {
    struct report_coverage_row *rows;
    struct rows *out = context;
    const struct report_coverage_filter poor = {.report_id = out->report_id, .most_percent = 60, .limit = 10};
    const struct report_coverage_filter best = {
        .report_id = out->report_id, .order = COVERAGE_BY_LINES_DOWN, .most_percent = 100, .skip = 1, .limit = 1};
    if (!report_coverages_list(tx, &test_arena, &poor, &rows, &out->count, err))
        return false;
    assert_int_equal(out->count, 1);
    assert_string_equal(rows[0].path, "b.c");
    if (!report_coverages_list(tx, &test_arena, &best, &rows, &out->count, err))
        return false;
    assert_int_equal(out->count, 1);
    assert_string_equal(rows[0].path, "c.c"); /* nothing to cover: as good as all covered */
    return true;
}

static void coverage_is_kept_by_file(void **state) {
    (void)state;
    assert_int_equal(
        send_report("{\"name\": \"code\", \"entry\": 2, \"type\": \"CODE_COVERAGE\", \"status\": \"SUCCEEDED\", "
                    "\"codeCoverageSummary\": {\"linesCovered\": 11, \"linesMissed\": 9, \"branchesCovered\": 0, "
                    "\"branchesMissed\": 0}, \"codeCoverages\": ["
                    "{\"filePath\": \"a.c\", \"linesCovered\": 10, \"linesMissed\": 0, \"branchesCovered\": 0, "
                    "\"branchesMissed\": 0}, {\"filePath\": \"b.c\", \"linesCovered\": 1, \"linesMissed\": 9, "
                    "\"branchesCovered\": 0, \"branchesMissed\": 0}, {\"filePath\": \"c.c\", \"linesCovered\": 0, "
                    "\"linesMissed\": 0, \"branchesCovered\": 0, \"branchesMissed\": 0}]}",
                    token)
            .status,
        200);
    struct seen seen = see();
    const struct json *summary = NULL;
    assert_true(json_parse(&test_arena, seen.reports[0].summary, strlen(seen.reports[0].summary), &summary, NULL));
    assert_true(json_get(summary, "lineCoveragePercentage")->number > 54.9 &&
                json_get(summary, "lineCoveragePercentage")->number < 55.1);
    assert_null(json_get(summary, "branchCoveragePercentage"));
    struct rows rows = {.report_id = seen.reports[0].id};
    read_in(list_coverages, &rows);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, under_test_close)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_report_is_kept),         TEST(again_replaces),           TEST(bad_ones_write_nothing),
        TEST(a_group_has_one_type),     TEST(it_is_gone_after_30_days), TEST(a_deleted_group_takes_its_reports),
        TEST(coverage_is_kept_by_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
