/*
 * penstock-fence: the one program in the runner's own containers. Static, so that its image is this file alone; the
 * runner carries it and imports it into the engine.
 *
 *   fence wall PREFIX   in the engine's machine's network: sets the rules (rules.h). Exit code 0, or an errno
 *   fence open PREFIX   takes them away
 *   fence hold          in a build's network: holds it open for the build's containers to join, and watches the wall:
 *                       says "walled" once it stands, "open" where it does not, and ends when it falls later
 */
#include "runner/fence/rules.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PROBE_PORT 1 /* tcpmux: nobody listens there, so a machine without a wall says "connection refused" */
#define PROBE_MS 500 /* a wall that drops says nothing at all */
#define WAIT_FOR_WALL_MS 50
#define WATCH_MS 2000

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

/* Whether the machine refuses to be talked to. A connection that is made or reset got through. */
static bool is_walled(in_addr_t gateway) {
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr.s_addr = gateway, .sin_port = htons(PROBE_PORT)};
    int error_number = 0;
    socklen_t size = sizeof error_number;
    int socket_fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (socket_fd < 0)
        return false;
    if (connect(socket_fd, (const struct sockaddr *)&address, sizeof address) != 0)
        error_number = errno;
    if (error_number == EINPROGRESS) {
        struct pollfd wait = {.fd = socket_fd, .events = POLLOUT};
        if (poll(&wait, 1, PROBE_MS) == 0)
            error_number = ETIMEDOUT;
        else
            (void)getsockopt(socket_fd, SOL_SOCKET, SO_ERROR, &error_number, &size);
    }
    (void)close(socket_fd);
    return error_number != 0 && error_number != ECONNREFUSED;
}

static void rest(long milliseconds) {
    const struct timespec time = {.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000};
    (void)nanosleep(&time, NULL);
}

static void end(int signal_number) {
    _exit(128 + signal_number);
}

static int hold(void) {
    in_addr_t gateway = find_gateway();
    (void)signal(SIGTERM, end); /* a process 1 has no default for it */
    if (!gateway)
        return ENETUNREACH;
    if (!is_walled(gateway))
        say("open\n");
    while (!is_walled(gateway))
        rest(WAIT_FOR_WALL_MS);
    say("walled\n");
    do
        rest(WATCH_MS);
    while (is_walled(gateway));
    return EPERM;
}

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "hold") == 0)
        return hold();
    if (argc == 3 && strcmp(argv[1], "wall") == 0)
        return rules_set(argv[2]);
    if (argc == 3 && strcmp(argv[1], "open") == 0)
        return rules_remove(argv[2]);
    return EINVAL;
}
