/*
 * The listener with raw sockets: what a head may look like, bodies, long polls and their wakes, event streams, clients
 * that are too slow or too many, and the end.
 */
#include "common/clock.h"
#include "common/hash.h"
#include "common/str.h"
#include "server/http/http.h"
#include "tests/unit/server/http/raw_client.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* cmocka wants the four above first */
#include <cmocka.h>

#define PATIENCE_MS RAW_PATIENCE_MS

static struct http_listener *listener;
static int port;
static atomic_int looks;     /* how often the waiting handler looked */
static atomic_int available; /* what it waits for */
static atomic_int wake_in_look;

/* Handlers */

static void hello(struct request *request, struct reply *reply) {
    reply_text(request, reply, 200, "text/plain", "hello");
}

static void echo(struct request *request, struct reply *reply) {
    char *body = request->body_fd >= 0 ? arena_alloc(request->arena, request->body_size + 1) : NULL;
    if (body && pread(request->body_fd, body, request->body_size, 0) != (ssize_t)request->body_size)
        body = NULL;
    char hex[SHA256_HEX_SIZE];
    hash_sha256_hex(body ? body : request->body, request->body_size, hex);
    reply_text(request, reply, 200, "text/plain",
               arena_printf(request->arena, "%zu %s %s", request->body_size, hex, request_header(request, "x-who")));
}

static void show(struct request *request, struct reply *reply) {
    const char *query = request_query(request, "q");
    reply_text(request, reply, 200, "text/plain",
               arena_printf(request->arena, "%s|%s|%s", request->captures[0],
                            request->capture_count > 1 ? request->captures[1] : "-", query ? query : "-"));
}

static void waiting(struct request *request, struct reply *reply) {
    atomic_fetch_add(&looks, 1);
    int have = atomic_load(&available);
    if (atomic_load(&wake_in_look)) { /* between the look and the parking */
        atomic_store(&wake_in_look, 0);
        atomic_store(&available, 7);
        http_wake(listener, "thing");
    }
    const char *wait = request_query(request, "ms");
    int64_t until = request->arrived_boot_ms + (wait ? strtol(wait, NULL, 10) : PATIENCE_MS);
    if (clock_boot_ms(&clock_system) >= until) /* first: who was not woken must not look as if */
        reply_text(request, reply, 204, NULL, "");
    else if (have)
        reply_text(request, reply, 200, "text/plain", arena_printf(request->arena, "have %d", have));
    else
        reply_wait(reply, "thing", until);
}

static bool feed(struct server *server, void *context, struct arena *arena, struct str *out) {
    (void)server;
    (void)arena;
    int *shown = context;
    int have = atomic_load(&available);
    for (; *shown < have; ++*shown)
        str_printf(out, "data: %d\n\n", *shown + 1);
    return have < 100;
}

static void stream(struct request *request, struct reply *reply) {
    reply->status = 200;
    reply->content_type = "text/event-stream";
    reply->feed = feed;
    reply->feed_context = arena_new(request->arena, int);
    reply->wait_topic = "thing";
}

static void file(struct request *request, struct reply *reply) {
    FILE *made = tmpfile();
    long size = strtol(request_query(request, "size"), NULL, 10);
    for (long i = 0; i < size; i++)
        fputc('a' + (int)(i % 26), made);
    fflush(made);
    reply->status = 200;
    reply->body_fd = dup(fileno(made));
    reply->body_size = (size_t)size;
    fclose(made);
}

static bool refuse_all(struct request *request, struct err *err) {
    if (str_equal(request_header(request, "authorization"), "yes"))
        return true;
    return err_set_code(err, ERR_DENIED, HTTP_CODE_BASIC, "who are you");
}

static const struct http_route routes[] = {
    {"GET", "/hello", NULL, NULL, HTTP_BODY_NONE, 0, hello, false},
    {"POST", "/echo", NULL, NULL, HTTP_BODY_MEMORY, 100000, echo, false},
    {"POST", "/upload", refuse_all, NULL, HTTP_BODY_FILE, 3000000, echo, true},
    {"POST", "/post", NULL, NULL, HTTP_BODY_FILE, 3000000, echo, true},
    {"GET", "/show/*/x", NULL, NULL, HTTP_BODY_NONE, 0, show, false},
    {"GET", "/show/*/y/**", NULL, NULL, HTTP_BODY_NONE, 0, show, false},
    {"GET", "/wait", NULL, NULL, HTTP_BODY_NONE, 0, waiting, false},
    {"GET", "/stream", NULL, NULL, HTTP_BODY_NONE, 0, stream, false},
    {"GET", "/file", NULL, NULL, HTTP_BODY_NONE, 0, file, false},
};

/* A client */

static int dial(void) {
    return raw_dial(port);
}

static char *exchange(const char *request, size_t size, const char *until) {
    int fd = dial();
    raw_send(fd, request, size);
    char *answer = raw_receive(fd, until);
    close(fd);
    return answer;
}

static char *get(const char *target) {
    char request[512];
    int size = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", target);
    return exchange(request, (size_t)size, NULL);
}

static void start(int workers, int connections) {
    struct err err;
    int fd;
    if (!http_bind("127.0.0.1", 0, &fd, &port, &err))
        fail_msg("%s", err.message);
    struct http_settings settings = {
        .listen_fd = fd,
        .workers = workers,
        .connection_limit = connections,
        .body_directory = "/tmp",
        .routes = routes,
        .route_count = sizeof routes / sizeof routes[0],
    };
    if (!http_open(&settings, &listener, &err))
        fail_msg("%s", err.message);
    atomic_store(&looks, 0);
    atomic_store(&available, 0);
}

static int open_listener(void **state) {
    (void)state;
    start(4, 200);
    return 0;
}

static int close_listener(void **state) {
    (void)state;
    assert_true(http_close(listener, PATIENCE_MS));
    return 0;
}

static void await_looks(int count) {
    while (atomic_load(&looks) < count)
        sched_yield();
}

/* Tests */

static void simple_test(void **state) {
    (void)state;
    char *answer = get("/hello");
    assert_int_equal(raw_status(answer), 200);
    assert_non_null(strstr(answer, "\r\nDate: "));
    assert_non_null(strstr(answer, "\r\nx-amzn-RequestId: "));
    assert_non_null(strstr(answer, "\r\nContent-Length: 5\r\n"));
    assert_non_null(strstr(answer, "\r\n\r\nhello"));
    assert_int_equal(raw_status(get("/nothing")), 404);
    assert_int_equal(raw_status(get("//hello")), 404);
    assert_int_equal(raw_status(get("/hello/")), 404);
    assert_int_equal(raw_status(get("/Hello")), 404);
    assert_int_equal(raw_status(get("/hello;x")), 404);
    answer = get("/echo");
    assert_int_equal(raw_status(answer), 405);
    assert_non_null(strstr(answer, "\r\nAllow: POST\r\n"));
    assert_non_null(strstr(get("/show/a%20b/x?z=1&q=c+d%26"), "\r\n\r\na b|-|c d&"));
    assert_non_null(strstr(get("/show/%41/y/z/%7a"), "\r\n\r\nA|z/z|-"));
}

static void kept_alive_test(void **state) {
    (void)state;
    int fd = dial();
    for (int i = 0; i < 50; i++) {
        raw_send_text(fd, "GET /hello HTTP/1.1\r\nHost: h\r\n\r\n");
        assert_int_equal(raw_status(raw_receive(fd, "hello")), 200);
    }
    close(fd);
    /* Two requests in one packet: two answers, in order. */
    const char *two = "GET /hello HTTP/1.1\r\nHost: h\r\n\r\nGET /show/1/x HTTP/1.1\r\nHost: h\r\n\r\n";
    char *answer = exchange(two, strlen(two), "1|-|-");
    assert_non_null(strstr(answer, "hello"));
    const char *head = "HEAD /hello HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
    answer = exchange(head, strlen(head), NULL);
    assert_int_equal(raw_status(answer), 200);
    assert_null(strstr(answer, "hello"));
}

/* Every way of being unclear about where a request ends, whom it is for, or what it names: 400 and closed. */
static void smuggling_test(void **state) {
    (void)state;
#define CASE(text)                                                                                                     \
    { text, sizeof text - 1 }
    static const struct {
        const char *bytes;
        size_t size;
    } bad[] = {
        CASE("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        CASE("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nContent-Length: 4\r\n\r\nabcd"),
        CASE("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcde"),
        CASE("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: +4\r\n\r\nabcd"),
        CASE("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
        CASE("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
        CASE("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n"),
        CASE("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: "
             "chunked\r\n\r\n0\r\n\r\n"),
        CASE("POST /echo HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        CASE("GET /hello HTTP/1.1\r\nHost: h\r\nHost: i\r\n\r\n"),
        CASE("GET /hello HTTP/1.1\r\n\r\n"),
        CASE("GET /hello HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n"),
        CASE("GET /hello HTTP/1.1\r\nHost: h\r\nX: a\r\n\tb\r\nY: c\r\n\r\n"),
        CASE("GET /hello HTTP/1.1\r\nHost: h\r\nX: a\0b\r\n\r\n"),
        CASE("GET /hello HTTP/1.1\r\nHost: h\r\nX: a\0\r\nY: b\r\n\r\n"),
        CASE("GET /hello HTTP/1.1\r\nHost: h\nX: a\r\n\r\n"),
        CASE("GET /hello HTTP/1.1\r\nHost: h\r\nX: a\n\r\n"),
        CASE("GET /hello HTTP/1.1\nHost: h\r\n\r\n"),
        CASE("GET /hello HTTP/1.1\r\nHost: h\r\nX: a\r\n\n"),
        CASE("GET /hello\0 HTTP/1.1\r\nHost: h\r\n\r\n"),
        CASE("GET  /hello HTTP/1.1\r\nHost: h\r\nX Y: a\r\n\r\n"),
        CASE("GET /hello  HTTP/1.1\r\nHost: h\r\n\r\n"),
        CASE("GET /hello x HTTP/1.1\r\nHost: h\r\n\r\n"),
        CASE("GET http://h/hello HTTP/1.1\r\nHost: h\r\n\r\n"),
        CASE("GET /show/%2e%2e/x HTTP/1.1\r\nHost: h\r\n\r\n"),
        CASE("GET /show/a%2fb/x HTTP/1.1\r\nHost: h\r\n\r\n"),
        CASE("GET /show/a%00/x HTTP/1.1\r\nHost: h\r\n\r\n"),
        CASE("GET /show/a\\b/x HTTP/1.1\r\nHost: h\r\n\r\n"),
        CASE("GET /show/../hello HTTP/1.1\r\nHost: h\r\n\r\n"),
        CASE("GET /hello HTTP/1.1\r\nHost: h\r\n: a\r\n\r\n"),
        CASE("GET /hello HTTP/1.1\r\nHost: h\r\nX\x01: a\r\n\r\n"),
        CASE("GET /hello HTTP/1.1\r\nHost: h\r\nX: a\rb\r\n\r\n"),
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char *answer = exchange(bad[i].bytes, bad[i].size, NULL); /* returns when the server has closed */
        if (raw_status(answer) != 400)
            fail_msg("case %zu was answered: %s", i, answer);
    }
}

static void bodies_test(void **state) {
    (void)state;
    const char *sized = "POST /echo HTTP/1.1\r\nHost: h\r\nX-Who: me\r\nContent-Length: 3\r\n\r\nabc";
    assert_non_null(strstr(exchange(sized, strlen(sized), " me"), "\r\n\r\n3 ba7816bf"));
    const char *chunked = "POST /echo HTTP/1.1\r\nHost: h\r\nX-Who: me\r\nTransfer-Encoding: chunked\r\n\r\n"
                          "1\r\na\r\n2\r\nbc\r\n0\r\n\r\n";
    assert_non_null(strstr(exchange(chunked, strlen(chunked), " me"), "\r\n\r\n3 ba7816bf"));
    const char *none = "POST /echo HTTP/1.1\r\nHost: h\r\nX-Who: me\r\nContent-Length: 0\r\n\r\n";
    assert_non_null(strstr(exchange(none, strlen(none), " me"), "\r\n\r\n0 e3b0c442"));
    /* Too large: refused by the head alone, nothing of the body was sent. */
    const char *large = "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 100001\r\n\r\n";
    assert_int_equal(raw_status(exchange(large, strlen(large), NULL)), 413);
    const char *unwanted = "GET /hello HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\na";
    assert_int_equal(raw_status(exchange(unwanted, strlen(unwanted), NULL)), 413);
}

static void chunked_limit_test(void **state) {
    (void)state;
    int fd = dial();
    raw_send_text(fd, "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
    char piece[10000 + 16];
    int head = snprintf(piece, sizeof piece, "%x\r\n", 10000);
    memset(piece + head, 'x', 10000);
    memcpy(piece + head + 10000, "\r\n", 3);
    /* The answer comes at the limit: this body never ends. */
    for (int i = 0; i < 11; i++)
        raw_send_text(fd, piece);
    char *answer = raw_receive(fd, NULL);
    assert_int_equal(raw_status(answer), 413);
    assert_non_null(strstr(answer, "RequestEntityTooLargeException"));
    /* One that goes on is cut. */
    for (int i = 0; i < 1000; i++)
        raw_send_text(fd, piece);
    char byte;
    assert_true(recv(fd, &byte, 1, 0) <= 0);
    close(fd);
}

static void upload_test(void **state) {
    (void)state;
    static char body[2500000];
    memset(body, 'z', sizeof body);
    char hex[SHA256_HEX_SIZE];
    hash_sha256_hex(body, sizeof body, hex);
    int fd = dial();
    char head[200];
    snprintf(head, sizeof head,
             "POST /upload HTTP/1.1\r\nHost: h\r\nAuthorization: yes\r\nX-Who: me\r\nContent-Length: %zu\r\n\r\n",
             sizeof body);
    raw_send_text(fd, head);
    raw_send(fd, body, sizeof body);
    char *answer = raw_receive(fd, " me");
    assert_int_equal(raw_status(answer), 200);
    assert_non_null(strstr(answer, hex));
    close(fd);
    /* Without credentials: the answer comes although the body never does. */
    fd = dial();
    raw_send_text(fd, "POST /upload HTTP/1.1\r\nHost: h\r\nContent-Length: 2000000\r\n\r\n");
    answer = raw_receive(fd, NULL);
    assert_int_equal(raw_status(answer), 401);
    assert_non_null(strstr(answer, "\r\nWWW-Authenticate: Basic"));
    close(fd);
    fd = dial();
    raw_send_text(fd, "POST /upload HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2000000\r\n\r\n");
    assert_int_equal(raw_status(raw_receive(fd, NULL)), 401);
    close(fd);
    fd = dial();
    raw_send_text(fd, "POST /upload HTTP/1.1\r\nHost: h\r\nAuthorization: yes\r\nExpect: 100-continue\r\n"
                      "Content-Length: 3\r\n\r\n");
    assert_int_equal(raw_status(raw_receive(fd, "\r\n\r\n")), 100);
    raw_send_text(fd, "abc");
    assert_int_equal(raw_status(raw_receive(fd, "ba7816bf")), 200);
    close(fd);
}

static int begin_post(void) {
    int fd = dial();
    raw_send_text(fd, "POST /post HTTP/1.1\r\nHost: h\r\nX-Who: me\r\nExpect: 100-continue\r\n"
                      "Content-Length: 3\r\n\r\n");
    return fd;
}

/* What nobody vouches for lies on the disk a few at a time. */
static void strangers_test(void **state) {
    (void)state;
    int fds[16], status = 0;
    for (int i = 0; i < 16; i++) {
        fds[i] = begin_post();
        assert_int_equal(raw_status(raw_receive(fds[i], "\r\n\r\n")), 100);
    }
    int one_more = begin_post();
    assert_int_equal(raw_status(raw_receive(one_more, NULL)), 503);
    close(one_more);
    raw_send_text(fds[0], "abc");
    assert_int_equal(raw_status(raw_receive(fds[0], "ba7816bf")), 200);
    for (int i = 0; i < 2; i++) { /* one is done, one goes away in the middle */
        do {                      /* until the server has seen that they are gone */
            close(fds[i]);
            fds[i] = begin_post();
            status = raw_status(raw_receive(fds[i], "\r\n\r\n"));
        } while (status == 503);
        assert_int_equal(status, 100);
    }
    for (int i = 0; i < 16; i++)
        close(fds[i]);
}

static void files_test(void **state) {
    (void)state;
    assert_non_null(strstr(get("/file?size=27"), "\r\n\r\nabcdefghijklmnopqrstuvwxyza"));
    char *answer = get("/file?size=300000");
    assert_non_null(strstr(answer, "\r\nContent-Length: 300000\r\n"));
    assert_int_equal(strlen(strstr(answer, "\r\n\r\n") + 4), 300000);
}

static void parked_test(void **state) {
    (void)state;
    int fd = dial();
    raw_send_text(fd, "GET /wait HTTP/1.1\r\nHost: h\r\n\r\n");
    await_looks(1);
    http_wake(listener, "another");
    atomic_store(&available, 3);
    http_wake(listener, "thing");
    assert_non_null(strstr(raw_receive(fd, "have"), "have 3"));
    close(fd);
    /* The wait ends by itself. */
    atomic_store(&available, 0);
    assert_int_equal(raw_status(get("/wait?ms=50")), 204);
    /* More of them than threads. */
    int many[50];
    int before = atomic_load(&looks);
    for (int i = 0; i < 50; i++) {
        many[i] = dial();
        raw_send_text(many[i], "GET /wait HTTP/1.1\r\nHost: h\r\n\r\n");
    }
    await_looks(before + 50);
    assert_int_equal(raw_status(get("/hello")), 200);
    atomic_store(&available, 4);
    http_wake(listener, "thing");
    for (int i = 0; i < 50; i++) {
        assert_non_null(strstr(raw_receive(many[i], "have"), "have 4"));
        close(many[i]);
    }
}

static void no_lost_wake_test(void **state) {
    (void)state;
    for (int i = 0; i < 200; i++) {
        atomic_store(&available, 0);
        atomic_store(&wake_in_look, 1);
        assert_non_null(strstr(get("/wait"), "have 7"));
    }
}

static void *wake_often(void *context) {
    for (int i = 0; i < 2000; i++) {
        atomic_store(&available, i % 2);
        http_wake(listener, "thing");
    }
    atomic_store(&available, 1);
    http_wake(listener, "thing");
    return context;
}

static void wake_race_test(void **state) {
    (void)state;
    pthread_t waker;
    atomic_store(&available, 0);
    assert_int_equal(pthread_create(&waker, NULL, wake_often, NULL), 0);
    for (int i = 0; i < 100; i++)
        assert_non_null(strstr(get("/wait"), "have 1"));
    pthread_join(waker, NULL);
}

static void stream_test(void **state) {
    (void)state;
    atomic_store(&available, 0);
    int fd = dial();
    raw_send_text(fd, "GET /stream HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_int_equal(raw_status(raw_receive(fd, ": stream")), 200);
    for (int i = 1; i <= 20; i++) {
        char expected[32];
        snprintf(expected, sizeof expected, "data: %d\n\n", i);
        atomic_store(&available, i);
        http_wake(listener, "thing");
        raw_receive(fd, expected);
    }
    atomic_store(&available, 100);
    http_wake(listener, "thing");
    assert_non_null(strstr(raw_receive(fd, "\r\n0\r\n\r\n"), "data: 100\n\n"));
    close(fd);
}

static void end_test(void **state) {
    (void)state;
    start(2, 100);
    int waiting_fd = dial(), stream_fd = dial(), idle_fd = dial(), half_fd = dial();
    raw_send_text(waiting_fd, "GET /wait HTTP/1.1\r\nHost: h\r\n\r\n");
    raw_send_text(stream_fd, "GET /stream HTTP/1.1\r\nHost: h\r\n\r\n");
    raw_send_text(half_fd, "GET /hello HT");
    await_looks(1);
    raw_receive(stream_fd, ": stream");
    assert_true(http_close(listener, PATIENCE_MS));
    assert_int_equal(raw_status(raw_receive(waiting_fd, NULL)), 503);
    raw_receive(stream_fd, NULL);
    raw_receive(idle_fd, NULL);
    raw_receive(half_fd, NULL);
    close(waiting_fd);
    close(stream_fd);
    close(idle_fd);
    close(half_fd);
}

/* Many who wait are not sent back all at once. */
static void spread_test(void **state) {
    (void)state;
    enum { MANY = 250 };
    int fds[MANY], counts[16] = {0};
    start(2, MANY + 10);
    for (int i = 0; i < MANY; i++) {
        fds[i] = dial();
        raw_send_text(fds[i], "GET /wait HTTP/1.1\r\nHost: h\r\n\r\n");
    }
    await_looks(MANY);
    assert_true(http_close(listener, PATIENCE_MS));
    for (int i = 0; i < MANY; i++) {
        const char *answer = raw_receive(fds[i], NULL);
        const char *after = strstr(answer, "\r\nRetry-After: ");
        assert_int_equal(raw_status(answer), 503);
        assert_non_null(after);
        long seconds = strtol(after + strlen("\r\nRetry-After: "), NULL, 10);
        assert_in_range(seconds, 1, 3); /* a hundred a second */
        counts[seconds]++;
        close(fds[i]);
    }
    for (int seconds = 1; seconds <= 3; seconds++)
        assert_in_range(counts[seconds], 40, 130);
}

/* Who is not there any more is not asked about again: what the handler gives would be lost. */
static void abandoned_test(void **state) {
    (void)state;
    start(1, 100); /* one worker: it does one after the other */
    int gone = dial();
    raw_send_text(gone, "GET /wait HTTP/1.1\r\nHost: h\r\n\r\n");
    await_looks(1);
    close(gone);
    atomic_store(&available, 5);
    http_wake(listener, "thing");
    assert_int_equal(raw_status(get("/hello")), 200);
    assert_int_equal(atomic_load(&looks), 1);
    assert_true(http_close(listener, PATIENCE_MS));
}

static void taken_port_test(void **state) {
    (void)state;
    struct err err;
    int fd, other_port;
    assert_false(http_bind("127.0.0.1", port, &fd, &other_port, &err));
    assert_int_equal(err.kind, ERR_CONFLICT);
    assert_false(http_bind("no address", 0, &fd, &other_port, &err));
    assert_int_equal(err.kind, ERR_INVALID);
}

int main(void) {
    hash_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(simple_test),    cmocka_unit_test(kept_alive_test),    cmocka_unit_test(smuggling_test),
        cmocka_unit_test(bodies_test),    cmocka_unit_test(chunked_limit_test), cmocka_unit_test(upload_test),
        cmocka_unit_test(files_test),     cmocka_unit_test(parked_test),        cmocka_unit_test(no_lost_wake_test),
        cmocka_unit_test(wake_race_test), cmocka_unit_test(stream_test),        cmocka_unit_test(taken_port_test),
        cmocka_unit_test(strangers_test),
    };
    const struct CMUnitTest ending[] = {cmocka_unit_test(end_test), cmocka_unit_test(spread_test),
                                        cmocka_unit_test(abandoned_test)};
    int failed = cmocka_run_group_tests_name("listener", tests, open_listener, close_listener);
    return failed + cmocka_run_group_tests_name("listener's end", ending, NULL, NULL);
}
