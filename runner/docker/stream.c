/*
 * The opening request of an attached stream, and its answer's header, byte by byte so that no output is swallowed.
 */
#include "runner/docker/stream.h"

#include "common/str.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEADER_CEILING 8192
#define ANSWER_MS 60000

static bool send_all(int socket_fd, const char *text, size_t size) {
    while (size > 0) {
        ssize_t sent = send(socket_fd, text, size, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return false;
        text += sent;
        size -= (size_t)sent;
    }
    return true;
}

static bool read_header(int socket_fd, char header[HEADER_CEILING], struct err *err) {
    size_t length = 0;
    while (length + 1 < HEADER_CEILING) {
        struct pollfd wait = {.fd = socket_fd, .events = POLLIN};
        int ready = poll(&wait, 1, ANSWER_MS);
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready <= 0)
            break;
        ssize_t got = recv(socket_fd, header + length, 1, 0);
        if (got <= 0)
            break;
        header[++length] = '\0';
        if (str_ends_with(header + (length > 4 ? length - 4 : 0), "\r\n\r\n"))
            return true;
    }
    return err_set(err, ERR_UNAVAILABLE, "Docker did not answer when its container was to be attached to");
}

static bool open_stream(const struct engine *engine, const char *path, const char *body, int *out, struct err *err) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    int socket_fd;
    if (!engine_open_socket(engine, &socket_fd, err))
        return false;
    const char *request = arena_printf(&arena,
                                       "POST /%s%s HTTP/1.1\r\nHost: docker\r\nContent-Type: application/json\r\n"
                                       "Content-Length: %zu\r\n\r\n%s",
                                       engine->api, path, strlen(body), body);
    char header[HEADER_CEILING] = "";
    bool good = send_all(socket_fd, request, strlen(request)) ||
                err_set_errno(err, errno, "unable to write to Docker at '%s'", engine->url);
    good = good && read_header(socket_fd, header, err);
    /* 200, or 101 from an engine that insists on the upgrade; both are followed by the stream. */
    if (good && !str_starts_with(header, "HTTP/1.1 200") && !str_starts_with(header, "HTTP/1.1 101")) {
        header[strcspn(header, "\r")] = '\0';
        good = err_set(err, ERR_INTERNAL, "Docker would not attach to the container: %.100s", header);
    }
    if (!good) {
        (void)close(socket_fd);
        return false;
    }
    *out = socket_fd;
    return true;
}

bool stream_container(const struct engine *engine, const char *container_id, int *out, struct err *err) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const char *path = arena_printf(&arena, "/containers/%s/attach?stream=1&stdin=1&stdout=1&stderr=1", container_id);
    return open_stream(engine, path, "", out, err);
}

bool stream_exec(const struct engine *engine, const char *exec_id, int *out, struct err *err) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const char *path = arena_printf(&arena, "/exec/%s/start", exec_id);
    return open_stream(engine, path, "{\"Detach\":false,\"Tty\":false}", out, err);
}
