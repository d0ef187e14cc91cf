/*
 * Hosting with the real git, through the real listener and a real store: who may push, what a push starts, and what a
 * server finds that died in the middle of one.
 */
#include "common/doc.h"
#include "common/hash.h"
#include "common/spawn.h"
#include "common/str.h"
#include "server/auth/auth.h"
#include "server/config.h"
#include "server/definition/definition.h"
#include "server/engine/engine.h"
#include "server/git/hosting.h"
#include "server/git/reading.h"
#include "server/server.h"
#include "server/store/repositories.h"
#include "server/store/revisions.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

static const char definition[] =
    "name: shop\n"
    "stages:\n"
    "  - name: Source\n"
    "    actions:\n"
    "      - {name: App, provider: CodeCommit, configuration: {RepositoryName: shop, BranchName: main},\n"
    "         outputArtifacts: [App]}\n"
    "  - name: Next\n"
    "    actions:\n"
    "      - {name: Look, provider: Manual}\n";

static const struct http_route routes[] = {
    {"GET", "/git/*/**", .check_head = auth_git, .handler = hosting_door, .slow = true},
    {"POST", "/git/*/**", .check_head = auth_git, .body = HTTP_BODY_FILE, .body_limit = 1 << 24,
     .handler = hosting_door, .slow = true},
};

static char directory[64];
static struct config config = {.listen_address = "127.0.0.1", .region = "us-east-1", .account_id = "123456789012"};
static struct server server;
static struct arena arena = ARENA_INIT;
static struct err err;
static const char *token;

static void must(bool done) {
    if (!done)
        fail_msg("%s", err.message);
}

static const char *path_of(const char *name) {
    return arena_printf(&arena, "%s/%s", directory, name);
}

/* Writes in the store */

static bool add_pipeline(struct tx *tx, void *context, struct err *tx_err) {
    (void)context;
    const struct json *document;
    struct definition_result result;
    if (!doc_parse(&arena, "shop.yml", definition, strlen(definition), &document, tx_err))
        return false;
    assert_true(definition_check(&arena, document, DEFINITION_FILE, NULL, &result));
    const struct engine_definition made = {.pipeline = result.pipeline, .origin = ORIGIN_API};
    return engine_create_pipeline(tx, &arena, &made, tx_err);
}

static bool add_repository(struct tx *tx, void *context, struct err *tx_err) {
    return repositories_add(tx, &(struct repository_row){.name = context}, tx_err);
}

static bool delete_repository(struct tx *tx, void *context, struct err *tx_err) {
    (void)context;
    return repositories_delete(tx, "shop", tx_err);
}

static void create(const char *name) {
    must(hosting_create(&server, name, &err));
    must(db_write(server.db, add_repository, arena_strdup(&arena, name), &err));
}

/* The world */

static int setup(void **state) {
    (void)state;
    int fd, port;
    struct auth_token made;
    memcpy(directory, "/tmp/penstock-push-XXXXXX", sizeof "/tmp/penstock-push-XXXXXX");
    assert_non_null(mkdtemp(directory));
    server = (struct server){.config = &config, .clock = &clock_system};
    must(http_bind("127.0.0.1", 0, &fd, &port, &err));
    config.listen_port = port;
    config.base_url = arena_printf(&arena, "http://127.0.0.1:%d", port);
    must(db_open(":memory:", &clock_system, NULL, NULL, &server.db, &err));
    must(auth_open(directory, &server.auth, &err));
    must(hosting_open(path_of("repositories"), &server.hosting, &err));
    const struct http_settings settings = {.listen_fd = fd,
                                           .workers = 4,
                                           .connection_limit = 100,
                                           .body_directory = directory,
                                           .routes = routes,
                                           .route_count = sizeof routes / sizeof routes[0],
                                           .server = &server};
    must(http_open(&settings, &server.listener, &err));
    must(auth_create_git_token(&server, &arena, "ada", NULL, &made, &err));
    token = made.token;
    must(db_write(server.db, add_pipeline, NULL, &err));
    create("shop");
    return 0;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *ftw) {
    (void)status, (void)kind, (void)ftw;
    return remove(path);
}

static int teardown(void **state) {
    (void)state;
    assert_true(http_close(server.listener, 10000));
    hosting_close(server.hosting);
    db_close(server.db);
    auth_close(server.auth);
    arena_release(&arena);
    return nftw(directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Runs git in the clone; true where it exits 0. What it said stays in `said`. */
static const char *said;
static bool git(const char *const *arguments) {
    static const char *const environment[] = {"PATH=/usr/local/bin:/usr/bin:/bin",
                                              "HOME=/nonexistent",
                                              "LC_ALL=C",
                                              "GIT_CONFIG_NOSYSTEM=1",
                                              "GIT_TERMINAL_PROMPT=0",
                                              NULL};
    const char *all[24] = {"git",
                           "-C",
                           path_of("clone"),
                           "-c",
                           "user.name=Ada",
                           "-c",
                           "user.email=ada@example.com",
                           "-c",
                           "protocol.version=2"};
    size_t count = 9;
    while (*arguments)
        all[count++] = *arguments++;
    struct spawn_result result;
    const struct spawn spawn = {
        .arguments = all, .environment = environment, .input = -1, .output = -1, .errors = -1, .timeout_ms = 60000};
    must(spawn_run_collect(&spawn, &arena, 100000, &result, &err));
    said = result.output;
    return result.exit_code == 0;
}
#define GIT(...) git((const char *const[]){__VA_ARGS__, NULL})

static const char *url_for(const char *user, const char *password, const char *repository) {
    return arena_printf(&arena, "http://%s:%s@127.0.0.1:%d/git/%s", user, password, config.listen_port, repository);
}

static void make_clone(void) {
    assert_int_equal(mkdir(path_of("clone"), 0700), 0);
    assert_true(GIT("init", "-q", "-b", "main"));
}

static const char *commit(const char *message) {
    assert_true(GIT("commit", "-q", "--allow-empty", "-m", message));
    assert_true(GIT("rev-parse", "HEAD"));
    return arena_strndup(&arena, said, 40);
}

/* What the store knows */

struct looking {
    const char *repository;
    struct execution_row *executions;
    size_t execution_count;
    struct revision_row *revisions; /* of the newest execution */
    size_t revision_count;
    struct repository_ref *refs;
    size_t ref_count;
    struct repository_row row;
};

static bool look_at_all(struct tx *tx, void *context, struct err *tx_err) {
    struct looking *looking = context;
    struct pipeline_row pipeline;
    return pipelines_get(tx, &arena, "shop", &pipeline, tx_err) &&
           executions_list(tx, &arena, pipeline.id, 0, 100, &looking->executions, &looking->execution_count, tx_err) &&
           (looking->execution_count == 0 || revisions_list(tx, &arena, looking->executions[0].id, &looking->revisions,
                                                            &looking->revision_count, tx_err)) &&
           repositories_get(tx, &arena, looking->repository, &looking->row, tx_err) &&
           repositories_refs(tx, &arena, looking->repository, &looking->refs, &looking->ref_count, tx_err);
}

static struct looking look(void) {
    struct looking looking = {.repository = "shop"};
    must(db_read(server.db, look_at_all, &looking, &err));
    return looking;
}

/* Tests */

static void push_test(void **state) {
    (void)state;
    make_clone();
    const char *first = commit("First\n\nwith a body");
    if (!GIT("push", url_for("x", token, "shop"), "main"))
        fail_msg("%s", said);
    struct looking seen = look(); /* at once: the push is answered after the commit */
    assert_int_equal(seen.execution_count, 1);
    assert_string_equal(seen.executions[0].trigger_type, "CloudWatchEvent");
    assert_string_equal(seen.executions[0].trigger_detail, "arn:aws:codecommit:us-east-1:123456789012:shop");
    assert_string_equal(seen.executions[0].started_by, "arn:aws:iam::123456789012:user/ada");
    assert_int_equal(seen.revision_count, 1);
    assert_string_equal(seen.revisions[0].asked, first);
    assert_string_equal(seen.revisions[0].summary, "First");
    assert_int_equal(seen.ref_count, 1);
    assert_string_equal(seen.refs[0].ref, "refs/heads/main");
    assert_string_equal(seen.row.default_branch, "main");

    /* Nothing new, another branch, a tag: nothing starts. */
    assert_true(GIT("push", url_for("x", token, "shop.git"), "main"));
    assert_true(GIT("push", url_for("x", token, "shop"), "main:refs/heads/other", "main:refs/tags/v1"));
    assert_int_equal(look().execution_count, 1);
    assert_int_equal(look().ref_count, 3);
    /* The branch again, the other one gone. */
    const char *second = commit("Second");
    assert_true(GIT("push", url_for("x", token, "shop"), "main", ":other"));
    seen = look();
    assert_int_equal(seen.execution_count, 2);
    assert_string_equal(seen.revisions[0].asked, second);
    assert_int_equal(seen.ref_count, 2); /* the tag stays */
    /* And it can be read. */
    assert_true(GIT("fetch", "-q", url_for("x", token, "shop"), second));
    assert_true(GIT("ls-remote", url_for("x", token, "shop")));
    assert_non_null(strstr(said, second));
}

static void refused_test(void **state) {
    (void)state;
    make_clone();
    commit("First");
    assert_false(GIT("push", url_for("x", "wrong", "shop"), "main"));
    assert_non_null(strstr(said, "Authentication failed"));
    assert_false(GIT("push", arena_printf(&arena, "http://127.0.0.1:%d/git/shop", config.listen_port), "main"));
    assert_false(GIT("push", url_for("x", token, "unknown"), "main"));
    assert_non_null(strstr(said, "404") ? strstr(said, "404") : strstr(said, "not found"));
    assert_false(GIT("fetch", url_for("x", token, "..%2f..%2fetc"), "main"));
    /* A folder without a row is no repository. */
    must(hosting_create(&server, "halfmade", &err));
    assert_false(GIT("push", url_for("x", token, "halfmade"), "main"));
    struct looking seen = look();
    assert_int_equal(seen.execution_count, 0);
    assert_int_equal(seen.ref_count, 0);
}

/* The server died between git's work and its own: its next start finds the push, and finds it once. */
static void found_at_start_test(void **state) {
    (void)state;
    make_clone();
    const char *first = commit("First");
    assert_true(GIT("push", hosting_path(server.hosting, &arena, "shop"), "main"));
    assert_int_equal(look().execution_count, 0);
    must(hosting_scan_all(&server, &err));
    must(hosting_scan_all(&server, &err));
    must(hosting_scan(&server, "shop", &err));
    struct looking seen = look();
    assert_int_equal(seen.execution_count, 1);
    assert_string_equal(seen.revisions[0].asked, first);
    assert_null(seen.executions[0].started_by);
}

static void default_branch_test(void **state) {
    (void)state;
    make_clone();
    commit("First");
    assert_true(GIT("push", url_for("x", token, "shop"), "main:trunk"));
    assert_string_equal(look().row.default_branch, "trunk");
    const char *branch;
    must(reading_default_branch(server.hosting, &arena, "shop", &branch, &err));
    assert_string_equal(branch, "trunk");
}

static void reading_test(void **state) {
    (void)state;
    make_clone();
    const char *ids[4];
    for (int i = 0; i < 4; i++)
        ids[i] = commit(i == 3 ? "Gr\xc3\xbc\xc3\x9f\xc3\xa9\n\nlong" : arena_printf(&arena, "Commit %d", i));
    assert_true(GIT("push", url_for("x", token, "shop"), "main", "main~2:refs/heads/early"));

    const struct hosted_branch *branches;
    const struct hosted_commit *commits;
    struct hosted_commit one;
    size_t count;
    bool truncated;
    char id[GIT_ID_SIZE];
    must(reading_branches(server.hosting, &arena, "shop", &branches, &count, &err));
    assert_int_equal(count, 2);
    assert_string_equal(branches[0].name, "early");
    assert_string_equal(branches[0].id, ids[1]);
    assert_string_equal(branches[1].name, "main");
    must(reading_branch(server.hosting, &arena, "shop", "main", id, &err));
    assert_string_equal(id, ids[3]);
    must(reading_commit(server.hosting, &arena, "shop", ids[3], &one, &err));
    assert_string_equal(one.summary, "Gr\xc3\xbc\xc3\x9f\xc3\xa9");
    assert_string_equal(one.author_name, "Ada");
    assert_int_equal(one.parent_count, 1);
    assert_string_equal(one.parents[0], ids[2]);

    must(reading_commits(server.hosting, &arena, "shop", ids[1], ids[3], 10, &commits, &count, &truncated, &err));
    assert_int_equal(count, 2);
    assert_false(truncated);
    assert_string_equal(commits[0].id, ids[3]);
    assert_string_equal(commits[1].id, ids[2]);
    must(reading_commits(server.hosting, &arena, "shop", NULL, ids[3], 3, &commits, &count, &truncated, &err));
    assert_int_equal(count, 3);
    assert_true(truncated);

    assert_false(reading_branch(server.hosting, &arena, "shop", "none", id, &err));
    assert_string_equal(err.code, "BranchDoesNotExistException");
    assert_false(reading_branch(server.hosting, &arena, "none", "main", id, &err));
    assert_string_equal(err.code, "RepositoryDoesNotExistException");
    assert_false(reading_branch(server.hosting, &arena, "shop", "../HEAD", id, &err));
    assert_string_equal(err.code, "InvalidBranchNameException");
    assert_false(reading_commit(server.hosting, &arena, "shop", "HEAD", &one, &err));
    assert_string_equal(err.code, "InvalidCommitIdException");
    assert_false(
        reading_commit(server.hosting, &arena, "shop", "0123456789abcdef0123456789abcdef01234567", &one, &err));
    assert_string_equal(err.code, "CommitIdDoesNotExistException");
}

static void deleted_test(void **state) {
    (void)state;
    make_clone();
    commit("First");
    assert_true(GIT("push", url_for("x", token, "shop"), "main"));
    char id[GIT_ID_SIZE];
    /* While its row is there nothing takes it away: neither a second creation nor a deletion that comes late. */
    hosting_discard(&server, "shop");
    must(hosting_create(&server, "shop", &err));
    must(reading_branch(server.hosting, &arena, "shop", "main", id, &err));
    must(db_write(server.db, delete_repository, NULL, &err));
    /* What a deletion left that did not come to its end is not the new repository's. */
    must(hosting_create(&server, "shop", &err));
    assert_false(reading_branch(server.hosting, &arena, "shop", "main", id, &err));
    hosting_discard(&server, "shop");
    hosting_discard(&server, "shop"); /* again: nothing */
    assert_int_equal(access(hosting_path(server.hosting, &arena, "shop"), F_OK), -1);
    must(hosting_create(&server, "shop", &err));
    const char *branch;
    must(reading_default_branch(server.hosting, &arena, "shop", &branch, &err));
    assert_null(branch);
}

int main(void) {
    hash_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(push_test, setup, teardown),
        cmocka_unit_test_setup_teardown(refused_test, setup, teardown),
        cmocka_unit_test_setup_teardown(found_at_start_test, setup, teardown),
        cmocka_unit_test_setup_teardown(default_branch_test, setup, teardown),
        cmocka_unit_test_setup_teardown(reading_test, setup, teardown),
        cmocka_unit_test_setup_teardown(deleted_test, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
