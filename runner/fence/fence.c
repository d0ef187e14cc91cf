/*
 * penstock-fence: the one program in the runner's own containers. Static, so that its image is this file alone; the
 * runner carries it and imports it into the engine.
 *
 *   fence wall PREFIX [ADDRESS:PORT...]
 *                       in the engine's machine's network: sets the rules (rules.h). Exit code 0, or an errno
 *   fence open PREFIX   takes them away
 *   fence hold          in a build's network: holds it open for the build's containers to join, and watches the wall:
 *                       says "walled" once it stands, "open" where it does not, and ends when it falls later
 *   fence ping SOCKET   waits until a Docker engine answers there. Exit code 0, or an errno
 */
#include "runner/fence/rules.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define PROBE_PORT 1 /* nobody listens there, least of all for datagrams */
#define PROBE_MS 500 /* a wall that drops says nothing at all */
#define SILENT_ENOUGH 3
#define BETWEEN_PROBES_MS 1100 /* the kernel answers one sender once a second */
#define LOOK_AGAIN_MS 50
#define WATCH_MS 2000
#define PING_MS 30000

static void say(const char *line) {
    (void)!write(STDOUT_FILENO, line, strlen(line));
}

/* The default route's gateway, in network order, from the kernel's table; 0 where there is none. */
static in_addr_t find_gateway(void) {
    char line[256];
    unsigned destination;
    unsigned gateway;
    in_addr_t found = 0;
    FILE *file = fopen("/proc/net/route", "re");
    while (file && !found && fgets(line, sizeof line, file))
        if (sscanf(line, "%*s %x %x", &destination, &gateway) == 2 && destination == 0)
            found = gateway;
    if (file)
        (void)fclose(file);
    return found;
}

enum answer { ANSWER_WALL, ANSWER_OPEN, ANSWER_NONE };

/* Whether the machine can be talked to. A datagram to a port without a listener is answered by "connection refused"
 * where it gets through, by "no route to host" at the wall, and not at all where the wall only drops, or where the
 * kernel has just said the same to somebody: it counts such answers. */
static enum answer ask(in_addr_t gateway) {
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr.s_addr = gateway, .sin_port = htons(PROBE_PORT)};
    int error_number = 0;
    socklen_t size = sizeof error_number;
    int socket_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (socket_fd < 0)
        return ANSWER_OPEN;
    if (connect(socket_fd, (const struct sockaddr *)&address, sizeof address) != 0 || send(socket_fd, "", 1, 0) < 0)
        error_number = errno;
    struct pollfd wait = {.fd = socket_fd, .events = POLLIN};
    bool answered = error_number != 0 || poll(&wait, 1, PROBE_MS) > 0;
    if (answered && error_number == 0)
        (void)getsockopt(socket_fd, SOL_SOCKET, SO_ERROR, &error_number, &size);
    (void)close(socket_fd);
    if (!answered)
        return ANSWER_NONE;
    return error_number == 0 || error_number == ECONNREFUSED ? ANSWER_OPEN : ANSWER_WALL;
}

static void rest(long milliseconds) {
    const struct timespec time = {.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000};
    (void)nanosleep(&time, NULL);
}

static void end(int signal_number) {
    _exit(128 + signal_number);
}

/* Silence is the wall's only when it lasts. */
static void await_wall(in_addr_t gateway) {
    bool said = false;
    for (int silent = 0; silent < SILENT_ENOUGH;) {
        enum answer answer = ask(gateway);
        if (answer == ANSWER_WALL)
            return;
        silent = answer == ANSWER_NONE ? silent + 1 : 0;
        if (answer == ANSWER_OPEN && !said)
            say("open\n");
        said = said || answer == ANSWER_OPEN;
        rest(BETWEEN_PROBES_MS);
    }
}

static int hold(void) {
    in_addr_t gateway = find_gateway();
    (void)signal(SIGTERM, end); /* a process 1 has no default for it */
    if (!gateway)
        return ENETUNREACH;
    await_wall(gateway);
    say("walled\n");
    do
        rest(WATCH_MS);
    while (ask(gateway) != ANSWER_OPEN);
    return EPERM;
}

/* ADDRESS:PORT for each exception. */
static int wall(const char *prefix, char **texts, int count) {
    struct exception exceptions[EXCEPTIONS_MAX];
    if (count > EXCEPTIONS_MAX)
        return E2BIG;
    for (int i = 0; i < count; i++) {
        struct in_addr address;
        char *colon = strchr(texts[i], ':');
        if (!colon)
            return EINVAL;
        *colon = '\0';
        if (inet_pton(AF_INET, texts[i], &address) != 1)
            return EINVAL;
        exceptions[i] =
            (struct exception){.address = address.s_addr, .port = htons((uint16_t)strtoul(colon + 1, NULL, 10))};
    }
    return rules_set(prefix, exceptions, count);
}

/* 0 when it said "200". */
static int ping(const char *path) {
    static const char question[] = "GET /_ping HTTP/1.0\r\n\r\n";
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char answer[16] = "";
    if (strlen(path) >= sizeof address.sun_path)
        return ENAMETOOLONG;
    memcpy(address.sun_path, path, strlen(path) + 1);
    int socket_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (socket_fd < 0)
        return errno;
    int error_number = 0;
    struct pollfd wait = {.fd = socket_fd, .events = POLLIN};
    if (connect(socket_fd, (const struct sockaddr *)&address, sizeof address) != 0 ||
        write(socket_fd, question, sizeof question - 1) < 0)
        error_number = errno;
    else if (poll(&wait, 1, PING_MS) <= 0 || read(socket_fd, answer, sizeof answer - 1) <= 0 || !strstr(answer, " 200"))
        error_number = EPROTO;
    (void)close(socket_fd);
    return error_number;
}

static int await_engine(const char *path) {
    int error_number = ping(path);
    for (int waited_ms = 0; error_number != 0 && waited_ms < PING_MS; waited_ms += LOOK_AGAIN_MS) {
        rest(LOOK_AGAIN_MS);
        error_number = ping(path);
    }
    return error_number;
}

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "hold") == 0)
        return hold();
    if (argc >= 3 && strcmp(argv[1], "wall") == 0)
        return wall(argv[2], argv + 3, argc - 3);
    if (argc == 3 && strcmp(argv[1], "open") == 0)
        return rules_remove(argv[2]);
    if (argc == 3 && strcmp(argv[1], "ping") == 0)
        return await_engine(argv[2]);
    return EINVAL;
}
