/*
 * Builds: what a project and a request make, phases, ends; and the messages that hand jobs to runners.
 */
#include "common/hash.h"
#include "common/str.h"
#include "server/jobs/build_start.h"
#include "server/jobs/job_message.h"
#include "server/store/action_runs.h"
#include "server/store/artifact_rows.h"
#include "server/store/projects.h"
#include "server/store/repositories.h"
#include "server/store/revisions.h"
#include "server/store/source_hooks.h"
#include "tests/unit/server/jobs/bench.h"

static const char project_document[] =
    "{\"name\":\"shop\",\"description\":\"d\",\"source\":{\"type\":\"CODECOMMIT\",\"location\":"
    "\"https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/shop\",\"buildspec\":\"b.yml\"},"
    "\"artifacts\":{\"type\":\"NO_ARTIFACTS\"},\"environment\":{\"type\":\"LINUX_CONTAINER\",\"image\":\"debian:12\","
    "\"environmentVariables\":[{\"name\":\"A\",\"value\":\"1\",\"type\":\"PLAINTEXT\"},{\"name\":\"B\",\"value\":\"2\","
    "\"type\":\"PLAINTEXT\"}]},\"timeoutInMinutes\":30}";

static const struct build_ending lost = {
    .status = BUILD_FAULT, .code = "INTERNAL_SERVICE_ERROR", .message = "its runner was lost"};
static const struct build_ending late = {.status = BUILD_SUCCEEDED};

static void add_project(struct bench *bench, struct err *err) {
    const struct project_row project = {.name = "shop", .document = project_document};
    const struct repository_row repository = {.name = "shop"};
    assert_true(projects_add(bench->tx, &project, err));
    assert_true(repositories_add(bench->tx, &repository, err));
    assert_true(repositories_set_default_branch(bench->tx, "shop", "trunk", err));
}

static const struct json *parse(struct bench *bench, const char *text) {
    const struct json *json = NULL;
    assert_true(json_parse(&bench->arena, text, strlen(text), &json, NULL));
    return json;
}

static struct json *describe(struct bench *bench, const struct build_row *row) {
    struct json *build = NULL;
    struct err err = {0};
    assert_true(build_describe(&bench->arena, row, &build, &err));
    return build;
}

static const char *print(struct bench *bench, const struct json *value) {
    return json_print(&bench->arena, value);
}

static const char *phases(struct bench *bench, const struct json *build) {
    const char *line = "";
    json_each(phase, json_get(build, "phases")) {
        line = arena_printf(&bench->arena, "%s%s=%s ", line, json_get_text(phase, "phaseType"),
                            json_get_text_or(phase, "phaseStatus", "-"));
    }
    return line;
}

static struct job_row job_of(struct bench *bench, const struct build_row *row) {
    struct err err = {0};
    struct job_row job;
    bool found = false;
    assert_true(job_rows_of_build(bench->tx, &bench->arena, row->id, &found, &job, &err) && found);
    return job;
}

static void a_build_is_its_project_with_the_request_over_it(struct bench *bench, struct err *err) {
    add_project(bench, err);
    const struct build_request request = {
        .project = "shop",
        .initiator = "ann",
        .overrides = parse(bench, "{\"sourceVersion\":\"feature\",\"imageOverride\":\"debian:13\","
                                  "\"buildspecOverride\":\"version: 0.2\",\"privilegedModeOverride\":true,"
                                  "\"timeoutInMinutesOverride\":5,\"environmentVariablesOverride\":"
                                  "[{\"name\":\"B\",\"value\":\"3\"},{\"name\":\"C\",\"value\":\"4\"}]}"),
    };
    struct build_row row;
    assert_true(build_start(bench->tx, &bench->arena, &request, &row, err));
    const struct json *build = describe(bench, &row);
    assert_string_equal(json_get_text(build, "id"), arena_printf(&bench->arena, "shop:%s", row.uuid));
    assert_int_equal(json_get_integer(build, "buildNumber", 0), 1);
    assert_string_equal(json_get_text(build, "buildStatus"), "IN_PROGRESS");
    assert_string_equal(json_get_text(build, "sourceVersion"), "feature");
    assert_null(json_get(build, "description"));
    assert_string_equal(print(bench, json_get(build, "environment")),
                        "{\"type\":\"LINUX_CONTAINER\",\"image\":\"debian:13\",\"environmentVariables\":"
                        "[{\"name\":\"A\",\"value\":\"1\",\"type\":\"PLAINTEXT\"},{\"name\":\"B\",\"value\":\"3\","
                        "\"type\":\"PLAINTEXT\"},{\"name\":\"C\",\"value\":\"4\",\"type\":\"PLAINTEXT\"}],"
                        "\"privilegedMode\":true}");
    assert_string_equal(json_get_text(json_get(build, "source"), "buildspec"), "version: 0.2");
    assert_string_equal(phases(bench, build), "SUBMITTED=SUCCEEDED QUEUED=- ");
    assert_false(json_get_bool(build, "buildComplete", true));
    assert_int_equal(job_of(bench, &row).timeout_seconds, 300);
    assert_string_equal(job_of(bench, &row).log_id, row.uuid);
}

static void bad_requests_are_refused(struct bench *bench, struct err *err) {
    add_project(bench, err);
    struct build_row row;
    struct build_request request = {.project = "none", .initiator = "ann"};
    assert_false(build_start(bench->tx, &bench->arena, &request, &row, err));
    assert_string_equal(err->code, "ResourceNotFoundException");
    request.project = "shop";
    request.environment = parse(bench, "[{\"name\":\"A\"}]");
    assert_false(build_start(bench->tx, &bench->arena, &request, &row, err));
    assert_string_equal(err->code, "InvalidInputException");
    request.environment = parse(bench, "{}");
    assert_false(build_start(bench->tx, &bench->arena, &request, &row, err));
    assert_string_equal(err->code, "InvalidInputException");
    struct build_row *rows = NULL;
    size_t count = 1;
    assert_true(builds_list(bench->tx, &bench->arena, NULL, false, 0, 10, &rows, &count, err));
    assert_int_equal(count, 0);
}

static void the_same_idempotency_token_gives_the_same_build(struct bench *bench, struct err *err) {
    add_project(bench, err);
    const struct build_request request = {.project = "shop", .initiator = "ann", .idempotency_token = "t"};
    struct build_row first, again, *rows = NULL;
    size_t count = 0;
    assert_true(build_start(bench->tx, &bench->arena, &request, &first, err));
    assert_true(build_start(bench->tx, &bench->arena, &request, &again, err));
    assert_string_equal(first.uuid, again.uuid);
    const struct build_request other = {.project = "shop", .initiator = "ann"};
    assert_true(build_start(bench->tx, &bench->arena, &other, &again, err));
    assert_int_equal(again.number, 2);
    assert_true(builds_list(bench->tx, &bench->arena, "shop", false, 0, 10, &rows, &count, err));
    assert_int_equal(count, 2);
    assert_int_equal(rows[0].number, 2);
    assert_true(builds_list(bench->tx, &bench->arena, "shop", true, rows[1].id, 10, &rows, &count, err));
    assert_int_equal(count, 1);
    assert_int_equal(rows[0].number, 2);
    assert_true(builds_list(bench->tx, &bench->arena, NULL, true, 0, 1, &rows, &count, err));
    assert_int_equal(rows[0].number, 1);
}

static void phases_come_together(struct bench *bench, struct err *err) {
    add_project(bench, err);
    const struct build_request request = {.project = "shop", .initiator = "ann"};
    struct build_row row;
    assert_true(build_start(bench->tx, &bench->arena, &request, &row, err));
    bench->wall_ms += 5000;
    bench_lease(bench, RUNNER_A, CLAIM_1, "CodeBuild");
    struct job_row job = job_of(bench, &row);
    const struct queue_fence fence = bench_fence(bench, job.id, RUNNER_A);
    assert_true(queue_acknowledge(bench->tx, &fence, err));
    const struct wire_progress progress = {
        .token = fence.token,
        .percent = -1,
        .build = parse(bench, "{\"currentPhase\":\"BUILD\",\"phases\":[{\"phaseType\":\"SUBMITTED\"},"
                              "{\"phaseType\":\"PROVISIONING\",\"phaseStatus\":\"SUCCEEDED\",\"startTime\":1.5,"
                              "\"endTime\":2.5},{\"phaseType\":\"BUILD\",\"startTime\":2.5}],"
                              "\"resolvedSourceVersion\":\"c0ffee\"}"),
    };
    assert_true(queue_progress(bench->tx, &bench->arena, &fence, &progress, err));
    assert_true(builds_get_by_id(bench->tx, &bench->arena, row.id, &row, err));
    const struct json *build = describe(bench, &row);
    assert_string_equal(json_get_text(build, "currentPhase"), "BUILD");
    assert_string_equal(json_get_text(build, "resolvedSourceVersion"), "c0ffee");
    assert_string_equal(phases(bench, build), "SUBMITTED=SUCCEEDED QUEUED=SUCCEEDED PROVISIONING=SUCCEEDED BUILD=- ");
    const struct json *queued = json_get(build, "phases")->first->next;
    assert_int_equal(json_get_integer(queued, "durationInSeconds", -1), 5);
    /* The runner is lost for good: the last state that is known is closed. */
    job = job_of(bench, &row);
    assert_true(build_finish(bench->tx, &bench->arena, &job, &lost, err));
    assert_true(builds_get_by_id(bench->tx, &bench->arena, row.id, &row, err));
    build = describe(bench, &row);
    assert_string_equal(phases(bench, build), "SUBMITTED=SUCCEEDED QUEUED=SUCCEEDED PROVISIONING=SUCCEEDED "
                                              "BUILD=FAULT COMPLETED=- ");
    assert_string_equal(json_get_text(build, "buildStatus"), "FAULT");
    const struct json *ended = json_get(json_get(build, "phases")->last, "phaseType");
    assert_string_equal(ended->text, "COMPLETED");
    assert_int_equal(json_get(build, "phases")->last->count, 2); /* phaseType and startTime alone */
    assert_true(json_get_bool(build, "buildComplete", false));
    assert_non_null(strstr(print(bench, build), "its runner was lost"));
    /* A second end changes nothing. */
    assert_true(build_finish(bench->tx, &bench->arena, &job, &late, err));
    assert_true(builds_get_by_id(bench->tx, &bench->arena, row.id, &row, err));
    assert_int_equal(row.status, BUILD_FAULT);
}

static enum build_status status_after(struct bench *bench, enum wire_outcome outcome, const char *state) {
    struct err err = {0};
    const struct build_request request = {.project = "shop", .initiator = "ann"};
    struct build_row row;
    assert_true(build_start(bench->tx, &bench->arena, &request, &row, &err));
    const struct job_row job = job_of(bench, &row);
    const struct wire_result result = {.outcome = outcome, .build = parse(bench, state)};
    const struct build_ending ending = {
        .status = build_status_of(&result), .message = "m", .told = parse(bench, state)};
    assert_true(build_finish(bench->tx, &bench->arena, &job, &ending, &err));
    assert_true(builds_get_by_id(bench->tx, &bench->arena, row.id, &row, &err));
    assert_null(strstr(row.state, "buildStatus"));
    return row.status;
}

static void ends_have_awss_names(struct bench *bench, struct err *err) {
    add_project(bench, err);
    assert_int_equal(status_after(bench, WIRE_SUCCEEDED, "{}"), BUILD_SUCCEEDED);
    assert_int_equal(status_after(bench, WIRE_FAILED, "{}"), BUILD_FAILED);
    assert_int_equal(status_after(bench, WIRE_STOPPED, "{}"), BUILD_STOPPED);
    assert_int_equal(
        status_after(bench, WIRE_FAILED, "{\"phases\":[{\"phaseType\":\"BUILD\",\"phaseStatus\":\"TIMED_OUT\"}]}"),
        BUILD_TIMED_OUT);
    assert_int_equal(status_after(bench, WIRE_FAILED, "{\"buildStatus\":\"TIMED_OUT\"}"), BUILD_TIMED_OUT);
    assert_int_equal(status_after(bench, WIRE_FAILED, "{\"buildStatus\":\"FAULT\"}"), BUILD_FAULT);
    assert_int_equal(status_after(bench, WIRE_FAILED, "{\"buildStatus\":\"SUCCEEDED\"}"), BUILD_FAILED);
    const struct wire_result broken = {.outcome = WIRE_FAILED, .error_code = "SystemUnavailable"};
    assert_int_equal(build_status_of(&broken), BUILD_FAULT);
}

/* ---- messages ---- */

static bool open_secret(void *context, struct arena *arena, const void *sealed, size_t size, const char **out,
                        struct err *err) {
    (void)context;
    (void)err;
    *out = arena_printf(arena, "opened %.*s", (int)size, (const char *)sealed);
    return true;
}

static const struct job_message_settings settings = {.base_url = "http://127.0.0.1:8080",
                                                     .region = "eu-west-1",
                                                     .account_id = "123456789012",
                                                     .open_secret = open_secret};

static struct wire_job message(struct bench *bench, const char *job_id) {
    struct err err = {0};
    struct wire_job job, decoded;
    if (!job_message(bench->tx, &bench->arena, &settings, job_id, &job, &err))
        fail_msg("%s", err.message);
    /* What we send, a runner can read. */
    if (job.token > 0 && !wire_job_decode(&bench->arena, wire_job_encode(&bench->arena, &job), &decoded, &err))
        fail_msg("%s", err.message);
    return job;
}

static void a_build_without_pipeline_brings_its_source(struct bench *bench, struct err *err) {
    add_project(bench, err);
    const struct build_request request = {.project = "shop", .initiator = "ann"};
    struct build_row row;
    assert_true(build_start(bench->tx, &bench->arena, &request, &row, err));
    const char *id = bench_lease(bench, RUNNER_A, CLAIM_1, "CodeBuild");
    const struct wire_job job = message(bench, id);
    assert_null(job.pipeline);
    assert_int_equal(job.attempt, 1);
    assert_int_equal(job.timeout_seconds, 1800);
    assert_string_equal(json_get_text(job.build, "buildspec"), "b.yml");
    assert_string_equal(print(bench, job.source),
                        "{\"url\":\"http://127.0.0.1:8080/git/shop\",\"username\":\"runner\",\"branch\":\"trunk\"}");
}

static int64_t add_action(struct bench *bench, const char *name, const char *category, const char *provider,
                          const char *configuration, const char *inputs) {
    struct err err = {0};
    int64_t id = 0;
    const struct action_run_row action = {
        .uuid = name,
        .execution_id = bench->execution_id,
        .stage_run_id = 1,
        .pipeline_id = 1,
        .stage = "S",
        .action = name,
        .category = category,
        .provider = provider,
        .run_order = 1,
        .configuration = configuration,
        .inputs = inputs,
        .outputs = "[\"App\"]",
    };
    assert_true(action_runs_add(bench->tx, &action, &id, &err));
    return id;
}

static const char *queue_action(struct bench *bench, int64_t action_run_id, const char *name, const char *provider) {
    struct err err = {0};
    struct job_row row;
    bool found = false;
    const struct queue_new_job job = {.provider = provider, .action_run_id = action_run_id, .log_id = name};
    assert_true(queue_add(bench->tx, &job, &err));
    assert_true(job_rows_of_action(bench->tx, &bench->arena, action_run_id, &found, &row, &err) && found);
    return row.id;
}

static void a_hosted_source_names_its_commit(struct bench *bench, struct err *err) {
    const struct revision_row revision = {
        .execution_id = bench->execution_id, .action = "Hosted", .artifact = "App", .asked = "c0ffee"};
    assert_true(revisions_add(bench->tx, &revision, err));
    int64_t run = add_action(bench, "Hosted", "Source", "CodeCommit",
                             "{\"RepositoryName\":\"shop\",\"BranchName\":\"main\"}", "[]");
    const struct wire_job job = message(bench, queue_action(bench, run, "Hosted", "CodeCommit"));
    assert_string_equal(print(bench, job.source), "{\"url\":\"http://127.0.0.1:8080/git/shop\",\"username\":\"runner\","
                                                  "\"branch\":\"main\",\"commit\":\"c0ffee\"}");
    assert_string_equal(job.execution_id, "e1");
    assert_string_equal(job.pipeline, "shop");
    assert_int_equal(job.output_count, 1);
}

static void a_source_elsewhere_brings_its_password(struct bench *bench, struct err *err) {
    const struct source_hook_row hook = {.provider = "github",
                                         .repository = "example/shop",
                                         .clone_url = "https://git.example.com/example/shop.git",
                                         .secret = "s",
                                         .secret_size = 1,
                                         .clone_user_name = "bot",
                                         .clone_password = "sealed",
                                         .clone_password_size = 6};
    const char *id = NULL;
    assert_true(source_hooks_put(bench->tx, &bench->arena, &hook, &id, err));
    int64_t hooked = add_action(bench, "Hooked", "Source", "GitHub",
                                "{\"Owner\":\"example\",\"Repo\":\"shop\",\"Branch\":\"main\"}", "[]");
    const struct wire_job job = message(bench, queue_action(bench, hooked, "Hooked", "GitHub"));
    assert_string_equal(print(bench, job.source),
                        "{\"url\":\"https://git.example.com/example/shop.git\",\"username\":\"bot\","
                        "\"password\":\"opened sealed\",\"branch\":\"main\"}");
    int64_t open = add_action(bench, "Open", "Source", "CodeStarSourceConnection",
                              "{\"FullRepositoryId\":\"example/other\",\"BranchName\":\"main\"}", "[]");
    const struct wire_job other = message(bench, queue_action(bench, open, "Open", "CodeStarSourceConnection"));
    assert_string_equal(print(bench, other.source),
                        "{\"url\":\"https://github.com/example/other\",\"branch\":\"main\"}");
}

/* A build that runner A has begun. */
static const char *begin_build(struct bench *bench) {
    struct err err = {0};
    struct build_row row;
    const struct build_request request = {.project = "shop", .initiator = "ann"};
    add_project(bench, &err);
    assert_true(build_start(bench->tx, &bench->arena, &request, &row, &err));
    const char *id = job_of(bench, &row).id;
    assert_string_equal(bench_lease(bench, RUNNER_A, CLAIM_1, "CodeBuild"), id);
    const struct queue_fence fence = bench_fence(bench, id, RUNNER_A);
    assert_true(queue_acknowledge(bench->tx, &fence, &err));
    return id;
}

static void lose(struct bench *bench) {
    bench->boot_ms += QUEUE_LEASE_MS;
    assert_int_equal(bench_expire(bench, NULL), 0);
}

static void cancel(struct bench *bench, const char *id, enum job_cancel how, bool ends) {
    struct err err = {0};
    bool ended = false;
    assert_true(queue_cancel(bench->tx, id, how, &ended, &err));
    assert_int_equal(ended, ends);
}

static const char claim_3[] = "00000000-0000-4000-9000-000000000003";

/* Only the machine that the container runs on can tell that it does not. */
static void a_lost_builds_cancel_waits_for_its_own_runner(struct bench *bench, struct err *err) {
    const char *id = begin_build(bench);
    const struct wire_lease lease = {
        .claim_id = claim_3, .providers = (const char *[]){"CodeBuild"}, .provider_count = 1};
    bool any = true;
    cancel(bench, id, JOB_CANCEL_UNDO, false);
    lose(bench);
    assert_int_equal(bench_job(bench, id).state, JOB_QUEUED);
    assert_null(bench_lease(bench, RUNNER_B, CLAIM_2, "CodeBuild"));
    assert_true(queue_has_work(bench->tx, RUNNER_B, &lease, &any, err) && !any);
    assert_true(queue_has_work(bench->tx, RUNNER_A, &lease, &any, err) && any);
    assert_string_equal(bench_lease(bench, RUNNER_A, claim_3, "CodeBuild"), id);
    assert_true(message(bench, id).cancelled);
    lose(bench); /* again, as often as it takes */
    assert_null(bench_lease(bench, RUNNER_B, CLAIM_2, "CodeBuild"));
}

/* It was given to somebody else when the cancel came. */
static void a_cancel_takes_a_lost_build_back_to_its_runner(struct bench *bench, struct err *err) {
    const char *id = begin_build(bench);
    lose(bench);
    assert_string_equal(bench_lease(bench, RUNNER_B, CLAIM_2, "CodeBuild"), id);
    const struct queue_fence offered = bench_fence(bench, id, RUNNER_B);
    cancel(bench, id, JOB_CANCEL_UNDO, false);
    assert_false(queue_acknowledge(bench->tx, &offered, err));
    bench_refused(err, "StaleTokenException");
    assert_string_equal(bench_lease(bench, RUNNER_A, claim_3, "CodeBuild"), id);
}

/* Its next process has removed the containers before it says hello. */
static void a_runners_new_process_is_the_proof(struct bench *bench, struct err *err) {
    const char *id = begin_build(bench);
    struct queue_ending *endings = NULL;
    size_t count = 0;
    cancel(bench, id, JOB_CANCEL_UNDO, false);
    assert_true(queue_hello(bench->tx, &bench->arena, RUNNER_A, "i2", "2", &endings, &count, err));
    assert_int_equal(count, 1);
    assert_int_equal(endings[0].outcome, JOB_STOPPED);
}

/* Two ways for a person to say that the machine is gone. */
static void a_person_ends_what_nobody_can_see(struct bench *bench, struct err *err) {
    const char *id = begin_build(bench);
    struct queue_ending *endings = NULL;
    size_t count = 0;
    lose(bench);
    cancel(bench, id, JOB_CANCEL_UNDO, false);
    assert_true(queue_remove_runner(bench->tx, &bench->arena, RUNNER_A, &endings, &count, err));
    assert_int_equal(count, 1);
    assert_string_equal(endings[0].job_id, id);
    assert_int_equal(bench_job(bench, id).outcome, JOB_STOPPED);
}

static void a_build_of_its_own_has_no_artifacts(struct bench *bench, struct err *err) {
    const char *id = begin_build(bench);
    const struct queue_fence fence = bench_fence(bench, id, RUNNER_A);
    assert_false(queue_put_artifact(bench->tx, &bench->arena, &fence, "Images", "ab", 1, err));
    assert_int_equal(err->kind, ERR_INVALID);
}

static void a_lost_builds_undo_can_be_given_up(struct bench *bench, struct err *err) {
    const char *id = begin_build(bench);
    (void)err;
    lose(bench);
    cancel(bench, id, JOB_CANCEL_UNDO, false);
    cancel(bench, id, JOB_CANCEL_ABANDON, true);
}

/* The source of a build that no pipeline started, where its project has that location. */
static const char *source_of(struct bench *bench, const char *name, const char *location) {
    struct err err = {0};
    const struct project_row project = {
        .name = name,
        .document = arena_printf(
            &bench->arena, "{\"source\":{\"type\":\"GITHUB\",\"location\":\"%s\"},\"environment\":{}}", location)};
    const struct build_request request = {.project = name, .initiator = "ann"};
    struct build_row row;
    assert_true(projects_add(bench->tx, &project, &err));
    assert_true(build_start(bench->tx, &bench->arena, &request, &row, &err));
    return print(bench, message(bench, job_of(bench, &row).id).source);
}

/* A password goes to the address that it was given for. */
static void another_hosts_password_stays_here(struct bench *bench, struct err *err) {
    const struct source_hook_row hook = {.provider = "github",
                                         .repository = "team/shop",
                                         .clone_url = "https://github.com/team/shop.git",
                                         .secret = "s",
                                         .secret_size = 1,
                                         .clone_password = "sealed",
                                         .clone_password_size = 6};
    static const char *const others[] = {
        "https://git.internal.example.com/team/shop.git", "http://github.com/team/shop.git",
        "https://github.com:8443/team/shop.git",          "https://github.com/team/shop2",
        "https://github.com/team/shop.git/more",          "git@github.com:team/shop.git",
        "https://github.com.example.com/team/shop.git",
    };
    const char *id = NULL;
    assert_true(source_hooks_put(bench->tx, &bench->arena, &hook, &id, err));
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_string_equal(source_of(bench, arena_printf(&bench->arena, "other-%zu", i), others[i]),
                            arena_printf(&bench->arena, "{\"url\":\"%s\"}", others[i]));
    assert_string_equal(source_of(bench, "same", "https://GitHub.com/Team/shop"),
                        "{\"url\":\"https://GitHub.com/Team/shop\",\"username\":\"git\","
                        "\"password\":\"opened sealed\"}");
    assert_string_equal(source_of(bench, "slash", "https://github.com/team/shop/"),
                        "{\"url\":\"https://github.com/team/shop/\",\"username\":\"git\","
                        "\"password\":\"opened sealed\"}");
}

static void inputs_are_the_newest_success(struct bench *bench, struct err *err) {
    const char sha[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    int64_t make = add_action(bench, "Make", "Build", "CodeBuild", "{}", "[]");
    const char *made = queue_action(bench, make, "Make", "CodeBuild");
    const struct artifact_row artifact = {
        .job_id = made, .name = "App", .execution_id = bench->execution_id, .sha256 = sha, .size_bytes = 9};
    assert_true(artifact_rows_put(bench->tx, &artifact, err));
    int64_t use = add_action(bench, "Use", "Deploy", "ECS", "{}", "[\"App\"]");
    const char *uses = queue_action(bench, use, "Use", "ECS");
    struct wire_job job;
    /* Not before its maker has succeeded. */
    assert_false(job_message(bench->tx, &bench->arena, &settings, uses, &job, err));
    assert_int_equal(err->kind, ERR_NOT_FOUND);
    const struct action_end end = {.status = ACTION_SUCCEEDED};
    assert_true(action_runs_end(bench->tx, make, &end, err));
    bench_lease(bench, RUNNER_A, CLAIM_1, "ECS");
    job = message(bench, uses);
    assert_int_equal(job.input_count, 1);
    assert_string_equal(job.inputs[0].sha256, sha);
    assert_int_equal(job.inputs[0].size_bytes, 9);
    const char *found = NULL;
    int64_t size = 0;
    const struct queue_fence fence = bench_fence(bench, uses, RUNNER_A);
    assert_true(queue_get_artifact(bench->tx, &bench->arena, &fence, "App", &found, &size, err));
    assert_string_equal(found, sha);
}

static void a_second_holder_sees_mark_and_cancel(struct bench *bench, struct err *err) {
    const char *id = bench_queue(bench, "ECS", 5);
    bench_lease(bench, RUNNER_A, CLAIM_1, "ECS");
    const struct queue_fence fence = bench_fence(bench, id, RUNNER_A);
    struct json *mark = json_object(&bench->arena);
    json_set_integer(&bench->arena, mark, "step", 2);
    assert_true(queue_checkpoint(bench->tx, &fence, mark, err));
    bool ended = false;
    assert_true(queue_cancel(bench->tx, id, JOB_CANCEL_UNDO, &ended, err) && !ended);
    assert_int_equal(message(bench, id).attempt, 1);
    bench->boot_ms += QUEUE_LEASE_MS;
    assert_int_equal(bench_expire(bench, NULL), 0);
    assert_string_equal(bench_lease(bench, RUNNER_B, CLAIM_2, "ECS"), id);
    const struct wire_job job = message(bench, id);
    assert_int_equal(job.attempt, 2);
    assert_true(job.cancelled);
    assert_string_equal(print(bench, job.checkpoint), "{\"step\":2}");
    assert_true(job.token > fence.token);
}

#define CASE(name)                                                                                                     \
    static void test_##name(void **state) {                                                                            \
        (void)state;                                                                                                   \
        bench_run(name);                                                                                               \
    }
CASE(a_build_is_its_project_with_the_request_over_it)
CASE(bad_requests_are_refused)
CASE(the_same_idempotency_token_gives_the_same_build)
CASE(phases_come_together)
CASE(ends_have_awss_names)
CASE(a_build_without_pipeline_brings_its_source)
CASE(a_hosted_source_names_its_commit)
CASE(a_source_elsewhere_brings_its_password)
CASE(another_hosts_password_stays_here)
CASE(a_lost_builds_cancel_waits_for_its_own_runner)
CASE(a_cancel_takes_a_lost_build_back_to_its_runner)
CASE(a_runners_new_process_is_the_proof)
CASE(a_person_ends_what_nobody_can_see)
CASE(a_build_of_its_own_has_no_artifacts)
CASE(a_lost_builds_undo_can_be_given_up)
CASE(inputs_are_the_newest_success)
CASE(a_second_holder_sees_mark_and_cancel)

int main(void) {
    hash_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_build_is_its_project_with_the_request_over_it),
        cmocka_unit_test(test_bad_requests_are_refused),
        cmocka_unit_test(test_the_same_idempotency_token_gives_the_same_build),
        cmocka_unit_test(test_phases_come_together),
        cmocka_unit_test(test_ends_have_awss_names),
        cmocka_unit_test(test_a_build_without_pipeline_brings_its_source),
        cmocka_unit_test(test_a_hosted_source_names_its_commit),
        cmocka_unit_test(test_a_source_elsewhere_brings_its_password),
        cmocka_unit_test(test_another_hosts_password_stays_here),
        cmocka_unit_test(test_a_lost_builds_cancel_waits_for_its_own_runner),
        cmocka_unit_test(test_a_cancel_takes_a_lost_build_back_to_its_runner),
        cmocka_unit_test(test_a_runners_new_process_is_the_proof),
        cmocka_unit_test(test_a_person_ends_what_nobody_can_see),
        cmocka_unit_test(test_a_build_of_its_own_has_no_artifacts),
        cmocka_unit_test(test_a_lost_builds_undo_can_be_given_up),
        cmocka_unit_test(test_inputs_are_the_newest_success),
        cmocka_unit_test(test_a_second_holder_sees_mark_and_cancel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
