/*
 * A pipeline whose stored declaration cannot be read (another version wrote it, a disk went bad): its executions fail
 * with a sentence, and nobody else's wait because of it.
 */
#include "tests/unit/server/engine/world.h"

#include "common/hash.h"
#include "common/str.h"
#include "server/store/pipelines.h"
#include "server/store/stage_runs.h"

#define SHOP                                                                                                           \
    "name: shop\n"                                                                                                     \
    "stages:\n"                                                                                                        \
    "  - name: Source\n"                                                                                               \
    "    actions:\n"                                                                                                   \
    "      - {name: App, provider: CodeCommit, configuration: {RepositoryName: shop, BranchName: main},\n"             \
    "         outputArtifacts: [App]}\n"                                                                               \
    "  - name: Release\n"                                                                                              \
    "    actions:\n"                                                                                                   \
    "      - {name: Deploy, provider: ECS, configuration: {ClusterName: prod, ServiceName: shop},\n"                   \
    "         inputArtifacts: [App]}\n"

/* A second pipeline, "broken", as it was damaged: one execution waits, one is at an approval that expires in a minute.
 */
struct broken {
    struct world *world;
    int64_t pipeline_id;
    int64_t waiting_id, inside_id;
    struct execution_row waiting, inside;
    struct action_run_row approval;
    int64_t approval_id;
    const char *const *started;
    size_t started_count;
};

static bool add_one(struct tx *tx, struct broken *broken, const char *uuid, int64_t *id, struct err *err) {
    struct execution_row row = {.uuid = uuid,
                                .pipeline_id = broken->pipeline_id,
                                .version = 1,
                                .mode = MODE_QUEUED,
                                .status = EXECUTION_IN_PROGRESS,
                                .place = PLACE_WAITING,
                                .trigger_type = "StartPipelineExecution"};
    return pipelines_next_number(tx, broken->pipeline_id, &row.number, err) && executions_add(tx, &row, id, err);
}

static bool add_broken(struct tx *tx, void *context, struct err *err) {
    struct broken *broken = context;
    const struct pipeline_source source = {.hosted = true, .action = "App", .repository = "shop", .branch = "main"};
    const struct pipeline_change change = {.name = "broken",
                                           .declaration = "{\"name\":\"broken\",\"stages\":[{}]}",
                                           .type = "V2",
                                           .mode = MODE_QUEUED,
                                           .sources = &source,
                                           .source_count = 1};
    if (!pipelines_add(tx, &change, &broken->pipeline_id, err) || !add_one(tx, broken, "b1", &broken->inside_id, err) ||
        !add_one(tx, broken, "b2", &broken->waiting_id, err))
        return false;
    struct stage_run_row stage = {.execution_id = broken->inside_id,
                                  .pipeline_id = broken->pipeline_id,
                                  .name = "Release",
                                  .status = STAGE_IN_PROGRESS,
                                  .holds_lock = true};
    struct action_run_row approval = {.uuid = "b1-ask",
                                      .execution_id = broken->inside_id,
                                      .pipeline_id = broken->pipeline_id,
                                      .stage = "Release",
                                      .action = "Ask",
                                      .category = "Approval",
                                      .provider = "Manual",
                                      .run_order = 1,
                                      .status = ACTION_IN_PROGRESS,
                                      .configuration = "{}",
                                      .inputs = "[]",
                                      .outputs = "[]",
                                      .approval_token = "b1-token",
                                      .expires_ms = broken->world->wall_ms + 30000,
                                      .percent = -1};
    return executions_set_place(tx, broken->inside_id, PLACE_INSIDE, 0, err) &&
           stage_runs_add(tx, &stage, &approval.stage_run_id, err) &&
           action_runs_add(tx, &approval, &broken->approval_id, err);
}

static bool read_broken(struct tx *tx, void *context, struct err *err) {
    struct broken *broken = context;
    struct arena *arena = &broken->world->arena;
    return executions_get_by_id(tx, arena, broken->waiting_id, &broken->waiting, err) &&
           executions_get_by_id(tx, arena, broken->inside_id, &broken->inside, err) &&
           action_runs_get_by_id(tx, arena, broken->approval_id, &broken->approval, err);
}

static void open_both(struct world *world, struct broken *broken) {
    struct err err = {0};
    world_open(world, SHOP);
    *broken = (struct broken){.world = world};
    if (!world_write(world, add_broken, broken, &err))
        fail_msg("%s", err.message);
}

static void what_is_due_elsewhere_is_done(void **state) {
    (void)state;
    struct world world;
    struct broken broken;
    struct err err = {0};
    open_both(&world, &broken);
    world_must(&world, "start");
    world_must(&world, "1 take App");
    world_must(&world, "pass 2"); /* the lease, and the approval in the broken pipeline */
    assert_int_equal(world_job(&world, 1, "App").state, JOB_QUEUED);
    assert_true(db_read(world.db, read_broken, &broken, &err));
    assert_int_equal(broken.approval.status, ACTION_FAILED);
    assert_int_equal(broken.inside.status, EXECUTION_FAILED);
    assert_int_equal(broken.waiting.status, EXECUTION_FAILED);
    assert_non_null(strstr(broken.waiting.summary, "cannot be read"));
    world_close(&world);
}

static bool do_push(struct tx *tx, void *context, struct err *err) {
    struct broken *broken = context;
    const struct engine_change_request change = {.hosted = true,
                                                 .repository = "shop",
                                                 .branch = "main",
                                                 .commit_id = "c0ffee",
                                                 .trigger_type = "CloudWatchEvent"};
    struct engine_change_result result;
    if (!engine_change(tx, &broken->world->arena, &change, &result, err))
        return false;
    broken->started = result.executions;
    broken->started_count = result.count;
    return true;
}

static void a_push_starts_the_others(void **state) {
    (void)state;
    struct world world;
    struct broken broken;
    struct err err = {0};
    open_both(&world, &broken);
    if (!world_write(&world, do_push, &broken, &err))
        fail_msg("%s", err.message);
    assert_int_equal(broken.started_count, 1);
    assert_string_equal(world_show(&world), "1 Source:App");
    world_close(&world);
}

static bool do_delete(struct tx *tx, void *context, struct err *err) {
    struct broken *broken = context;
    return engine_delete_pipeline(tx, &broken->world->arena, "broken", "tester", err);
}

static void it_can_be_deleted(void **state) {
    (void)state;
    struct world world;
    struct broken broken;
    struct err err = {0};
    open_both(&world, &broken);
    if (!world_write(&world, do_delete, &broken, &err))
        fail_msg("%s", err.message);
    assert_true(db_read(world.db, read_broken, &broken, &err));
    assert_int_equal(broken.inside.status, EXECUTION_STOPPED);
    assert_int_equal(broken.waiting.status, EXECUTION_STOPPED);
    world_close(&world);
}

int main(void) {
    hash_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_due_elsewhere_is_done),
        cmocka_unit_test(a_push_starts_the_others),
        cmocka_unit_test(it_can_be_deleted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
