/*
 * HTTP requests, against a small server in another process: one process for each connection, the path says what it
 * does.
 */
#include "common/http_client.h"

#include "common/str.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
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
    for (long left = length ? strtol(length + 17, NULL, 10) : 0; left > 0; left--) {
        char byte;
        if (!read_byte(fd, &byte))
            _exit(0);
        str_append_char(body, byte);
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
    send_text(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (;;)
        send_text(fd, "a\r\n0123456789\r\n");
}

static void serve_connection(int fd) {
    static int requests; /* of this process, and so of this connection */
    char head[8192];
    while (read_head(fd, head, sizeof head)) {
        struct str body CLEANUP(str_release) = STR_INIT(1 << 20);
        read_body(fd, head, &body);
        const char *path = strchr(head, ' ') + 1;
        requests++;
        if (str_starts_with(path, "/redirect"))
            send_answer(fd, "302 Found", "Location: /echo\r\n", "", 0);
        else if (str_starts_with(path, "/missing"))
            send_answer(fd, "404 Not Found", "", "no such thing", 13);
        else if (str_starts_with(path, "/endless"))
            send_endless(fd);
        else if (str_starts_with(path, "/silent"))
            pause();
        else if (str_starts_with(path, "/cut"))
            send_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"), _exit(0);
        else if (str_starts_with(path, "/hang-up-second") && requests > 1)
            _exit(0);
        else if (str_starts_with(path, "/count"))
            send_answer(fd, "200 OK", "", requests == 1 ? "1" : requests == 2 ? "2" : "3", 1);
        else if (str_starts_with(path, "/continue"))
            send_text(fd, "HTTP/1.1 103 Early Hints\r\nX-Early: yes\r\n\r\n"), send_answer(fd, "200 OK", "", "late", 4);
        else
            send_echo(fd, head, &body);
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_sent_as_written),
    };
    return cmocka_run_group_tests(tests, start_servers, stop_servers);
}
