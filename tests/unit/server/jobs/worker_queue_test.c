/*
 * The queue of job workers: offers and their nonces, late words, continuation, time, artifacts.
 */
#include "server/jobs/worker_queue.h"

#include "common/hash.h"
#include "common/str.h"
#include "server/store/artifact_rows.h"
#include "server/store/worker_uploads.h"
#include "tests/unit/server/jobs/bench.h"

static const struct worker_poll poll_all = {.category = "Build", .provider = "CodeBuild", .version = "1", .most = 10};

/* Another action run beside the bench's own: an action has one open job at most. */
static struct action_run_row add_action(struct bench *bench, const char *name, struct err *err) {
    struct action_run_row row;
    int64_t id = 0;
    assert_true(action_runs_get_by_id(bench->tx, &bench->arena, bench->action_run_id, &row, err));
    row.uuid = row.action = name;
    assert_true(action_runs_add(bench->tx, &row, &id, err));
    assert_true(action_runs_get_by_id(bench->tx, &bench->arena, id, &row, err));
    return row;
}

static struct action_run_row own_action(struct bench *bench, struct err *err) {
    struct action_run_row row;
    assert_true(action_runs_get_by_id(bench->tx, &bench->arena, bench->action_run_id, &row, err));
    return row;
}

/* Queues the bench's action; its job. */
static struct worker_job_row queue(struct bench *bench, const char *query_value, struct err *err) {
    const struct action_run_row action = own_action(bench, err);
    struct worker_job_row job;
    bool found = false;
    assert_true(worker_queue_add(bench->tx, &bench->arena, &action, query_value, err));
    assert_true(worker_jobs_of_action(bench->tx, &bench->arena, action.id, &found, &job, err) && found);
    return job;
}

static struct worker_job_row job_now(struct bench *bench, const char *id, struct err *err) {
    struct worker_job_row job;
    assert_true(worker_jobs_get(bench->tx, &bench->arena, id, &job, err));
    return job;
}

static size_t poll_for(struct bench *bench, const struct worker_poll *poll, struct worker_job_row **out,
                       struct err *err) {
    size_t count = 0;
    assert_true(worker_queue_poll(bench->tx, &bench->arena, poll, out, &count, err));
    return count;
}

/* The only job that waits, offered. */
static struct worker_job_row offered(struct bench *bench, struct err *err) {
    struct worker_job_row *jobs = NULL;
    assert_int_equal(poll_for(bench, &poll_all, &jobs, err), 1);
    assert_int_equal(jobs[0].state, WORKER_JOB_DISPATCHED);
    return jobs[0];
}

static bool acknowledge(struct bench *bench, const struct worker_job_row *job, struct err *err) {
    enum worker_job_state state = WORKER_JOB_CREATED;
    return worker_queue_acknowledge(bench->tx, job->id, job->nonce, &state, err) && state == WORKER_JOB_IN_PROGRESS;
}

/* What the clock does. How many timed out. */
static size_t do_due(struct bench *bench, struct err *err) {
    const char *const *ids = NULL;
    size_t count = 0, ended = 0;
    assert_true(worker_jobs_due(bench->tx, &bench->arena, bench->boot_ms, bench->wall_ms, &ids, &count, err));
    for (size_t i = 0; i < count; i++) {
        struct worker_job_row job;
        bool timed_out = false;
        assert_true(worker_queue_expire(bench->tx, &bench->arena, ids[i], &timed_out, &job, err));
        ended += timed_out;
    }
    return ended;
}

static void refused_with(bool done, const struct err *err, const char *code) {
    assert_false(done);
    bench_refused(err, code);
}

static bool finish(struct bench *bench, const char *id, enum worker_job_state state, struct err *err) {
    struct worker_job_row job;
    return worker_queue_finish(bench->tx, &bench->arena, id, state, &job, err);
}

/* ---- offers ---- */

static void polls_get_what_waits_longest(struct bench *bench, struct err *err) {
    struct worker_job_row *jobs = NULL;
    static const char *const names[] = {"b", "c", "d"};
    const struct worker_job_row first = queue(bench, NULL, err);
    for (size_t i = 0; i < 3; i++) {
        const struct action_run_row action = add_action(bench, names[i], err);
        bench->wall_ms++;
        assert_true(worker_queue_add(bench->tx, &bench->arena, &action, NULL, err));
    }
    struct worker_poll two = poll_all;
    two.most = 2;
    assert_int_equal(poll_for(bench, &two, &jobs, err), 2);
    assert_string_equal(jobs[0].id, first.id);
    assert_string_not_equal(jobs[0].nonce, jobs[1].nonce);
    assert_true(jobs[0].created_ms < jobs[1].created_ms);
    assert_int_equal(poll_for(bench, &poll_all, &jobs, err), 2);
    assert_int_equal(poll_for(bench, &poll_all, &jobs, err), 0);
}

static void polls_get_jobs_of_their_type_and_value(struct bench *bench, struct err *err) {
    struct worker_job_row *jobs = NULL;
    bool any = true;
    struct worker_poll other = poll_all, value = poll_all;
    queue(bench, "shop", err);
    other.version = "2";
    value.query_value = "web";
    assert_int_equal(poll_for(bench, &other, &jobs, err), 0);
    assert_int_equal(poll_for(bench, &value, &jobs, err), 0);
    assert_true(worker_queue_has_work(bench->tx, &value, &any, err) && !any);
    value.query_value = "shop";
    assert_true(worker_queue_has_work(bench->tx, &value, &any, err) && any);
    assert_int_equal(poll_for(bench, &value, &jobs, err), 1);
}

static void an_offer_lasts_a_minute_and_its_nonce_no_longer(struct bench *bench, struct err *err) {
    queue(bench, NULL, err);
    const struct worker_job_row first = offered(bench, err);
    bench->boot_ms += WORKER_OFFER_MS - 1;
    bench->wall_ms += 3600 * 1000; /* a wall clock that jumps hurts no offer */
    do_due(bench, err);
    assert_int_equal(job_now(bench, first.id, err).state, WORKER_JOB_DISPATCHED);
    bench->boot_ms += 1;
    do_due(bench, err);
    assert_int_equal(job_now(bench, first.id, err).state, WORKER_JOB_QUEUED);
    refused_with(acknowledge(bench, &first, err), err, "InvalidNonceException");
    const struct worker_job_row second = offered(bench, err);
    assert_string_equal(second.id, first.id);
    assert_string_not_equal(second.nonce, first.nonce);
    refused_with(acknowledge(bench, &first, err), err, "InvalidNonceException");
    assert_true(acknowledge(bench, &second, err));
    bench->boot_ms += 10 * WORKER_OFFER_MS;
    do_due(bench, err);
    assert_int_equal(job_now(bench, first.id, err).state, WORKER_JOB_IN_PROGRESS);
}

static void who_comes_second_is_told_by_the_nonce(struct bench *bench, struct err *err) {
    enum worker_job_state state = WORKER_JOB_CREATED;
    queue(bench, NULL, err);
    const struct worker_job_row job = offered(bench, err);
    assert_true(acknowledge(bench, &job, err));
    assert_true(acknowledge(bench, &job, err)); /* the answer was lost */
    refused_with(worker_queue_acknowledge(bench->tx, job.id, "another", &state, err), err, "InvalidNonceException");
    refused_with(worker_queue_acknowledge(bench->tx, "nowhere", job.nonce, &state, err), err, "JobNotFoundException");
    assert_true(finish(bench, job.id, WORKER_JOB_FAILED, err));
    assert_true(worker_queue_acknowledge(bench->tx, job.id, job.nonce, &state, err));
    assert_int_equal(state, WORKER_JOB_FAILED);
}

static void a_restart_gives_offers_a_new_minute(struct bench *bench, struct err *err) {
    queue(bench, NULL, err);
    const struct worker_job_row job = offered(bench, err);
    bench->boot_ms = 7; /* the machine was started anew */
    assert_true(worker_jobs_extend_offers(bench->tx, bench->boot_ms + WORKER_OFFER_MS, err));
    bench->boot_ms += WORKER_OFFER_MS - 1;
    do_due(bench, err);
    assert_true(acknowledge(bench, &job, err));
}

/* ---- ends ---- */

static void results_are_for_what_was_acknowledged(struct bench *bench, struct err *err) {
    const struct worker_job_row queued = queue(bench, NULL, err);
    refused_with(finish(bench, queued.id, WORKER_JOB_SUCCEEDED, err), err, "InvalidJobStateException");
    const struct worker_job_row job = offered(bench, err);
    refused_with(finish(bench, job.id, WORKER_JOB_SUCCEEDED, err), err, "InvalidJobStateException");
    assert_true(acknowledge(bench, &job, err));
    assert_true(finish(bench, job.id, WORKER_JOB_SUCCEEDED, err));
    refused_with(finish(bench, job.id, WORKER_JOB_SUCCEEDED, err), err, "InvalidJobStateException");
    refused_with(finish(bench, job.id, WORKER_JOB_FAILED, err), err, "InvalidJobStateException");
    refused_with(finish(bench, "nowhere", WORKER_JOB_FAILED, err), err, "JobNotFoundException");
    assert_int_equal(job_now(bench, job.id, err).state, WORKER_JOB_SUCCEEDED);
}

static void a_continuation_lives_no_longer_than_its_action(struct bench *bench, struct err *err) {
    struct worker_job_row ended, *jobs = NULL;
    queue(bench, "shop", err);
    struct worker_job_row job = offered(bench, err);
    bench->wall_ms += WORKER_LIFE_MS / 2;
    assert_true(acknowledge(bench, &job, err));
    assert_true(worker_queue_finish(bench->tx, &bench->arena, job.id, WORKER_JOB_SUCCEEDED, &ended, err));
    assert_true(worker_queue_continue(bench->tx, &ended, "step-2", err));
    assert_int_equal(poll_for(bench, &poll_all, &jobs, err), 1);
    assert_string_not_equal(jobs[0].id, job.id);
    assert_string_equal(jobs[0].continuation_token, "step-2");
    assert_string_equal(jobs[0].query_value, "shop");
    assert_int_equal(jobs[0].expires_ms, job.expires_ms);
    assert_true(acknowledge(bench, &jobs[0], err));
    bench->wall_ms = job.expires_ms - 1;
    assert_int_equal(do_due(bench, err), 0);
    bench->wall_ms++;
    assert_int_equal(do_due(bench, err), 1);
    assert_int_equal(job_now(bench, jobs[0].id, err).state, WORKER_JOB_TIMED_OUT);
    refused_with(finish(bench, jobs[0].id, WORKER_JOB_SUCCEEDED, err), err, "InvalidJobStateException");
}

static void a_day_ends_every_job(struct bench *bench, struct err *err) {
    const struct worker_job_row waiting = queue(bench, NULL, err);
    int64_t boot_ms = 0, wall_ms = 0;
    assert_true(worker_jobs_next_due(bench->tx, &boot_ms, &wall_ms, err));
    assert_int_equal(boot_ms, 0);
    assert_int_equal(wall_ms, bench->wall_ms + WORKER_LIFE_MS);
    const struct worker_job_row job = offered(bench, err);
    assert_true(worker_jobs_next_due(bench->tx, &boot_ms, &wall_ms, err));
    assert_int_equal(boot_ms, bench->boot_ms + WORKER_OFFER_MS);
    bench->wall_ms += WORKER_LIFE_MS;
    assert_int_equal(do_due(bench, err), 1); /* though its offer has time left */
    assert_int_equal(job_now(bench, waiting.id, err).state, WORKER_JOB_TIMED_OUT);
    assert_int_equal(do_due(bench, err), 0);
    assert_true(worker_jobs_next_due(bench->tx, &boot_ms, &wall_ms, err));
    assert_int_equal(boot_ms + wall_ms, 0);
    assert_false(acknowledge(bench, &job, err)); /* it says TimedOut */
}

static void what_is_given_up_takes_no_result(struct bench *bench, struct err *err) {
    bool found = true, dropped = true;
    assert_true(worker_queue_drop(bench->tx, &bench->arena, bench->action_run_id, false, &found, &dropped, err));
    assert_false(found || dropped);
    queue(bench, NULL, err);
    const struct worker_job_row job = offered(bench, err);
    assert_true(acknowledge(bench, &job, err));
    assert_true(worker_queue_drop(bench->tx, &bench->arena, bench->action_run_id, true, &found, &dropped, err));
    assert_true(found && !dropped); /* a worker has begun it */
    assert_true(worker_queue_drop(bench->tx, &bench->arena, bench->action_run_id, false, &found, &dropped, err));
    assert_true(found && dropped);
    refused_with(finish(bench, job.id, WORKER_JOB_SUCCEEDED, err), err, "InvalidJobStateException");
}

static void only_what_nobody_began_is_dropped_softly(struct bench *bench, struct err *err) {
    struct worker_job_row ended;
    bool found = false, dropped = false;
    queue(bench, NULL, err);
    const struct worker_job_row job = offered(bench, err);
    assert_true(acknowledge(bench, &job, err));
    assert_true(worker_queue_finish(bench->tx, &bench->arena, job.id, WORKER_JOB_SUCCEEDED, &ended, err));
    assert_true(worker_queue_continue(bench->tx, &ended, "step-2", err));
    assert_true(worker_queue_drop(bench->tx, &bench->arena, bench->action_run_id, true, &found, &dropped, err));
    assert_true(found && !dropped); /* queued, but it goes on with what was begun */
    const struct action_run_row other = add_action(bench, "b", err);
    assert_true(worker_queue_add(bench->tx, &bench->arena, &other, NULL, err));
    assert_true(worker_queue_drop(bench->tx, &bench->arena, other.id, true, &found, &dropped, err));
    assert_true(found && dropped);
}

/* ---- artifacts ---- */

static void artifacts_are_the_holders(struct bench *bench, struct err *err) {
    struct worker_message message;
    struct artifact_row *rows = NULL;
    size_t count = 0;
    const struct artifact_row images = {.name = "Images", .sha256 = "aa", .size_bytes = 2};
    const struct artifact_row other = {.name = "Other", .sha256 = "bb", .size_bytes = 2};
    queue(bench, NULL, err);
    const struct worker_job_row job = offered(bench, err);
    assert_true(worker_queue_look(bench->tx, &bench->arena, job.id, job.nonce, &message, err));
    assert_int_equal(message.output_count, 1);
    assert_true(str_starts_with(message.outputs[0].object_key, "shop/Images/"));
    assert_true(worker_queue_put_artifact(bench->tx, &bench->arena, job.id, job.nonce, &images, err));
    assert_false(worker_queue_put_artifact(bench->tx, &bench->arena, job.id, job.nonce, &other, err));
    assert_int_equal(err->kind, ERR_INVALID);
    bench->boot_ms += WORKER_OFFER_MS;
    do_due(bench, err);
    refused_with(worker_queue_look(bench->tx, &bench->arena, job.id, job.nonce, &message, err), err, "ExpiredToken");
    const struct worker_job_row again = offered(bench, err);
    refused_with(worker_queue_put_artifact(bench->tx, &bench->arena, job.id, job.nonce, &images, err), err,
                 "ExpiredToken");
    assert_true(acknowledge(bench, &again, err));
    assert_true(worker_queue_look(bench->tx, &bench->arena, again.id, again.nonce, &message, err));
    assert_true(finish(bench, again.id, WORKER_JOB_SUCCEEDED, err));
    refused_with(worker_queue_put_artifact(bench->tx, &bench->arena, again.id, again.nonce, &images, err), err,
                 "ExpiredToken");
    assert_true(artifact_rows_of_action(bench->tx, &bench->arena, bench->action_run_id, &rows, &count, err));
    assert_int_equal(count, 1);
    assert_string_equal(rows[0].sha256, "aa");
}

static void uploads_end_with_their_job(struct bench *bench, struct err *err) {
    const char *name = NULL;
    const struct worker_upload_part part = {.number = 1, .etag = "e", .sha256 = "aa", .size_bytes = 2};
    queue(bench, NULL, err);
    const struct worker_job_row job = offered(bench, err);
    assert_true(acknowledge(bench, &job, err));
    assert_true(worker_uploads_add(bench->tx, "u1", job.id, "Images", err));
    assert_true(worker_uploads_put_part(bench->tx, "u1", &part, err));
    assert_true(worker_uploads_find(bench->tx, &bench->arena, job.id, "u1", &name, err));
    assert_string_equal(name, "Images");
    assert_true(worker_uploads_find(bench->tx, &bench->arena, "other", "u1", &name, err));
    assert_null(name);
    assert_true(finish(bench, job.id, WORKER_JOB_FAILED, err));
    assert_true(worker_uploads_find(bench->tx, &bench->arena, job.id, "u1", &name, err));
    assert_null(name);
}

static void keys_are_cut_and_never_lead_out_of_a_folder(struct bench *bench, struct err *err) {
    struct action_run_row action = own_action(bench, err);
    const char *key = NULL;
    action.pipeline = "a-pipeline-whose-name-is-long";
    action.outputs = "[\"Images-of-the-shop\"]";
    assert_true(worker_queue_add(bench->tx, &bench->arena, &action, NULL, err));
    assert_true(artifact_place_find(bench->tx, &bench->arena, action.id, "Images-of-the-shop", &key, err));
    assert_true(str_starts_with(key, "a-pipeline-whose-nam/Images-of-/"));
    struct action_run_row other = add_action(bench, "b", err);
    other.pipeline = "..";
    assert_true(worker_queue_add(bench->tx, &bench->arena, &other, NULL, err));
    assert_true(artifact_place_find(bench->tx, &bench->arena, other.id, "Images", &key, err));
    assert_true(str_starts_with(key, "--/Images/"));
}

static void an_input_that_was_never_made_is_told(struct bench *bench, struct err *err) {
    struct action_run_row action = own_action(bench, err);
    action.inputs = "[\"App\"]";
    assert_false(worker_queue_add(bench->tx, &bench->arena, &action, NULL, err));
    assert_int_equal(err->kind, ERR_NOT_FOUND);
    assert_string_equal(err->message, "the execution has no artifact 'App'");
}

#define ON_THE_BENCH(body)                                                                                             \
    static void run_##body(void **state) {                                                                             \
        (void)state;                                                                                                   \
        bench_run(body);                                                                                               \
    }
ON_THE_BENCH(polls_get_what_waits_longest)
ON_THE_BENCH(polls_get_jobs_of_their_type_and_value)
ON_THE_BENCH(an_offer_lasts_a_minute_and_its_nonce_no_longer)
ON_THE_BENCH(who_comes_second_is_told_by_the_nonce)
ON_THE_BENCH(a_restart_gives_offers_a_new_minute)
ON_THE_BENCH(results_are_for_what_was_acknowledged)
ON_THE_BENCH(a_continuation_lives_no_longer_than_its_action)
ON_THE_BENCH(a_day_ends_every_job)
ON_THE_BENCH(what_is_given_up_takes_no_result)
ON_THE_BENCH(only_what_nobody_began_is_dropped_softly)
ON_THE_BENCH(artifacts_are_the_holders)
ON_THE_BENCH(uploads_end_with_their_job)
ON_THE_BENCH(keys_are_cut_and_never_lead_out_of_a_folder)
ON_THE_BENCH(an_input_that_was_never_made_is_told)

int main(void) {
    hash_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(run_polls_get_what_waits_longest),
        cmocka_unit_test(run_polls_get_jobs_of_their_type_and_value),
        cmocka_unit_test(run_an_offer_lasts_a_minute_and_its_nonce_no_longer),
        cmocka_unit_test(run_who_comes_second_is_told_by_the_nonce),
        cmocka_unit_test(run_a_restart_gives_offers_a_new_minute),
        cmocka_unit_test(run_results_are_for_what_was_acknowledged),
        cmocka_unit_test(run_a_continuation_lives_no_longer_than_its_action),
        cmocka_unit_test(run_a_day_ends_every_job),
        cmocka_unit_test(run_what_is_given_up_takes_no_result),
        cmocka_unit_test(run_only_what_nobody_began_is_dropped_softly),
        cmocka_unit_test(run_artifacts_are_the_holders),
        cmocka_unit_test(run_uploads_end_with_their_job),
        cmocka_unit_test(run_keys_are_cut_and_never_lead_out_of_a_folder),
        cmocka_unit_test(run_an_input_that_was_never_made_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
