/*
 * Network, holder, and the holder's word that the wall stands.
 */
#include "runner/docker/sandbox_make.h"

#include "common/clock.h"
#include "common/hash.h"
#include "common/str.h"
#include "runner/docker/containers.h"
#include "runner/docker/demux.h"
#include "runner/docker/fence.h"
#include "runner/docker/networks.h"
#include "runner/docker/stream.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SUBNET_BITS 29 /* network, gateway, the build, broadcast: four would do, but not every engine takes /30 */
#define SUBNET_TRIES 64
#define NAME_LENGTH 5 /* fills an interface's name of 15 */
#define HOLDER_PIDS 8
#define HOLDER_MEMORY_BYTES (16 * 1024 * 1024)
#define ANSWER_MS (60 * 1000)
#define WORDS_CEILING 4096

static const char *const hold[] = {FENCE_PROGRAM, "hold", NULL};

static const char *subnet_text(struct arena *arena, uint32_t first_address, uint32_t number) {
    char text[INET_ADDRSTRLEN];
    const struct in_addr address = {.s_addr = htonl(first_address + (number << (32 - SUBNET_BITS)))};
    (void)inet_ntop(AF_INET, &address, text, sizeof text);
    return arena_printf(arena, "%s/%d", text, SUBNET_BITS);
}

/* Docker says where a subnet is taken; the next one is tried. */
static bool make_network(struct sandbox_maker *maker, struct sandbox *sandbox, struct err *err) {
    const struct sandboxes_settings *settings = &maker->settings;
    uint32_t count = 1U << (SUBNET_BITS - settings->prefix);
    char prefix[FENCE_PREFIX_SIZE];
    char name[NAME_LENGTH + 1];
    struct err own = {0};
    fence_prefix(settings->runner_id, prefix);
    for (uint32_t i = 0; i < SUBNET_TRIES && i < count; i++) {
        hash_random_text(name, NAME_LENGTH);
        const char *bridge = arena_printf(&sandbox->arena, "%s%s", prefix, name);
        const struct network_spec spec = {
            .name = arena_printf(&sandbox->arena, "penstock-build-%s", bridge + 3),
            .bridge = bridge,
            .subnet = subnet_text(&sandbox->arena, settings->first_address, maker->next_subnet++ % count),
            .runner_id = settings->runner_id,
        };
        own = (struct err){0};
        if (network_create(maker->docker, &sandbox->arena, &spec, &sandbox->network_id, &own))
            return true;
        if (own.kind != ERR_CONFLICT)
            return err_set(err, own.kind, "making a build's network: %s", own.message);
    }
    return err_set(err, ERR_LIMIT,
                   "no free addresses for a build's network; give the runner others with --build-subnets (%s)",
                   own.message);
}

static void take_words(void *context, enum stream_kind kind, const void *bytes, size_t size) {
    (void)kind;
    str_append_bytes(context, bytes, size);
}

/* More of what the holder says; false where it has ended or says nothing. */
static bool read_words(int socket_fd, struct demux *demux, int64_t until_ms) {
    char piece[512];
    int64_t left = until_ms - clock_boot_ms(&clock_system);
    struct pollfd wait = {.fd = socket_fd, .events = POLLIN};
    int ready = left > 0 ? poll(&wait, 1, (int)left) : 0;
    if (ready < 0 && errno == EINTR)
        return true;
    ssize_t got = ready > 0 ? recv(socket_fd, piece, sizeof piece, 0) : 0;
    return got > 0 && demux_feed(demux, piece, (size_t)got, NULL);
}

/* "walled", perhaps after "open": then somebody has taken our rules away, and they are set again. */
static bool await_wall(struct sandbox_maker *maker, struct arena *arena, int socket_fd, struct err *err) {
    struct str words CLEANUP(str_release) = STR_INIT(WORDS_CEILING);
    struct demux demux = {.take = take_words, .context = &words};
    int64_t until_ms = clock_boot_ms(&clock_system) + ANSWER_MS;
    while (!strstr(str_text(&words), "walled\n")) {
        if (strstr(str_text(&words), "open\n")) {
            str_clear(&words);
            if (!fence_wall(maker->docker, arena, maker->settings.runner_id, maker->settings.reach, err))
                return false;
        }
        if (!read_words(socket_fd, &demux, until_ms))
            return err_set(err, ERR_UNAVAILABLE,
                           "builds cannot be walled off: the network of a build could still reach the engine's machine "
                           "after its rules were set");
    }
    return true;
}

static bool start_holder(struct sandbox_maker *maker, struct sandbox *sandbox, const char *image, struct err *err) {
    const struct container_spec spec = {.kind = CONTAINER_FENCE,
                                        .image = image,
                                        .command = hold,
                                        .runner_id = maker->settings.runner_id,
                                        .network = sandbox->network_id,
                                        .memory_bytes = HOLDER_MEMORY_BYTES,
                                        .pids = HOLDER_PIDS};
    int socket_fd;
    if (!container_create(maker->docker, &sandbox->arena, &spec, &sandbox->holder_id, err) ||
        !stream_container(maker->settings.engine, sandbox->holder_id, &socket_fd, err))
        return false;
    bool good = container_start(maker->docker, &sandbox->arena, sandbox->holder_id, err) &&
                await_wall(maker, &sandbox->arena, socket_fd, err);
    (void)close(socket_fd);
    return good;
}

bool sandbox_make(struct sandbox_maker *maker, struct sandbox *sandbox, struct err *err) {
    const char *image = NULL;
    if (!maker->walled &&
        !fence_wall(maker->docker, &sandbox->arena, maker->settings.runner_id, maker->settings.reach, err))
        return false;
    maker->walled = true;
    if (!fence_image(maker->docker, &sandbox->arena, &image, err) || !make_network(maker, sandbox, err) ||
        !start_holder(maker, sandbox, image, err))
        return false;
    sandbox->network_mode = arena_printf(&sandbox->arena, "container:%s", sandbox->holder_id);
    return true;
}

bool sandbox_remove(struct sandbox_maker *maker, struct sandbox *sandbox, struct err *err) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    return (!sandbox->holder_id || container_remove(maker->docker, &arena, sandbox->holder_id, err)) &&
           (!sandbox->network_id || network_remove(maker->docker, &arena, sandbox->network_id, err));
}
