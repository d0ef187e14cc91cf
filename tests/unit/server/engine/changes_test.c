/*
 * What a change of a repository starts: a table of triggers and changes, and what is said of each pipeline.
 */
#include "common/hash.h"
#include "common/str.h"
#include "server/store/events.h"
#include "server/store/revisions.h"
#include "tests/unit/server/engine/world.h"

#include <stdio.h>
#include <stdlib.h>

#define COMMIT "1111111111111111111111111111111111111111"

#define HEAD(type, detect)                                                                                             \
    "name: shop\n"                                                                                                     \
    "pipelineType: V2\n"                                                                                               \
    "stages:\n"                                                                                                        \
    "  - name: Source\n"                                                                                               \
    "    actions:\n"                                                                                                   \
    "      - name: App\n"                                                                                              \
    "        provider: " type "\n"                                                                                     \
    "        configuration: {ConnectionArn: 'arn:aws:codestar-connections:eu-west-1:123456789012:connection/"          \
    "aEXAMPLE-8aad-4d5d-8878-dfcab0bc441f', FullRepositoryId: acme/shop, BranchName: main" detect "}\n"                \
    "        outputArtifacts: [App]\n"                                                                                 \
    "  - {name: Next, actions: [{name: Look, provider: Manual}]}\n"

#define PLAIN HEAD("CodeStarSourceConnection", "")
#define QUIET HEAD("CodeStarSourceConnection", ", DetectChanges: false")
#define TRIGGER(filters)                                                                                               \
    QUIET "triggers:\n"                                                                                                \
          "  - providerType: CodeStarSourceConnection\n"                                                               \
          "    gitConfiguration: {sourceActionName: App, " filters "}\n"

#define PUSH_MAIN "push: [{branches: {includes: [main]}}]"
#define PUSH_RELEASES "push: [{branches: {includes: ['release/*'], excludes: ['release/old*']}}]"
#define PUSH_FILES "push: [{branches: {includes: [main]}, filePaths: {includes: ['src/**'], excludes: ['**/*.md']}}]"
#define PUSH_TAGS "push: [{tags: {includes: ['v*']}}]"
#define PR_MAIN "pullRequest: [{events: [OPEN, UPDATED], branches: {includes: [main]}}]"
#define PR_CLOSED "pullRequest: [{events: [CLOSED]}]"
#define PR_FILES "pullRequest: [{branches: {includes: [main]}, filePaths: {includes: ['src/**']}}]"

static const char *const code[] = {"src/app.js", "README.md"};
static const char *const words[] = {"src/notes.md", "README.md"};

#define BRANCH(name) .kind = CHANGE_BRANCH, .branch = (name)
#define FILES(list) .files = (list), .file_count = 2, .files_known = true
#define TAG(name) .kind = CHANGE_TAG, .tag = (name), .ref = "refs/tags/" name, .files_known = true
#define PR(what, base)                                                                                                 \
    .kind = CHANGE_PULL_REQUEST, .event = (what), .branch = (base), .head_branch = "fix", .number = 7,                 \
    .ref = "refs/pull/7/head"

struct row {
    const char *definition;
    struct engine_change_request change;
    bool starts;
    const char *message; /* part of it */
};

static const struct row rows[] = {
    {PLAIN, {BRANCH("main")}, true, "source 'App' is branch 'main'"},
    {PLAIN, {BRANCH("side")}, false, "source 'App' is branch 'main', not 'side'"},
    {PLAIN, {TAG("v1")}, false, "has no trigger"},
    {PLAIN, {PR(TRIGGER_OPEN, "main")}, false, "has no trigger"},
    {TRIGGER(PUSH_MAIN), {BRANCH("main")}, true, "source 'App': push filter 1 matches"},
    {TRIGGER(PUSH_MAIN), {BRANCH("main"), .new_branch = true}, true, "push filter 1 matches"},
    {TRIGGER(PUSH_MAIN), {BRANCH("Main")}, false, "the branch does not match the filters"},
    {TRIGGER(PUSH_MAIN), {TAG("main")}, false, "no push filter names tags"},
    {TRIGGER(PUSH_MAIN), {PR(TRIGGER_OPEN, "main")}, false, "are for pushes"},
    {TRIGGER(PUSH_RELEASES), {BRANCH("main")}, false, "the branch does not match"}, /* the default is off */
    {TRIGGER(PUSH_RELEASES), {BRANCH("release/1")}, true, "push filter 1 matches"},
    {TRIGGER(PUSH_RELEASES), {BRANCH("release/older")}, false, "the branch does not match"},
    {TRIGGER(PUSH_FILES), {BRANCH("main"), FILES(code)}, true, "push filter 1 matches"},
    {TRIGGER(PUSH_FILES), {BRANCH("main"), FILES(words)}, false, "no changed file matches"},
    {TRIGGER(PUSH_FILES), {BRANCH("main"), .files_known = true}, false, "no file was changed"},
    {TRIGGER(PUSH_FILES), {BRANCH("main"), .new_branch = true}, false, "first push of a new branch"},
    {TRIGGER(PUSH_FILES), {BRANCH("side"), FILES(code)}, false, "the branch does not match"},
    {TRIGGER(PUSH_FILES),
     {BRANCH("main"), .files_unknown = "it was too long"},
     true,
     "(which files changed is not known, so that file paths count as met: it was too long)"},
    {TRIGGER(PUSH_TAGS), {TAG("v1")}, true, "push filter 1 matches"},
    {TRIGGER(PUSH_TAGS), {TAG("w1")}, false, "the tag does not match"},
    {TRIGGER(PUSH_TAGS), {BRANCH("v1")}, false, "for tags, and this is a branch"},
    {TRIGGER(PR_MAIN), {PR(TRIGGER_OPEN, "main")}, true, "pull request filter 1 matches"},
    {TRIGGER(PR_MAIN), {PR(TRIGGER_UPDATED, "main")}, true, "pull request filter 1 matches"},
    {TRIGGER(PR_MAIN), {PR(TRIGGER_CLOSED, "main")}, false, "no filter of pull requests asks for this event"},
    {TRIGGER(PR_MAIN), {PR(TRIGGER_OPEN, "fix")}, false, "the branch does not match"}, /* the base counts */
    {TRIGGER(PR_MAIN), {BRANCH("main")}, false, "are for pull requests"},
    {TRIGGER(PR_CLOSED), {PR(TRIGGER_CLOSED, "any")}, true, "pull request filter 1 matches"},
    {TRIGGER(PR_FILES), {PR(TRIGGER_OPEN, "main"), FILES(code)}, true, "pull request filter 1 matches"},
    {TRIGGER(PR_FILES), {PR(TRIGGER_OPEN, "main"), .files_known = true}, false, "no file was changed"},
    {TRIGGER(PR_FILES), {PR(TRIGGER_OPEN, "main")}, true, "not known, so that file paths count as met)"},
    {TRIGGER(PUSH_TAGS ", " PR_MAIN), {PR(TRIGGER_OPEN, "main")}, true, "pull request filter 1 matches"},
    {TRIGGER(PUSH_TAGS ", " PR_MAIN), {TAG("v2")}, true, "push filter 1 matches"},
};

struct doing {
    struct world *world;
    struct engine_change_request change;
    struct engine_change_result result;
    bool needs_files;
};

static bool do_change(struct tx *tx, void *context, struct err *err) {
    struct doing *doing = context;
    return engine_change(tx, &doing->world->arena, &doing->change, &doing->result, err);
}

static bool ask_need(struct tx *tx, void *context, struct err *err) {
    struct doing *doing = context;
    return engine_change_needs_files(tx, &doing->world->arena, &doing->change, &doing->needs_files, err);
}

static struct doing change_in(struct world *world, const struct engine_change_request *change) {
    struct doing doing = {.world = world, .change = *change};
    struct err err = {0};
    doing.change.repository = "Acme/Shop";
    doing.change.commit_id = COMMIT;
    doing.change.trigger_type = "Webhook";
    doing.change.trigger_detail = "github acme/shop";
    if (!db_read(world->db, ask_need, &doing, &err) || !world_write(world, do_change, &doing, &err))
        fail_msg("%s", err.message);
    return doing;
}

static void the_table(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct world world;
        world_open(&world, rows[i].definition);
        const struct doing doing = change_in(&world, &rows[i].change);
        assert_int_equal(doing.result.pipeline_count, 1);
        const struct engine_change_outcome *outcome = &doing.result.pipelines[0];
        if (doing.result.count != rows[i].starts || (outcome->execution != NULL) != rows[i].starts ||
            !strstr(outcome->message, rows[i].message))
            fail_msg("row %zu: started %zu, '%s'", i + 1, doing.result.count, outcome->message);
        assert_string_equal(outcome->pipeline, "shop");
        world_close(&world);
    }
}

/* ---- whether files are asked for ---- */

static void files_are_asked_for_only_where_they_decide(void **state) {
    (void)state;
    const struct {
        const char *definition;
        struct engine_change_request change;
        bool needed;
    } cases[] = {
        {PLAIN, {BRANCH("main")}, false},
        {TRIGGER(PUSH_MAIN), {BRANCH("main")}, false},
        {TRIGGER(PUSH_FILES), {BRANCH("main")}, true},
        {TRIGGER(PUSH_FILES), {BRANCH("side")}, false},
        {TRIGGER(PUSH_FILES), {BRANCH("main"), .new_branch = true}, false},
        {TRIGGER(PUSH_FILES), {TAG("v1")}, false},
        {TRIGGER(PUSH_FILES), {PR(TRIGGER_OPEN, "main")}, false},
        {TRIGGER(PR_FILES), {PR(TRIGGER_OPEN, "main")}, true},
        {TRIGGER(PR_FILES), {PR(TRIGGER_OPEN, "side")}, false},
        {TRIGGER(PR_FILES), {BRANCH("main")}, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct world world;
        world_open(&world, cases[i].definition);
        if (change_in(&world, &cases[i].change).needs_files != cases[i].needed)
            fail_msg("case %zu", i + 1);
        world_close(&world);
    }
}

/* ---- what is started ---- */

static bool check_pull_request(struct tx *tx, void *context, struct err *err) {
    struct world *world = context;
    struct revision_row *found = NULL;
    size_t count = 0;
    assert_true(revisions_list(tx, &world->arena, 1, &found, &count, err));
    assert_int_equal(count, 1);
    assert_string_equal(found[0].asked, COMMIT);
    assert_string_equal(found[0].branch, "fix");
    assert_string_equal(found[0].ref, "refs/pull/7/head");
    return true;
}

static void a_pull_request_is_built_from_its_head(void **state) {
    (void)state;
    struct world world;
    struct err err = {0};
    world_open(&world, TRIGGER(PR_MAIN));
    change_in(&world, &(struct engine_change_request){PR(TRIGGER_OPEN, "main")});
    assert_true(db_read(world.db, check_pull_request, &world, &err));
    struct execution_row row = world_execution(&world, 1);
    assert_string_equal(row.trigger_type, "WebhookV2");
    assert_string_equal(row.trigger_detail,
                        "{\"repository\":\"Acme/Shop\",\"event\":\"OPEN\",\"pullRequest\":7,\"branch\":\"main\","
                        "\"headBranch\":\"fix\",\"commitId\":\"" COMMIT "\"}");
    world_close(&world);
}

static void long_names_do_not_break_the_detail(void **state) {
    (void)state;
    struct world world;
    char name[1001] = "";
    memset(name, 'a', 1000);
    world_open(&world, TRIGGER("push: [{branches: {includes: ['**']}}]"));
    change_in(&world, &(struct engine_change_request){BRANCH(name)});
    assert_true(strlen(world_execution(&world, 1).trigger_detail) <= 1024);
    world_close(&world);
}

/* ---- what is told ---- */

struct looking {
    struct world *world;
    struct event_row *events;
    size_t count;
};

static bool look(struct tx *tx, void *context, struct err *err) {
    struct looking *looking = context;
    return events_list(tx, &looking->world->arena, 0, 1000, &looking->events, &looking->count, err);
}

static const struct event_row *find_event(struct looking *looking, const char *status) {
    struct err err = {0};
    assert_true(db_read(looking->world->db, look, looking, &err));
    for (size_t i = 0; i < looking->count; i++) {
        if (str_equal(looking->events[i].status, status))
            return &looking->events[i];
    }
    return NULL;
}

static void what_did_not_start_is_an_event(void **state) {
    (void)state;
    struct world world;
    struct looking looking = {.world = &world};
    world_open(&world, TRIGGER(PUSH_FILES));
    change_in(&world, &(struct engine_change_request){BRANCH("main"), FILES(words)});
    const struct event_row *event = find_event(&looking, "filtered");
    if (!event) {
        fail_msg("%s", "the change left no event");
        return; /* the optimiser does not know that nobody comes here */
    }
    assert_string_equal(event->type, "repository");
    assert_non_null(strstr(event->detail, "\"pipelineName\":\"shop\",\"message\":\"source 'App': no changed file"));
    world_close(&world);
    /* A push that no filter is asked about needs no such event. */
    world_open(&world, PLAIN);
    change_in(&world, &(struct engine_change_request){BRANCH("main")});
    assert_null(find_event(&looking, "filtered"));
    world_close(&world);
}

/* The filters of the version in force count. */
static void an_update_changes_what_starts(void **state) {
    (void)state;
    struct world world;
    world_open(&world, TRIGGER(PUSH_TAGS));
    assert_int_equal(change_in(&world, &(struct engine_change_request){BRANCH("main")}).result.count, 0);
    world.definition = TRIGGER(PUSH_MAIN);
    world_must(&world, "update");
    assert_int_equal(change_in(&world, &(struct engine_change_request){BRANCH("main")}).result.count, 1);
    world.definition = QUIET;
    world_must(&world, "update");
    const struct doing doing = change_in(&world, &(struct engine_change_request){BRANCH("main")});
    assert_int_equal(doing.result.count, 0);
    assert_int_equal(doing.result.pipeline_count, 0);
    world_close(&world);
}

int main(void) {
    hash_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table),
        cmocka_unit_test(files_are_asked_for_only_where_they_decide),
        cmocka_unit_test(a_pull_request_is_built_from_its_head),
        cmocka_unit_test(long_names_do_not_break_the_detail),
        cmocka_unit_test(what_did_not_start_is_an_event),
        cmocka_unit_test(an_update_changes_what_starts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
