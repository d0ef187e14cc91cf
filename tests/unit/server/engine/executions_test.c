/*
 * How executions go through stages: the rules of each mode, as tables of steps.
 */
#include "common/hash.h"
#include "common/str.h"
#include "tests/unit/server/engine/world.h"

#include "server/store/events.h"
#include "server/store/revisions.h"

#define SOURCE                                                                                                         \
    "  - name: Source\n"                                                                                               \
    "    actions:\n"                                                                                                   \
    "      - {name: App, provider: CodeCommit, configuration: {RepositoryName: shop, BranchName: main},\n"             \
    "         outputArtifacts: [App]}\n"
#define BUILD                                                                                                          \
    "  - name: Build\n"                                                                                                \
    "    actions:\n"                                                                                                   \
    "      - {name: Image, provider: CodeBuild, configuration: {ProjectName: shop}, inputArtifacts: [App],\n"          \
    "         outputArtifacts: [Images]}\n"
#define RELEASE                                                                                                        \
    "  - name: Release\n"                                                                                              \
    "    actions:\n"                                                                                                   \
    "      - {name: Approve, provider: Manual, configuration: {CustomData: v VERSION}}\n"                              \
    "      - {name: Deploy, provider: ECS, runOrder: 2, configuration: {ClusterName: prod, ServiceName: shop},\n"      \
    "         inputArtifacts: [Images]}\n"
#define SHOP "name: shop\nstages:\n" SOURCE BUILD RELEASE
#define QUEUED "name: shop\npipelineType: V2\nexecutionMode: QUEUED\nstages:\n" SOURCE BUILD RELEASE
#define PARALLEL "name: shop\npipelineType: V2\nexecutionMode: PARALLEL\nstages:\n" SOURCE BUILD RELEASE

static void one_push_goes_all_the_way(void **state) {
    (void)state;
    static const struct step_in_words steps[] = {
        {"start", "1 Source:App"},
        {"1 done App", "1 Build:Image"},
        {"1 done Image", "1 Release:Approve"},
        {"1 approve Approve", "1 Release:Deploy"},
        {"1 done Deploy", "1 Succeeded"},
    };
    RUN(SHOP, steps);
}

static void one_waits_and_the_newest_takes_its_place(void **state) {
    (void)state;
    static const struct step_in_words steps[] = {
        {"start", "1 Source:App"},
        {"start", "1 Source:App | 2 >Source"},
        {"start", "1 Source:App | 2 Superseded | 3 >Source"},
        {"1 done App", "1 Build:Image | 2 Superseded | 3 Source:App"},
        {"3 done App", "1 Build:Image | 2 Superseded | 3 >Build"},
        {"start", "1 Build:Image | 2 Superseded | 3 >Build | 4 Source:App"},
        {"4 done App", "1 Build:Image | 2 Superseded | 3 Superseded | 4 >Build"},
        {"1 done Image", "1 Release:Approve | 2 Superseded | 3 Superseded | 4 Build:Image"},
        {"4 done Image", "1 Release:Approve | 2 Superseded | 3 Superseded | 4 >Release"},
        {"1 approve Approve", "1 Release:Deploy | 2 Superseded | 3 Superseded | 4 >Release"},
        {"1 done Deploy", "1 Succeeded | 2 Superseded | 3 Superseded | 4 Release:Approve"},
    };
    RUN(SHOP, steps);
}

static void superseding_never_happens_inside_a_stage(void **state) {
    (void)state;
    static const struct step_in_words steps[] = {
        {"start", "1 Source:App"},
        {"1 done App", "1 Build:Image"},
        {"start", "1 Build:Image | 2 Source:App"},
        {"start", "1 Build:Image | 2 Source:App | 3 >Source"},
        {"start", "1 Build:Image | 2 Source:App | 3 Superseded | 4 >Source"},
        {"1 done Image", "1 Release:Approve | 2 Source:App | 3 Superseded | 4 >Source"},
    };
    RUN(SHOP, steps);
}

static void a_failed_stage_is_free_for_the_next(void **state) {
    (void)state;
    static const struct step_in_words steps[] = {
        {"start", NULL},
        {"1 done App", NULL},
        {"start", NULL},
        {"2 done App", "1 Build:Image | 2 >Build"},
        {"1 fails Image", "1 Failed | 2 Build:Image"},
        {"2 done Image", "1 Failed | 2 Release:Approve"},
    };
    RUN(SHOP, steps);
}

static void a_pending_approval_keeps_its_stage(void **state) {
    (void)state;
    static const struct step_in_words steps[] = {
        {"start", NULL},
        {"1 done App", NULL},
        {"1 done Image", "1 Release:Approve"},
        {"start", NULL},
        {"2 done App", NULL},
        {"2 done Image", "1 Release:Approve | 2 >Release"},
        {"pass 9000", "1 Release:Approve | 2 >Release"}, /* six days and a quarter */
        {"1 reject Approve", "1 Failed | 2 Release:Approve"},
    };
    RUN(SHOP, steps);
}

static void queued_ones_all_wait_in_order(void **state) {
    (void)state;
    static const struct step_in_words steps[] = {
        {"start", "1 Source:App"},
        {"start", "1 Source:App | 2 >Source"},
        {"start", "1 Source:App | 2 >Source | 3 >Source"},
        {"1 done App", "1 Build:Image | 2 Source:App | 3 >Source"},
        {"2 done App", "1 Build:Image | 2 >Build | 3 Source:App"},
        {"3 done App", "1 Build:Image | 2 >Build | 3 >Build"},
        {"1 fails Image", "1 Failed | 2 Build:Image | 3 >Build"},
        {"2 done Image", "1 Failed | 2 Release:Approve | 3 Build:Image"},
    };
    RUN(QUEUED, steps);
}

static void parallel_ones_never_wait(void **state) {
    (void)state;
    static const struct step_in_words steps[] = {
        {"start", "1 Source:App"},
        {"start", "1 Source:App | 2 Source:App"},
        {"2 done App", "1 Source:App | 2 Build:Image"},
        {"1 done App", "1 Build:Image | 2 Build:Image"},
        {"1 done Image", "1 Release:Approve | 2 Build:Image"},
        {"2 done Image", "1 Release:Approve | 2 Release:Approve"},
        {"update", "1 Release:Approve | 2 Release:Approve"}, /* each keeps the definition it began with */
        {"2 approve Approve", "1 Release:Approve | 2 Release:Deploy"},
        {"2 done Deploy", "1 Release:Approve | 2 Succeeded"},
    };
    RUN(PARALLEL, steps);
}

static void a_change_cancels_what_is_under_way(void **state) {
    (void)state;
    static const struct step_in_words steps[] = {
        {"start", NULL},
        {"1 done App", NULL},
        {"1 take Image", "1 Build:Image"},
        {"start", NULL},
        {"2 done App", "1 Build:Image | 2 >Build"},
        {"start", "1 Build:Image | 2 >Build | 3 Source:App"},
        {"same", "1 Build:Image | 2 >Build | 3 Source:App"}, /* the same text is no change */
        /* What runs finishes; what waits ends; what no runner has begun does not begin. */
        {"update", "1 Build:Image | 2 Cancelled | 3 Cancelled"},
        {"start", "1 Build:Image | 2 Cancelled | 3 Cancelled | 4 Source:App"},
        {"4 done App", "1 Build:Image | 2 Cancelled | 3 Cancelled | 4 >Build"}, /* the stage is still taken */
        {"update", "1 Build:Image | 2 Cancelled | 3 Cancelled | 4 Cancelled"},
        {"start", NULL},
        {"5 done App", NULL},
        {"1 done Image", "1 Cancelled | 2 Cancelled | 3 Cancelled | 4 Cancelled | 5 Build:Image"},
    };
    RUN(SHOP, steps);
}

static void a_change_leaves_a_begun_job_alone(void **state) {
    (void)state;
    struct world world;
    world_open(&world, SHOP);
    world_must(&world, "start");
    world_must(&world, "1 take App");
    world_must(&world, "update");
    assert_int_equal(world_job(&world, 1, "App").cancel, JOB_CANCEL_NONE);
    world_must(&world, "pass 2"); /* nor is it taken away when its runner is lost */
    assert_string_equal(world_show(&world), "1 Source:App");
    world_must(&world, "1 done App");
    assert_string_equal(world_show(&world), "1 Cancelled");
    assert_int_equal(world_action(&world, 1, "App").status, ACTION_SUCCEEDED);
    world_close(&world);
}

static void a_change_takes_back_an_unanswered_approval(void **state) {
    (void)state;
    static const struct step_in_words steps[] = {
        {"start", NULL},
        {"1 done App", NULL},
        {"1 done Image", "1 Release:Approve"},
        {"update", "1 Cancelled"},
        {"1 approve Approve", "!InvalidApprovalTokenException"},
    };
    RUN(SHOP, steps);
}

static void a_deleted_pipeline_ends_its_executions(void **state) {
    (void)state;
    static const struct step_in_words steps[] = {
        {"start", NULL},
        {"1 done App", NULL},
        {"1 take Image", NULL},
        {"start", "1 Build:Image | 2 Source:App"},
        {"delete", "1 Stopping Build:Image | 2 Stopped"},
        {"delete", NULL},
        {"start", "!PipelineNotFoundException"},
        {"1 stopped Image", "1 Stopped | 2 Stopped"}, /* its runner is heard to the end */
    };
    RUN(SHOP, steps);
}

/* ---- what a start is given ---- */

static void the_same_request_token_gives_the_same_execution(void **state) {
    (void)state;
    struct world world;
    struct err err = {0};
    world_open(&world, SHOP);
    struct engine_start_request request = {
        .pipeline = "shop", .trigger_type = "StartPipelineExecution", .client_request_token = "once"};
    const char *first = world_start(&world, &request, &err);
    const char *again = world_start(&world, &request, &err);
    assert_string_equal(first, again);
    request.client_request_token = "twice";
    assert_string_not_equal(world_start(&world, &request, &err), first);
    assert_string_equal(world_show(&world), "1 Source:App | 2 >Source");
    world_close(&world);
}

static void an_unknown_pipeline_or_action_is_refused(void **state) {
    (void)state;
    struct world world;
    struct err err = {0};
    world_open(&world, SHOP);
    struct engine_start_request request = {.pipeline = "none", .trigger_type = "StartPipelineExecution"};
    assert_null(world_start(&world, &request, &err));
    assert_string_equal(err.code, "PipelineNotFoundException");
    const struct engine_revision revision = {.action = "Image", .revision_id = "c0ffee"};
    request = (struct engine_start_request){
        .pipeline = "shop", .trigger_type = "x", .revisions = &revision, .revision_count = 1};
    assert_null(world_start(&world, &request, &err));
    assert_string_equal(err.code, "ValidationException");
    assert_string_equal(world_show(&world), "");
    world_close(&world);
}

static void fifty_queued_executions_are_the_most(void **state) {
    (void)state;
    struct world world;
    struct err err = {0};
    world_open(&world, QUEUED);
    for (int i = 0; i < 50; i++)
        world_must(&world, "start");
    assert_false(world_do(&world, "start", &err));
    assert_string_equal(err.code, "ConcurrentPipelineExecutionsLimitExceededException");
    assert_int_equal(err.kind, ERR_LIMIT);
    world_close(&world);
}

struct push {
    struct world *world;
    const char *branch, *commit;
    const char *const *ids;
    size_t count;
};

static bool do_push(struct tx *tx, void *context, struct err *err) {
    struct push *push = context;
    const struct engine_change_request change = {
        .hosted = true,
        .repository = "shop",
        .branch = push->branch,
        .commit_id = push->commit,
        .summary = "a better shop",
        .author = "Ann",
        .trigger_type = "CloudWatchEvent",
    };
    struct engine_change_result result;
    if (!engine_change(tx, &push->world->arena, &change, &result, err))
        return false;
    push->ids = result.executions;
    push->count = result.count;
    return true;
}

static bool check_asked(struct tx *tx, void *context, struct err *err) {
    struct push *push = context;
    struct revision_row *rows = NULL;
    size_t count = 0;
    assert_true(revisions_list(tx, &push->world->arena, 1, &rows, &count, err));
    assert_int_equal(count, 1);
    assert_string_equal(rows[0].asked, "c0ffee");
    assert_string_equal(rows[0].artifact, "App");
    assert_string_equal(rows[0].author, "Ann");
    assert_string_equal(rows[0].branch, "main");
    return true;
}

static bool check_settled(struct tx *tx, void *context, struct err *err) {
    struct push *push = context;
    struct revision_row row;
    bool found = false;
    assert_true(revisions_latest(tx, &push->world->arena, 1, "App", &found, &row, err));
    assert_true(found);
    assert_string_equal(row.revision_id, "c0ffee");
    assert_string_equal(row.summary, "a better shop"); /* the runner said nothing better */
    return true;
}

static void a_push_starts_those_who_name_its_branch(void **state) {
    (void)state;
    struct world world;
    struct err err = {0};
    world_open(&world, SHOP);
    struct push push = {.world = &world, .branch = "other", .commit = "c0ffee"};
    assert_true(world_write(&world, do_push, &push, &err));
    assert_int_equal(push.count, 0);
    push.branch = "main";
    assert_true(world_write(&world, do_push, &push, &err));
    assert_int_equal(push.count, 1);
    assert_string_equal(push.ids[0], world_execution(&world, 1).uuid);
    assert_string_equal(world_execution(&world, 1).trigger_type, "CloudWatchEvent");
    assert_true(db_read(world.db, check_asked, &push, &err));
    world_must(&world, "1 done App");
    assert_true(db_read(world.db, check_settled, &push, &err));
    world_close(&world);
}

static void a_push_that_cannot_start_is_told(void **state) {
    (void)state;
    struct world world;
    struct err err = {0};
    world_open(&world, QUEUED);
    for (int i = 0; i < 50; i++)
        world_must(&world, "start");
    struct push push = {.world = &world, .branch = "main", .commit = "c0ffee"};
    assert_true(world_write(&world, do_push, &push, &err));
    assert_int_equal(push.count, 0);
    world_must(&world, "1 done App"); /* the world goes on */
    world_close(&world);
}

/* ---- events ---- */

static bool list_events(struct tx *tx, void *context, struct err *err) {
    struct world *world = context;
    struct event_row *events = NULL;
    size_t count = 0;
    struct str out = STR_INIT(65536);
    assert_true(events_list(tx, &world->arena, 0, 1000, &events, &count, err));
    for (size_t i = 0; i < count; i++) {
        if (str_equal(events[i].type, "job") || str_equal(events[i].type, "runner"))
            continue;
        str_printf(&out, "%s %s%s%s\n", events[i].type, events[i].status,
                   events[i].stage ? arena_printf(&world->arena, " %s", events[i].stage) : "",
                   events[i].action ? arena_printf(&world->arena, "/%s", events[i].action) : "");
        if (!str_equal(events[i].type, "build"))
            assert_string_equal(events[i].pipeline, "shop");
    }
    assert_string_equal(str_text(&out), "pipeline created\n"
                                        "execution InProgress\n"
                                        "stage InProgress Source\n"
                                        "action InProgress Source/App\n"
                                        "action Succeeded Source/App\n"
                                        "stage Succeeded Source\n"
                                        "stage InProgress Build\n"
                                        "action InProgress Build/Image\n"
                                        "build IN_PROGRESS\n"
                                        "build SUCCEEDED\n"
                                        "action Succeeded Build/Image\n"
                                        "stage Succeeded Build\n"
                                        "stage InProgress Release\n"
                                        "action InProgress Release/Approve\n"
                                        "approval requested Release/Approve\n"
                                        "approval rejected Release/Approve\n"
                                        "action Failed Release/Approve\n"
                                        "stage Failed Release\n"
                                        "execution Failed\n");
    str_release(&out);
    return true;
}

static void everything_that_happened_is_an_event(void **state) {
    (void)state;
    struct world world;
    struct err err = {0};
    world_open(&world, SHOP);
    world_must(&world, "start");
    world_must(&world, "1 done App");
    world_must(&world, "1 done Image");
    world_must(&world, "1 reject Approve");
    assert_true(db_read(world.db, list_events, &world, &err));
    assert_string_equal(world_execution(&world, 1).summary,
                        "Release/Approve: rejected by arn:aws:iam::123456789012:user/tester");
    assert_non_null(strstr(world.topics, "events "));
    assert_non_null(strstr(world.topics, "jobs "));
    assert_non_null(strstr(world.topics, "clock "));
    world_close(&world);
}

int main(void) {
    hash_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_push_goes_all_the_way),
        cmocka_unit_test(one_waits_and_the_newest_takes_its_place),
        cmocka_unit_test(superseding_never_happens_inside_a_stage),
        cmocka_unit_test(a_failed_stage_is_free_for_the_next),
        cmocka_unit_test(a_pending_approval_keeps_its_stage),
        cmocka_unit_test(queued_ones_all_wait_in_order),
        cmocka_unit_test(parallel_ones_never_wait),
        cmocka_unit_test(a_change_cancels_what_is_under_way),
        cmocka_unit_test(a_change_leaves_a_begun_job_alone),
        cmocka_unit_test(a_change_takes_back_an_unanswered_approval),
        cmocka_unit_test(a_deleted_pipeline_ends_its_executions),
        cmocka_unit_test(the_same_request_token_gives_the_same_execution),
        cmocka_unit_test(an_unknown_pipeline_or_action_is_refused),
        cmocka_unit_test(fifty_queued_executions_are_the_most),
        cmocka_unit_test(a_push_starts_those_who_name_its_branch),
        cmocka_unit_test(a_push_that_cannot_start_is_told),
        cmocka_unit_test(everything_that_happened_is_an_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
