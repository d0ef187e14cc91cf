/*
 * The doors of runners: who gets a job, what a late word gets, what a repeated one does. Against the real store, queue,
 * engine, logs and artifacts.
 */
#include "server/api/jobs/jobs.h"

#include "common/hash.h"
#include "common/str.h"
#include "server/artifacts/artifacts.h"
#include "server/definition/definition.h"
#include "server/engine/engine.h"
#include "server/logs/logs.h"
#include "server/store/action_runs.h"
#include "server/store/projects.h"
#include "server/store/runners.h"
#include "server/store/source_hooks.h"
#include "tests/unit/server/api/door_under_test.h"

#include <string.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#define CLAIM "00000000-0000-4000-8000-000000000001"
#define OTHER_CLAIM "00000000-0000-4000-8000-000000000002"
#define COMMIT "1111111111111111111111111111111111111111"

static const char pipeline_text[] =
    "{\"name\": \"shop\", \"stages\": ["
    "{\"name\": \"Source\", \"actions\": [{\"name\": \"App\", \"provider\": \"GitHub\", \"configuration\": "
    "{\"Owner\": \"acme\", \"Repo\": \"shop\", \"Branch\": \"main\", \"OAuthToken\": \"none\"}, "
    "\"outputArtifacts\": [\"App\"]}]},"
    "{\"name\": \"Build\", \"actions\": [{\"name\": \"Image\", \"provider\": \"CodeBuild\", \"configuration\": "
    "{\"ProjectName\": \"shop\"}, \"inputArtifacts\": [\"App\"]}]}]}";

static const char project_text[] =
    "{\"name\": \"shop\", \"source\": {\"type\": \"NO_SOURCE\", \"buildspec\": \"version: 0.2\"}, "
    "\"artifacts\": {\"type\": \"NO_ARTIFACTS\"}, \"timeoutInMinutes\": 60, \"environment\": {\"type\": "
    "\"LINUX_CONTAINER\", \"image\": \"debian:12\", \"computeType\": \"BUILD_GENERAL1_SMALL\"}}";

static const char *runner_id, *other_runner_id;
static char job_id[UUID_SIZE];
static int64_t token;

/* Setting up */

static const char *join_as(const char *name) {
    struct auth_token token_of_join;
    struct err err = {0};
    assert_true(auth_create_join_token(&under_test, &test_arena, "admin", &token_of_join, &err));
    struct request request =
        request_to("POST", "",
                   arena_printf(&test_arena, "{\"joinToken\": \"%s\", \"name\": \"%s\", \"version\": \"1.0\"}",
                                token_of_join.token, name),
                   NULL);
    struct reply reply = call(jobs_join, &request);
    assert_int_equal(reply.status, 200);
    const struct json *body = NULL;
    assert_true(json_parse(&test_arena, reply.body, reply.body_size, &body, &err));
    return json_get_text(body, "runnerId");
}

static int setup(void **state) {
    int failed = under_test_open(state);
    runner_id = join_as("one");
    other_runner_id = join_as("two");
    job_id[0] = '\0';
    token = 0;
    return failed;
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

static bool add_pipeline(struct tx *tx, void *context, struct err *err) {
    (void)context;
    const struct json *document = NULL;
    struct definition_result result;
    const char *id;
    if (!json_parse(&test_arena, pipeline_text, strlen(pipeline_text), &document, err) ||
        !definition_check(&test_arena, document, DEFINITION_FILE, NULL, &result))
        return false;
    const struct engine_definition definition = {.pipeline = result.pipeline, .origin = ORIGIN_API};
    const struct engine_revision revision = {.action = "App", .revision_id = COMMIT};
    const struct engine_start_request request = {
        .pipeline = "shop", .trigger_type = "StartPipelineExecution", .revisions = &revision, .revision_count = 1};
    return engine_create_pipeline(tx, &test_arena, &definition, err) &&
           engine_start(tx, &test_arena, &request, &id, err);
}

static void start_build(void) {
    write_in(add_project, NULL);
    write_in(add_build, NULL);
}

/* Asking */

static struct reply ask(http_handler *handler, const char *runner, const char *query, const char *body) {
    struct request request = request_to("POST", query, body, runner);
    request_capture(&request, job_id, NULL);
    return call(handler, &request);
}

static const struct json *answer_of(const struct reply *reply) {
    const struct json *body = NULL;
    struct err err = {0};
    if (!json_parse(&test_arena, reply->body, reply->body_size, &body, &err))
        fail_msg("'%s': %s", reply->body, err.message);
    return body;
}

static struct reply lease_of(const char *runner, const char *claim, int wait_seconds) {
    return ask(jobs_lease, runner, "",
               arena_printf(&test_arena,
                            "{\"claimId\": \"%s\", \"providers\": [\"CodeBuild\", \"GitHub\"], \"waitSeconds\": %d}",
                            claim, wait_seconds));
}

/* Leases the next job and remembers it. */
static void take_job(const char *runner, const char *claim) {
    struct reply reply = lease_of(runner, claim, 0);
    assert_int_equal(reply.status, 200);
    const struct json *job = answer_of(&reply);
    memccpy(job_id, json_get_text(job, "id"), 0, sizeof job_id);
    token = json_get_integer(job, "token", 0);
}

static const char *with_token(const char *rest) {
    return arena_printf(&test_arena, "{\"token\": %lld%s}", (long long)token, rest);
}

static const char *token_query(const char *rest) {
    return arena_printf(&test_arena, "token=%lld%s", (long long)token, rest);
}

static void assert_taken(struct reply reply) {
    if (reply.status != 200)
        fail_msg("%d %s", reply.status, reply.body);
}

static void assert_refused(struct reply reply, int status, const char *code) {
    if (reply.status != status || !str_equal(json_get_text(answer_of(&reply), "__type"), code))
        fail_msg("%d %s", reply.status, reply.body);
}

static bool read_job(struct tx *tx, void *context, struct err *err) {
    return job_rows_get(tx, &test_arena, job_id, context, err);
}

static struct job_row job_now(void) {
    struct job_row job = {0};
    read_in(read_job, &job);
    return job;
}

/* Joining */

static void a_join_token_makes_one_runner(void **state) {
    (void)state;
    struct auth_token join;
    struct err err = {0};
    assert_true(auth_create_join_token(&under_test, &test_arena, "admin", &join, &err));
    const char *body = arena_printf(
        &test_arena, "{\"joinToken\": \"%s\", \"name\": \"build-1.example.com\", \"version\": \"0.1.0\"}", join.token);
    struct reply reply = ask(jobs_join, NULL, "", body);
    assert_taken(reply);
    const char *made = json_get_text(answer_of(&reply), "token");
    struct request request = request_to("POST", "", "", NULL);
    request_with(&request, "authorization", arena_printf(&test_arena, "Bearer %s", made));
    assert_true(auth_runner(&request, &err));
    assert_string_equal(request.principal.id, json_get_text(answer_of(&reply), "runnerId"));
    const char *before = database_digest();
    assert_int_equal(ask(jobs_join, NULL, "", body).status, 403);
    assert_int_equal(ask(jobs_join, NULL, "", "{\"joinToken\": \"x\", \"name\": \"a\", \"version\": \"1\"}").status,
                     403);
    assert_int_equal(ask(jobs_join, NULL, "", "{\"joinToken\": \"x\", \"version\": \"1\"}").status, 400);
    assert_int_equal(ask(jobs_join, NULL, "", "{\"joinToken\": \"x\", \"name\": \"a/b\", \"version\": \"1\"}").status,
                     400);
    assert_string_equal(database_digest(), before);
}

static void a_join_token_expires(void **state) {
    (void)state;
    struct auth_token join;
    struct err err = {0};
    assert_true(auth_create_join_token(&under_test, &test_arena, "admin", &join, &err));
    test_now_ms = join.expires_ms + 1;
    assert_int_equal(
        ask(jobs_join, NULL, "",
            arena_printf(&test_arena, "{\"joinToken\": \"%s\", \"name\": \"a\", \"version\": \"1\"}", join.token))
            .status,
        403);
}

static void a_new_process_gives_its_jobs_back(void **state) {
    (void)state;
    start_build();
    assert_taken(ask(jobs_hello, runner_id, "", "{\"instanceId\": \"a\", \"version\": \"1\"}"));
    take_job(runner_id, CLAIM);
    assert_taken(ask(jobs_acknowledge, runner_id, "", with_token("")));
    /* The same process asks again where our answer was lost: what it holds stays its own. */
    assert_taken(ask(jobs_hello, runner_id, "", "{\"instanceId\": \"a\", \"version\": \"1\"}"));
    assert_int_equal(job_now().state, JOB_RUNNING);
    struct reply reply = ask(jobs_hello, runner_id, "", "{\"instanceId\": \"b\", \"version\": \"1\"}");
    assert_taken(reply);
    assert_string_equal(json_get_text(answer_of(&reply), "region"), "eu-west-1");
    assert_int_equal(job_now().state, JOB_QUEUED);
    assert_refused(ask(jobs_acknowledge, runner_id, "", with_token("")), 409, "StaleTokenException");
}

/* Leasing */

static void a_lease_waits_without_writing(void **state) {
    (void)state;
    const char *before = database_digest();
    struct request request = request_to(
        "POST", "", "{\"claimId\": \"" CLAIM "\", \"providers\": [\"CodeBuild\"], \"waitSeconds\": 20}", runner_id);
    struct reply reply = call(jobs_lease, &request);
    assert_string_equal(reply.wait_topic, "jobs");
    assert_int_equal(reply.wait_until_boot_ms, request.arrived_boot_ms + 20000);
    assert_string_equal(database_digest(), before);
    test_now_ms += 20000;
    assert_int_equal(call(jobs_lease, &request).status, 204);
    start_build();
    assert_int_equal(call(jobs_lease, &request).status, 200);
}

static bool read_runner(struct tx *tx, void *context, struct err *err) {
    return runners_get(tx, &test_arena, runner_id, context, err);
}

static void a_runner_that_waits_is_seen(void **state) {
    (void)state;
    struct runner_row runner;
    test_now_ms += RUNNER_ONLINE_MS / 2;
    assert_string_equal(lease_of(runner_id, CLAIM, 20).wait_topic, "jobs");
    read_in(read_runner, &runner);
    assert_int_equal(runner.seen_ms, test_now_ms);
}

static void one_claim_gets_one_job(void **state) {
    (void)state;
    start_build();
    take_job(runner_id, CLAIM);
    struct job_row first = job_now();
    struct reply again = lease_of(runner_id, CLAIM, 20);
    assert_int_equal(again.status, 200);
    assert_string_equal(json_get_text(answer_of(&again), "id"), job_id);
    assert_int_equal(json_get_integer(answer_of(&again), "token", 0), token);
    assert_int_equal(job_now().token, first.token);
    assert_refused(lease_of(other_runner_id, CLAIM, 20), 409, "StaleTokenException");
    assert_string_equal(lease_of(other_runner_id, OTHER_CLAIM, 20).wait_topic, "jobs"); /* never two owners */
    assert_taken(ask(jobs_result, runner_id, "", with_token(", \"outcome\": \"succeeded\"")));
    assert_refused(lease_of(runner_id, CLAIM, 20), 409, "StaleTokenException"); /* a claim is used once */
}

static void leases_are_checked(void **state) {
    (void)state;
    start_build();
    const char *const bodies[] = {"", "[]", "{}", "{\"claimId\": \"x\", \"providers\": []}",
                                  "{\"claimId\": \"" CLAIM "\", \"providers\": [\"CodeBuild\"], \"waitSeconds\": 26}"};
    const char *before = database_digest();
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
        assert_int_equal(ask(jobs_lease, runner_id, "", bodies[i]).status, 400);
    assert_string_equal(database_digest(), before);
}

static bool remove_runner(struct tx *tx, void *context, struct err *err) {
    return engine_remove_runner(tx, &test_arena, context, err);
}

/* It may have been in a long poll when it was removed. */
static void a_removed_runner_gets_nothing(void **state) {
    (void)state;
    char gone[UUID_SIZE];
    memccpy(gone, runner_id, 0, sizeof gone);
    write_in(remove_runner, gone);
    start_build();
    assert_int_equal(lease_of(runner_id, CLAIM, 0).status, 403);
    take_job(other_runner_id, OTHER_CLAIM);
}

static bool add_sealed_elsewhere(struct tx *tx, void *context, struct err *err) {
    (void)context;
    const char *id;
    const struct source_hook_row hook = {.provider = "github",
                                         .repository = "acme/shop",
                                         .clone_url = "https://example.com/acme/shop.git",
                                         .secret = "x",
                                         .secret_size = 1,
                                         .clone_user_name = "ada",
                                         .clone_password = "sealed under another key, or so it looks to be",
                                         .clone_password_size = 46};
    return source_hooks_put(tx, &test_arena, &hook, &id, err);
}

static bool read_first_action(struct tx *tx, void *context, struct err *err) {
    struct pipeline_row pipeline;
    bool found = false;
    return pipelines_get(tx, &test_arena, "shop", &pipeline, err) &&
           action_runs_latest(tx, &test_arena, pipeline.id, "Source", "App", &found, context, err) && found;
}

static void a_job_that_cannot_be_handed_out_fails(void **state) {
    (void)state;
    write_in(add_project, NULL);
    write_in(add_sealed_elsewhere, NULL);
    write_in(add_pipeline, NULL);
    write_in(add_build, NULL); /* stands behind it */
    assert_refused(lease_of(runner_id, CLAIM, 0), 409, "StaleTokenException");
    struct action_run_row action;
    read_in(read_first_action, &action);
    assert_int_equal(action.status, ACTION_FAILED);
    assert_string_equal(action.error_code, "ConfigurationError");
    assert_true(str_starts_with(action.error_message, "opening the clone password of 'acme/shop'"));
    take_job(runner_id, OTHER_CLAIM);
    assert_string_equal(job_now().provider, "CodeBuild");
}

/* The fence */

static struct reply put_artifact(const char *runner, const char *name, const char *bytes, const char *sha256) {
    struct request request = request_to("PUT", token_query(""), "", runner);
    request_capture(&request, job_id, name);
    request_body_file(&request, bytes, strlen(bytes));
    if (sha256)
        request_with(&request, "x-penstock-sha256", sha256);
    struct reply reply = call(jobs_put_artifact, &request);
    close(request.body_fd);
    return reply;
}

static struct reply get_artifact(const char *runner, const char *name) {
    struct request request = request_to("GET", token_query(""), "", runner);
    request_capture(&request, job_id, name);
    return call(jobs_get_artifact, &request);
}

static const char *sha256_of(const char *bytes) {
    char *hex = arena_alloc(&test_arena, SHA256_HEX_SIZE);
    hash_sha256_hex(bytes, strlen(bytes), hex);
    return hex;
}

/* Every door, under this runner's name and the token that is set. */
static void assert_all_refuse(const char *runner, int status, const char *code) {
    const char *before = database_digest();
    assert_refused(ask(jobs_acknowledge, runner, "", with_token("")), status, code);
    assert_refused(ask(jobs_heartbeat, runner, "", with_token(", \"waitSeconds\": 10")), status, code);
    assert_refused(ask(jobs_log, runner, token_query("&offset=0"), "late\n"), status, code);
    assert_refused(ask(jobs_checkpoint, runner, "", with_token(", \"checkpoint\": {\"a\": 1}")), status, code);
    assert_refused(ask(jobs_progress, runner, "", with_token(", \"summary\": \"late\"")), status, code);
    assert_refused(put_artifact(runner, "App", "late", sha256_of("late")), status, code);
    assert_refused(get_artifact(runner, "App"), status, code);
    assert_refused(ask(jobs_result, runner, "", with_token(", \"outcome\": \"succeeded\"")), status, code);
    assert_string_equal(database_digest(), before);
    int fd;
    int64_t size;
    assert_false(artifacts_get(under_test.artifacts, sha256_of("late"), &fd, &size, NULL));
}

static void late_words_change_nothing(void **state) {
    (void)state;
    start_build();
    take_job(runner_id, CLAIM);
    assert_taken(ask(jobs_acknowledge, runner_id, "", with_token("")));
    assert_all_refuse(other_runner_id, 409, "StaleTokenException"); /* another runner's job, with its right token */
    int64_t right = token;
    token = right + 1;
    assert_all_refuse(runner_id, 409, "StaleTokenException");
    token = right;
    assert_taken(ask(jobs_hello, runner_id, "", "{\"instanceId\": \"b\", \"version\": \"1\"}"));
    assert_all_refuse(runner_id, 409, "StaleTokenException"); /* it went back to the queue */
    struct log_info log;
    assert_true(logs_info(under_test.logs, job_now().log_id, &log, NULL));
    assert_int_equal(log.bytes, 0);
    memccpy(job_id, "no-such-job", 0, sizeof job_id);
    assert_all_refuse(runner_id, 404, "JobNotFoundException");
}

static void messages_are_checked(void **state) {
    (void)state;
    start_build();
    take_job(runner_id, CLAIM);
    const char *before = database_digest();
    const struct {
        http_handler *handler;
        const char *query, *body;
    } rows[] = {
        {jobs_acknowledge, "", ""},
        {jobs_acknowledge, "", "{}"},
        {jobs_acknowledge, "", "{\"token\": \"1\"}"},
        {jobs_acknowledge, "", "{\"token\": 0}"},
        {jobs_heartbeat, "", with_token(", \"waitSeconds\": 11")},
        {jobs_heartbeat, "", with_token(", \"cancelSeen\": 1")},
        {jobs_log, "offset=0", "x"},
        {jobs_log, "token=1", "x"},
        {jobs_log, "token=1&offset=-1", "x"},
        {jobs_log, "token=1&offset=1e3", "x"},
        {jobs_checkpoint, "", with_token("")},
        {jobs_checkpoint, "", with_token(", \"checkpoint\": []")},
        {jobs_progress, "", with_token(", \"percent\": 101")},
        {jobs_result, "", with_token("")},
        {jobs_result, "", with_token(", \"outcome\": \"done\"")},
        {jobs_result, "", with_token(", \"outcome\": \"failed\"")},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct reply reply = ask(rows[i].handler, runner_id, rows[i].query, rows[i].body);
        if (reply.status != 400)
            fail_msg("row %zu: %d %s", i, reply.status, reply.body);
    }
    assert_string_equal(database_digest(), before);
}

/* Heartbeat */

struct cancelling {
    enum job_cancel cancel;
    bool ended;
};

static bool cancel_job(struct tx *tx, void *context, struct err *err) {
    struct cancelling *what = context;
    return queue_cancel(tx, job_id, what->cancel, &what->ended, err);
}

static void cancel_with(enum job_cancel cancel) {
    struct cancelling what = {.cancel = cancel};
    write_in(cancel_job, &what);
    assert_false(what.ended);
}

static void assert_beat(struct reply reply, bool cancel, bool abandon) {
    assert_int_equal(reply.status, 200);
    assert_string_equal(reply.body, arena_printf(&test_arena, "{\"cancel\":%s,\"abandon\":%s}",
                                                 cancel ? "true" : "false", abandon ? "true" : "false"));
}

static void a_heartbeat_waits_for_a_cancel(void **state) {
    (void)state;
    start_build();
    take_job(runner_id, CLAIM);
    assert_taken(ask(jobs_acknowledge, runner_id, "", with_token("")));
    struct request request =
        request_to("POST", "", with_token(", \"waitSeconds\": 10, \"cancelSeen\": false"), runner_id);
    request_capture(&request, job_id, NULL);
    test_now_ms += 30000;
    request.arrived_boot_ms = test_now_ms;
    struct reply reply = call(jobs_heartbeat, &request);
    assert_string_equal(reply.wait_topic, arena_printf(&test_arena, "job/%s", job_id));
    assert_int_equal(reply.wait_until_boot_ms, test_now_ms + 10000);
    assert_int_equal(job_now().deadline_boot_ms, test_now_ms + QUEUE_LEASE_MS); /* while it waits */
    test_now_ms += 10000;
    assert_beat(call(jobs_heartbeat, &request), false, false);
    assert_int_equal(job_now().deadline_boot_ms, test_now_ms + QUEUE_LEASE_MS);
    request.arrived_boot_ms = test_now_ms;
    assert_non_null(call(jobs_heartbeat, &request).wait_topic);
    cancel_with(JOB_CANCEL_UNDO);
    assert_beat(call(jobs_heartbeat, &request), true, false);
}

static void a_cancel_that_was_seen_is_not_told_at_once(void **state) {
    (void)state;
    start_build();
    take_job(runner_id, CLAIM);
    assert_taken(ask(jobs_acknowledge, runner_id, "", with_token("")));
    cancel_with(JOB_CANCEL_UNDO);
    assert_beat(ask(jobs_heartbeat, runner_id, "", with_token(", \"waitSeconds\": 10")), true, false);
    struct request request =
        request_to("POST", "", with_token(", \"waitSeconds\": 10, \"cancelSeen\": true"), runner_id);
    request_capture(&request, job_id, NULL);
    assert_int_equal(call(jobs_heartbeat, &request).wait_until_boot_ms, request.arrived_boot_ms + 10000);
    test_now_ms += 2000;
    cancel_with(JOB_CANCEL_ABANDON);
    assert_beat(call(jobs_heartbeat, &request), true, true);
    request.arrived_boot_ms = test_now_ms;
    assert_int_equal(call(jobs_heartbeat, &request).wait_until_boot_ms, request.arrived_boot_ms + 1000);
}

/* Log */

static void log_bytes_are_taken_once(void **state) {
    (void)state;
    start_build();
    take_job(runner_id, CLAIM);
    struct reply reply = ask(jobs_acknowledge, runner_id, "", with_token(""));
    assert_string_equal(reply.body, "{\"logSize\":0}");
    assert_string_equal(ask(jobs_log, runner_id, token_query("&offset=0"), "one\ntw").body, "{\"size\":6}");
    assert_string_equal(ask(jobs_log, runner_id, token_query("&offset=0"), "one\ntw").body, "{\"size\":6}");
    assert_string_equal(ask(jobs_log, runner_id, token_query("&offset=4"), "two\n").body, "{\"size\":8}");
    reply = ask(jobs_log, runner_id, token_query("&offset=9"), "four\n");
    assert_refused(reply, 409, "LogGapException");
    assert_int_equal(json_get_integer(answer_of(&reply), "size", -1), 8);
    const struct log_line *lines;
    size_t count;
    struct log_info info;
    const char *log_id = job_now().log_id;
    assert_true(logs_read(under_test.logs, &test_arena, log_id, 0, 10, &lines, &count, &info, NULL));
    assert_int_equal(count, 2);
    assert_string_equal(lines[1].text, "two");
    /* The next holder's lines stand behind them. */
    assert_taken(ask(jobs_hello, runner_id, "", "{\"instanceId\": \"b\", \"version\": \"1\"}"));
    take_job(other_runner_id, OTHER_CLAIM);
    assert_string_equal(ask(jobs_acknowledge, other_runner_id, "", with_token("")).body, "{\"logSize\":8}");
    assert_string_equal(ask(jobs_log, other_runner_id, token_query("&offset=8"), "again\n").body, "{\"size\":14}");
}

/* The end */

static void a_result_may_come_twice(void **state) {
    (void)state;
    start_build();
    take_job(runner_id, CLAIM);
    assert_taken(ask(jobs_log, runner_id, token_query("&offset=0"), "the last line"));
    const char *result = with_token(", \"outcome\": \"succeeded\"");
    assert_string_equal(ask(jobs_result, runner_id, "", result).body, "{}");
    struct job_row job = job_now();
    assert_int_equal(job.state, JOB_DONE);
    assert_int_equal(job.outcome, JOB_SUCCEEDED);
    struct log_info log;
    assert_true(logs_info(under_test.logs, job.log_id, &log, NULL));
    assert_true(log.closed);
    assert_int_equal(log.lines, 1);
    const char *before = database_digest();
    assert_string_equal(ask(jobs_result, runner_id, "", result).body, "{}");
    assert_refused(ask(jobs_result, other_runner_id, "", result), 409, "StaleTokenException");
    assert_string_equal(database_digest(), before);
    assert_refused(ask(jobs_log, runner_id, token_query("&offset=13"), "more\n"), 409, "StaleTokenException");
    assert_refused(ask(jobs_heartbeat, runner_id, "", with_token("")), 409, "StaleTokenException");
}

static void checkpoints_reach_the_next_holder(void **state) {
    (void)state;
    start_build();
    take_job(runner_id, CLAIM);
    assert_taken(ask(jobs_checkpoint, runner_id, "", with_token(", \"checkpoint\": {\"container\": \"c1\"}")));
    assert_taken(ask(jobs_progress, runner_id, "", with_token(", \"summary\": \"building\", \"percent\": 50")));
    assert_taken(ask(jobs_hello, runner_id, "", "{\"instanceId\": \"b\", \"version\": \"1\"}"));
    struct reply reply = lease_of(other_runner_id, OTHER_CLAIM, 0);
    const struct json *job = answer_of(&reply);
    assert_string_equal(json_get_text(json_get(job, "checkpoint"), "container"), "c1");
    assert_int_equal(json_get_integer(job, "attempt", 0), 2);
    assert_true(json_get_integer(job, "token", 0) > token);
}

static const char *read_body(const struct reply *reply) {
    char *bytes = arena_alloc(&test_arena, reply->body_size + 1);
    assert_int_equal(pread(reply->body_fd, bytes, reply->body_size, reply->body_offset), reply->body_size);
    close(reply->body_fd);
    return bytes;
}

static void an_artifact_reaches_the_next_action(void **state) {
    (void)state;
    write_in(add_project, NULL);
    write_in(add_pipeline, NULL);
    take_job(runner_id, CLAIM);
    assert_string_equal(job_now().provider, "GitHub");
    assert_int_equal(put_artifact(runner_id, "App", "zip", NULL).status, 400);
    assert_int_equal(put_artifact(runner_id, "App", "zip", sha256_of("zap")).status, 400);
    assert_int_equal(put_artifact(runner_id, "Other", "zip", sha256_of("zip")).status, 400);
    assert_int_equal(put_artifact(runner_id, "..", "zip", sha256_of("zip")).status, 400);
    assert_int_equal(get_artifact(runner_id, "App").status, 404); /* its own output is no input */
    struct reply reply = put_artifact(runner_id, "App", "zip", sha256_of("zip"));
    assert_string_equal(reply.body, arena_printf(&test_arena, "{\"sha256\":\"%s\",\"size\":3}", sha256_of("zip")));
    assert_taken(put_artifact(runner_id, "App", "zip", sha256_of("zip")));
    assert_taken(
        ask(jobs_result, runner_id, "", with_token(", \"outcome\": \"succeeded\", \"revisionId\": \"" COMMIT "\"")));
    take_job(other_runner_id, OTHER_CLAIM);
    assert_string_equal(job_now().provider, "CodeBuild");
    reply = get_artifact(other_runner_id, "App");
    assert_int_equal(reply.status, 200);
    assert_string_equal(reply.content_type, "application/zip");
    assert_string_equal(read_body(&reply), "zip");
    assert_int_equal(get_artifact(other_runner_id, "Other").status, 404);
    assert_int_equal(get_artifact(runner_id, "App").status, 409);
}

#define DOOR_TEST(function) cmocka_unit_test_setup_teardown(function, setup, under_test_close)

int main(void) {
    const struct CMUnitTest tests[] = {
        DOOR_TEST(a_join_token_makes_one_runner),
        DOOR_TEST(a_join_token_expires),
        DOOR_TEST(a_new_process_gives_its_jobs_back),
        DOOR_TEST(a_lease_waits_without_writing),
        DOOR_TEST(a_runner_that_waits_is_seen),
        DOOR_TEST(one_claim_gets_one_job),
        DOOR_TEST(leases_are_checked),
        DOOR_TEST(a_removed_runner_gets_nothing),
        DOOR_TEST(a_job_that_cannot_be_handed_out_fails),
        DOOR_TEST(late_words_change_nothing),
        DOOR_TEST(messages_are_checked),
        DOOR_TEST(a_heartbeat_waits_for_a_cancel),
        DOOR_TEST(a_cancel_that_was_seen_is_not_told_at_once),
        DOOR_TEST(log_bytes_are_taken_once),
        DOOR_TEST(a_result_may_come_twice),
        DOOR_TEST(checkpoints_reach_the_next_holder),
        DOOR_TEST(an_artifact_reaches_the_next_action),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
