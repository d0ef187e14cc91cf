/*
 * Where a build of no pipeline gets its sources from: kinds of source, source versions, and whose token goes where.
 */
#include "common/hash.h"
#include "common/str.h"
#include "server/jobs/build_start.h"
#include "server/jobs/job_message.h"
#include "server/store/projects.h"
#include "server/store/repositories.h"
#include "server/store/source_credentials.h"
#include "server/store/source_hooks.h"
#include "tests/unit/server/jobs/bench.h"

static bool open_secret(void *context, struct arena *arena, const void *sealed, size_t size, const char **out,
                        struct err *err) {
    (void)context;
    (void)err;
    *out = arena_printf(arena, "opened %.*s", (int)size, (const char *)sealed);
    return true;
}

static const struct job_message_settings settings = {.base_url = "http://127.0.0.1:8080",
                                                     .region = "eu-west-1",
                                                     .account_id = "123456789012",
                                                     .open_secret = open_secret};

static const struct json *parse(struct bench *bench, const char *text) {
    const struct json *json = NULL;
    assert_true(json_parse(&bench->arena, text, strlen(text), &json, NULL));
    return json;
}

/* The message of a build with these overrides of a project without source. */
static struct wire_job message(struct bench *bench, const char *overrides) {
    struct err err = {0};
    const struct build_request request = {.project = "shop", .initiator = "ann", .overrides = parse(bench, overrides)};
    struct build_row row;
    struct job_row job;
    struct wire_job out;
    bool found = false;
    assert_true(build_start(bench->tx, &bench->arena, &request, &row, &err));
    assert_true(job_rows_of_build(bench->tx, &bench->arena, row.id, &found, &job, &err) && found);
    if (!job_message(bench->tx, &bench->arena, &settings, job.id, &out, &err))
        fail_msg("%s", err.message);
    return out;
}

static const char *print(struct bench *bench, const struct json *value) {
    return value ? json_print(&bench->arena, value) : "none";
}

static void add_project(struct bench *bench, struct err *err) {
    const struct project_row project = {
        .name = "shop",
        .document = "{\"source\":{\"type\":\"NO_SOURCE\",\"buildspec\":\"version: 0.2\"},\"artifacts\":{\"type\":"
                    "\"NO_ARTIFACTS\"},\"environment\":{\"image\":\"i\",\"type\":\"LINUX_CONTAINER\"}}"};
    const struct repository_row repository = {.name = "lib"};
    assert_true(projects_add(bench->tx, &project, err) && repositories_add(bench->tx, &repository, err) &&
                repositories_set_default_branch(bench->tx, "lib", "trunk", err));
}

static void versions_name_what_is_fetched(struct bench *bench, struct err *err) {
#define COMMIT "0123456789012345678901234567890123456789"
    static const struct {
        const char *type;
        const char *version;
        const char *source;
    } cases[] = {
        {"GITHUB", "main", "\"branch\":\"main\""},
        {"GITHUB", COMMIT, "\"commit\":\"" COMMIT "\""},
        {"GITHUB", "pr/7", "\"ref\":\"refs/pull/7/head\""},
        {"GITLAB", "pr/7", "\"ref\":\"refs/merge-requests/7/head\""},
        {"GITHUB", "refs/heads/a/b", "\"branch\":\"a/b\""},
        {"GITHUB", "refs/tags/v1", "\"ref\":\"refs/tags/v1\""},
        {"GITHUB", "refs/heads/main^{" COMMIT "}", "\"commit\":\"" COMMIT "\",\"branch\":\"main\""},
    };
    add_project(bench, err);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct wire_job job = message(
            bench,
            arena_printf(&bench->arena,
                         "{\"sourceTypeOverride\":\"%s\",\"sourceLocationOverride\":\"https://git.example.com/a/b\","
                         "\"sourceVersion\":\"%s\"}",
                         cases[i].type, cases[i].version));
        assert_string_equal(
            print(bench, job.source),
            arena_printf(&bench->arena, "{\"url\":\"https://git.example.com/a/b\",%s}", cases[i].source));
    }
}

static void every_kind_of_source_has_its_place(struct bench *bench, struct err *err) {
    add_project(bench, err);
    assert_null(message(bench, "{}").source);
    struct wire_job job = message(
        bench, "{\"sourceTypeOverride\":\"CODECOMMIT\",\"sourceLocationOverride\":\"https://x/v1/repos/lib\","
               "\"gitCloneDepthOverride\":3,\"gitSubmodulesConfigOverride\":{\"fetchSubmodules\":true},"
               "\"secondarySourcesOverride\":[{\"type\":\"S3\",\"location\":\"b/k.zip\",\"sourceIdentifier\":\"data\"},"
               "{\"type\":\"CODECOMMIT\",\"location\":\"https://x/v1/repos/lib\",\"sourceIdentifier\":\"again\"}],"
               "\"secondarySourcesVersionOverride\":[{\"sourceIdentifier\":\"data\",\"sourceVersion\":\"v\"}]}");
    assert_string_equal(print(bench, job.source),
                        "{\"depth\":3,\"submodules\":true,\"url\":\"http://127.0.0.1:8080/git/lib\","
                        "\"username\":\"runner\",\"branch\":\"trunk\"}");
    assert_string_equal(
        print(bench, job.secondary_sources),
        "[{\"identifier\":\"data\",\"s3\":\"b/k.zip\",\"version\":\"v\"},{\"identifier\":\"again\",\"url\":"
        "\"http://127.0.0.1:8080/git/lib\",\"username\":\"runner\",\"branch\":\"trunk\"}]");
    /* The message survives the way to the runner. */
    struct wire_job decoded;
    job.token = 1; /* once it is leased */
    assert_true(wire_job_decode(&bench->arena, wire_job_encode(&bench->arena, &job), &decoded, err));
    assert_string_equal(print(bench, decoded.secondary_sources), print(bench, job.secondary_sources));
    assert_string_equal(json_get_text(json_get(job.build, "logs"), "deepLink"),
                        arena_printf(&bench->arena, "http://127.0.0.1:8080/logs/%s/raw",
                                     strrchr(json_get_text(job.build, "id"), ':') + 1));
}

static const char *password_for(struct bench *bench, const char *type, const char *url) {
    const struct wire_job job =
        message(bench, arena_printf(&bench->arena, "{\"sourceTypeOverride\":\"%s\",\"sourceLocationOverride\":\"%s\"}",
                                    type, url));
    return json_get_text(job.source, "password");
}

static void tokens_go_where_they_belong(struct bench *bench, struct err *err) {
    static const char *const types[] = {"GITHUB", "GITLAB", "BITBUCKET", "GITHUB_ENTERPRISE"};
    const struct source_hook_row hook = {.provider = "github",
                                         .repository = "a/hooked",
                                         .clone_url = "https://github.com/a/hooked",
                                         .secret = "s",
                                         .secret_size = 1,
                                         .clone_password = "hook",
                                         .clone_password_size = 4};
    const char *id = NULL;
    add_project(bench, err);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        const struct source_credential_row row = {.server_type = types[i],
                                                  .auth_type = "PERSONAL_ACCESS_TOKEN",
                                                  .token = types[i],
                                                  .token_size = strlen(types[i])};
        assert_true(source_credentials_put(bench->tx, &row, err));
    }
    assert_true(source_hooks_put(bench->tx, &bench->arena, &hook, &id, err));
    assert_string_equal(password_for(bench, "GITHUB", "https://github.com/a/b"), "opened GITHUB");
    assert_string_equal(password_for(bench, "GITHUB", "https://GitHub.com/a/b.git"), "opened GITHUB");
    assert_string_equal(password_for(bench, "GITLAB", "https://gitlab.com/a/b"), "opened GITLAB");
    assert_string_equal(password_for(bench, "GITHUB", "https://github.com/a/hooked.git"), "opened hook");
    assert_null(password_for(bench, "GITHUB", "http://github.com/a/b"));
    assert_null(password_for(bench, "GITHUB", "https://github.com.example.com/a/b"));
    assert_null(password_for(bench, "BITBUCKET", "https://github.com/a/b"));
    assert_null(password_for(bench, "GITLAB_SELF_MANAGED", "https://git.example.com/a/b"));
    const struct wire_job own =
        message(bench, "{\"sourceTypeOverride\":\"GITHUB\",\"sourceLocationOverride\":\"https://github.com/a/b\","
                       "\"sourceAuthOverride\":{\"type\":\"SECRETS_MANAGER\",\"resource\":\"git/token\"}}");
    assert_string_equal(
        print(bench, own.source),
        "{\"url\":\"https://github.com/a/b\",\"username\":\"x-access-token\",\"secret\":\"git/token\"}");
}

/* A server of one's own is what projects say it is, not what who starts a build says. */
static void tokens_go_to_servers_that_projects_name(struct bench *bench, struct err *err) {
    static const char type[] = "GITHUB_ENTERPRISE", good[] = "https://git.example.com/other/one";
    static const char *const others[] = {
        "https://elsewhere.example.com/a/b",       "http://git.example.com/a/b",
        "https://git.example.com:8443/a/b",        "https://git.example.com@elsewhere.example.com/a/b",
        "https://git.example.com.example.org/a/b", "https://git.example.com"};
    const struct source_credential_row row = {
        .server_type = type, .auth_type = "PERSONAL_ACCESS_TOKEN", .token = "token", .token_size = 5};
    struct project_row project = {.name = "its",
                                  .document = "{\"source\":{\"type\":\"GITLAB_SELF_MANAGED\","
                                              "\"location\":\"https://git.example.com/a/b\"}}"};
    add_project(bench, err);
    assert_true(source_credentials_put(bench->tx, &row, err) && projects_add(bench->tx, &project, err));
    assert_null(password_for(bench, type, good));
    project.document = "{\"source\":{\"type\":\"GITHUB_ENTERPRISE\",\"location\":\"https://git.example.com/a/b\"}}";
    assert_true(projects_change(bench->tx, &project, err));
    assert_string_equal(password_for(bench, type, good), "opened token");
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_null(password_for(bench, type, others[i]));
    project.document = "{\"source\":{\"type\":\"NO_SOURCE\"},\"secondarySources\":[{\"type\":\"GITHUB_ENTERPRISE\","
                       "\"location\":\"https://GIT.example.com/a/b\",\"sourceIdentifier\":\"more\"}]}";
    assert_true(projects_change(bench->tx, &project, err));
    assert_string_equal(password_for(bench, type, good), "opened token");
    /* Also where it is not among the first that are looked at. */
    for (int i = 0; i < 250; i++) {
        const struct project_row other = {.name = arena_printf(&bench->arena, "a%03d", i), .document = "{}"};
        assert_true(projects_add(bench->tx, &other, err));
    }
    assert_string_equal(password_for(bench, type, good), "opened token");
    assert_true(projects_delete(bench->tx, "its", err));
    assert_null(password_for(bench, type, good));
}

static const char *secret_for(struct bench *bench, const char *overrides) {
    return json_get_text(message(bench, overrides).source, "secret");
}

static void a_projects_secret_stays_with_its_server(struct bench *bench, struct err *err) {
    const struct project_row project = {
        .name = "shop",
        .document = "{\"source\":{\"type\":\"GITHUB\",\"location\":\"https://github.com/a/b\",\"auth\":{\"type\":"
                    "\"SECRETS_MANAGER\",\"resource\":\"git/token\"}},\"environment\":{\"image\":\"i\"}}"};
    add_project(bench, err);
    assert_true(projects_change(bench->tx, &project, err));
    assert_string_equal(secret_for(bench, "{}"), "git/token");
    assert_string_equal(secret_for(bench, "{\"sourceLocationOverride\":\"https://github.com/a/c\"}"), "git/token");
    assert_null(secret_for(bench, "{\"sourceLocationOverride\":\"https://elsewhere.example.com/a/b\"}"));
    assert_null(secret_for(bench, "{\"sourceLocationOverride\":\"http://github.com/a/b\"}"));
    assert_string_equal(secret_for(bench, "{\"sourceLocationOverride\":\"https://elsewhere.example.com/a/b\","
                                          "\"sourceAuthOverride\":{\"type\":\"SECRETS_MANAGER\","
                                          "\"resource\":\"other/token\"}}"),
                        "other/token");
}

#define CASE(name)                                                                                                     \
    static void test_##name(void **state) {                                                                            \
        (void)state;                                                                                                   \
        bench_run(name);                                                                                               \
    }

CASE(versions_name_what_is_fetched)
CASE(every_kind_of_source_has_its_place)
CASE(tokens_go_where_they_belong)
CASE(tokens_go_to_servers_that_projects_name)
CASE(a_projects_secret_stays_with_its_server)

int main(void) {
    hash_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_versions_name_what_is_fetched),
        cmocka_unit_test(test_every_kind_of_source_has_its_place),
        cmocka_unit_test(test_tokens_go_where_they_belong),
        cmocka_unit_test(test_tokens_go_to_servers_that_projects_name),
        cmocka_unit_test(test_a_projects_secret_stays_with_its_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
