/*
 * Deploys: where they pause for a person, what becomes of the answer, and what they leave behind as what runs where.
 */
#include "tests/unit/server/engine/world.h"

#include "server/jobs/job_message.h"
#include "server/store/pauses.h"
#include "server/store/releases.h"

#define TARGET "ecs/eu-central-1/prod/shop"
#define TESTER "arn:aws:iam::123456789012:user/tester"
#define PAUSED "1 Release:Deploy"

static const char shop[] =
    "name: shop\n"
    "stages:\n"
    "  - name: Source\n"
    "    actions:\n"
    "      - {name: App, provider: CodeCommit, configuration: {RepositoryName: shop, BranchName: main},\n"
    "         outputArtifacts: [App]}\n"
    "  - name: Release\n"
    "    actions:\n"
    "      - {name: Approve, provider: Manual, runOrder: 1}\n"
    "      - {name: Deploy, provider: ECS, runOrder: 2, inputArtifacts: [App],\n"
    "         configuration: {ClusterName: prod, ServiceName: shop}}\n";

static void a_pause_is_answered_once(void **state) {
    (void)state;
    static const struct step_in_words steps[] = {
        {"start", NULL},
        {"1 done App", NULL},
        {"1 approve Approve", PAUSED},
        {"1 approve Deploy", "!InvalidApprovalTokenException"}, /* nobody asked */
        {"1 pause Deploy", PAUSED},
        {"1 pause Deploy", PAUSED}, /* told again, asked once */
        {"1 approve Deploy", PAUSED},
        {"1 approve Deploy", "!ApprovalAlreadyCompletedException"},
        {"1 pause Deploy", PAUSED}, /* the runner has not heard yet */
        {"1 reject Deploy", "!ApprovalAlreadyCompletedException"},
        {"1 go Deploy", PAUSED},
        {"1 reject Deploy", "!ApprovalAlreadyCompletedException"},
        {"1 done Deploy", "1 Succeeded"},
    };
    RUN(shop, steps);
}

static void what_overtakes_a_pause_ends_it(void **state) {
    (void)state;
    static const struct step_in_words over[] = {
        {"start", NULL},
        {"1 done App", NULL},
        {"1 approve Approve", NULL},
        {"1 pause Deploy", PAUSED},
        {"1 go Deploy", PAUSED}, /* AWS has decided */
        {"1 approve Deploy", "!InvalidApprovalTokenException"},
        {"1 pause Deploy", PAUSED}, /* told again: asked again */
        {"1 fails Deploy", "1 Failed"},
        {"1 approve Deploy", "!InvalidApprovalTokenException"},
    };
    static const struct step_in_words stopped[] = {
        {"start", NULL},
        {"1 done App", NULL},
        {"1 approve Approve", NULL},
        {"1 pause Deploy", PAUSED},
        {"1 abandon", "1 Stopping Release:Deploy"},
        {"1 approve Deploy", "!InvalidApprovalTokenException"},
        {"1 pause Deploy", "1 Stopping Release:Deploy"}, /* said before it heard of the stop */
        {"1 approve Deploy", "!InvalidApprovalTokenException"},
        {"1 stopped Deploy", "1 Stopped"},
    };
    static const struct step_in_words waited_for[] = {
        {"start", NULL},
        {"1 done App", NULL},
        {"1 approve Approve", NULL},
        {"1 pause Deploy", PAUSED},
        {"1 stop", "1 Stopping Release:Deploy"}, /* it is let end, and so may be answered */
        {"1 approve Deploy", NULL},
        {"1 done Deploy", "1 Stopped"},
    };
    RUN(shop, over);
    RUN(shop, stopped);
    RUN(shop, waited_for);
}

static struct world *to_deploy(struct world *world) {
    static const char *const steps[] = {"start", "1 done App", "1 approve Approve", "1 take Deploy"};
    world_open(world, shop);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        world_must(world, steps[i]);
    return world;
}

static void who_asks_is_waited_for(void **state) {
    (void)state;
    struct world world;
    to_deploy(&world);
    world_must(&world, "1 pause Deploy");
    assert_string_equal(world_wait(&world, 1), "waiting for approval: Release/Deploy");
    world_must(&world, "1 reject Deploy");
    assert_null(world_wait(&world, 1));
    world_close(&world);
}

struct hearing {
    struct world *world;
    struct job_row job;
    struct queue_word word;
};

static bool hear(struct tx *tx, void *context, struct err *err) {
    struct hearing *hearing = context;
    const struct queue_fence fence = {
        .job_id = hearing->job.id, .token = hearing->job.token, .runner_id = hearing->job.runner_id};
    return queue_heartbeat(tx, &hearing->world->arena, &fence, &hearing->word, err);
}

static struct queue_word hear_of(struct world *world) {
    struct hearing hearing = {.world = world, .job = world_job(world, 1, "Deploy")};
    struct err err = {0};
    if (!world_write(world, hear, &hearing, &err))
        fail_msg("%s", err.message);
    return hearing.word;
}

static void whoever_holds_the_job_hears_the_answer(void **state) {
    (void)state;
    struct world world;
    to_deploy(&world);
    world_must(&world, "1 mark Deploy");
    world_must(&world, "1 pause Deploy");
    assert_false(hear_of(&world).answered);
    world_must(&world, "1 reject Deploy");
    for (int holder = 0; holder < 2; holder++) {
        struct queue_word word = hear_of(&world);
        assert_true(word.answered);
        assert_string_equal(word.answer.pause, "hook-1");
        assert_int_equal(word.answer.state, PAUSE_REJECTED);
        assert_string_equal(word.answer.summary, "as said");
        assert_string_equal(word.answer.answered_by, TESTER);
        assert_int_equal(word.cancel, JOB_CANCEL_NONE);
        assert_null(word.cancelled_by);
        world_must(&world, "pass 3"); /* the lease is over: another holder */
        world_must(&world, "1 take Deploy");
    }
    world_close(&world);
}

static void the_holder_hears_who_cancels(void **state) {
    (void)state;
    struct world world;
    to_deploy(&world);
    world_must(&world, "1 abandon");
    struct queue_word word = hear_of(&world);
    assert_int_equal(word.cancel, JOB_CANCEL_UNDO);
    assert_string_equal(word.cancelled_by, world_execution(&world, 1).stopped_by);
    world_close(&world);
}

/* ---- releases ---- */

static const struct json *deployment_to(struct world *world, const char *from, const char *to) {
    struct arena *arena = &world->arena;
    struct json *deployment = json_object(arena);
    json_set_text(arena, deployment, "kind", "ECS");
    struct json *target = json_append_object(arena, json_set_array(arena, deployment, "targets"));
    json_set_text(arena, target, "name", TARGET);
    json_set_text(arena, target, "from", from);
    json_set_text(arena, target, "to", to);
    return deployment;
}

/* The newest execution's deploy ends so. */
static void end_deploy(struct world *world, int64_t number, enum wire_outcome outcome, const char *from,
                       const char *to) {
    const struct wire_result result = {.outcome = outcome,
                                       .error_code = "JobFailed",
                                       .error_message = "no",
                                       .deployment = deployment_to(world, from, to)};
    struct err err = {0};
    if (!world_finish(world, number, "Deploy", &result, &err))
        fail_msg("%s", err.message);
}

struct looking {
    struct world *world;
    bool found;
    struct release_row release;
    struct wire_job message;
    const char *job_id;
};

static bool look_at_target(struct tx *tx, void *context, struct err *err) {
    struct looking *looking = context;
    return releases_of_target(tx, &looking->world->arena, TARGET, &looking->found, &looking->release, err);
}

static const char *what_runs(struct world *world) {
    struct looking looking = {.world = world};
    assert_true(db_read(world->db, look_at_target, &looking, NULL));
    return looking.found ? looking.release.revision : NULL;
}

static void deploy_once_more(struct world *world, int64_t number) {
    world_must(world, "start");
    world_must(world, arena_printf(&world->arena, "%d done App", (int)number));
    world_must(world, arena_printf(&world->arena, "%d approve Approve", (int)number));
    world_must(world, arena_printf(&world->arena, "%d take Deploy", (int)number));
}

static void only_what_succeeded_runs(void **state) {
    (void)state;
    struct world world;
    to_deploy(&world);
    assert_null(what_runs(&world));
    end_deploy(&world, 1, WIRE_SUCCEEDED, "shop:1", "shop:2");
    assert_string_equal(what_runs(&world), "shop:2");
    deploy_once_more(&world, 2);
    end_deploy(&world, 2, WIRE_FAILED, "shop:2", "shop:3");
    assert_string_equal(what_runs(&world), "shop:2");
    deploy_once_more(&world, 3);
    world_must(&world, "3 abandon");
    end_deploy(&world, 3, WIRE_STOPPED, "shop:2", "shop:3");
    assert_string_equal(what_runs(&world), "shop:2");
    deploy_once_more(&world, 4);
    end_deploy(&world, 4, WIRE_SUCCEEDED, "shop:2", "shop:4");
    struct looking looking = {.world = &world};
    assert_true(db_read(world.db, look_at_target, &looking, NULL));
    assert_string_equal(looking.release.revision, "shop:4");
    assert_string_equal(looking.release.previous, "shop:2");
    assert_string_equal(looking.release.kind, "ECS");
    assert_string_equal(looking.release.approved_by, TESTER);
    assert_int_equal(looking.release.execution_id, world_execution(&world, 4).id);
    world_close(&world);
}

static bool read_message(struct tx *tx, void *context, struct err *err) {
    struct looking *looking = context;
    const struct job_message_settings settings = {
        .base_url = "http://127.0.0.1", .region = "eu-central-1", .account_id = "123456789012"};
    return job_message(tx, &looking->world->arena, &settings, looking->job_id, &looking->message, err);
}

static struct wire_job message_of(struct world *world, int64_t number) {
    struct looking looking = {.world = world, .job_id = world_job(world, number, "Deploy").id};
    struct err err = {0};
    if (!db_read(world->db, read_message, &looking, &err))
        fail_msg("%s", err.message);
    return looking.message;
}

static void a_rollback_is_told_what_ran_then(void **state) {
    (void)state;
    struct world world;
    to_deploy(&world);
    assert_string_equal(message_of(&world, 1).execution_type, "STANDARD");
    assert_null(message_of(&world, 1).earlier);
    end_deploy(&world, 1, WIRE_SUCCEEDED, "shop:1", "shop:2");
    deploy_once_more(&world, 2);
    end_deploy(&world, 2, WIRE_SUCCEEDED, "shop:2", "shop:3");
    world_must(&world, "1 rollback Release");
    world_must(&world, "3 approve Approve");
    world_must(&world, "3 take Deploy");
    struct wire_job job = message_of(&world, 3);
    assert_string_equal(job.execution_type, "ROLLBACK");
    assert_string_equal(json_get_text(json_first(json_get(job.earlier, "targets")), "to"), "shop:2");
    end_deploy(&world, 3, WIRE_SUCCEEDED, "shop:3", "shop:2");
    assert_string_equal(what_runs(&world), "shop:2");
    world_close(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pause_is_answered_once),         cmocka_unit_test(what_overtakes_a_pause_ends_it),
        cmocka_unit_test(who_asks_is_waited_for),           cmocka_unit_test(whoever_holds_the_job_hears_the_answer),
        cmocka_unit_test(the_holder_hears_who_cancels),     cmocka_unit_test(only_what_succeeded_runs),
        cmocka_unit_test(a_rollback_is_told_what_ran_then),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
