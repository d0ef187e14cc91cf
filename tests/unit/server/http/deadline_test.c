/*
 * Clients that are too slow, in every phase: each is cut although it never falls silent, and an honest one beside them
 * is served. The deadlines are set short; nothing is measured, only awaited.
 */
#include "common/clock.h"
#include "server/http/http.h"
#include "tests/unit/server/http/raw_client.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#define DRIPS 400 /* 25 ms apart: ten seconds of a deadline that should be 200 ms */

static struct http_listener *listener;
static int port;

static void hello(struct request *request, struct reply *reply) {
    reply_text(request, reply, 200, "text/plain", "hello");
}

static void large(struct request *request, struct reply *reply) {
    (void)request;
    reply->status = 200;
    reply->body_size = 64 << 20;
    FILE *made = tmpfile();
    assert_int_equal(ftruncate(fileno(made), 64 << 20), 0);
    reply->body_fd = dup(fileno(made));
    fclose(made);
}

static bool feed(struct server *server, void *context, struct arena *arena, struct str *out) {
    (void)server, (void)context, (void)arena, (void)out;
    return true;
}

static void quiet_stream(struct request *request, struct reply *reply) {
    (void)request;
    reply->status = 200;
    reply->content_type = "text/event-stream";
    reply->feed = feed;
    reply->wait_topic = "never";
}

static const struct http_route routes[] = {
    {"GET", "/hello", .handler = hello},
    {"POST", "/hello", .body = HTTP_BODY_MEMORY, .body_limit = 100000, .handler = hello},
    {"GET", "/large", .handler = large},
    {"GET", "/stream", .handler = quiet_stream},
};

static void start(struct http_deadlines deadlines, int connections) {
    struct err err;
    int fd;
    assert_true(http_bind("127.0.0.1", 0, &fd, &port, &err));
    const struct http_settings settings = {
        .listen_fd = fd,
        .workers = 2,
        .connection_limit = connections,
        .deadlines = deadlines,
        .body_directory = "/tmp",
        .routes = routes,
        .route_count = sizeof routes / sizeof routes[0],
    };
    if (!http_open(&settings, &listener, &err))
        fail_msg("%s", err.message);
}

static void stop(void) {
    assert_true(http_close(listener, RAW_PATIENCE_MS));
}

static void assert_served(void) {
    int fd = raw_dial(port);
    raw_send_text(fd, "GET /hello HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    assert_int_equal(raw_status(raw_receive(fd, NULL)), 200);
    close(fd);
}

/* Sends a byte now and then until the server has had enough. */
static void assert_drip_is_cut(int fd) {
    for (int i = 0; i < DRIPS; i++) {
        if (raw_is_closed(fd, 25)) {
            close(fd);
            return;
        }
        raw_send_text(fd, "x");
    }
    fail_msg("a client that sends a byte now and then was never cut");
}

static void slow_head_test(void **state) {
    (void)state;
    start((struct http_deadlines){.head = 200}, 100);
    assert_drip_is_cut(raw_dial(port)); /* the request line */
    int fd = raw_dial(port);
    raw_send_text(fd, "GET /hello HTTP/1.1\r\nHost: h\r\nX: ");
    assert_drip_is_cut(fd);
    fd = raw_dial(port); /* the second request on a connection */
    raw_send_text(fd, "GET /hello HTTP/1.1\r\nHost: h\r\n\r\n");
    raw_receive(fd, "hello");
    raw_send_text(fd, "GET /hello HTTP/1.1\r\nX: ");
    assert_drip_is_cut(fd);
    assert_served();
    stop();
}

static void idle_test(void **state) {
    (void)state;
    start((struct http_deadlines){.idle = 200}, 100);
    int fd = raw_dial(port);
    raw_send_text(fd, "GET /hello HTTP/1.1\r\nHost: h\r\n\r\n");
    raw_receive(fd, "hello");
    raw_receive(fd, NULL); /* returns when it is closed */
    close(fd);
    stop();
}

static void slow_body_test(void **state) {
    (void)state;
    start((struct http_deadlines){.body = 200}, 100);
    int fd = raw_dial(port);
    raw_send_text(fd, "POST /hello HTTP/1.1\r\nHost: h\r\nContent-Length: 50000\r\n\r\n");
    assert_drip_is_cut(fd);
    assert_served();
    stop();
}

/* Who never takes the reply loses the connection; with room for only one, the next client is served then. */
static void unread_reply_test(void **state) {
    (void)state;
    start((struct http_deadlines){.body = 200}, 1);
    int stuck = raw_dial(port);
    raw_send_text(stuck, "GET /large HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_served();
    close(stuck);
    stop();
}

static void beat_test(void **state) {
    (void)state;
    start((struct http_deadlines){.beat = 50}, 100);
    int fd = raw_dial(port);
    raw_send_text(fd, "GET /stream HTTP/1.1\r\nHost: h\r\n\r\n");
    raw_receive(fd, ": stream");
    for (int i = 0; i < 3; i++)
        assert_non_null(strstr(raw_receive(fd, ":\n\n"), ":\n\n"));
    close(fd);
    stop();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slow_head_test),    cmocka_unit_test(idle_test), cmocka_unit_test(slow_body_test),
        cmocka_unit_test(unread_reply_test), cmocka_unit_test(beat_test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
