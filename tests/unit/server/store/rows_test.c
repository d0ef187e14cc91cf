/*
 * The tables that the engine does not own: each written, read, changed and refused once. Pipelines, executions, actions
 * and jobs are exercised by the engine's and the queue's tests.
 */
#include "common/hash.h"
#include "common/str.h"
#include "server/store/access_keys.h"
#include "server/store/action_runs.h"
#include "server/store/events.h"
#include "server/store/executions.h"
#include "server/store/invocations.h"
#include "server/store/job_rows.h"
#include "server/store/log_rows.h"
#include "server/store/pipelines.h"
#include "server/store/projects.h"
#include "server/store/repositories.h"
#include "server/store/runners.h"
#include "server/store/sessions.h"
#include "server/store/source_hooks.h"
#include "server/store/stage_runs.h"
#include "server/store/target_claims.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int64_t now_ms = 1000000;

static int64_t test_now(void *context) {
    (void)context;
    return now_ms;
}

static const struct clock test_clock = {.wall_ms = test_now, .boot_ms = test_now};

/* Each test is one piece of work in one transaction on a new database. */
typedef void test_body(struct tx *tx, struct arena *arena, struct err *err);

static bool run_body(struct tx *tx, void *context, struct err *err) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    (*(test_body **)context)(tx, &arena, err);
    return true;
}

static void run(test_body *body) {
    struct err err = {0};
    struct db *db = NULL;
    now_ms = 1000000;
    assert_true(db_open(":memory:", &test_clock, NULL, NULL, &db, &err));
    assert_true(db_write(db, run_body, &body, &err));
    db_close(db);
}

static void projects(struct tx *tx, struct arena *arena, struct err *err) {
    struct project_row row = {.name = "shop", .document = "{}", .origin = ORIGIN_FILE, .file = "shop.yml"};
    assert_true(projects_add(tx, &row, err));
    assert_false(projects_add(tx, &row, err));
    assert_string_equal(err->code, "ResourceAlreadyExistsException");
    row.document = "{\"name\":\"shop\"}";
    row.tags = "[1]";
    assert_true(projects_change(tx, &row, err));
    struct project_row found;
    assert_true(projects_get(tx, arena, "shop", &found, err));
    assert_string_equal(found.document, row.document);
    assert_string_equal(found.tags, "[1]");
    assert_int_equal(found.origin, ORIGIN_FILE);
    row.tags = NULL;
    assert_true(projects_change(tx, &row, err));
    assert_true(projects_get(tx, arena, "shop", &found, err));
    assert_string_equal(found.tags, "[]");
    int64_t number = 0;
    assert_true(projects_next_number(tx, "shop", &number, err));
    assert_true(projects_next_number(tx, "shop", &number, err));
    assert_int_equal(number, 2);
    assert_false(projects_next_number(tx, "none", &number, err));
    assert_string_equal(err->code, "ResourceNotFoundException");
    row.name = "api";
    assert_true(projects_add(tx, &row, err));
    struct project_row *list;
    size_t count;
    assert_true(projects_list(tx, arena, NULL, 1, &list, &count, err));
    assert_int_equal(count, 1);
    assert_string_equal(list[0].name, "api");
    assert_true(projects_list(tx, arena, "api", 10, &list, &count, err));
    assert_int_equal(count, 1);
    assert_true(projects_delete(tx, "shop", err));
    assert_true(projects_delete(tx, "shop", err));
    assert_false(projects_get(tx, arena, "shop", &found, err));
    assert_false(projects_change(tx, &found, err));
}

static void repositories(struct tx *tx, struct arena *arena, struct err *err) {
    const struct repository_row row = {.name = "shop", .description = "the shop"};
    bool changed = false;
    assert_true(repositories_add(tx, &row, err));
    assert_false(repositories_add(tx, &row, err));
    assert_string_equal(err->code, "RepositoryNameExistsException");
    assert_true(repositories_set_default_branch(tx, "shop", "main", err));
    assert_true(repositories_set_description(tx, "shop", NULL, err));
    assert_true(repositories_set_tags(tx, "shop", "{\"a\":\"b\"}", err));
    assert_false(repositories_set_tags(tx, "none", "{}", err));
    struct repository_row found;
    assert_true(repositories_get(tx, arena, "shop", &found, err));
    assert_string_equal(found.default_branch, "main");
    assert_null(found.description);
    assert_int_equal(strlen(found.uuid), UUID_SIZE - 1);
    assert_true(repositories_see_ref(tx, "shop", "refs/heads/main", "aaa", &changed, err) && changed);
    assert_true(repositories_see_ref(tx, "shop", "refs/heads/main", "aaa", &changed, err) && !changed);
    assert_true(repositories_see_ref(tx, "shop", "refs/heads/main", "bbb", &changed, err) && changed);
    struct repository_ref *refs;
    size_t count;
    assert_true(repositories_refs(tx, arena, "shop", &refs, &count, err));
    assert_int_equal(count, 1);
    assert_string_equal(refs[0].commit_id, "bbb");
    assert_true(repositories_see_ref(tx, "shop", "refs/heads/main", NULL, &changed, err) && changed);
    assert_true(repositories_see_ref(tx, "shop", "refs/heads/main", NULL, &changed, err) && !changed);
    struct event_row *events;
    assert_true(events_list(tx, arena, 0, 10, &events, &count, err));
    assert_int_equal(count, 3);
    assert_string_equal(events[0].type, "repository");
    assert_string_equal(events[0].detail, "{\"repository\":\"shop\",\"ref\":\"refs/heads/main\",\"commitId\":\"aaa\"}");
    struct repository_row *list;
    assert_true(repositories_list(tx, arena, NULL, 10, &list, &count, err));
    assert_int_equal(count, 1);
    assert_true(repositories_see_ref(tx, "shop", "refs/heads/main", "ccc", &changed, err));
    assert_true(repositories_delete(tx, "shop", err));
    assert_true(repositories_refs(tx, arena, "shop", &refs, &count, err));
    assert_int_equal(count, 0);
    assert_false(repositories_get(tx, arena, "shop", &found, err));
    assert_string_equal(err->code, "RepositoryDoesNotExistException");
}

static void runners(struct tx *tx, struct arena *arena, struct err *err) {
    const uint8_t join[SHA256_BYTES] = {1}, hash[SHA256_BYTES] = {2}, other[SHA256_BYTES] = {3};
    assert_true(join_tokens_add(tx, join, now_ms + 10, "admin", err));
    assert_false(join_tokens_spend(tx, other, err));
    assert_true(join_tokens_spend(tx, join, err));
    assert_false(join_tokens_spend(tx, join, err));
    assert_int_equal(err->kind, ERR_DENIED);
    assert_true(join_tokens_add(tx, other, now_ms, "admin", err));
    assert_false(join_tokens_spend(tx, other, err));               /* expired */
    assert_true(join_tokens_add(tx, other, now_ms, "admin", err)); /* and gone */
    const struct runner_row row = {.id = "r1", .name = "one", .version = "1"};
    assert_true(runners_add(tx, &row, hash, err));
    struct runner_row found;
    assert_true(runners_find(tx, arena, hash, &found, err));
    assert_string_equal(found.name, "one");
    assert_null(found.instance_id);
    assert_true(runners_set_instance(tx, "r1", "i1", "2", err));
    now_ms += 5000;
    assert_true(runners_seen(tx, "r1", err));
    assert_true(runners_get(tx, arena, "r1", &found, err));
    assert_int_equal(found.seen_ms, 1000000); /* written at most each 20 seconds */
    int64_t online = 0;
    now_ms += RUNNER_ONLINE_MS;
    assert_true(runners_count_online(tx, &online, err));
    assert_int_equal(online, 0);
    assert_true(runners_seen(tx, "r1", err));
    assert_true(runners_count_online(tx, &online, err));
    assert_int_equal(online, 1);
    struct runner_row *list;
    size_t count;
    assert_true(runners_list(tx, arena, &list, &count, err));
    assert_int_equal(count, 1);
    assert_true(runners_remove(tx, "r1", err));
    assert_false(runners_remove(tx, "r1", err));
    assert_int_equal(err->kind, ERR_NOT_FOUND);
    assert_false(runners_find(tx, arena, hash, &found, err));
}

static void keys_and_tokens(struct tx *tx, struct arena *arena, struct err *err) {
    const struct access_key_row key = {.id = "PSK1", .user_name = "admin", .secret = "sealed", .secret_size = 6};
    assert_true(access_keys_add(tx, &key, err));
    struct access_key_row found;
    assert_true(access_keys_get(tx, arena, "PSK1", &found, err));
    assert_string_equal(found.secret, "sealed"); /* terminated */
    assert_int_equal(found.secret_size, 6);
    assert_true(access_keys_used(tx, "PSK1", err));
    struct access_key_row *keys;
    size_t count;
    assert_true(access_keys_list(tx, arena, &keys, &count, err));
    assert_int_equal(count, 1);
    assert_int_equal(keys[0].used_ms, now_ms);
    assert_true(access_keys_delete(tx, "PSK1", err));
    assert_false(access_keys_delete(tx, "PSK1", err));
    assert_false(access_keys_get(tx, arena, "PSK1", &found, err));
    const uint8_t hash[SHA256_BYTES] = {7}, other[SHA256_BYTES] = {8};
    const struct git_token_row token = {.id = "t1", .user_name = "admin", .description = "laptop"};
    assert_true(git_tokens_add(tx, &token, hash, err));
    struct git_token_row *tokens, one;
    assert_true(git_tokens_find(tx, arena, hash, &one, err));
    assert_string_equal(one.description, "laptop");
    assert_false(git_tokens_find(tx, arena, other, &one, err));
    assert_true(git_tokens_list(tx, arena, &tokens, &count, err));
    assert_int_equal(count, 1);
    assert_true(git_tokens_delete(tx, "t1", err));
    assert_false(git_tokens_delete(tx, "t1", err));
}

static void sessions(struct tx *tx, struct arena *arena, struct err *err) {
    const uint8_t link[SHA256_BYTES] = {1}, cookie[SHA256_BYTES] = {2}, second[SHA256_BYTES] = {3};
    const char *user = NULL;
    assert_true(sign_in_links_add(tx, link, "admin", now_ms + 1, err));
    assert_true(sign_in_links_spend(tx, arena, link, &user, err));
    assert_string_equal(user, "admin");
    assert_false(sign_in_links_spend(tx, arena, link, &user, err));
    now_ms += 2;
    assert_true(sign_in_links_add(tx, link, "admin", now_ms + 1, err)); /* spent ones do not pile up */
    assert_int_equal(err->kind, ERR_DENIED);
    const struct session_row row = {.user_name = "admin", .csrf_token = "c", .expires_ms = now_ms + 100};
    assert_true(sessions_add(tx, &row, cookie, err));
    struct session_row found;
    assert_true(sessions_find(tx, arena, cookie, &found, err));
    assert_string_equal(found.csrf_token, "c");
    now_ms += 100;
    assert_false(sessions_find(tx, arena, cookie, &found, err));
    assert_true(sessions_add(tx, &(struct session_row){.user_name = "b", .csrf_token = "d", .expires_ms = now_ms + 1},
                             second, err));
    assert_true(sessions_delete(tx, second, err));
    assert_false(sessions_find(tx, arena, second, &found, err));
}

static void hooks(struct tx *tx, struct arena *arena, struct err *err) {
    struct source_hook_row row = {.provider = "github",
                                  .repository = "example/shop",
                                  .clone_url = "https://git.example.com/example/shop",
                                  .secret = "sealed",
                                  .secret_size = 6};
    const char *id = NULL, *again = NULL, *answer = NULL;
    assert_true(source_hooks_put(tx, arena, &row, &id, err));
    row.clone_password = "sealed too";
    row.clone_password_size = 10;
    assert_true(source_hooks_put(tx, arena, &row, &again, err));
    assert_string_equal(id, again);
    bool found = false;
    int status = 0;
    struct source_hook_row hook;
    assert_true(source_hooks_find(tx, arena, "example/shop", &found, &hook, err) && found);
    assert_string_equal(hook.clone_password, "sealed too");
    assert_int_equal(hook.last_delivery_ms, 0);
    assert_true(deliveries_find(tx, arena, id, "d1", &found, &status, &answer, err) && !found);
    assert_true(deliveries_add(tx, id, "d1", 202, "{}", err));
    assert_true(deliveries_find(tx, arena, id, "d1", &found, &status, &answer, err) && found);
    assert_int_equal(status, 202);
    assert_false(deliveries_add(tx, id, "d1", 202, "{}", err));
    assert_int_equal(err->kind, ERR_CONFLICT);
    assert_true(source_hooks_get(tx, arena, id, &hook, err));
    assert_int_equal(hook.last_delivery_ms, now_ms);
    row.repository = "Example/Shop"; /* the same to GitHub */
    assert_true(source_hooks_put(tx, arena, &row, &again, err));
    assert_string_equal(id, again);
    assert_true(source_hooks_find(tx, arena, "EXAMPLE/shop", &found, &hook, err) && found);
    struct source_hook_row *list;
    size_t count;
    assert_true(source_hooks_list(tx, arena, &list, &count, err));
    assert_int_equal(count, 1);
    assert_true(source_hooks_delete(tx, id, err));
    assert_false(source_hooks_delete(tx, id, err));
    assert_true(deliveries_find(tx, arena, id, "d1", &found, &status, &answer, err) && !found);
}

static void invocations(struct tx *tx, struct arena *arena, struct err *err) {
    bool found = true;
    int status = 0;
    const char *answer = NULL;
    assert_true(invocations_find(tx, arena, "PSK1", "CreatePipeline", "i1", &found, &status, &answer, err) && !found);
    assert_true(invocations_add(tx, "PSK1", "CreatePipeline", "i1", 200, "{\"a\":1}", err));
    assert_true(invocations_find(tx, arena, "PSK1", "CreatePipeline", "i1", &found, &status, &answer, err) && found);
    assert_string_equal(answer, "{\"a\":1}");
    assert_true(invocations_find(tx, arena, "PSK2", "CreatePipeline", "i1", &found, &status, &answer, err) && !found);
    now_ms += 61LL * 60 * 1000;
    assert_true(invocations_add(tx, "PSK1", "CreatePipeline", "i2", 200, "{}", err));
    assert_true(invocations_find(tx, arena, "PSK1", "CreatePipeline", "i1", &found, &status, &answer, err) && !found);
}

static void logs_and_events(struct tx *tx, struct arena *arena, struct err *err) {
    bool found = true, closed = true;
    assert_true(log_rows_get(tx, "l1", &found, &closed, err) && !found);
    assert_true(log_rows_add(tx, "l1", err));
    assert_true(log_rows_add(tx, "l1", err));
    assert_true(log_rows_get(tx, "l1", &found, &closed, err) && found && !closed);
    assert_true(log_rows_close(tx, "l1", err));
    assert_true(log_rows_get(tx, "l1", &found, &closed, err) && found && closed);
    int64_t last = -1;
    assert_true(events_last(tx, &last, err));
    assert_int_equal(last, 0);
    for (int i = 0; i < 3; i++)
        assert_true(events_add(tx, &(struct event_row){.type = "job", .status = "queued"}, err));
    assert_false(events_add(tx, &(struct event_row){.type = "rumour"}, err));
    assert_true(events_last(tx, &last, err));
    assert_int_equal(last, 3);
    struct event_row *events;
    size_t count;
    assert_true(events_list(tx, arena, 1, 1, &events, &count, err));
    assert_int_equal(count, 1);
    assert_int_equal(events[0].sequence, 2);
    assert_int_equal(events[0].time_ms, now_ms);
}

/* A body that is sent again is known after any number of others; for 90 days. */
static void deliveries(struct tx *tx, struct arena *arena, struct err *err) {
    const struct source_hook_row row = {
        .provider = "github", .repository = "example/shop", .clone_url = "x", .secret = "sealed", .secret_size = 6};
    const char *id = NULL, *answer = NULL;
    bool found = false;
    int status = 0;
    assert_true(source_hooks_put(tx, arena, &row, &id, err));
    assert_true(deliveries_add(tx, id, "body:1", 202, "{}", err));
    for (int i = 0; i < 10100; i++) {
        char delivery[32];
        (void)snprintf(delivery, sizeof delivery, "d%d", i);
        now_ms++;
        assert_true(deliveries_add(tx, id, delivery, 200, "{}", err));
    }
    assert_true(deliveries_find(tx, arena, id, "body:1", &found, &status, &answer, err) && found);
    now_ms += 90LL * 24 * 3600 * 1000 + 1;
    assert_true(deliveries_add(tx, id, "later", 200, "{}", err));
    assert_true(deliveries_find(tx, arena, id, "body:1", &found, &status, &answer, err) && !found);
}

/* What a webhook is for is written in any letter case; a repository of our own is not. */
static void hook_sources(struct tx *tx, struct arena *arena, struct err *err) {
    const struct pipeline_source sources[] = {
        {.action = "App", .repository = "Team/Shop", .branch = "main", .filtered = true},
        {.action = "Own", .hosted = true, .repository = "shop", .branch = "main"},
    };
    const struct pipeline_change change = {.name = "shop",
                                           .mode = MODE_SUPERSEDED,
                                           .type = "V1",
                                           .declaration = "{}",
                                           .origin = ORIGIN_API,
                                           .sources = sources,
                                           .source_count = 2};
    struct pipeline_source_match *matches;
    size_t count;
    int64_t id;
    assert_true(pipelines_add(tx, &change, &id, err));
    assert_true(pipelines_with_source(tx, arena, false, "team/shop", &matches, &count, err));
    assert_int_equal(count, 1);
    assert_string_equal(matches[0].branch, "main");
    assert_true(matches[0].filtered);
    assert_int_equal(matches[0].version, 1);
    assert_true(pipelines_with_source(tx, arena, true, "Shop", &matches, &count, err));
    assert_int_equal(count, 0);
}

static void pipelines(struct tx *tx, struct arena *arena, struct err *err) {
    const struct pipeline_source source = {.action = "App", .hosted = true, .repository = "shop", .branch = "main"};
    struct pipeline_change change = {.name = "shop",
                                     .mode = MODE_SUPERSEDED,
                                     .type = "V1",
                                     .declaration = "{\"v\":1}",
                                     .origin = ORIGIN_API,
                                     .sources = &source,
                                     .source_count = 1};
    int64_t first = 0, second = 0, number = 0, created = 0;
    assert_true(pipelines_add(tx, &change, &first, err));
    assert_false(pipelines_add(tx, &change, &second, err));
    assert_string_equal(err->code, "PipelineNameInUseException");
    struct pipeline_source_match *matches;
    size_t count;
    assert_true(pipelines_with_source(tx, arena, true, "shop", &matches, &count, err));
    assert_int_equal(count, 1);
    assert_string_equal(matches[0].action, "App");
    assert_true(pipelines_with_source(tx, arena, false, "shop", &matches, &count, err));
    assert_int_equal(count, 0);
    change.declaration = "{\"v\":2}";
    change.mode = MODE_QUEUED;
    change.type = "V2";
    change.source_count = 0;
    assert_true(pipelines_change(tx, first, &change, err));
    struct pipeline_row row;
    assert_true(pipelines_get(tx, arena, "shop", &row, err));
    assert_int_equal(row.version, 2);
    assert_int_equal(row.mode, MODE_QUEUED);
    assert_string_equal(row.declaration, "{\"v\":2}");
    const char *declaration = NULL;
    assert_true(pipelines_get_version(tx, arena, first, 1, &declaration, &created, err));
    assert_string_equal(declaration, "{\"v\":1}");
    assert_false(pipelines_get_version(tx, arena, first, 3, &declaration, NULL, err));
    assert_string_equal(err->code, "PipelineVersionNotFoundException");
    assert_true(pipelines_with_source(tx, arena, true, "shop", &matches, &count, err));
    assert_int_equal(count, 0);
    assert_true(pipelines_set_file_error(tx, "shop", "shop.yml:1:1: no", err));
    assert_true(pipelines_set_tags(tx, first, "[{}]", err));
    assert_true(pipelines_get(tx, arena, "shop", &row, err));
    assert_string_equal(row.file_error, "shop.yml:1:1: no");
    assert_string_equal(row.tags, "[{}]");
    assert_true(pipelines_next_number(tx, first, &number, err));
    assert_int_equal(number, 1);
    assert_true(pipelines_delete(tx, first, err));
    assert_false(pipelines_get(tx, arena, "shop", &row, err));
    assert_string_equal(err->code, "PipelineNotFoundException");
    assert_true(pipelines_get_by_id(tx, arena, first, &row, err) && row.deleted);
    assert_true(pipelines_add(tx, &change, &second, err));
    assert_true(second > first);
    struct pipeline_row *list;
    assert_true(pipelines_list(tx, arena, NULL, 10, &list, &count, err));
    assert_int_equal(count, 1);
    assert_int_equal(list[0].id, second);
}

static int64_t add_execution(struct tx *tx, int64_t number, struct err *err) {
    const struct pipeline_change change = {.name = "shop", .type = "V1", .declaration = "{}"};
    int64_t pipeline = 0, id = 0;
    if (number == 1)
        assert_true(pipelines_add(tx, &change, &pipeline, err));
    char uuid[UUID_SIZE];
    hash_uuid(uuid);
    const struct execution_row row = {
        .uuid = uuid, .pipeline_id = 1, .number = number, .version = 1, .trigger_type = "Test"};
    assert_true(executions_add(tx, &row, &id, err));
    return id;
}

static void states_are_guarded(struct tx *tx, struct arena *arena, struct err *err) {
    int64_t id = add_execution(tx, 1, err);
    struct execution_row row;
    assert_true(executions_get_by_id(tx, arena, id, &row, err));
    assert_int_equal(row.status, EXECUTION_IN_PROGRESS);
    assert_int_equal(row.place, PLACE_WAITING);
    /* Not by the table; not from the state that it is in; and where it ended, not any more. */
    assert_false(executions_set_status(tx, id, EXECUTION_IN_PROGRESS, EXECUTION_STOPPED, NULL, err));
    assert_false(executions_set_status(tx, id, EXECUTION_STOPPING, EXECUTION_STOPPED, NULL, err));
    assert_true(executions_set_place(tx, id, PLACE_INSIDE, 0, err));
    assert_false(executions_set_place(tx, id, PLACE_INSIDE, 0, err));
    assert_true(executions_set_status(tx, id, EXECUTION_IN_PROGRESS, EXECUTION_FAILED, "why", err));
    assert_false(executions_set_status(tx, id, EXECUTION_FAILED, EXECUTION_SUCCEEDED, NULL, err));
    assert_false(executions_set_stop(tx, id, STOP_NONE, STOP_WAIT, err));
    assert_true(executions_get_by_id(tx, arena, id, &row, err));
    assert_int_equal(row.place, PLACE_ENDED);
    assert_string_equal(row.summary, "why");
    assert_int_equal(row.ended_ms, now_ms);
}

static void one_stage_has_one_holder(struct tx *tx, struct arena *arena, struct err *err) {
    int64_t first = add_execution(tx, 1, err), second = add_execution(tx, 2, err), id = 0, other = 0;
    struct stage_run_row row = {.execution_id = first, .pipeline_id = 1, .name = "Deploy", .holds_lock = true};
    assert_true(stage_runs_add(tx, &row, &id, err));
    row.execution_id = second;
    assert_false(stage_runs_add(tx, &row, &other, err));
    assert_int_equal(err->kind, ERR_CONFLICT);
    bool found = false;
    assert_true(stage_runs_set_run_order(tx, id, 2, err));
    assert_false(stage_runs_set_run_order(tx, id, 1, err)); /* never back */
    assert_true(stage_runs_set_status(tx, id, STAGE_IN_PROGRESS, STAGE_FAILED, err));
    assert_true(stage_runs_latest(tx, arena, 1, "Deploy", &found, &row, err) && found);
    assert_int_equal(row.status, STAGE_FAILED);
    row = (struct stage_run_row){.execution_id = second, .pipeline_id = 1, .name = "Deploy", .holds_lock = true};
    assert_true(stage_runs_add(tx, &row, &other, err));
}

static int64_t add_deploy(struct tx *tx, int64_t stage_run, const char *name, const char *const *targets,
                          struct err *err) {
    char uuid[UUID_SIZE];
    int64_t id = 0;
    hash_uuid(uuid);
    const struct action_run_row row = {.uuid = uuid,
                                       .execution_id = 1,
                                       .stage_run_id = stage_run,
                                       .pipeline_id = 1,
                                       .stage = "Deploy",
                                       .action = name,
                                       .category = "Deploy",
                                       .provider = "ECS",
                                       .configuration = "{}",
                                       .inputs = "[]",
                                       .outputs = "[]",
                                       .target = targets[0]};
    assert_true(action_runs_add(tx, &row, &id, err));
    for (; *targets; targets++)
        assert_true(target_claims_add(tx, id, *targets, err));
    return id;
}

/* Who is before the run, and with which target; 0: nobody. */
static int64_t before(struct tx *tx, struct arena *arena, int64_t id, const char **target) {
    bool found = false;
    int64_t other = 0;
    *target = "";
    assert_true(target_claims_before(tx, arena, id, &found, &other, target, NULL));
    return found ? other : 0;
}

/* A release with several targets has all or none, and nobody who came later slips in between. */
static void targets_are_had_in_order(struct tx *tx, struct arena *arena, struct err *err) {
    static const char *const shop[] = {"ecs/shop", NULL}, *const both[] = {"release/all", "ecs/shop", "ecs/worker",
                                                                           NULL};
    static const char *const worker[] = {"ecs/worker", NULL}, *const other[] = {"ecs/other", NULL};
    struct stage_run_row stage = {.execution_id = add_execution(tx, 1, err), .pipeline_id = 1, .name = "Deploy"};
    const struct action_end end = {.status = ACTION_SUCCEEDED};
    int64_t stage_run = 0, *ids = NULL;
    size_t count = 0;
    const char *target;
    assert_true(stage_runs_add(tx, &stage, &stage_run, err));
    int64_t a = add_deploy(tx, stage_run, "Shop", shop, err);
    assert_int_equal(before(tx, arena, a, &target), 0);
    assert_true(action_runs_take_target(tx, a, err));
    int64_t b = add_deploy(tx, stage_run, "Both", both, err), c = add_deploy(tx, stage_run, "Worker", worker, err);
    int64_t d = add_deploy(tx, stage_run, "Other", other, err);
    assert_int_equal(before(tx, arena, b, &target), a);
    assert_string_equal(target, "ecs/shop");
    assert_int_equal(before(tx, arena, c, &target), b); /* nobody holds it, and yet */
    assert_string_equal(target, "ecs/worker");
    assert_int_equal(before(tx, arena, d, &target), 0);
    assert_true(target_claims_behind(tx, arena, a, &ids, &count, err));
    assert_int_equal(count, 1);
    assert_int_equal(ids[0], b);
    assert_true(action_runs_end(tx, a, &end, err));
    assert_true(target_claims_drop(tx, a, err));
    assert_int_equal(before(tx, arena, b, &target), 0);
    assert_true(action_runs_take_target(tx, b, err));
    assert_int_equal(before(tx, arena, c, &target), b);
    assert_true(target_claims_behind(tx, arena, b, &ids, &count, err));
    assert_int_equal(count, 1);
    assert_int_equal(ids[0], c);
}

#define CASE(name)                                                                                                     \
    static void test_##name(void **state) {                                                                            \
        (void)state;                                                                                                   \
        run(name);                                                                                                     \
    }
CASE(projects)
CASE(repositories)
CASE(runners)
CASE(keys_and_tokens)
CASE(sessions)
CASE(hooks)
CASE(deliveries)
CASE(hook_sources)
CASE(invocations)
CASE(logs_and_events)
CASE(pipelines)
CASE(states_are_guarded)
CASE(one_stage_has_one_holder)
CASE(targets_are_had_in_order)

static void state_tables_are_closed(void **state) {
    (void)state;
    const struct state_table *tables[] = {
        &execution_statuses, &execution_places, &stop_modes, &stage_statuses, &stage_phases,  &condition_statuses,
        &worker_job_states,  &action_statuses,  &job_states, &job_cancels,    &build_statuses};
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        for (size_t row = 0; row < tables[i]->count; row++) {
            assert_non_null(tables[i]->rows[row].name);
            assert_int_equal(state_parse(tables[i], tables[i]->rows[row].name), (int)row);
            assert_int_equal(tables[i]->rows[row].next >> tables[i]->count, 0);
            /* What has ended stays so, but where a retry opens it again: then it is at work as at first. */
            unsigned reopened = i < 4 ? 1u << (tables[i] == &execution_places ? PLACE_INSIDE : 0) : 0;
            if (tables[i]->rows[row].end)
                assert_int_equal(tables[i]->rows[row].next & ~reopened, 0);
        }
    }
    assert_int_equal(state_parse(&job_states, "lost"), -1);
}

int main(void) {
    hash_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_projects),
        cmocka_unit_test(test_repositories),
        cmocka_unit_test(test_runners),
        cmocka_unit_test(test_keys_and_tokens),
        cmocka_unit_test(test_sessions),
        cmocka_unit_test(test_hooks),
        cmocka_unit_test(test_deliveries),
        cmocka_unit_test(test_hook_sources),
        cmocka_unit_test(test_invocations),
        cmocka_unit_test(test_logs_and_events),
        cmocka_unit_test(test_pipelines),
        cmocka_unit_test(test_states_are_guarded),
        cmocka_unit_test(test_one_stage_has_one_holder),
        cmocka_unit_test(test_targets_are_had_in_order),
        cmocka_unit_test(state_tables_are_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
