#include "tests/unit/server/http/raw_client.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

int raw_dial(int port) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

void raw_send(int fd, const char *bytes, size_t size) {
    while (size > 0) {
        ssize_t sent = send(fd, bytes, size, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        bytes += sent;
        size -= (size_t)sent;
    }
}

void raw_send_text(int fd, const char *text) {
    raw_send(fd, text, strlen(text));
}

char *raw_receive(int fd, const char *until) {
    static char buffer[1 << 20];
    size_t filled = 0;
    buffer[0] = '\0';
    while (filled < sizeof buffer - 1) {
        struct pollfd readable = {.fd = fd, .events = POLLIN};
        if (poll(&readable, 1, RAW_PATIENCE_MS) != 1)
            fail_msg("nothing came; so far: %s", buffer);
        ssize_t got = recv(fd, buffer + filled, sizeof buffer - 1 - filled, 0);
        if (got <= 0)
            break;
        filled += (size_t)got;
        buffer[filled] = '\0';
        if (until && strstr(buffer, until))
            break;
    }
    return buffer;
}

bool raw_is_closed(int fd, int ms) {
    char dropped[4096];
    struct pollfd readable = {.fd = fd, .events = POLLIN};
    while (poll(&readable, 1, ms) == 1) {
        if (recv(fd, dropped, sizeof dropped, 0) <= 0)
            return true;
    }
    return false;
}

int raw_status(const char *answer) {
    return strncmp(answer, "HTTP/1.1 ", 9) == 0 ? (int)strtol(answer + 9, NULL, 10) : 0;
}
