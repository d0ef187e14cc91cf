/*
 * Custom actions: how a job worker's words become the end of an action, and what ends one without them.
 */
#include "common/hash.h"
#include "common/str.h"
#include "server/engine/worker_types.h"
#include "server/jobs/worker_queue.h"
#include "tests/unit/server/engine/world.h"

#define SHOP                                                                                                           \
    "name: shop\n"                                                                                                     \
    "stages:\n"                                                                                                        \
    "  - name: Source\n"                                                                                               \
    "    actions:\n"                                                                                                   \
    "      - {name: App, provider: CodeCommit, configuration: {RepositoryName: shop, BranchName: main},\n"             \
    "         outputArtifacts: [App]}\n"                                                                               \
    "  - name: Build\n"                                                                                                \
    "    actions:\n"                                                                                                   \
    "      - name: Compile\n"                                                                                          \
    "        actionTypeId: {category: Build, owner: Custom, provider: Jenkins, version: \"1\"}\n"                      \
    "        configuration: {Project: \"shop-VERSION\"}\n"                                                             \
    "        inputArtifacts: [App]\n"                                                                                  \
    "        namespace: Compile\n"                                                                                     \
    "  - name: Release\n"                                                                                              \
    "    actions:\n"                                                                                                   \
    "      - {name: Ask, provider: Manual}\n"

#define DOCUMENT                                                                                                       \
    "{\"settings\":{\"executionUrlTemplate\":\"https://ci.example.com/{Config:Project}/{ExternalExecutionId}\"},"      \
    "\"configurationProperties\":[{\"name\":\"Project\",\"required\":true,\"key\":true,\"secret\":false,"              \
    "\"queryable\":true}],\"inputArtifactDetails\":{\"minimumCount\":0,\"maximumCount\":1},"                           \
    "\"outputArtifactDetails\":{\"minimumCount\":0,\"maximumCount\":1}}"

static bool add_type(struct tx *tx, void *context, struct err *err) {
    (void)context;
    const struct custom_type_row row = {
        .category = "Build", .provider = "Jenkins", .version = "1", .document = DOCUMENT};
    return custom_type_rows_add(tx, &row, err);
}

static bool delete_type(struct tx *tx, void *context, struct err *err) {
    (void)context;
    return custom_type_rows_delete(tx, "Build", "Jenkins", "1", err);
}

struct polling {
    struct world *world;
    struct worker_job_row job;
    bool found;
};

static bool poll_and_begin(struct tx *tx, void *context, struct err *err) {
    struct polling *polling = context;
    const struct worker_poll poll = {
        .category = "Build", .provider = "Jenkins", .version = "1", .query_value = "shop-0", .most = 1};
    struct worker_job_row *jobs = NULL;
    enum worker_job_state state;
    size_t count = 0;
    if (!worker_queue_poll(tx, &polling->world->arena, &poll, &jobs, &count, err))
        return false;
    polling->found = count > 0;
    if (!polling->found)
        return true;
    polling->job = jobs[0];
    return worker_queue_acknowledge(tx, jobs[0].id, jobs[0].nonce, &state, err);
}

/* The job of the custom action, acknowledged; its id, NULL for none. */
static const char *take(struct world *world) {
    struct polling polling = {.world = world};
    struct err err = {0};
    if (!world_write(world, poll_and_begin, &polling, &err))
        fail_msg("%s", err.message);
    return polling.found ? polling.job.id : NULL;
}

struct saying {
    struct world *world;
    const struct engine_worker_result *result;
};

static bool say_result(struct tx *tx, void *context, struct err *err) {
    const struct saying *saying = context;
    return engine_finish_worker_job(tx, &saying->world->arena, saying->result, err);
}

static bool say(struct world *world, const struct engine_worker_result *result, struct err *err) {
    struct saying saying = {.world = world, .result = result};
    return world_write(world, say_result, &saying, err);
}

static void stands(struct world *world, const char *expected) {
    assert_string_equal(world_show(world), expected);
}

/* Begins the test: the custom action has just started. */
static void come_to_the_action(struct world *world) {
    struct err err = {0};
    world_open(world, SHOP);
    assert_true(world_write(world, add_type, NULL, &err));
    world_must(world, "start");
    world_must(world, "1 done App");
    stands(world, "1 Build:Compile");
}

static void success_leads_on(void **state) {
    (void)state;
    struct world world;
    struct err err = {0};
    come_to_the_action(&world);
    assert_string_equal(world_wait(&world, 1), "waiting for a job worker: Build/Compile");
    const char *job = take(&world);
    assert_null(world_wait(&world, 1));
    const struct wire_variable variable = {.name = "Version", .value = "1.2"};
    const struct engine_worker_result result = {.job_id = job,
                                                .summary = "built",
                                                .external_id = "7",
                                                .percent = 100,
                                                .variables = &variable,
                                                .variable_count = 1};
    assert_true(say(&world, &result, &err));
    stands(&world, "1 Release:Ask");
    const struct action_run_row action = world_action(&world, 1, "Compile");
    assert_int_equal(action.status, ACTION_SUCCEEDED);
    assert_string_equal(action.summary, "built");
    assert_string_equal(action.external_url, "https://ci.example.com/shop-0/7");
    assert_false(say(&world, &result, &err)); /* once only */
    assert_string_equal(err.code, "InvalidJobStateException");
    stands(&world, "1 Release:Ask");
    world_close(&world);
}

static void a_token_keeps_the_action_going(void **state) {
    (void)state;
    struct world world;
    struct err err = {0};
    come_to_the_action(&world);
    const struct engine_worker_result half = {
        .job_id = take(&world), .continuation_token = "step-2", .summary = "half", .percent = 50};
    assert_true(say(&world, &half, &err));
    stands(&world, "1 Build:Compile");
    assert_int_equal(world_action(&world, 1, "Compile").percent, 50);
    assert_false(say(&world, &half, &err));
    const struct engine_worker_result end = {.job_id = take(&world), .percent = -1};
    assert_true(say(&world, &end, &err));
    stands(&world, "1 Release:Ask");
    world_close(&world);
}

static void failure_is_told(void **state) {
    (void)state;
    struct world world;
    struct err err = {0};
    come_to_the_action(&world);
    const struct engine_worker_result result = {
        .job_id = take(&world), .failure_type = "PermissionError", .failure_message = "no rights", .percent = -1};
    assert_true(say(&world, &result, &err));
    stands(&world, "1 Failed");
    const struct action_run_row action = world_action(&world, 1, "Compile");
    assert_string_equal(action.error_code, "PermissionError");
    assert_string_equal(action.error_message, "no rights");
    assert_string_equal(world_execution(&world, 1).summary, "Build/Compile: no rights");
    world_close(&world);
}

static void too_many_variables_change_nothing(void **state) {
    (void)state;
    struct world world;
    struct err err = {0};
    come_to_the_action(&world);
    char *large = arena_alloc(&world.arena, 122881);
    memset(large, 'x', 122880);
    const struct wire_variable variable = {.name = "V", .value = large};
    const char *job = take(&world);
    const struct engine_worker_result result = {
        .job_id = job, .percent = -1, .variables = &variable, .variable_count = 1};
    assert_false(say(&world, &result, &err));
    assert_string_equal(err.code, "OutputVariablesSizeExceededException");
    stands(&world, "1 Build:Compile");
    const struct engine_worker_result fitting = {.job_id = job, .percent = -1};
    assert_true(say(&world, &fitting, &err));
    stands(&world, "1 Release:Ask");
    world_close(&world);
}

static void nobody_in_a_day_fails_the_action(void **state) {
    (void)state;
    struct world world;
    come_to_the_action(&world);
    world_must(&world, "pass 1439");
    stands(&world, "1 Build:Compile");
    world_must(&world, "pass 1");
    stands(&world, "1 Failed");
    assert_string_equal(world_action(&world, 1, "Compile").error_message,
                        "no job worker took the job within 24 hours; is one running that polls for this type?");
    world_close(&world);
}

static void a_worker_that_says_nothing_for_a_day_fails_the_action(void **state) {
    (void)state;
    struct world world;
    struct err err = {0};
    come_to_the_action(&world);
    const struct engine_worker_result late = {.job_id = take(&world), .percent = -1};
    world_must(&world, "pass 1440");
    stands(&world, "1 Failed");
    assert_string_equal(world_action(&world, 1, "Compile").error_message,
                        "the job worker did not say how it ended within 24 hours");
    assert_false(say(&world, &late, &err));
    assert_string_equal(err.code, "InvalidJobStateException");
    world_close(&world);
}

static void an_offer_that_is_over_is_made_again(void **state) {
    (void)state;
    struct world world;
    come_to_the_action(&world);
    assert_non_null(take(&world));
    assert_null(take(&world));
    world_close(&world);
}

static void abandoning_gives_it_up_at_once(void **state) {
    (void)state;
    struct world world;
    struct err err = {0};
    come_to_the_action(&world);
    const struct engine_worker_result late = {.job_id = take(&world), .percent = -1};
    world_must(&world, "1 abandon");
    stands(&world, "1 Stopped");
    assert_int_equal(world_action(&world, 1, "Compile").status, ACTION_ABANDONED);
    assert_false(say(&world, &late, &err));
    assert_string_equal(err.code, "InvalidJobStateException");
    world_close(&world);
}

static void stopping_waits_for_the_worker(void **state) {
    (void)state;
    struct world world;
    struct err err = {0};
    come_to_the_action(&world);
    const struct engine_worker_result result = {.job_id = take(&world), .percent = -1};
    world_must(&world, "1 stop");
    stands(&world, "1 Stopping Build:Compile");
    assert_true(say(&world, &result, &err));
    stands(&world, "1 Stopped");
    world_close(&world);
}

static void an_update_drops_what_no_worker_has_begun(void **state) {
    (void)state;
    struct world world;
    come_to_the_action(&world);
    world_must(&world, "update");
    stands(&world, "1 Cancelled");
    assert_null(take(&world));
    world_close(&world);
}

static void an_update_lets_a_worker_end(void **state) {
    (void)state;
    struct world world;
    struct err err = {0};
    come_to_the_action(&world);
    const struct engine_worker_result result = {.job_id = take(&world), .percent = -1};
    world_must(&world, "update");
    stands(&world, "1 Build:Compile");
    assert_true(say(&world, &result, &err));
    stands(&world, "1 Cancelled");
    world_close(&world);
}

static void the_action_of_a_deleted_type_fails_at_once(void **state) {
    (void)state;
    struct world world;
    struct err err = {0};
    world_open(&world, SHOP);
    assert_true(world_write(&world, add_type, NULL, &err) && world_write(&world, delete_type, NULL, &err));
    world_must(&world, "start");
    world_must(&world, "1 done App");
    stands(&world, "1 Failed");
    assert_string_equal(world_action(&world, 1, "Compile").error_message,
                        "the action type Custom/Build/Jenkins/1 was deleted; make a new version and name that");
    world_close(&world);
}

/* ---- templates ---- */

static void templates_are_filled_in(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    static const struct {
        const char *template, *external_id, *url;
    } cases[] = {
        {"https://ci.example.com/", NULL, "https://ci.example.com/"},
        {"https://ci.example.com/{Config:Project}/{ExternalExecutionId}", "7", "https://ci.example.com/shop/7"},
        {"https://ci.example.com/{ExternalExecutionId}", NULL, NULL},
        {"https://ci.example.com/{Config:Other}", "7", NULL},
        {"https://ci.example.com/{RevisionId}{", "7", "https://ci.example.com/{RevisionId}{"},
        {"{Config:Script}", "7", NULL}, /* no script becomes a link */
        {NULL, "7", NULL},
    };
    struct json *configuration = json_object(&arena);
    json_set_text(&arena, configuration, "Project", "shop");
    json_set_text(&arena, configuration, "Script", "javascript:alert(1)");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *url = worker_url(&arena, cases[i].template, configuration, cases[i].external_id);
        if (!str_equal(url, cases[i].url))
            fail_msg("%s: %s", cases[i].template, url ? url : "NULL");
    }
}

int main(void) {
    hash_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(success_leads_on),
        cmocka_unit_test(a_token_keeps_the_action_going),
        cmocka_unit_test(failure_is_told),
        cmocka_unit_test(too_many_variables_change_nothing),
        cmocka_unit_test(nobody_in_a_day_fails_the_action),
        cmocka_unit_test(a_worker_that_says_nothing_for_a_day_fails_the_action),
        cmocka_unit_test(an_offer_that_is_over_is_made_again),
        cmocka_unit_test(abandoning_gives_it_up_at_once),
        cmocka_unit_test(stopping_waits_for_the_worker),
        cmocka_unit_test(an_update_drops_what_no_worker_has_begun),
        cmocka_unit_test(an_update_lets_a_worker_end),
        cmocka_unit_test(the_action_of_a_deleted_type_fails_at_once),
        cmocka_unit_test(templates_are_filled_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
