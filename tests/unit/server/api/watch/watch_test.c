/* The doors of who looks on, called by hand: logs as they grow and end, events from where one was. */
#include "server/api/watch/watch.h"

#include "common/hash.h"
#include "common/str.h"
#include "server/logs/logs.h"
#include "server/server.h"
#include "server/store/events.h"
#include "server/store/log_rows.h"
#include "server/store/sessions.h"

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

static int64_t now_ms;
static int64_t read_now(void *context) {
    (void)context;
    return now_ms;
}
static const struct clock hand_clock = {read_now, read_now, NULL};

static char directory[64];
static struct server server;
static struct arena arena = ARENA_INIT;
static struct err err;
static struct reply reply;

static void must(bool done) {
    if (!done)
        fail_msg("%s", err.message);
}

static bool sign_in(struct tx *tx, void *context, struct err *tx_err) {
    (void)context;
    const struct session_row session = {.user_name = "ada", .csrf_token = "c", .expires_ms = now_ms + 60000};
    uint8_t hash[SHA256_BYTES];
    hash_sha256("mine", 4, hash);
    return sessions_add(tx, &session, hash, tx_err);
}

static bool sign_out(struct tx *tx, void *context, struct err *tx_err) {
    (void)context;
    uint8_t hash[SHA256_BYTES];
    hash_sha256("mine", 4, hash);
    return sessions_delete(tx, hash, tx_err);
}

static int setup(void **state) {
    (void)state;
    now_ms = 1000000;
    memcpy(directory, "/tmp/penstock-watch-XXXXXX", sizeof "/tmp/penstock-watch-XXXXXX");
    assert_non_null(mkdtemp(directory));
    server = (struct server){.clock = &hand_clock};
    must(db_open(":memory:", &hand_clock, NULL, NULL, &server.db, &err));
    must(db_write(server.db, sign_in, NULL, &err));
    must(logs_open(directory, &hand_clock, &server.logs, &err));
    return 0;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *ftw) {
    (void)status, (void)kind, (void)ftw;
    return remove(path);
}

static int teardown(void **state) {
    (void)state;
    db_close(server.db);
    logs_close(server.logs);
    arena_release(&arena);
    return nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* Calls */

static void call(http_handler *handler, const char *id, const char *query, const char *last_event) {
    const char *const captures[] = {id};
    const struct http_header headers[] = {{"cookie", "penstock_session=mine"}, {"last-event-id", last_event}};
    struct request request = {.server = &server,
                              .arena = &arena,
                              .id = "id",
                              .method = "GET",
                              .path = "/",
                              .query = query,
                              .headers = headers,
                              .header_count = last_event ? 2 : 1,
                              .body = "",
                              .body_fd = -1,
                              .captures = captures,
                              .capture_count = 1,
                              .arrived_boot_ms = 1000000};
    reply = (struct reply){.body_fd = -1};
    handler(&request, &reply);
}

static const struct json *answer(void) {
    const struct json *body;
    must(json_parse(&arena, reply.body, reply.body_size, &body, &err));
    return body;
}

static bool add_log(struct tx *tx, void *context, struct err *tx_err) {
    return log_rows_add(tx, context, tx_err);
}
static bool close_log(struct tx *tx, void *context, struct err *tx_err) {
    return log_rows_close(tx, context, tx_err);
}

static void append(const char *text) {
    static int64_t at;
    struct log_info info;
    must(logs_info(server.logs, "log-1", &info, &err));
    must(logs_append(server.logs, "log-1", &(struct log_piece){info.bytes, text, strlen(text)}, &at, &err));
}

/* Logs */

static void log_test(void **state) {
    (void)state;
    call(watch_log, "log-1", "", NULL);
    assert_int_equal(reply.status, 404);
    must(db_write(server.db, add_log, (char[]){"log-1"}, &err));
    call(watch_log, "log-1", "", NULL); /* made with its job; nobody wrote yet */
    assert_int_equal(reply.status, 200);
    assert_int_equal(json_get_integer(answer(), "total", -1), 0);
    assert_false(json_get_bool(answer(), "closed", true));

    append("one\ntwo\nthr");
    call(watch_log, "log-1", "from=1&count=5", NULL);
    const struct json *line = json_get(answer(), "lines")->first;
    assert_int_equal(json_get_integer(line, "n", -1), 1);
    assert_string_equal(json_get_text(line, "text"), "two");
    assert_null(line->next);

    /* At its end: parked until there is more, but not past the wait. */
    call(watch_log, "log-1", "from=2&wait=20", NULL);
    assert_int_equal(reply.status, 0);
    assert_string_equal(reply.wait_topic, "log/log-1");
    assert_int_equal(reply.wait_until_boot_ms, 1020000);
    now_ms = 1020000;
    call(watch_log, "log-1", "from=2&wait=20", NULL);
    assert_int_equal(reply.status, 200);
    assert_null(json_get(answer(), "lines")->first);

    /* Its job ended without a runner: the last line is there without its end. */
    must(db_write(server.db, close_log, (char[]){"log-1"}, &err));
    call(watch_log, "log-1", "from=2&wait=20", NULL);
    assert_true(json_get_bool(answer(), "closed", false));
    assert_string_equal(json_get_text(json_get(answer(), "lines")->first, "text"), "thr");

    call(watch_log_raw, "log-1", "", NULL);
    assert_int_equal(reply.status, 200);
    assert_int_equal(reply.body_size, 11);
    assert_true(reply.body_fd >= 0);
    close(reply.body_fd);
}

static void log_refused_test(void **state) {
    (void)state;
    static const char *const bad[] = {"from=-1", "from=x", "count=0", "count=2001", "wait=26", "wait=-1", "from="};
    must(db_write(server.db, add_log, (char[]){"log-1"}, &err));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        call(watch_log, "log-1", bad[i], NULL);
        assert_int_equal(reply.status, 400);
    }
    call(watch_log, "..", "", NULL);
    assert_int_equal(reply.status, 404);
    call(watch_log_raw, "unknown", "", NULL);
    assert_int_equal(reply.status, 404);
    call(watch_log_raw, "log-1", "", NULL); /* empty, and no error */
    assert_int_equal(reply.status, 200);
    assert_int_equal(reply.body_size, 0);
}

/* Events */

static bool add_event(struct tx *tx, void *context, struct err *tx_err) {
    return events_add(tx, &(struct event_row){.type = "execution", .pipeline = context, .status = "InProgress"},
                      tx_err);
}

static char *fed(void) {
    struct str out = STR_INIT(1 << 20);
    assert_true(reply.feed(&server, reply.feed_context, &arena, &out));
    char *copy = arena_strdup(&arena, str_text(&out));
    str_release(&out);
    return copy;
}

static void events_test(void **state) {
    (void)state;
    must(db_write(server.db, add_event, (char[]){"first"}, &err));
    must(db_write(server.db, add_event, (char[]){"second\n\nid: 99"}, &err)); /* nobody forges an event */
    call(watch_events, "", "", NULL);
    assert_int_equal(reply.status, 200);
    assert_string_equal(reply.wait_topic, "events");
    assert_string_equal(fed(), ""); /* starts now */
    must(db_write(server.db, add_event, (char[]){"third"}, &err));
    char *text = fed();
    assert_true(str_starts_with(text, "id: 3\nevent: execution\ndata: {"));
    assert_non_null(strstr(text, "\"pipelineName\":\"third\""));
    assert_true(str_ends_with(text, "}\n\n"));
    assert_string_equal(fed(), "");

    call(watch_events, "", "", "1"); /* comes back */
    text = fed();
    assert_true(str_starts_with(text, "id: 2\n"));
    assert_non_null(strstr(text, "\n\nid: 3\n"));
    assert_null(strstr(text, "\nid: 99"));
    call(watch_events, "", "", "nonsense");
    assert_string_equal(fed(), "");
}

static void assert_ended(void) {
    struct str out = STR_INIT(1 << 20);
    must(db_write(server.db, add_event, (char[]){"secret"}, &err));
    assert_false(reply.feed(&server, reply.feed_context, &arena, &out));
    assert_string_equal(str_text(&out), "");
    str_release(&out);
}

static void session_ends_test(void **state) {
    (void)state;
    call(watch_events, "", "", NULL);
    assert_string_equal(fed(), "");
    must(db_write(server.db, sign_out, NULL, &err));
    assert_ended();
    must(db_write(server.db, sign_in, NULL, &err));
    call(watch_events, "", "", NULL);
    assert_string_equal(fed(), "");
    now_ms += 60000;
    assert_ended();
}

static bool add_long_event(struct tx *tx, void *context, struct err *tx_err) {
    size_t size = *(size_t *)context;
    char *words = arena_alloc(&arena, size + 1);
    memset(words, 'w', size);
    words[size] = '\0';
    return events_add(tx,
                      &(struct event_row){.type = "action",
                                          .pipeline = "shop",
                                          .detail = arena_printf(&arena, "{\"summary\":\"%s\"}", words)},
                      tx_err);
}

/* However long they are, each goes out whole, and none is lost. */
static void long_events_test(void **state) {
    (void)state;
    size_t size = 50000, far_too_long = 2 << 20;
    for (int i = 0; i < 60; i++)
        must(db_write(server.db, add_long_event, &size, &err));
    must(db_write(server.db, add_long_event, &far_too_long, &err));
    call(watch_events, "", "", "0");
    int count = 0;
    for (char *text = fed(); *text; text = fed()) {
        assert_true(str_ends_with(text, "}\n\n"));
        for (const char *at = text; (at = strstr(at, "id: ")); at++) {
            count++;
            assert_true(str_starts_with(at, arena_printf(&arena, "id: %d\nevent: action\ndata: {", count)));
        }
    }
    assert_int_equal(count, 61);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(log_test, setup, teardown),
        cmocka_unit_test_setup_teardown(log_refused_test, setup, teardown),
        cmocka_unit_test_setup_teardown(events_test, setup, teardown),
        cmocka_unit_test_setup_teardown(long_events_test, setup, teardown),
        cmocka_unit_test_setup_teardown(session_ends_test, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
