/*
 * HTTP requests, against a small server in another process: one process for each connection, the path says what it
 * does.
 */
#include "common/http_client.h"

#include "common/str.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static int port;
static char socket_path[64];
static pid_t servers[2];

static void send_text(int fd, const char *text) {
    size_t length = strlen(text);
    while (length > 0) {
        ssize_t sent = send(fd, text, length, MSG_NOSIGNAL);
        if (sent <= 0)
            _exit(0);
        text += sent;
        length -= (size_t)sent;
    }
}

/* One byte at a time: slow, and never reads into the next request. */
static bool read_byte(int fd, char *byte) {
    return read(fd, byte, 1) == 1;
}

static size_t read_head(int fd, char *head, size_t room) {
    size_t used = 0;
    while (used + 1 < room && read_byte(fd, head + used)) {
        head[++used] = '\0';
        if (str_ends_with(head, "\r\n\r\n"))
            return used;
    }
    return 0;
}

static void read_chunked(int fd, struct str *body) {
    for (;;) {
        char line[32] = "";
        size_t used = 0;
        while (used < sizeof line - 1 && read_byte(fd, line + used) && line[used] != '\n')
            used++;
        long size = strtol(line, NULL, 16);
        for (long i = 0; i < size + 2; i++) {
            char byte = 0;
            if (!read_byte(fd, &byte))
                _exit(0);
            if (i < size)
                str_append_char(body, byte);
        }
        if (size == 0)
            return;
    }
}

static void read_body(int fd, const char *head, struct str *body) {
    const char *length = strcasestr(head, "\r\ncontent-length:");
    if (strcasestr(head, "\r\ntransfer-encoding: chunked")) {
        read_chunked(fd, body);
        return;
    }
    for (long left = length ? strtol(length + 17, NULL, 10) : 0; left > 0;) {
        char bytes[65536];
        ssize_t got = read(fd, bytes, left < (long)sizeof bytes ? (size_t)left : sizeof bytes);
        if (got <= 0)
            _exit(0);
        str_append_bytes(body, bytes, (size_t)got);
        left -= got;
    }
}

static void send_answer(int fd, const char *status, const char *headers, const char *body, size_t size) {
    char head[1024];
    (void)snprintf(head, sizeof head, "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\n\r\n", status, headers, size);
    send_text(fd, head);
    send_text(fd, body);
}

/* What came in, as the answer's body. */
static void send_echo(int fd, const char *head, const struct str *body) {
    struct str text CLEANUP(str_release) = STR_INIT(1 << 20);
    str_append(&text, head);
    str_append(&text, str_text(body));
    send_answer(fd, "200 OK", "X-One: first\r\nX-One: second\r\nX-Spaces:   padded \t \r\n", str_text(&text),
                text.length);
}

static void send_endless(int fd) {
    char chunk[4096 + 9];
    (void)snprintf(chunk, sizeof chunk, "1000\r\n%04096d\r\n", 0);
    send_text(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (;;)
        send_text(fd, chunk);
}

static void send_many_headers(int fd) {
    send_text(fd, "HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < 300; i++)
        send_text(fd, "X-Many: one more\r\n");
    send_text(fd, "Content-Length: 0\r\n\r\n");
}

/* A path's whole behaviour, in one function of its own where one line is not enough. */
static void answer(int fd, const char *head, const char *path, const struct str *body, int requests) {
    char number[32];
    (void)snprintf(number, sizeof number, "%d", requests);
    if (str_starts_with(path, "/redirect"))
        send_answer(fd, "302 Found", "Location: /echo\r\n", "", 0);
    else if (str_starts_with(path, "/missing"))
        send_answer(fd, "404 Not Found", "", "no such thing", 13);
    else if (str_starts_with(path, "/empty"))
        send_text(fd, "HTTP/1.1 204 No Content\r\n\r\n");
    else if (str_starts_with(path, "/head"))
        send_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
    else if (str_starts_with(path, "/endless"))
        send_endless(fd);
    else if (str_starts_with(path, "/many-headers"))
        send_many_headers(fd);
    else if (str_starts_with(path, "/silent"))
        (void)pause();
    else if (str_starts_with(path, "/cut"))
        send_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"), _exit(0);
    else if (str_starts_with(path, "/nonsense"))
        send_text(fd, "no HTTP at all\r\n\r\n"), _exit(0);
    else if (str_equal(path, "/hang-up") || (str_starts_with(path, "/hang-up-second") && requests > 1))
        _exit(0);
    else if (str_starts_with(path, "/count"))
        send_answer(fd, "200 OK", "", number, strlen(number));
    else if (str_starts_with(path, "/early"))
        send_text(fd, "HTTP/1.1 103 Early Hints\r\nX-Early: yes\r\n\r\n"), send_answer(fd, "200 OK", "", "late", 4);
    else
        send_echo(fd, head, body);
}

static void serve_connection(int fd) {
    char head[8192];
    for (int requests = 1; read_head(fd, head, sizeof head); requests++) {
        const char *start = strchr(head, ' ') + 1;
        char path[256];
        (void)snprintf(path, sizeof path, "%.*s", (int)strcspn(start, " "), start);
        if (str_equal(path, "/too-large")) {
            send_answer(fd, "413 Content Too Large", "Connection: close\r\n", "", 0);
            (void)shutdown(fd, SHUT_WR);
            char rest[65536];
            while (read(fd, rest, sizeof rest) > 0) {
            }
            _exit(0);
        }
        struct str body CLEANUP(str_release) = STR_INIT(1 << 21);
        read_body(fd, head, &body);
        if (str_equal(path, "/length")) {
            char number[32];
            (void)snprintf(number, sizeof number, "%zu", body.length);
            send_answer(fd, "200 OK", "", number, strlen(number));
            continue;
        }
        answer(fd, head, path, &body, requests);
    }
}

static pid_t start_server(int listener) {
    pid_t pid = fork();
    if (pid != 0) {
        close(listener);
        return pid;
    }
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)setpgid(0, 0);
    (void)signal(SIGCHLD, SIG_IGN);
    for (;;) {
        int connection = accept(listener, NULL, NULL);
        if (connection >= 0 && fork() == 0) {
            serve_connection(connection);
            _exit(0);
        }
        close(connection);
    }
}

static int start_servers(void **state) {
    (void)state;
    struct sockaddr_in tcp = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof tcp;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(listener, (struct sockaddr *)&tcp, length) || listen(listener, 16) ||
        getsockname(listener, (struct sockaddr *)&tcp, &length))
        return -1;
    port = ntohs(tcp.sin_port);
    servers[0] = start_server(listener);

    struct sockaddr_un local = {.sun_family = AF_UNIX};
    (void)snprintf(socket_path, sizeof socket_path, "/tmp/http_client_test.%d", (int)getpid());
    (void)snprintf(local.sun_path, sizeof local.sun_path, "%s", socket_path);
    listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(listener, (struct sockaddr *)&local, sizeof local) || listen(listener, 16))
        return -1;
    servers[1] = start_server(listener);
    return http_client_global_init(NULL) ? 0 : -1;
}

static int stop_servers(void **state) {
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        (void)kill(-servers[i], SIGKILL);
        (void)waitpid(servers[i], NULL, 0);
    }
    (void)unlink(socket_path);
    http_client_global_release();
    return 0;
}

static char *url(struct arena *arena, const char *path) {
    return arena_printf(arena, "http://127.0.0.1:%d%s", port, path);
}

static struct http_answer must_send(struct http_client *client, struct arena *arena,
                                    const struct http_request *request) {
    struct http_answer answer = {0};
    struct err err = {0};
    if (!http_send(client, arena, request, &answer, &err))
        fail_msg("%s", err.message);
    return answer;
}

static void a_request_is_sent_as_written(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct http_client *client CLEANUP(http_client_cleanup) = http_client_new();
    const struct http_header headers[] = {{"X-Test", "a b"}, {"Content-Type", "text/plain"}};
    struct http_request request = {.method = "POST",
                                   .url = url(&arena, "/echo/../%2e?b&a=1"),
                                   .headers = headers,
                                   .header_count = 2,
                                   .body = "hello",
                                   .body_size = 5};
    struct http_answer answer = must_send(client, &arena, &request);
    assert_int_equal(answer.status, 200);
    char *expected = arena_printf(&arena,
                                  "POST /echo/../%%2e?b&a=1 HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
                                  "User-Agent: penstock/" PENSTOCK_VERSION "\r\nX-Test: a b\r\n"
                                  "Content-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello",
                                  port);
    assert_string_equal(answer.body, expected);
    assert_string_equal(http_answer_header(&answer, "x-one"), "first");
    assert_string_equal(http_answer_header(&answer, "x-spaces"), "padded");
    assert_null(http_answer_header(&answer, "x-absent"));
}

static void methods_carry_bodies_or_their_absence(void **state) {
    (void)state;
    static const struct {
        const char *method;
        const char *body;
        const char *tail; /* of the request as the server saw it */
    } cases[] = {
        {"GET", NULL, "\r\n\r\n"},
        {"DELETE", NULL, "\r\n\r\n"},
        {"POST", NULL, "\r\nContent-Length: 0\r\n\r\n"},
        {"PUT", NULL, "\r\nContent-Length: 0\r\n\r\n"},
        {"PUT", "abc", "\r\nContent-Length: 3\r\n\r\nabc"},
        {"PATCH", "abc", "\r\nContent-Length: 3\r\n\r\nabc"},
        {"DELETE", "abc", "\r\nContent-Length: 3\r\n\r\nabc"},
    };
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct http_client *client CLEANUP(http_client_cleanup) = http_client_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct http_request request = {.method = cases[i].method,
                                       .url = url(&arena, "/echo"),
                                       .body = cases[i].body,
                                       .body_size = cases[i].body ? strlen(cases[i].body) : 0};
        struct http_answer answer = must_send(client, &arena, &request);
        assert_true(str_starts_with(answer.body, arena_printf(&arena, "%s /echo HTTP/1.1\r\n", cases[i].method)));
        assert_true(str_ends_with(answer.body, cases[i].tail));
        bool has_length = strstr(answer.body, "Content-Length") != NULL;
        assert_int_equal(has_length, strstr(cases[i].tail, "Content-Length") != NULL);
        assert_null(strstr(answer.body, "Content-Type"));
        assert_null(strstr(answer.body, "Expect"));
    }
}

static void a_large_body_waits_for_nobody(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct http_client *client CLEANUP(http_client_cleanup) = http_client_new();
    size_t size = 1100000; /* libcurl would ask "Expect: 100-continue" past 1 MiB, and this server would not answer */
    char *body = arena_alloc(&arena, size);
    memset(body, 'x', size);
    struct http_request request = {.method = "POST", .url = url(&arena, "/length"), .body = body, .body_size = size};
    assert_string_equal(must_send(client, &arena, &request).body, "1100000");
}

static void head_has_no_body(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct http_client *client CLEANUP(http_client_cleanup) = http_client_new();
    struct http_request request = {.method = "HEAD", .url = url(&arena, "/head")};
    struct http_answer answer = must_send(client, &arena, &request);
    assert_int_equal(answer.status, 200);
    assert_string_equal(http_answer_header(&answer, "content-length"), "1000");
    assert_string_equal(answer.body, "");
}

static void every_status_is_an_answer(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct http_client *client CLEANUP(http_client_cleanup) = http_client_new();
    struct http_request request = {.method = "GET", .url = url(&arena, "/missing")};
    struct http_answer answer = must_send(client, &arena, &request);
    assert_int_equal(answer.status, 404);
    assert_string_equal(answer.body, "no such thing");
    assert_int_equal(answer.body_size, 13);
    request.url = url(&arena, "/redirect");
    answer = must_send(client, &arena, &request);
    assert_int_equal(answer.status, 302);
    assert_string_equal(http_answer_header(&answer, "location"), "/echo");
    request.url = url(&arena, "/empty");
    answer = must_send(client, &arena, &request);
    assert_int_equal(answer.status, 204);
    assert_string_equal(answer.body, "");
}

static void early_answers_are_passed_over(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct http_client *client CLEANUP(http_client_cleanup) = http_client_new();
    struct http_request request = {.method = "GET", .url = url(&arena, "/early")};
    struct http_answer answer = must_send(client, &arena, &request);
    assert_int_equal(answer.status, 200);
    assert_string_equal(answer.body, "late");
    assert_null(http_answer_header(&answer, "x-early"));
}

static void connections_are_kept(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct http_client *client CLEANUP(http_client_cleanup) = http_client_new();
    struct http_request request = {.method = "GET", .url = url(&arena, "/count")};
    assert_string_equal(must_send(client, &arena, &request).body, "1");
    assert_string_equal(must_send(client, &arena, &request).body, "2");
    request.unix_socket = socket_path;
    assert_string_equal(must_send(client, &arena, &request).body, "1");
    assert_string_equal(must_send(client, &arena, &request).body, "2");
    request.unix_socket = NULL;
    assert_string_equal(must_send(client, &arena, &request).body, "3");
}

static void unix_sockets_answer(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct http_client *client CLEANUP(http_client_cleanup) = http_client_new();
    struct http_request request = {
        .method = "POST", .url = "http://docker/echo?x=1", .unix_socket = socket_path, .body = "{}", .body_size = 2};
    struct http_answer answer = must_send(client, &arena, &request);
    assert_true(str_starts_with(answer.body, "POST /echo?x=1 HTTP/1.1\r\nHost: docker\r\n"));
    assert_true(str_ends_with(answer.body, "\r\n\r\n{}"));
}

/* ---- streams ---- */

struct stream {
    const char *left;
    size_t piece;
    bool broken;
    struct str taken;
    size_t most;
    int asked;
    int patience;
};

static ptrdiff_t give(void *context, void *buffer, size_t room) {
    struct stream *stream = context;
    if (stream->broken && !*stream->left)
        return -1;
    size_t size = strlen(stream->left);
    if (size > stream->piece)
        size = stream->piece;
    if (size > room)
        size = room;
    memcpy(buffer, stream->left, size);
    stream->left += size;
    return (ptrdiff_t)size;
}

static bool take(void *context, const void *bytes, size_t size) {
    struct stream *stream = context;
    str_append_bytes(&stream->taken, bytes, size);
    return stream->taken.length < stream->most;
}

static bool loses_patience(void *context) {
    struct stream *stream = context;
    return ++stream->asked > stream->patience;
}

static void bodies_are_streamed_out(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct http_client *client CLEANUP(http_client_cleanup) = http_client_new();
    struct stream stream = {.left = "one two three", .piece = 4};
    struct http_request request = {
        .method = "PUT", .url = url(&arena, "/echo"), .read_body = give, .body_size = 13, .context = &stream};
    struct http_answer answer = must_send(client, &arena, &request);
    assert_true(str_ends_with(answer.body, "\r\nContent-Length: 13\r\n\r\none two three"));
    stream.left = "one two three";
    request.body_size = 0;
    answer = must_send(client, &arena, &request);
    assert_non_null(strstr(answer.body, "\r\nTransfer-Encoding: chunked\r\n"));
    assert_null(strstr(answer.body, "Content-Length"));
    assert_true(str_ends_with(answer.body, "\r\n\r\none two three"));
}

static void a_broken_body_breaks_the_request(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct http_client *client CLEANUP(http_client_cleanup) = http_client_new();
    struct stream stream = {.left = "one", .piece = 4, .broken = true};
    struct http_request request = {
        .method = "PUT", .url = url(&arena, "/echo"), .read_body = give, .body_size = 13, .context = &stream};
    struct http_answer answer = {.status = 42};
    struct err err = {0};
    assert_false(http_send(client, &arena, &request, &answer, &err));
    assert_int_equal(err.kind, ERR_UNAVAILABLE);
    assert_string_equal(err.message,
                        arena_printf(&arena, "request to '127.0.0.1:%d': the request's body could not be read", port));
    assert_int_equal(answer.status, 42);
}

static void answers_are_streamed_in(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct http_client *client CLEANUP(http_client_cleanup) = http_client_new();
    struct stream stream = {.taken = STR_INIT(100000), .most = 100000};
    struct http_request request = {
        .method = "GET", .url = url(&arena, "/count"), .write_body = take, .context = &stream, .answer_ceiling = 20};
    struct http_answer answer = must_send(client, &arena, &request);
    assert_string_equal(str_text(&stream.taken), "1");
    assert_string_equal(answer.body, "");
    request.url = url(&arena, "/missing");
    answer = must_send(client, &arena, &request);
    assert_string_equal(answer.body, "no such thing");
    assert_string_equal(str_text(&stream.taken), "1");
    request.url = url(&arena, "/endless");
    struct err err = {0};
    assert_false(http_send(client, &arena, &request, &answer, &err));
    assert_string_equal(err.message,
                        arena_printf(&arena, "request to '127.0.0.1:%d': the answer was not taken to its end", port));
    str_release(&stream.taken);
}

/* ---- failures ---- */

static void refused(struct http_client *client, const struct http_request *request, enum err_kind kind,
                    const char *start) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct http_answer answer = {.status = 42};
    struct err err = {0};
    assert_false(http_send(client, &arena, request, &answer, &err));
    assert_int_equal(answer.status, 42);
    if (err.kind != kind || !str_starts_with(err.message, start))
        fail_msg("kind %d: %s", (int)err.kind, err.message);
}

static void answers_are_capped(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct http_client *client CLEANUP(http_client_cleanup) = http_client_new();
    struct http_request request = {.method = "GET", .url = url(&arena, "/endless"), .answer_ceiling = 1000};
    const char *start = arena_printf(&arena, "request to '127.0.0.1:%d': ", port);
    refused(client, &request, ERR_LIMIT, arena_printf(&arena, "%sthe answer is too large", start));
    request.answer_ceiling = 0;
    refused(client, &request, ERR_LIMIT, arena_printf(&arena, "%sthe answer is too large", start));
    request.url = url(&arena, "/many-headers");
    refused(client, &request, ERR_LIMIT, arena_printf(&arena, "%sthe answer has too many headers", start));
    request.url = url(&arena, "/missing");
    request.answer_ceiling = 13;
    assert_string_equal(must_send(client, &arena, &request).body, "no such thing");
    request.answer_ceiling = 12;
    refused(client, &request, ERR_LIMIT, start);
}

static void silence_ends_at_the_timeout(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct http_client *client CLEANUP(http_client_cleanup) = http_client_new();
    struct http_request request = {.method = "GET", .url = url(&arena, "/silent"), .timeout_ms = 200};
    refused(client, &request, ERR_UNAVAILABLE, arena_printf(&arena, "no answer from '127.0.0.1:%d': ", port));
    assert_true(http_client_reached(client));
}

static void interruption_ends_silence(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct http_client *client CLEANUP(http_client_cleanup) = http_client_new();
    struct stream stream = {.patience = 2};
    struct http_request request = {.method = "GET",
                                   .url = url(&arena, "/silent"),
                                   .timeout_ms = -1,
                                   .interrupted = loses_patience,
                                   .context = &stream};
    refused(client, &request, ERR_UNAVAILABLE, "interrupted");
    assert_int_equal(stream.asked, 3);
    stream = (struct stream){.patience = 50};
    request.url = url(&arena, "/endless");
    refused(client, &request, ERR_UNAVAILABLE, "interrupted");
}

struct sleeper {
    struct http_client *client;
    atomic_bool wanted;
};

static bool is_wanted(void *context) {
    return atomic_load(&((struct sleeper *)context)->wanted);
}

static void *wake(void *context) {
    struct sleeper *sleeper = context;
    atomic_store(&sleeper->wanted, true);
    http_client_wake(sleeper->client);
    return NULL;
}

/* Woken before it sleeps or after: either way it asks. */
static void a_sleeper_can_be_woken(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct http_client *client CLEANUP(http_client_cleanup) = http_client_new();
    struct sleeper sleeper = {.client = client};
    pthread_t thread;
    const struct http_request request = {.method = "GET",
                                         .url = url(&arena, "/silent"),
                                         .timeout_ms = 20000,
                                         .interrupted = is_wanted,
                                         .until_woken = true,
                                         .context = &sleeper};
    assert_int_equal(pthread_create(&thread, NULL, wake, &sleeper), 0);
    refused(client, &request, ERR_UNAVAILABLE, "interrupted");
    pthread_join(thread, NULL);
}

static void what_is_cut_off_is_no_answer(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct http_client *client CLEANUP(http_client_cleanup) = http_client_new();
    struct http_request request = {.method = "GET", .url = url(&arena, "/cut")};
    const char *start = arena_printf(&arena, "no answer from '127.0.0.1:%d': ", port);
    refused(client, &request, ERR_UNAVAILABLE, start);
    request.url = url(&arena, "/nonsense");
    refused(client, &request, ERR_UNAVAILABLE, start);
    request.url = url(&arena, "/hang-up");
    refused(client, &request, ERR_UNAVAILABLE, start);
    assert_true(http_client_reached(client)); /* it may have been done */
}

/* libcurl would send it again on a new connection by itself; the server would have done it twice. */
static void a_post_is_never_sent_twice_unasked(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct http_client *client CLEANUP(http_client_cleanup) = http_client_new();
    struct http_request get = {.method = "GET", .url = url(&arena, "/hang-up-second")};
    struct http_request post = {
        .method = "POST", .url = url(&arena, "/hang-up-second"), .body = "once", .body_size = 4};
    (void)must_send(client, &arena, &get);
    refused(client, &post, ERR_UNAVAILABLE, "no answer from ");
    (void)must_send(client, &arena, &get);
    post.url = url(&arena, "/count");
    post.body_size = 0;
    assert_string_equal(must_send(client, &arena, &post).body, "1"); /* nothing to rewind: a connection of its own */
    post.url = url(&arena, "/hang-up-second");
    assert_int_equal(must_send(client, &arena, &post).status, 200);
    (void)must_send(client, &arena, &get);
    get.method = "PUT";
    get.body = "again";
    get.body_size = 5;
    assert_true(str_ends_with(must_send(client, &arena, &get).body, "\r\n\r\nagain"));
}

static void nobody_there_is_said(void **state) {
    (void)state;
    struct http_client *client CLEANUP(http_client_cleanup) = http_client_new();
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int taken = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); /* bound, but nobody listens */
    assert_int_equal(bind(taken, (struct sockaddr *)&address, length), 0);
    assert_int_equal(getsockname(taken, (struct sockaddr *)&address, &length), 0);
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    int dead = ntohs(address.sin_port);
    struct http_request request = {.method = "GET",
                                   .url = arena_printf(&arena, "http://user:secret@127.0.0.1:%d/p?token=secret", dead)};
    refused(client, &request, ERR_UNAVAILABLE, arena_printf(&arena, "no answer from '127.0.0.1:%d': ", dead));
    assert_false(http_client_reached(client));
    request.unix_socket = "/no/such/socket";
    refused(client, &request, ERR_UNAVAILABLE, "no answer from '/no/such/socket': ");
    (void)close(taken);
}

static void wrong_requests_are_not_sent(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct http_client *client CLEANUP(http_client_cleanup) = http_client_new();
    struct http_request request = {.method = "GET", .url = "ftp://127.0.0.1/x"};
    refused(client, &request, ERR_INVALID, "the URL must begin with http:// or https://");
    request.url = "file:///etc/passwd";
    refused(client, &request, ERR_INVALID, "the URL must begin with http:// or https://");
    request.url = "http://127.0.0.1:99999/";
    refused(client, &request, ERR_INVALID, "the URL is wrong: ");
    request.url = "http://127.0.0.1/a b";
    refused(client, &request, ERR_INVALID, "the URL has a space, control or non-ASCII character; percent-encode it");
    request.url = url(&arena, "/echo");
    request.method = "GET /x";
    refused(client, &request, ERR_INVALID, "'GET /x' is no HTTP method");
    request.method = NULL;
    refused(client, &request, ERR_INVALID, "'' is no HTTP method");
    request.method = "GET";
    struct http_header header = {"X-A", "a\r\nX-B: b"};
    request.headers = &header;
    request.header_count = 1;
    refused(client, &request, ERR_INVALID, "the value of header 'X-A' holds a line break");
    header = (struct http_header){"X-A: b\r\nX", "a"};
    refused(client, &request, ERR_INVALID, "'X-A: b\r\nX' is no header name");
    char path[200];
    memset(path, 'x', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    request.header_count = 0;
    request.unix_socket = path;
    refused(client, &request, ERR_INVALID, "the path of socket 'xxx");
}

static void headers_are_sent_as_given(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct http_client *client CLEANUP(http_client_cleanup) = http_client_new();
    const struct http_header headers[] = {
        {"Host", "shop.example.com"}, {"X-Empty", ""},     {"X-Null", NULL},        {"Accept", "a/b"},
        {"Content-Length", "999"},    {"User-Agent", "u"}, {"Authorization", "A b"}};
    struct http_request request = {.method = "GET", .url = url(&arena, "/echo"), .headers = headers, .header_count = 7};
    assert_string_equal(must_send(client, &arena, &request).body,
                        "GET /echo HTTP/1.1\r\nHost: shop.example.com\r\nX-Empty:\r\nAccept: a/b\r\nUser-Agent: u\r\n"
                        "Authorization: A b\r\n\r\n");
}

static void the_proxy_is_used_only_when_asked_for(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct http_client *client CLEANUP(http_client_cleanup) = http_client_new();
    (void)setenv("http_proxy", url(&arena, ""), 1);
    (void)unsetenv("no_proxy");
    (void)unsetenv("NO_PROXY");
    struct http_request request = {.method = "GET", .url = "http://shop.example.com/echo", .use_proxy = true};
    assert_true(str_starts_with(must_send(client, &arena, &request).body, "GET http://shop.example.com/echo HTTP/1.1"));
    (void)setenv("http_proxy", "http://127.0.0.1:1", 1);
    request = (struct http_request){.method = "GET", .url = url(&arena, "/count")};
    assert_string_equal(must_send(client, &arena, &request).body, "1");
    (void)unsetenv("http_proxy");
}

static void an_answer_before_the_body_ends_counts(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct http_client *client CLEANUP(http_client_cleanup) = http_client_new();
    size_t size = 200000;
    char *body = arena_alloc(&arena, size);
    memset(body, 'x', size);
    struct http_request request = {.method = "PUT", .url = url(&arena, "/too-large"), .body = body, .body_size = size};
    assert_int_equal(must_send(client, &arena, &request).status, 413);
}

static void encoding_keeps_the_unreserved(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    assert_string_equal(http_encode(&arena, "aZ09-._~", false), "aZ09-._~");
    assert_string_equal(http_encode(&arena, "a b/c+d%\xc3\xa9\x01:", false), "a%20b%2Fc%2Bd%25%C3%A9%01%3A");
    assert_string_equal(http_encode(&arena, "a/b c", true), "a/b%20c");
    assert_string_equal(http_encode(&arena, "", true), "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_sent_as_written),
        cmocka_unit_test(methods_carry_bodies_or_their_absence),
        cmocka_unit_test(a_large_body_waits_for_nobody),
        cmocka_unit_test(head_has_no_body),
        cmocka_unit_test(every_status_is_an_answer),
        cmocka_unit_test(early_answers_are_passed_over),
        cmocka_unit_test(connections_are_kept),
        cmocka_unit_test(unix_sockets_answer),
        cmocka_unit_test(bodies_are_streamed_out),
        cmocka_unit_test(a_broken_body_breaks_the_request),
        cmocka_unit_test(answers_are_streamed_in),
        cmocka_unit_test(answers_are_capped),
        cmocka_unit_test(silence_ends_at_the_timeout),
        cmocka_unit_test(interruption_ends_silence),
        cmocka_unit_test(a_sleeper_can_be_woken),
        cmocka_unit_test(what_is_cut_off_is_no_answer),
        cmocka_unit_test(a_post_is_never_sent_twice_unasked),
        cmocka_unit_test(nobody_there_is_said),
        cmocka_unit_test(wrong_requests_are_not_sent),
        cmocka_unit_test(headers_are_sent_as_given),
        cmocka_unit_test(the_proxy_is_used_only_when_asked_for),
        cmocka_unit_test(an_answer_before_the_body_ends_counts),
        cmocka_unit_test(encoding_keeps_the_unreserved),
    };
    return cmocka_run_group_tests(tests, start_servers, stop_servers);
}
