/*
 * The queue: claims whose answer was lost, offers nobody took, late words, lost runners, cancels.
 */
#include "common/hash.h"
#include "common/str.h"
#include "server/store/action_runs.h"
#include "server/store/artifact_rows.h"
#include "server/store/log_rows.h"
#include "server/store/runners.h"
#include "tests/unit/server/jobs/bench.h"

static void the_same_claim_gets_the_same_job(struct bench *bench, struct err *err) {
    const char *id = bench_queue(bench, "CodeBuild", 3);
    assert_string_equal(bench_lease(bench, RUNNER_A, CLAIM_1, "CodeBuild"), id);
    int64_t token = bench_job(bench, id).token;
    /* The answer was lost: asking again gives the same, and nobody else gets it. */
    assert_string_equal(bench_lease(bench, RUNNER_A, CLAIM_1, "CodeBuild"), id);
    assert_int_equal(bench_job(bench, id).token, token);
    assert_null(bench_lease(bench, RUNNER_B, CLAIM_2, "CodeBuild"));
    const struct queue_fence fence = bench_fence(bench, id, RUNNER_A);
    assert_true(queue_acknowledge(bench->tx, &fence, err));
    assert_string_equal(bench_lease(bench, RUNNER_A, CLAIM_1, "CodeBuild"), id);
    /* Another runner cannot take it over by guessing the claim. */
    const char *stolen = NULL;
    const char *provider = "CodeBuild";
    const struct wire_lease lease = {.claim_id = CLAIM_1, .providers = &provider, .provider_count = 1};
    assert_false(queue_lease(bench->tx, &bench->arena, RUNNER_B, &lease, &stolen, err));
    bench_refused(err, "StaleTokenException");
    assert_null(stolen);
}

static void a_claim_whose_job_ended_is_over(struct bench *bench, struct err *err) {
    const char *id = bench_queue(bench, "CodeBuild", 3), *again = NULL;
    bench_lease(bench, RUNNER_A, CLAIM_1, "CodeBuild");
    const struct queue_fence fence = bench_fence(bench, id, RUNNER_A);
    const struct wire_result result = {.token = fence.token, .outcome = WIRE_SUCCEEDED};
    struct job_row job;
    bool before = false, any = false;
    assert_true(queue_finish(bench->tx, &bench->arena, &fence, &result, &before, &job, err));
    const char *provider = "CodeBuild";
    const struct wire_lease lease = {.claim_id = CLAIM_1, .providers = &provider, .provider_count = 1};
    assert_true(queue_has_work(bench->tx, RUNNER_A, &lease, &any, err) && any); /* it must be told, not parked */
    assert_false(queue_lease(bench->tx, &bench->arena, RUNNER_A, &lease, &again, err));
    bench_refused(err, "StaleTokenException");
}

static void jobs_go_by_provider_and_in_order(struct bench *bench, struct err *err) {
    const char *build = bench_queue(bench, "CodeBuild", 3);
    const char *deploy = bench_queue(bench, "ECS", 3);
    const char *second = bench_queue(bench, "CodeBuild", 3);
    const char *const both[] = {"ECS", "CodeBuild"};
    const struct wire_lease lease = {.claim_id = CLAIM_1, .providers = both, .provider_count = 2};
    const char *id = NULL;
    assert_null(bench_lease(bench, RUNNER_A, CLAIM_2, "CodeCommit"));
    assert_true(queue_lease(bench->tx, &bench->arena, RUNNER_A, &lease, &id, err));
    assert_string_equal(id, build);
    assert_string_equal(bench_lease(bench, RUNNER_B, CLAIM_2, "CodeBuild"), second);
    assert_string_equal(bench_lease(bench, RUNNER_B, "00000000-0000-4000-9000-000000000003", "ECS"), deploy);
    int64_t queued = -1;
    assert_true(job_rows_count_queued(bench->tx, &queued, err));
    assert_int_equal(queued, 0);
}

static void expire(struct bench *bench, size_t endings) {
    assert_int_equal(bench_expire(bench, NULL), endings);
}

static void an_offer_nobody_acknowledges_goes_back(struct bench *bench, struct err *err) {
    const char *id = bench_queue(bench, "CodeBuild", 1);
    bench_lease(bench, RUNNER_A, CLAIM_1, "CodeBuild");
    const struct queue_fence late = bench_fence(bench, id, RUNNER_A);
    bench->boot_ms += QUEUE_OFFER_MS - 1;
    expire(bench, 0);
    assert_int_equal(bench_job(bench, id).state, JOB_OFFERED);
    bench->boot_ms += 1;
    expire(bench, 0);
    assert_int_equal(bench_job(bench, id).state, JOB_QUEUED);
    assert_int_equal(bench_job(bench, id).token, late.token + 1);
    assert_int_equal(bench_job(bench, id).attempts, 0); /* nobody began: it does not count */
    assert_false(queue_acknowledge(bench->tx, &late, err));
    bench_refused(err, "StaleTokenException");
    assert_string_equal(bench_lease(bench, RUNNER_B, CLAIM_2, "CodeBuild"), id);
    assert_false(queue_acknowledge(bench->tx, &late, err));
}

static void heartbeats_keep_a_lease(struct bench *bench, struct err *err) {
    const char *id = bench_queue(bench, "CodeBuild", 3);
    bench_lease(bench, RUNNER_A, CLAIM_1, "CodeBuild");
    const struct queue_fence fence = bench_fence(bench, id, RUNNER_A);
    struct queue_word word = {.cancel = JOB_CANCEL_ABANDON};
    assert_true(queue_acknowledge(bench->tx, &fence, err));
    for (int i = 0; i < 10; i++) {
        bench->boot_ms += QUEUE_LEASE_MS - 1;
        expire(bench, 0);
        assert_true(queue_heartbeat(bench->tx, &bench->arena, &fence, &word, err));
        assert_int_equal(word.cancel, JOB_CANCEL_NONE);
    }
    assert_int_equal(bench_job(bench, id).attempts, 1);
    bench->wall_ms += 365LL * 24 * 3600 * 1000; /* a wall clock that jumps hurts no lease */
    expire(bench, 0);
    assert_int_equal(bench_job(bench, id).state, JOB_RUNNING);
    bench->boot_ms += QUEUE_LEASE_MS;
    expire(bench, 0);
    assert_int_equal(bench_job(bench, id).state, JOB_QUEUED);
}

/* The same runner gets the job again: what its first try still says is late too. */
static void what_was_not_begun_can_be_given_back(struct bench *bench, struct err *err) {
    const char *id = bench_queue(bench, "CodeBuild", 1);
    bench_lease(bench, RUNNER_A, CLAIM_1, "CodeBuild");
    const struct queue_fence first = bench_fence(bench, id, RUNNER_A);
    const struct queue_fence stranger = {.job_id = id, .token = first.token, .runner_id = RUNNER_B};
    assert_false(queue_return(bench->tx, &stranger, err));
    bench_refused(err, "StaleTokenException");
    assert_true(queue_return(bench->tx, &first, err));
    assert_int_equal(bench_job(bench, id).state, JOB_QUEUED);
    assert_int_equal(bench_job(bench, id).attempts, 0);
    assert_false(queue_acknowledge(bench->tx, &first, err));
    bench_refused(err, "StaleTokenException");
    assert_string_equal(bench_lease(bench, RUNNER_B, CLAIM_2, "CodeBuild"), id);
    const struct queue_fence second = bench_fence(bench, id, RUNNER_B);
    assert_true(queue_acknowledge(bench->tx, &second, err));
    assert_false(queue_return(bench->tx, &second, err));
    bench_refused(err, "ConflictException");
    assert_int_equal(bench_job(bench, id).state, JOB_RUNNING);
}

static void the_token_fences_a_runner_from_itself(struct bench *bench, struct err *err) {
    const char *id = bench_queue(bench, "CodeBuild", 3);
    bench_lease(bench, RUNNER_A, CLAIM_1, "CodeBuild");
    const struct queue_fence first = bench_fence(bench, id, RUNNER_A);
    assert_true(queue_acknowledge(bench->tx, &first, err));
    bench->boot_ms += QUEUE_LEASE_MS;
    expire(bench, 0);
    assert_string_equal(bench_lease(bench, RUNNER_A, CLAIM_2, "CodeBuild"), id);
    const struct queue_fence second = bench_fence(bench, id, RUNNER_A);
    assert_true(queue_acknowledge(bench->tx, &second, err));
    const struct wire_result result = {.token = first.token, .outcome = WIRE_SUCCEEDED};
    struct job_row job;
    bool again = false;
    assert_false(queue_finish(bench->tx, &bench->arena, &first, &result, &again, &job, err));
    bench_refused(err, "StaleTokenException");
    assert_int_equal(bench_job(bench, id).state, JOB_RUNNING);
}

/* Every write of a runner that lost its job is refused, and nothing is written. */
static void late_words_change_nothing(struct bench *bench, struct err *err) {
    const char *id = bench_queue(bench, "CodeBuild", 3);
    bench_lease(bench, RUNNER_A, CLAIM_1, "CodeBuild");
    const struct queue_fence late = bench_fence(bench, id, RUNNER_A);
    assert_true(queue_acknowledge(bench->tx, &late, err));
    bench->boot_ms += QUEUE_LEASE_MS;
    expire(bench, 0);
    bench_lease(bench, RUNNER_B, CLAIM_2, "CodeBuild");
    const struct queue_fence now = bench_fence(bench, id, RUNNER_B);
    assert_true(queue_acknowledge(bench->tx, &now, err));
    const int64_t deadline = bench_job(bench, id).deadline_boot_ms;
    bench->boot_ms += 10;

    struct queue_word word;
    struct job_row job;
    bool again = false;
    const char *text = NULL;
    int64_t size = 0;
    const struct json *mark = json_object(&bench->arena);
    const struct wire_progress progress = {.token = late.token, .summary = "late", .percent = 50};
    const struct wire_result result = {.token = late.token, .outcome = WIRE_SUCCEEDED};
    const struct queue_fence guessed = {.job_id = id, .token = now.token, .runner_id = RUNNER_A};
    assert_false(queue_heartbeat(bench->tx, &bench->arena, &late, &word, err));
    assert_false(queue_heartbeat(bench->tx, &bench->arena, &guessed, &word, err));
    bench_refused(err, "StaleTokenException");
    assert_int_equal(err->kind, ERR_CONFLICT);
    assert_false(queue_checkpoint(bench->tx, &late, mark, err));
    assert_false(queue_progress(bench->tx, &bench->arena, &late, &progress, err));
    assert_false(queue_put_artifact(bench->tx, &bench->arena, &late, "Images", "ab", 1, err));
    assert_false(queue_get_artifact(bench->tx, &bench->arena, &late, "App", &text, &size, err));
    assert_false(queue_check_fence(bench->tx, &bench->arena, &late, &text, err));
    assert_false(queue_finish(bench->tx, &bench->arena, &late, &result, &again, &job, err));
    bench_refused(err, "StaleTokenException");

    job = bench_job(bench, id);
    assert_int_equal(job.state, JOB_RUNNING);
    assert_int_equal(job.deadline_boot_ms, deadline);
    assert_string_equal(job.runner_id, RUNNER_B);
    assert_null(job.checkpoint);
    struct action_run_row action;
    struct artifact_row *artifacts = NULL;
    size_t count = 1;
    assert_true(action_runs_get_by_id(bench->tx, &bench->arena, bench->action_run_id, &action, err));
    assert_null(action.summary);
    assert_true(artifact_rows_of_job(bench->tx, &bench->arena, id, &artifacts, &count, err));
    assert_int_equal(count, 0);
    assert_true(queue_check_fence(bench->tx, &bench->arena, &now, &text, err));
    assert_string_equal(text, "a1");
    struct queue_fence unknown = now;
    unknown.job_id = "none";
    assert_false(queue_acknowledge(bench->tx, &unknown, err));
    assert_int_equal(err->kind, ERR_NOT_FOUND);
}

static void a_result_is_taken_once(struct bench *bench, struct err *err) {
    const char *id = bench_queue(bench, "CodeBuild", 3);
    bench_lease(bench, RUNNER_A, CLAIM_1, "CodeBuild");
    const struct queue_fence fence = bench_fence(bench, id, RUNNER_A);
    const struct wire_result result = {.token = fence.token, .outcome = WIRE_FAILED};
    struct job_row job;
    bool again = true, found = false, closed = false;
    assert_true(queue_acknowledge(bench->tx, &fence, err));
    assert_true(queue_finish(bench->tx, &bench->arena, &fence, &result, &again, &job, err));
    assert_false(again);
    assert_int_equal(bench_job(bench, id).outcome, JOB_FAILED);
    assert_true(log_rows_get(bench->tx, "a1", &found, &closed, err) && closed);
    assert_true(queue_finish(bench->tx, &bench->arena, &fence, &result, &again, &job, err));
    assert_true(again);
    bench->boot_ms += 10LL * QUEUE_LEASE_MS;
    expire(bench, 0); /* done stays done */
    struct queue_word word;
    assert_false(queue_heartbeat(bench->tx, &bench->arena, &fence, &word, err));
    const struct queue_fence other = {.job_id = id, .token = fence.token, .runner_id = RUNNER_B};
    assert_false(queue_finish(bench->tx, &bench->arena, &other, &result, &again, &job, err));
}

static void the_mark_is_there_for_the_next_holder(struct bench *bench, struct err *err) {
    const char *id = bench_queue(bench, "ECS", 5);
    bench_lease(bench, RUNNER_A, CLAIM_1, "ECS");
    const struct queue_fence fence = bench_fence(bench, id, RUNNER_A);
    struct json *mark = json_object(&bench->arena);
    json_set_text(&bench->arena, mark, "taskDefinition", "shop:7");
    assert_false(queue_checkpoint(bench->tx, &fence, NULL, err));
    assert_false(queue_checkpoint(bench->tx, &fence, json_array(&bench->arena), err));
    assert_int_equal(err->kind, ERR_INVALID);
    assert_true(queue_checkpoint(bench->tx, &fence, mark, err));
    assert_int_equal(bench_job(bench, id).state, JOB_RUNNING); /* that was an acknowledgement too */
    bench->boot_ms += QUEUE_LEASE_MS;
    expire(bench, 0);
    assert_string_equal(bench_job(bench, id).checkpoint, "{\"taskDefinition\":\"shop:7\"}");
}

static void lost_too_often_it_ends_with_a_sentence(struct bench *bench, struct err *err) {
    const char *id = bench_queue(bench, "CodeBuild", 2);
    for (int i = 0; i < 2; i++) {
        char claim[UUID_SIZE];
        hash_uuid(claim);
        assert_string_equal(bench_lease(bench, RUNNER_A, claim, "CodeBuild"), id);
        const struct queue_fence fence = bench_fence(bench, id, RUNNER_A);
        assert_true(queue_acknowledge(bench->tx, &fence, err));
        bench->boot_ms += QUEUE_LEASE_MS;
        if (i == 0)
            expire(bench, 0);
    }
    struct queue_ending ending;
    const struct queue_fence last = bench_fence(bench, id, RUNNER_A);
    assert_int_equal(bench_expire(bench, &ending), 1);
    assert_int_equal(ending.outcome, JOB_FAILED);
    assert_int_equal(ending.action_run_id, bench->action_run_id);
    assert_non_null(strstr(ending.error_message, "lost 2 times, the last was 'anton'"));
    const struct wire_result result = {.token = last.token, .outcome = WIRE_SUCCEEDED};
    struct job_row job;
    bool again = false;
    /* The lost runner comes back and says that all went well: too late. */
    assert_false(queue_finish(bench->tx, &bench->arena, &last, &result, &again, &job, err));
    bench_refused(err, "StaleTokenException");
}

static bool cancel_ends(struct bench *bench, const char *id, enum job_cancel cancel) {
    struct err err = {0};
    bool ended = false;
    assert_true(queue_cancel(bench->tx, id, cancel, &ended, &err));
    return ended;
}

static void cancel_ends_at_once_what_nobody_began(struct bench *bench, struct err *err) {
    const char *queued = bench_queue(bench, "CodeBuild", 3);
    assert_true(cancel_ends(bench, queued, JOB_CANCEL_UNDO));
    assert_int_equal(bench_job(bench, queued).outcome, JOB_STOPPED);
    assert_false(cancel_ends(bench, queued, JOB_CANCEL_UNDO)); /* again does nothing */
    const char *offered = bench_queue(bench, "CodeBuild", 3);
    bench_lease(bench, RUNNER_A, CLAIM_1, "CodeBuild");
    const struct queue_fence fence = bench_fence(bench, offered, RUNNER_A);
    assert_true(cancel_ends(bench, offered, JOB_CANCEL_UNDO));
    assert_false(queue_acknowledge(bench->tx, &fence, err)); /* and so it does not begin */
    bench_refused(err, "StaleTokenException");
}

static void cancel_reaches_who_began(struct bench *bench, struct err *err) {
    const char *id = bench_queue(bench, "ECS", 3);
    bench_lease(bench, RUNNER_A, CLAIM_1, "ECS");
    const struct queue_fence fence = bench_fence(bench, id, RUNNER_A);
    struct queue_word word = {.cancel = JOB_CANCEL_NONE};
    assert_true(queue_acknowledge(bench->tx, &fence, err));
    assert_false(cancel_ends(bench, id, JOB_CANCEL_UNDO));
    assert_true(queue_heartbeat(bench->tx, &bench->arena, &fence, &word, err));
    assert_int_equal(word.cancel, JOB_CANCEL_UNDO);
    assert_false(cancel_ends(bench, id, JOB_CANCEL_ABANDON));
    assert_true(queue_heartbeat(bench->tx, &bench->arena, &fence, &word, err));
    assert_int_equal(word.cancel, JOB_CANCEL_ABANDON);
    assert_false(cancel_ends(bench, id, JOB_CANCEL_UNDO)); /* not back */
    assert_int_equal(bench_job(bench, id).cancel, JOB_CANCEL_ABANDON);
}

/* A job that runner A has begun, was told to cancel, and is lost with. How many ended by that. */
static size_t lose_cancelled(struct bench *bench, const char *provider, const char *claim, const char **id) {
    struct err err = {0};
    struct queue_ending ending = {0};
    bool ended = true;
    *id = bench_queue(bench, provider, 3);
    assert_string_equal(bench_lease(bench, RUNNER_A, claim, provider), *id);
    const struct queue_fence fence = bench_fence(bench, *id, RUNNER_A);
    assert_true(queue_acknowledge(bench->tx, &fence, &err));
    assert_true(queue_cancel(bench->tx, *id, JOB_CANCEL_UNDO, &ended, &err) && !ended);
    bench->boot_ms += QUEUE_LEASE_MS;
    return bench_expire(bench, &ending);
}

/* Commands run in a container, which only its own machine can see dead; other jobs without a mark have left nothing. */
/* The runner has not heard of it yet; its action has ended, and the target may be another's. */
static void what_was_given_up_begins_nothing_more(struct bench *bench, struct err *err) {
    const char *id = bench_queue(bench, "ECS", 5);
    bench_lease(bench, RUNNER_A, CLAIM_1, "ECS");
    const struct queue_fence fence = bench_fence(bench, id, RUNNER_A);
    const struct json *mark = json_object(&bench->arena);
    assert_true(queue_acknowledge(bench->tx, &fence, err));
    assert_false(cancel_ends(bench, id, JOB_CANCEL_UNDO));
    assert_true(queue_checkpoint(bench->tx, &fence, mark, err)); /* the undo leaves marks too */
    assert_false(cancel_ends(bench, id, JOB_CANCEL_ABANDON));
    assert_false(queue_checkpoint(bench->tx, &fence, mark, err));
    bench_refused(err, "StaleTokenException");
}

static void lost_commands_are_undone_by_their_own_runner(struct bench *bench, struct err *err) {
    static const char claim_3[] = "00000000-0000-4000-9000-000000000003";
    const char *id = NULL;
    (void)err;
    assert_int_equal(lose_cancelled(bench, "ECS", CLAIM_1, &id), 1);
    assert_int_equal(bench_job(bench, id).outcome, JOB_STOPPED);
    assert_int_equal(lose_cancelled(bench, "Commands", CLAIM_2, &id), 0);
    assert_null(bench_lease(bench, RUNNER_B, claim_3, "Commands"));
    assert_string_equal(bench_lease(bench, RUNNER_A, claim_3, "Commands"), id);
}

static void a_new_process_gives_back_what_the_old_one_had(struct bench *bench, struct err *err) {
    const char *running = bench_queue(bench, "CodeBuild", 3), *offered = bench_queue(bench, "CodeBuild", 3);
    const char *others = bench_queue(bench, "CodeBuild", 3);
    struct queue_ending *endings = NULL;
    size_t count = 0;
    assert_true(queue_hello(bench->tx, &bench->arena, RUNNER_A, "i1", "1", &endings, &count, err));
    bench_lease(bench, RUNNER_A, CLAIM_1, "CodeBuild");
    const struct queue_fence fence = bench_fence(bench, running, RUNNER_A);
    assert_true(queue_acknowledge(bench->tx, &fence, err));
    bench_lease(bench, RUNNER_A, CLAIM_2, "CodeBuild");
    bench_lease(bench, RUNNER_B, "00000000-0000-4000-9000-000000000003", "CodeBuild");
    /* The same process says hello again, because our answer was lost. */
    assert_true(queue_hello(bench->tx, &bench->arena, RUNNER_A, "i1", "1", &endings, &count, err));
    assert_int_equal(bench_job(bench, running).state, JOB_RUNNING);
    assert_true(queue_hello(bench->tx, &bench->arena, RUNNER_A, "i2", "2", &endings, &count, err));
    assert_int_equal(count, 0);
    assert_int_equal(bench_job(bench, running).state, JOB_QUEUED);
    assert_int_equal(bench_job(bench, offered).state, JOB_QUEUED);
    assert_int_equal(bench_job(bench, others).state, JOB_OFFERED);
    struct runner_row runner;
    assert_true(runners_get(bench->tx, &bench->arena, RUNNER_A, &runner, err));
    assert_string_equal(runner.version, "2");
}

static void a_removed_runner_gives_back_what_it_had(struct bench *bench, struct err *err) {
    const char *id = bench_queue(bench, "CodeBuild", 3);
    bench_lease(bench, RUNNER_A, CLAIM_1, "CodeBuild");
    const struct queue_fence fence = bench_fence(bench, id, RUNNER_A);
    struct queue_ending *endings = NULL;
    size_t count = 0;
    assert_true(queue_acknowledge(bench->tx, &fence, err));
    assert_true(queue_remove_runner(bench->tx, &bench->arena, RUNNER_A, &endings, &count, err));
    assert_int_equal(bench_job(bench, id).state, JOB_QUEUED);
    assert_false(queue_remove_runner(bench->tx, &bench->arena, RUNNER_A, &endings, &count, err));
    assert_int_equal(err->kind, ERR_NOT_FOUND);
}

static void progress_and_artifacts_reach_the_action(struct bench *bench, struct err *err) {
    const char *id = bench_queue(bench, "ECS", 3);
    bench_lease(bench, RUNNER_A, CLAIM_1, "ECS");
    const struct queue_fence fence = bench_fence(bench, id, RUNNER_A);
    struct wire_progress progress = {
        .token = fence.token, .summary = "1 of 2", .external_url = "https://example.com", .percent = 50};
    struct action_run_row action;
    assert_true(queue_progress(bench->tx, &bench->arena, &fence, &progress, err));
    progress = (struct wire_progress){.token = fence.token, .external_id = "d-1", .percent = -1};
    assert_true(queue_progress(bench->tx, &bench->arena, &fence, &progress, err));
    assert_true(action_runs_get_by_id(bench->tx, &bench->arena, bench->action_run_id, &action, err));
    assert_string_equal(action.summary, "1 of 2"); /* what is not told stays */
    assert_string_equal(action.external_id, "d-1");
    assert_int_equal(action.percent, 50);
    assert_false(queue_put_artifact(bench->tx, &bench->arena, &fence, "Other", "ab", 1, err));
    assert_int_equal(err->kind, ERR_INVALID);
    assert_true(queue_put_artifact(bench->tx, &bench->arena, &fence, "Images", "ab", 1, err));
    assert_true(queue_put_artifact(bench->tx, &bench->arena, &fence, "Images", "cd", 2, err)); /* uploaded again */
    struct artifact_row *artifacts = NULL;
    size_t count = 0;
    assert_true(artifact_rows_of_job(bench->tx, &bench->arena, id, &artifacts, &count, err));
    assert_int_equal(count, 1);
    assert_string_equal(artifacts[0].sha256, "cd");
    const char *sha = NULL;
    int64_t size = 0;
    assert_false(queue_get_artifact(bench->tx, &bench->arena, &fence, "App", &sha, &size, err));
    assert_int_equal(err->kind, ERR_NOT_FOUND);
}

#define CASE(name)                                                                                                     \
    static void test_##name(void **state) {                                                                            \
        (void)state;                                                                                                   \
        bench_run(name);                                                                                               \
    }
CASE(the_same_claim_gets_the_same_job)
CASE(a_claim_whose_job_ended_is_over)
CASE(jobs_go_by_provider_and_in_order)
CASE(an_offer_nobody_acknowledges_goes_back)
CASE(what_was_not_begun_can_be_given_back)
CASE(heartbeats_keep_a_lease)
CASE(the_token_fences_a_runner_from_itself)
CASE(late_words_change_nothing)
CASE(a_result_is_taken_once)
CASE(the_mark_is_there_for_the_next_holder)
CASE(lost_too_often_it_ends_with_a_sentence)
CASE(cancel_ends_at_once_what_nobody_began)
CASE(cancel_reaches_who_began)
CASE(what_was_given_up_begins_nothing_more)
CASE(lost_commands_are_undone_by_their_own_runner)
CASE(a_new_process_gives_back_what_the_old_one_had)
CASE(a_removed_runner_gives_back_what_it_had)
CASE(progress_and_artifacts_reach_the_action)

int main(void) {
    hash_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_same_claim_gets_the_same_job),
        cmocka_unit_test(test_a_claim_whose_job_ended_is_over),
        cmocka_unit_test(test_jobs_go_by_provider_and_in_order),
        cmocka_unit_test(test_an_offer_nobody_acknowledges_goes_back),
        cmocka_unit_test(test_what_was_not_begun_can_be_given_back),
        cmocka_unit_test(test_heartbeats_keep_a_lease),
        cmocka_unit_test(test_the_token_fences_a_runner_from_itself),
        cmocka_unit_test(test_late_words_change_nothing),
        cmocka_unit_test(test_a_result_is_taken_once),
        cmocka_unit_test(test_the_mark_is_there_for_the_next_holder),
        cmocka_unit_test(test_lost_too_often_it_ends_with_a_sentence),
        cmocka_unit_test(test_cancel_ends_at_once_what_nobody_began),
        cmocka_unit_test(test_cancel_reaches_who_began),
        cmocka_unit_test(test_what_was_given_up_begins_nothing_more),
        cmocka_unit_test(test_lost_commands_are_undone_by_their_own_runner),
        cmocka_unit_test(test_a_new_process_gives_back_what_the_old_one_had),
        cmocka_unit_test(test_a_removed_runner_gives_back_what_it_had),
        cmocka_unit_test(test_progress_and_artifacts_reach_the_action),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
