/*
 * Random histories of batches in the real engine, queue and store: random graphs, endings, lost runners, results that
 * come twice, restarts, stops and retries; and after every step what must always be so: no group has two builds under
 * way, none is begun before what it depends on, and a batch that goes on has a build that goes on. A failure prints its
 * seed; PENSTOCK_SEED=N runs that one history.
 */
#include "common/hash.h"
#include "common/str.h"
#include "server/jobs/batch.h"
#include "server/store/projects.h"
#include "tests/unit/server/engine/world.h"

#include <stdio.h>
#include <stdlib.h>

#define RUNNER "00000000-0000-4000-8000-000000000001" /* world.c's */
#define HISTORIES 12
#define STEPS 80
#define HELD_MAX 6
#define AUTO_RETRIES 2
#define THREE_BUILDS "{\"batch\":{\"groups\":[{\"identifier\":\"a\"},{\"identifier\":\"b\"},{\"identifier\":\"c\"}]}}"

static const char definition[] =
    "name: shop\nstages:\n"
    "  - name: Source\n    actions:\n"
    "      - {name: App, provider: CodeCommit, configuration: {RepositoryName: shop, BranchName: main},\n"
    "         outputArtifacts: [App]}\n"
    "  - name: Build\n    actions:\n"
    "      - {name: All, provider: CodeBuild, configuration: {ProjectName: shop, BatchEnabled: \"true\"},\n"
    "         inputArtifacts: [App]}\n";

struct held {
    const char *job_id;
    int64_t token;
    bool is_source;
};

struct history {
    struct world world;
    uint64_t seed, state;
    const char *step;
    int64_t batch_id;
    struct held held[HELD_MAX];
    size_t held_count;
    struct held last; /* the job whose result was taken last */
    struct wire_result last_result;
    int retries;
};

static unsigned draw(struct history *history, unsigned below) {
    history->state = history->state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)((history->state >> 33) % below);
}

#define CHECK(history, condition)                                                                                      \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            fail_msg("after '%s': %s; run with PENSTOCK_SEED=%llu", (history)->step, #condition,                       \
                     (unsigned long long)(history)->seed);                                                             \
    } while (0)

static void write_or_fail(struct history *history, db_work *work) {
    struct err err = {0};
    if (!world_write(&history->world, work, history, &err))
        fail_msg("after '%s': %s; run with PENSTOCK_SEED=%llu", history->step, err.message,
                 (unsigned long long)history->seed);
}

/* ---- what must always be so ---- */

static void check_group(struct history *history, const struct batch_group_row *group, const struct build_row *builds,
                        size_t count, bool *runs) {
    size_t own = 0, running = 0;
    for (size_t i = 0; i < count; i++) {
        if (!str_equal(builds[i].batch_identifier, group->identifier))
            continue;
        own++;
        running += builds[i].status == BUILD_IN_PROGRESS;
    }
    CHECK(history, running <= 1);
    CHECK(history, own <= (1 + (size_t)history->retries) * (1 + AUTO_RETRIES));
    *runs = *runs || running > 0;
}

/* What is built has all that it depends on, in the newest round. */
static void check_order(struct history *history, const struct batch_group_row *groups, size_t count) {
    for (size_t i = 1; i < count; i++) {
        const struct json *names = NULL;
        assert_true(
            json_parse(&history->world.arena, groups[i].depends_on, strlen(groups[i].depends_on), &names, NULL));
        if (!groups[i].build_id || groups[i].again || groups[i].build_status != BUILD_IN_PROGRESS)
            continue;
        json_each(name, names) {
            for (size_t j = 1; j < count; j++)
                if (str_equal(groups[j].identifier, name->text))
                    CHECK(history, groups[j].build_id && !groups[j].again &&
                                       (groups[j].build_status == BUILD_SUCCEEDED ||
                                        (groups[j].ignore_failure && groups[j].build_status != BUILD_IN_PROGRESS)));
        }
    }
}

static bool check(struct tx *tx, void *context, struct err *err) {
    struct history *history = context;
    struct arena *arena = &history->world.arena;
    struct batch_row batch;
    struct batch_group_row *groups = NULL;
    struct build_row *builds = NULL;
    size_t group_count = 0, build_count = 0;
    bool runs = false;
    if (!batches_get_by_id(tx, arena, history->batch_id, &batch, err) ||
        !batch_groups_list(tx, arena, batch.id, &groups, &group_count, err) ||
        !builds_of_batch(tx, arena, batch.id, &builds, &build_count, err))
        return false;
    for (size_t i = 0; i < group_count; i++)
        check_group(history, &groups[i], builds, build_count, &runs);
    check_order(history, groups, group_count);
    CHECK(history, runs == (batch.status == BUILD_IN_PROGRESS));
    for (size_t i = 0; i < build_count; i++) {
        struct job_row job;
        bool found = false;
        if (!job_rows_of_build(tx, arena, builds[i].id, &found, &job, err))
            return false;
        CHECK(history, found && (job.state != JOB_DONE) == (builds[i].status == BUILD_IN_PROGRESS));
    }
    return true;
}

/* ---- steps ---- */

static bool start(struct tx *tx, void *context, struct err *err) {
    struct history *history = context;
    struct batch_row batch;
    struct json *overrides = json_object(&history->world.arena);
    json_set_text(&history->world.arena, overrides, "sourceTypeOverride", "NO_SOURCE");
    json_set_text(&history->world.arena, overrides, "buildspecOverride", "version: 0.2\nphases: {}\n");
    const struct build_request request = {.project = "shop", .overrides = overrides, .initiator = "tester"};
    if (!batch_start(tx, &history->world.arena, &request, NULL, &batch, err))
        return false;
    history->batch_id = batch.id;
    return true;
}

static bool take(struct tx *tx, void *context, struct err *err) {
    static const char *const providers[] = {BUILD_PROVIDER, BATCH_PROVIDER};
    struct history *history = context;
    struct arena *arena = &history->world.arena;
    char claim[UUID_SIZE];
    const char *id = NULL;
    struct job_row job;
    hash_uuid(claim);
    const struct wire_lease lease = {.claim_id = claim, .providers = providers, .provider_count = 2};
    if (!queue_lease(tx, arena, RUNNER, &lease, &id, err))
        return false;
    if (!id)
        return true;
    if (!job_rows_get(tx, arena, id, &job, err))
        return false;
    struct held *held = &history->held[history->held_count++];
    *held = (struct held){.job_id = job.id, .token = job.token, .is_source = str_equal(job.provider, BATCH_PROVIDER)};
    const struct queue_fence fence = {.job_id = job.id, .token = job.token, .runner_id = RUNNER};
    return draw(history, 4) == 0 || queue_acknowledge(tx, &fence, err);
}

/* Groups that depend on those before them in an order that their names do not show. */
static const struct json *random_groups(struct history *history) {
    struct arena *arena = &history->world.arena;
    struct json *batch = json_object(arena);
    unsigned count = 1 + draw(history, 6), shift = draw(history, 7);
    json_set_bool(arena, batch, "fastFail", draw(history, 3) == 0);
    struct json *groups = json_set_array(arena, batch, "groups");
    for (unsigned i = 0; i < count; i++) {
        struct json *group = json_append_object(arena, groups);
        json_set_text(arena, group, "identifier", arena_printf(arena, "g%u", (i * 5 + shift) % 7));
        json_set_bool(arena, group, "ignoreFailure", draw(history, 4) == 0);
        struct json *depends = json_set_array(arena, group, "dependsOn");
        for (unsigned j = 0; j < i; j++)
            if (draw(history, 3) == 0)
                json_append_text(arena, depends, arena_printf(arena, "g%u", (j * 5 + shift) % 7));
    }
    struct json *build = json_object(arena);
    json_set(arena, build, "batch", batch);
    return build;
}

static const struct json *asks_for_retry(struct history *history) {
    struct json *build = json_object(&history->world.arena);
    json_set_integer(&history->world.arena, json_set_object(&history->world.arena, build, "retry"), "limit",
                     AUTO_RETRIES);
    return build;
}

static bool send(struct tx *tx, void *context, struct err *err) {
    struct history *history = context;
    const struct queue_fence fence = {
        .job_id = history->last.job_id, .token = history->last.token, .runner_id = RUNNER};
    struct err own = {0};
    return engine_finish_job(tx, &history->world.arena, &fence, &history->last_result, &own) ||
           str_equal(own.code, "StaleTokenException") || err_set(err, own.kind, "%s", own.message);
}

/* A job that the runner holds ends; where it was cancelled, mostly as stopped. */
static void finish(struct history *history) {
    if (history->held_count == 0)
        return;
    size_t at = draw(history, (unsigned)history->held_count);
    history->last = history->held[at];
    history->held[at] = history->held[--history->held_count];
    unsigned how = draw(history, 8);
    history->last_result = (struct wire_result){.token = history->last.token,
                                                .outcome = how < 5   ? WIRE_SUCCEEDED
                                                           : how < 7 ? WIRE_FAILED
                                                                     : WIRE_STOPPED,
                                                .error_code = "JobFailed",
                                                .error_message = "it failed"};
    if (!history->last.is_source && how == 5) /* its buildspec says on-failure: RETRY */
        history->last_result.build = asks_for_retry(history);
    if (history->last.is_source && history->last_result.outcome == WIRE_SUCCEEDED)
        history->last_result.build = random_groups(history);
    write_or_fail(history, send);
}

static bool do_due(struct tx *tx, void *context, struct err *err) {
    struct history *history = context;
    struct engine_due *due = NULL;
    size_t count = 0;
    if (!engine_list_due(tx, &history->world.arena, &due, &count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!engine_do_due(tx, &history->world.arena, &due[i], err))
            return false;
    return true;
}

static bool open_again(struct tx *tx, void *context, struct err *err) {
    (void)context;
    return engine_open(tx, err);
}

static bool stop(struct tx *tx, void *context, struct err *err) {
    struct history *history = context;
    struct batch_row batch;
    return batches_get_by_id(tx, &history->world.arena, history->batch_id, &batch, err) &&
           engine_stop_batch(tx, &history->world.arena, batch.project, batch.uuid, &batch, err);
}

static bool retry(struct tx *tx, void *context, struct err *err) {
    struct history *history = context;
    struct batch_row batch;
    if (!batches_get_by_id(tx, &history->world.arena, history->batch_id, &batch, err))
        return false;
    if (batch.status == BUILD_IN_PROGRESS || batch.status == BUILD_SUCCEEDED)
        return true;
    history->retries++;
    return batch_retry(tx, &history->world.arena, &batch, draw(history, 2) == 0, NULL, err);
}

static void random_step(struct history *history) {
    unsigned kind = draw(history, 24);
    history->step = kind < 9    ? "take"
                    : kind < 17 ? "finish"
                    : kind < 19 ? "again"
                    : kind < 20 ? "expire"
                    : kind < 21 ? "restart"
                    : kind < 22 ? "stop"
                    : kind < 23 ? "retry"
                                : "timeout";
    if (kind < 9 && history->held_count < HELD_MAX)
        write_or_fail(history, take);
    else if (kind < 17)
        finish(history);
    else if (kind < 19 && history->last.job_id)
        write_or_fail(history, send); /* the answer was lost: the same result again */
    else if (kind == 19) {
        history->world.boot_ms += QUEUE_LEASE_MS + 1;
        history->world.wall_ms += QUEUE_LEASE_MS + 1;
        write_or_fail(history, do_due);
    } else if (kind == 20)
        write_or_fail(history, open_again);
    else if (kind == 21 && draw(history, 3) == 0)
        write_or_fail(history, stop);
    else if (kind == 22)
        write_or_fail(history, retry);
    else if (kind == 23 && draw(history, 6) == 0) {
        history->world.wall_ms += 9LL * 60 * 60 * 1000;
        history->world.boot_ms += 9LL * 60 * 60 * 1000;
        write_or_fail(history, do_due);
    }
}

static bool is_over(struct tx *tx, void *context, struct err *err) {
    struct history *history = context;
    struct batch_row batch;
    if (!batches_get_by_id(tx, &history->world.arena, history->batch_id, &batch, err))
        return false;
    history->step = batch.status == BUILD_IN_PROGRESS ? "worked off" : NULL;
    return true;
}

static void run_history(uint64_t seed) {
    struct history history = {.seed = seed, .state = seed * 7919 + 13, .step = "start"};
    struct err err = {0};
    world_open(&history.world, definition);
    write_or_fail(&history, start);
    for (int i = 0; i < STEPS; i++) {
        random_step(&history);
        assert_true(db_read(history.world.db, check, &history, &err));
    }
    for (int i = 0; i < 160; i++) {
        history.step = "work off";
        if (history.held_count < HELD_MAX)
            write_or_fail(&history, take);
        finish(&history);
        if (i % 20 == 19) { /* what was taken and lost comes back */
            history.world.boot_ms += QUEUE_LEASE_MS + 1;
            write_or_fail(&history, do_due);
            history.held_count = 0;
        }
        assert_true(db_read(history.world.db, check, &history, &err));
    }
    assert_true(db_read(history.world.db, is_over, &history, &err));
    CHECK(&history, history.step == NULL);
    world_close(&history.world);
}

static void random_histories_lose_and_double_nothing(void **state) {
    (void)state;
    const char *given = getenv("PENSTOCK_SEED");
    if (given) {
        run_history(strtoull(given, NULL, 10));
        return;
    }
    for (uint64_t seed = 1; seed <= HISTORIES; seed++)
        run_history(seed);
}

static bool forget_project(struct tx *tx, void *context, struct err *err) {
    (void)context;
    return projects_delete(tx, "shop", err);
}

/* Its first build ends well, and then there is no project any more of which the others could be. */
static void a_deleted_project_ends_its_batch(void **state) {
    (void)state;
    struct history history = {.state = 5, .step = "start"};
    struct err err = {0};
    world_open(&history.world, definition);
    write_or_fail(&history, start);
    write_or_fail(&history, take);
    write_or_fail(&history, forget_project);
    history.last = history.held[0];
    const struct json *groups = NULL;
    assert_true(json_parse(&history.world.arena, THREE_BUILDS, strlen(THREE_BUILDS), &groups, &err));
    history.last_result = (struct wire_result){.token = history.last.token, .outcome = WIRE_SUCCEEDED, .build = groups};
    write_or_fail(&history, send);
    assert_true(db_read(history.world.db, is_over, &history, &err));
    assert_null(history.step);
    write_or_fail(&history, retry);
    assert_int_equal(history.retries, 1);
    assert_true(db_read(history.world.db, is_over, &history, &err));
    assert_null(history.step);
    world_close(&history.world);
}

static bool read_state(struct tx *tx, void *context, struct err *err) {
    struct history *history = context;
    struct batch_row batch;
    if (!batches_get_by_id(tx, &history->world.arena, history->batch_id, &batch, err))
        return false;
    history->step = batch.state;
    return batch.status == BUILD_FAILED || err_set(err, ERR_INTERNAL, "the batch has not failed");
}

/* What a runner reads out of a batch whose second build has these settings; the sentence stands in the batch. */
static void refuse_overrides(const char *overrides, const char *sentence) {
    struct history history = {.state = 5, .step = "start"};
    struct arena *arena = &history.world.arena;
    const struct json *told = NULL;
    struct err err = {0};
    world_open(&history.world, definition);
    const char *text = arena_printf(arena,
                                    "{\"batch\":{\"groups\":[{\"identifier\":\"a\"},"
                                    "{\"identifier\":\"b\",\"overrides\":%s}]}}",
                                    overrides);
    write_or_fail(&history, start);
    write_or_fail(&history, take);
    history.last = history.held[0];
    assert_true(json_parse(arena, text, strlen(text), &told, &err));
    history.last_result = (struct wire_result){.token = history.last.token, .outcome = WIRE_SUCCEEDED, .build = told};
    write_or_fail(&history, send);
    if (!db_read(history.world.db, read_state, &history, &err))
        fail_msg("%s: %s", overrides, err.message);
    if (!strstr(history.step, sentence))
        fail_msg("'%s' is not in %s", sentence, history.step);
    assert_non_null(strstr(history.step, "\"summary\":\"the batch's buildspec: "));
    assert_null(strstr(history.step, "buildspec: SUCCEEDED"));
    world_close(&history.world);
}

static void settings_that_no_build_has_end_the_batch(void **state) {
    (void)state;
    refuse_overrides("{\"environmentTypeOverride\":\"WINDOWS_SERVER_2019_CONTAINER\"}",
                     "build 'b' cannot be made: environment.type: WINDOWS_SERVER_2019_CONTAINER is not supported");
    refuse_overrides("{\"computeTypeOverride\":\"BUILD_NONSENSE\"}",
                     "build 'b' cannot be made: environment.computeType: 'BUILD_NONSENSE' is not known");
    refuse_overrides("{\"imageOverride\":7}", "build 'b' cannot be made: environment.image: ");
    refuse_overrides("{\"computeTypeOverride\":\"ATTRIBUTE_BASED_COMPUTE\"}", "needs 'computeConfiguration'");
    refuse_overrides("{\"environmentVariablesOverride\":7}", "environment variables must be a list");
    refuse_overrides("{\"serviceRoleOverride\":\"arn:aws:iam::123456789012:role/other\"}",
                     "the runner told of serviceRoleOverride for build 'b'");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_histories_lose_and_double_nothing),
                                       cmocka_unit_test(a_deleted_project_ends_its_batch),
                                       cmocka_unit_test(settings_that_no_build_has_end_the_batch)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
