/*
 * GitHub's webhook: who is believed, what starts something, what comes twice. Against the real store and engine.
 */
#include "server/api/hooks/change.h"
#include "server/api/hooks/hooks.h"

#include "common/hash.h"
#include "common/str.h"
#include "server/definition/definition.h"
#include "server/engine/engine.h"
#include "server/store/executions.h"
#include "server/store/revisions.h"
#include "tests/unit/server/api/door_under_test.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#define SECRET "0123456789abcdef0123456789abcdef"
#define OTHER_SECRET "fedcba9876543210fedcba9876543210"
#define COMMIT "1111111111111111111111111111111111111111"
#define ZEROS "0000000000000000000000000000000000000000"
#define DELIVERY "72d3162e-cc78-11e3-81ab-4c9367dc0958"

static const char pipeline_text[] =
    "{\"name\": \"hooked\", \"stages\": ["
    "{\"name\": \"Source\", \"actions\": [{\"name\": \"App\", \"provider\": \"GitHub\", \"configuration\": "
    "{\"Owner\": \"acme\", \"Repo\": \"shop\", \"Branch\": \"main\", \"OAuthToken\": \"none\"}, "
    "\"outputArtifacts\": [\"App\"]}]},"
    "{\"name\": \"Next\", \"actions\": [{\"name\": \"Look\", \"provider\": \"Manual\"}]}]}";

static const char push_text[] =
    "{\"ref\": \"refs/heads/main\", \"before\": \"" ZEROS "\", \"after\": \"" COMMIT "\", \"created\": false, "
    "\"deleted\": false, \"forced\": false, \"repository\": {\"id\": 1, \"full_name\": \"acme/shop\", "
    "\"clone_url\": \"https://attacker.example.com/x.git\"}, \"pusher\": {\"name\": \"ada\"}, "
    "\"head_commit\": {\"id\": \"" COMMIT "\", \"message\": \"Add shelves\\n\\nTwo of them\", "
    "\"timestamp\": \"2026-11-23T05:37:00+02:00\", \"url\": \"https://example.com/acme/shop/commit/1\", "
    "\"author\": {\"name\": \"Ada\"}}}";

static const char *hook_id, *other_hook_id, *weak_hook_id;

static const char *add_hook(struct tx *tx, const char *repository, const char *secret, struct err *err) {
    struct source_hook_row hook = {
        .provider = "github", .repository = repository, .clone_url = "https://example.com/acme/shop.git"};
    const char *id = NULL;
    auth_seal(under_test.auth, &test_arena, secret, &hook.secret, &hook.secret_size);
    return source_hooks_put(tx, &test_arena, &hook, &id, err) ? id : NULL;
}

static bool fill(struct tx *tx, void *context, struct err *err) {
    (void)context;
    const struct json *document = NULL;
    struct definition_result result;
    if (!json_parse(&test_arena, pipeline_text, strlen(pipeline_text), &document, err))
        return false;
    if (!definition_check(&test_arena, document, DEFINITION_FILE, NULL, &result))
        return err_set(err, ERR_INVALID, "the test's pipeline is wrong");
    const struct engine_definition definition = {.pipeline = result.pipeline, .origin = ORIGIN_API};
    hook_id = add_hook(tx, "acme/shop", SECRET, err);
    other_hook_id = add_hook(tx, "acme/other", OTHER_SECRET, err);
    weak_hook_id = add_hook(tx, "acme/weak", "", err);
    return hook_id && other_hook_id && weak_hook_id && engine_create_pipeline(tx, &test_arena, &definition, err);
}

static int setup(void **state) {
    int failed = under_test_open(state);
    write_in(fill, NULL);
    return failed;
}

/* Sending */

static const char *sign(const char *secret, const void *body, size_t size) {
    uint8_t mac[SHA256_BYTES];
    char hex[SHA256_HEX_SIZE];
    hash_hmac_sha256(secret, strlen(secret), body, size, mac);
    hash_to_hex(mac, sizeof mac, hex);
    return arena_printf(&test_arena, "sha256=%s", hex);
}

static struct request unsigned_request(const char *hook, const char *event, const char *delivery, const char *body) {
    struct request request = request_to("POST", "", body, NULL);
    request_capture(&request, hook, NULL);
    if (event)
        request_with(&request, "x-github-event", event);
    if (delivery)
        request_with(&request, "x-github-delivery", delivery);
    request_with(&request, "content-type", "application/json");
    return request;
}

static struct request signed_request(const char *event, const char *delivery, const char *body) {
    struct request request = unsigned_request(hook_id, event, delivery, body);
    request_with(&request, "x-hub-signature-256", sign(SECRET, body, strlen(body)));
    return request;
}

static struct reply deliver(const char *event, const char *delivery, const char *body) {
    struct request request = signed_request(event, delivery, body);
    return call(hooks_github, &request);
}

/* What is in the store */

struct seen {
    struct execution_row *executions;
    size_t count;
    struct revision_row *revisions;
    size_t revision_count;
};

static bool look(struct tx *tx, void *context, struct err *err) {
    struct seen *seen = context;
    struct pipeline_row pipeline;
    return pipelines_get(tx, &test_arena, "hooked", &pipeline, err) &&
           executions_list(tx, &test_arena, pipeline.id, 0, 1000, &seen->executions, &seen->count, err) &&
           (seen->count == 0 ||
            revisions_list(tx, &test_arena, seen->executions[0].id, &seen->revisions, &seen->revision_count, err));
}

static struct seen see(void) {
    struct seen seen = {0};
    read_in(look, &seen);
    return seen;
}

static void assert_reply(const struct reply *reply, int status, const char *body) {
    assert_int_equal(reply->status, status);
    assert_string_equal(reply->body, body);
}

/* Tests */

static void push_starts_its_pipeline(void **state) {
    (void)state;
    struct reply reply = deliver("push", DELIVERY, push_text);
    struct seen seen = see();
    assert_int_equal(seen.count, 1);
    assert_reply(&reply, 202,
                 arena_printf(&test_arena,
                              "{\"executions\":[\"%s\"],\"pipelines\":[{\"pipelineName\":\"hooked\","
                              "\"pipelineExecutionId\":\"%s\",\"message\":\"source 'App' is branch 'main'\"}]}",
                              seen.executions[0].uuid, seen.executions[0].uuid));
    assert_string_equal(seen.executions[0].trigger_type, "Webhook");
    assert_int_equal(seen.revision_count, 1);
    const struct revision_row *revision = &seen.revisions[0];
    assert_string_equal(revision->asked, COMMIT);
    assert_string_equal(revision->summary, "Add shelves");
    assert_string_equal(revision->author, "Ada");
    assert_string_equal(revision->url, "https://example.com/acme/shop/commit/1");
    assert_int_equal(revision->created_ms, 1795405020000LL);
}

/* Every way not to be the sender looks the same and leaves nothing. */
static void forged(struct request *request, const struct reply *stranger, const char *what) {
    struct err err = {0};
    const char *signature = request_header(request, "x-hub-signature-256");
    bool claims = hooks_github_head(request, &err);
    if (claims ? !signature || strlen(signature) != 71 : err.kind != ERR_DENIED)
        fail_msg("%s: the head was judged wrongly", what);
    const char *before = database_digest();
    struct reply reply = call(hooks_github, request);
    if (reply.status != 401 || !str_equal(reply.body, stranger->body) || reply.header_count != stranger->header_count)
        fail_msg("%s: %d %s", what, reply.status, reply.body);
    assert_string_equal(database_digest(), before);
}

static void signatures(void **state) {
    (void)state;
    const char *right = sign(SECRET, push_text, strlen(push_text));
    char *upper = arena_strdup(&test_arena, right), *changed = arena_strdup(&test_arena, right);
    for (char *at = upper + 7; *at; at++)
        *at = (char)(*at >= 'a' && *at <= 'f' ? *at - 32 : *at);
    changed[70] = changed[70] == '0' ? '1' : '0';
    const char *const wrong[] = {
        NULL,
        "",
        " ",
        "sha256=",
        right + 7,
        "sha1=0123456789012345678901234567890123456789",
        arena_strndup(&test_arena, right, 70),
        arena_printf(&test_arena, "%s0", right),
        arena_printf(&test_arena, "%s\n", right),
        arena_printf(&test_arena, " %s", right),
        arena_printf(&test_arena, "sha256=%.63sg", right + 7),
        arena_printf(&test_arena, "SHA256=%s", right + 7),
        upper,
        changed,
        sign(OTHER_SECRET, push_text, strlen(push_text)),
        sign("", push_text, strlen(push_text)),
        sign(SECRET, push_text, strlen(push_text) - 1),
    };
    assert_string_not_equal(upper, right);
    struct err err = {0};
    struct request request = unsigned_request("no-such-hook", "push", DELIVERY, push_text);
    assert_false(hooks_github_head(&request, &err));
    request_with(&request, "x-hub-signature-256", right);
    assert_true(hooks_github_head(&request, &err)); /* whether it fits, the body tells */
    struct reply stranger = call(hooks_github, &request);
    assert_int_equal(stranger.status, 401);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        request = unsigned_request(hook_id, "push", DELIVERY, push_text);
        if (wrong[i])
            request_with(&request, "x-hub-signature-256", wrong[i]);
        forged(&request, &stranger, wrong[i] ? wrong[i] : "none");
    }
    request = signed_request("push", DELIVERY, push_text);
    request_with(&request, "x-hub-signature-256", right);
    forged(&request, &stranger, "twice");
    request = unsigned_request(other_hook_id, "push", DELIVERY, push_text);
    request_with(&request, "x-hub-signature-256", right);
    forged(&request, &stranger, "another hook's");
    request = unsigned_request(weak_hook_id, "push", DELIVERY, push_text);
    request_with(&request, "x-hub-signature-256", sign("", push_text, strlen(push_text)));
    forged(&request, &stranger, "an empty secret");
    request = unsigned_request(hook_id, NULL, NULL, "");
    forged(&request, &stranger, "nothing at all");
    assert_int_equal(see().count, 0);
    assert_int_equal(deliver("push", DELIVERY, push_text).status, 202); /* and the right one passes */
}

static void repetitions_get_the_first_answer(void **state) {
    (void)state;
    struct reply first = deliver("push", DELIVERY, push_text);
    const char *before = database_digest();
    struct reply again = deliver("push", DELIVERY, push_text);
    assert_reply(&again, 202, first.body);
    /* The id is not signed: who heard a delivery can give it another one. */
    again = deliver("push", "00000000-0000-0000-0000-000000000001", push_text);
    assert_reply(&again, 202, first.body);
    assert_string_equal(database_digest(), before);
    assert_int_equal(see().count, 1);
    struct reply next = deliver("push", "00000000-0000-0000-0000-000000000002",
                                arena_printf(&test_arena, "%s ", push_text)); /* another push */
    assert_int_equal(next.status, 202);
    assert_int_equal(see().count, 2);
}

static void *deliver_many(void *context) {
    char(*answers)[256] = context;
    for (int i = 0; i < 10; i++) {
        struct arena arena CLEANUP(arena_release) = ARENA_INIT;
        uint8_t mac[SHA256_BYTES];
        char signature[7 + SHA256_HEX_SIZE] = "sha256=";
        hash_hmac_sha256(SECRET, strlen(SECRET), push_text, strlen(push_text), mac);
        hash_to_hex(mac, sizeof mac, signature + 7);
        const struct http_header headers[] = {
            {"x-github-event", "push"}, {"x-github-delivery", DELIVERY}, {"x-hub-signature-256", signature}};
        const char *const captures[] = {hook_id};
        struct request request = {.server = &under_test,
                                  .arena = &arena,
                                  .id = "id",
                                  .headers = headers,
                                  .header_count = 3,
                                  .body = push_text,
                                  .body_size = strlen(push_text),
                                  .body_fd = -1,
                                  .captures = captures,
                                  .capture_count = 1};
        struct reply reply = {.body_fd = -1};
        hooks_github(&request, &reply);
        memccpy(answers[i], reply.status == 202 ? reply.body : "refused", 0, sizeof answers[i]);
    }
    return NULL;
}

static void a_hundred_at_once_start_one(void **state) {
    (void)state;
    pthread_t threads[10];
    static char answers[100][256];
    for (int i = 0; i < 10; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, deliver_many, answers + i * 10), 0);
    for (int i = 0; i < 10; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < 100; i++)
        assert_string_equal(answers[i], answers[0]);
    assert_string_not_equal(answers[0], "refused");
    assert_int_equal(see().count, 1);
}

static char *replaced(const char *text, const char *old, const char *new) {
    const char *at = strstr(text, old);
    assert_non_null(at);
    return arena_printf(&test_arena, "%.*s%s%s", (int)(at - text), text, new, at + strlen(old));
}

static void nothing_is_started_by(void **state) {
    (void)state;
    const struct {
        const char *event, *body, *message;
    } rows[] = {
        {"push", replaced(push_text, "heads/main", "notes/x"), "only pushes to branches and of tags start pipelines"},
        {"push", replaced(replaced(push_text, "heads/main", "tags/v1"), COMMIT, ZEROS), "the tag was deleted"},
        {"push", replaced(push_text, "\"deleted\": false", "\"deleted\": true"), "the branch was deleted"},
        {"push", replaced(push_text, COMMIT, ZEROS), "the branch was deleted"},
        {"push", replaced(push_text, "acme/shop", "acme/other"), "this hook is for repository 'acme/shop'"},
        {"issues", "{}", "only pushes and pull requests start pipelines"},
        {"issues", "no JSON", "only pushes and pull requests start pipelines"},
        {"create", push_text, "only pushes and pull requests start pipelines"},
    };
    const char *before = database_digest();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct reply reply = deliver(rows[i].event, DELIVERY, rows[i].body);
        assert_reply(&reply, 200, arena_printf(&test_arena, "{\"executions\":[],\"message\":\"%s\"}", rows[i].message));
    }
    assert_string_equal(database_digest(), before);
    struct reply reply = deliver("ping", "1", "{\"zen\": \"Keep it logically awesome.\"}");
    assert_reply(&reply, 200, "{\"executions\":[]}");
    reply = deliver("push", "2", replaced(push_text, "heads/main", "heads/side"));
    assert_reply(&reply, 200,
                 "{\"executions\":[],\"pipelines\":[{\"pipelineName\":\"hooked\","
                 "\"message\":\"source 'App' is branch 'main', not 'side'\"}]}");
    reply = deliver("push", "3", replaced(push_text, "heads/main", "tags/v1"));
    assert_reply(&reply, 200,
                 "{\"executions\":[],\"pipelines\":[{\"pipelineName\":\"hooked\",\"message\":\"source 'App' has no "
                 "trigger, so only pushes to branch 'main' start it\"}]}");
    assert_int_equal(see().count, 0);
}

static void names_in_another_case_are_the_same_repository(void **state) {
    (void)state;
    assert_int_equal(deliver("push", DELIVERY, replaced(push_text, "acme/shop", "Acme/Shop")).status, 202);
    assert_int_equal(see().count, 1);
}

static void bad_bodies_and_headers(void **state) {
    (void)state;
    const char *const bodies[] = {
        "",
        "{",
        "[]",
        "null",
        "7",
        "\"x\"",
        "{}",
        replaced(push_text, COMMIT, "main"),
        replaced(push_text, COMMIT, "1111"),
        replaced(push_text, "refs/heads/main", "refs/heads/"),
        replaced(push_text, "\"ref\"", "\"ref\": \"refs/heads/main\", \"ref\""),
    };
    const char *const ids[] = {NULL, "", "a b", "'; DROP TABLE deliveries; --",
                               "0123456789012345678901234567890123456789012345678901234567890123456789"};
    const char *before = database_digest();
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
        assert_int_equal(deliver("push", DELIVERY, bodies[i]).status, 400);
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        assert_int_equal(deliver("push", ids[i], push_text).status, 400);
    assert_int_equal(deliver(NULL, DELIVERY, push_text).status, 400);
    assert_string_equal(database_digest(), before);
}

/* Each member left out, and each of another type. */
static void mutate(const struct json *body, struct json *parent, const char *name) {
    static const char *const values[] = {NULL, "null", "true", "7", "\"\"", "\"x\"", "[]", "[1]", "{}", "{\"id\": 1}"};
    static int number;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        const struct json *value = NULL;
        if (values[i])
            assert_true(json_parse(&test_arena, values[i], strlen(values[i]), &value, NULL));
        json_set(&test_arena, parent, name, value ? json_copy(&test_arena, value) : NULL);
        struct reply reply = deliver("push", arena_printf(&test_arena, "m%d", number++), json_print(&test_arena, body));
        if (reply.status != 200 && reply.status != 202 && reply.status != 400)
            fail_msg("%s = %s: %d %s", name, values[i] ? values[i] : "absent", reply.status, reply.body);
    }
}

static void mutated_bodies_are_taken_or_refused(void **state) {
    (void)state;
    static const char *const inner[] = {"repository", "head_commit", "pusher"};
    const struct json *push = NULL;
    assert_true(json_parse(&test_arena, push_text, strlen(push_text), &push, NULL));
    json_each(member, push) {
        struct json *body = json_copy(&test_arena, push);
        mutate(body, body, member->name);
    }
    for (size_t i = 0; i < sizeof inner / sizeof *inner; i++) {
        json_each(member, json_get(push, inner[i])) {
            struct json *body = json_copy(&test_arena, push);
            struct json *object = body->first;
            while (!str_equal(object->name, inner[i]))
                object = object->next;
            mutate(body, object, member->name);
        }
    }
}

static void a_form_is_signed_as_it_came(void **state) {
    (void)state;
    struct str form CLEANUP(str_release) = STR_INIT(16384);
    str_append(&form, "x=1&payload=");
    for (const char *at = push_text; *at; at++) {
        if (*at == ' ')
            str_append_char(&form, '+');
        else
            str_printf(&form, *at == ':' ? "%%%02x" : "%%%02X", (unsigned)*at);
    }
    const char *types[] = {"application/x-www-form-urlencoded", "application/json"};
    for (int i = 1; i >= 0; i--) {
        struct request request = request_to("POST", "", str_text(&form), NULL);
        request_capture(&request, hook_id, NULL);
        request_with(&request, "content-type", types[i]);
        request_with(&request, "x-github-event", "push");
        request_with(&request, "x-github-delivery", DELIVERY);
        request_with(&request, "x-hub-signature-256", sign(SECRET, form.text, form.length));
        assert_int_equal(call(hooks_github, &request).status, i ? 400 : 202);
    }
    assert_int_equal(see().count, 1);
}

static void a_body_in_a_file_is_read(void **state) {
    (void)state;
    struct request request = signed_request("push", DELIVERY, push_text);
    request_body_file(&request, push_text, strlen(push_text));
    assert_int_equal(call(hooks_github, &request).status, 202);
    close(request.body_fd);
    assert_int_equal(see().count, 1);
}

static void texts_for_people(void **state) {
    (void)state;
    assert_null(change_link(&test_arena, "javascript:alert(1)"));
    assert_null(change_link(&test_arena, "https://example.com/\" onclick=\"x"));
    assert_null(change_link(&test_arena, "https://example.com/\n"));
    assert_null(change_link(&test_arena, NULL));
    assert_string_equal(change_link(&test_arena, "http://example.com/c/1?x=y#z"), "http://example.com/c/1?x=y#z");
    assert_string_equal(change_first_line(&test_arena, "one\r\ntwo"), "one");
    char text[600];
    memset(text, 'x', 511);
    memcpy(text + 511, "\xc3\xa4 and more", sizeof "\xc3\xa4 and more");
    assert_int_equal(strlen(change_first_line(&test_arena, text)), 511);
    assert_int_equal(change_time_ms("2026-11-23T05:37:00Z"), 1795412220000LL);
    assert_int_equal(change_time_ms("2026-11-23T05:37:00+02:00"), 1795405020000LL);
    assert_int_equal(change_time_ms("2026-11-23T05:37:00+02:00 x"), 0);
    assert_int_equal(change_time_ms("yesterday"), 0);
    assert_int_equal(change_time_ms(NULL), 0);
    assert_false(change_is_commit(ZEROS));
    assert_true(change_is_commit(COMMIT));
}

#define DOOR_TEST(function) cmocka_unit_test_setup_teardown(function, setup, under_test_close)

int main(void) {
    const struct CMUnitTest tests[] = {
        DOOR_TEST(push_starts_its_pipeline),
        DOOR_TEST(signatures),
        DOOR_TEST(repetitions_get_the_first_answer),
        DOOR_TEST(a_hundred_at_once_start_one),
        DOOR_TEST(nothing_is_started_by),
        DOOR_TEST(names_in_another_case_are_the_same_repository),
        DOOR_TEST(bad_bodies_and_headers),
        DOOR_TEST(mutated_bodies_are_taken_or_refused),
        DOOR_TEST(a_form_is_signed_as_it_came),
        DOOR_TEST(a_body_in_a_file_is_read),
        DOOR_TEST(texts_for_people),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
