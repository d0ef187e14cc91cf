/*
 * What something waits for, in words; and when the clock must be looked at next.
 */
#include "common/hash.h"
#include "common/str.h"
#include "server/engine/wait.h"
#include "tests/unit/server/engine/world.h"

#define SHOP                                                                                                           \
    "name: shop\n"                                                                                                     \
    "stages:\n"                                                                                                        \
    "  - name: Source\n"                                                                                               \
    "    actions:\n"                                                                                                   \
    "      - {name: App, provider: CodeCommit, configuration: {RepositoryName: shop, BranchName: main},\n"             \
    "         outputArtifacts: [App]}\n"                                                                               \
    "  - name: Release\n"                                                                                              \
    "    actions:\n"                                                                                                   \
    "      - {name: Ask, provider: Manual}\n"                                                                          \
    "      - {name: Image, provider: CodeBuild, configuration: {ProjectName: shop}, inputArtifacts: [App], \n"         \
    "         runOrder: 2}\n"

static void check(struct world *world, const char *does, int64_t number, const char *wait) {
    world_must(world, does);
    const char *found = world_wait(world, number);
    if (!str_equal(found, wait))
        fail_msg("after '%s': expected '%s', found '%s'", does, wait ? wait : "(nothing)", found ? found : "(nothing)");
}

static void every_wait_has_words(void **state) {
    (void)state;
    struct world world;
    world_open(&world, SHOP);
    check(&world, "start", 1, "waiting for a runner: Source/App");
    check(&world, "1 take App", 1, NULL);
    check(&world, "start", 2, "waiting for execution 1 to leave stage Source");
    check(&world, "1 done App", 1, "waiting for approval: Release/Ask");
    check(&world, "2 done App", 2, "waiting for execution 1 to leave stage Release");
    check(&world, "1 stop", 1, "stopping: waiting for Release/Ask to end");
    check(&world, "1 approve Ask", 1, NULL);
    check(&world, "2 approve Ask", 2, "waiting for a runner: Release/Image");
    check(&world, "2 take Image", 2, NULL);
    check(&world, "2 abandon", 2, "stopping: waiting for Release/Image to be undone");
    check(&world, "2 stopped Image", 2, NULL);
    world_close(&world);
}

struct looking {
    struct world *world;
    int stage_index;
    const char *waiting, *words;
    int64_t next;
};

static bool look_before(struct tx *tx, void *context, struct err *err) {
    struct looking *looking = context;
    struct wait_in_front *list = NULL;
    size_t count = 0;
    if (!wait_in_front(tx, &looking->world->arena, 1, &list, &count, err))
        return false;
    looking->waiting = looking->words = NULL;
    for (size_t i = 0; i < count && !looking->waiting; i++) {
        if (list[i].execution->stage_index != looking->stage_index)
            continue;
        looking->waiting = list[i].execution->uuid;
        looking->words = list[i].words;
    }
    return true;
}

static void who_waits_before_a_stage(void **state) {
    (void)state;
    struct world world;
    struct err err = {0};
    world_open(&world, SHOP);
    struct looking looking = {.world = &world, .stage_index = 0};
    world_must(&world, "start");
    assert_true(db_read(world.db, look_before, &looking, &err));
    assert_null(looking.waiting);
    world_must(&world, "start");
    assert_true(db_read(world.db, look_before, &looking, &err));
    assert_string_equal(looking.waiting, world_execution(&world, 2).uuid);
    assert_string_equal(looking.words, "waiting for execution 1 to leave stage Source");
    looking.stage_index = 1;
    assert_true(db_read(world.db, look_before, &looking, &err));
    assert_null(looking.waiting);
    world_close(&world);
}

static bool look_at_clock(struct tx *tx, void *context, struct err *err) {
    struct looking *looking = context;
    return engine_next_deadline(tx, &looking->next, err);
}

static int64_t next_deadline(struct world *world) {
    struct looking looking = {.world = world};
    struct err err = {0};
    assert_true(db_read(world->db, look_at_clock, &looking, &err));
    return looking.next;
}

static bool open_engine(struct tx *tx, void *context, struct err *err) {
    (void)context;
    return engine_open(tx, err);
}

static void the_next_deadline_is_the_nearest(void **state) {
    (void)state;
    struct world world;
    struct err err = {0};
    world_open(&world, SHOP);
    world_must(&world, "start");
    assert_true(next_deadline(&world) == INT64_MAX); /* nobody has anything */
    world_must(&world, "1 take App");
    assert_int_equal(next_deadline(&world), world.boot_ms + QUEUE_LEASE_MS);
    world_must(&world, "1 done App");
    assert_int_equal(next_deadline(&world), world.boot_ms + 7LL * 24 * 3600 * 1000); /* the approval */
    world.wall_ms += 3600 * 1000;                                                    /* a clock that was set */
    assert_int_equal(next_deadline(&world), world.boot_ms + (7LL * 24 - 1) * 3600 * 1000);
    world_must(&world, "1 approve Ask");
    assert_int_equal(next_deadline(&world), world.boot_ms + 480LL * 60 * 1000); /* a build that nobody begins */
    world_must(&world, "1 take Image");
    /* A restart of the machine: boot time begins anew, and the lease with it. */
    world.boot_ms = 10;
    assert_true(world_write(&world, open_engine, NULL, &err));
    assert_int_equal(next_deadline(&world), 10 + QUEUE_LEASE_MS);
    world_must(&world, "pass 0");
    assert_int_equal(world_job(&world, 1, "Image").state, JOB_RUNNING);
    world_must(&world, "1 done Image");
    assert_string_equal(world_show(&world), "1 Succeeded");
    world_close(&world);
}

int main(void) {
    hash_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_wait_has_words),
        cmocka_unit_test(who_waits_before_a_stage),
        cmocka_unit_test(the_next_deadline_is_the_nearest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
