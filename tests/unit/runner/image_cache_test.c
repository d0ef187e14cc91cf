/*
 * What goes from an engine that holds too much of image builds, against an engine that knows five images and writes
 * down what it is to remove.
 */
#include "runner/actions/image_cache.h"

#include "common/arena.h"
#include "common/clock.h"
#include "common/str.h"
#include "runner/actions/image_docker.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#define MINUTE_MS (60 * 1000)
#define HOUR_MS (60 * MINUTE_MS)
#define EACH_BYTES 100

struct stand_in {
    struct sockaddr_un address;
    int listener;
    pthread_t thread;
    char folder[64];
    char removed[512]; /* names, each with a blank behind it */
    bool pruned;
};

static const struct image {
    const char *name;
    int64_t age_ms;
    int zone_hours; /* that the engine writes the time in */
} images[] = {
    {.name = "middle", .age_ms = 3 * HOUR_MS},
    {.name = "oldest", .age_ms = 5 * HOUR_MS, .zone_hours = 9},
    {.name = "young", .age_ms = 50 * MINUTE_MS, .zone_hours = -8},
    {.name = "kept", .age_ms = 9 * HOUR_MS},
    {.name = "old", .age_ms = 70 * MINUTE_MS, .zone_hours = 2},
};
#define IMAGE_COUNT (sizeof images / sizeof *images)

static const char *list_images(struct arena *arena) {
    const char *text = "";
    for (size_t i = 0; i < IMAGE_COUNT; i++)
        text = arena_printf(arena,
                            "%s%s{\"Id\":\"%s\",\"Size\":%d,\"SharedSize\":0,\"Labels\":{\"" IMAGE_LABEL
                            "\":\"1\"},\"RepoTags\":[\"" IMAGE_NAME ":%s\"]}",
                            text, i ? "," : "", images[i].name, EACH_BYTES, images[i].name);
    return arena_printf(arena, "{\"Images\":[%s,{\"Id\":\"other\",\"Size\":%d,\"RepoTags\":[\"other:1\"]}]}", text,
                        EACH_BYTES);
}

static const char *describe_image(struct arena *arena, const struct image *image) {
    char time[CLOCK_TEXT_SIZE];
    clock_format_rfc3339(clock_wall_ms(&clock_system) - image->age_ms + image->zone_hours * (int64_t)HOUR_MS, time);
    return arena_printf(arena, "{\"Metadata\":{\"LastTagTime\":\"%.19s.123456789%+03d:00\"}}", time, image->zone_hours);
}

static const char *answer_to(struct stand_in *engine, struct arena *arena, const char *request) {
    static const char name[] = "/images/" IMAGE_NAME "%3A";
    if (strstr(request, "/build/prune?")) {
        engine->pruned = true;
        return "{}";
    }
    if (str_starts_with(request, "GET") && strstr(request, "/system/df"))
        return list_images(arena);
    for (size_t i = 0; i < IMAGE_COUNT; i++) {
        if (str_starts_with(request, "GET") && strstr(request, arena_printf(arena, "/images/%s/json", images[i].name)))
            return describe_image(arena, &images[i]);
    }
    if (str_starts_with(request, "DELETE") && strstr(request, name)) {
        const char *tag = strstr(request, name) + strlen(name);
        (void)snprintf(engine->removed + strlen(engine->removed), sizeof engine->removed - strlen(engine->removed),
                       "%.*s ", (int)strcspn(tag, "? "), tag);
        return "[]";
    }
    (void)snprintf(engine->removed, sizeof engine->removed, "asked for %.60s", request);
    return "{}";
}

static void serve_one(struct stand_in *engine, int connection) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    char request[4096] = "";
    size_t size = 0;
    while (!strstr(request, "\r\n\r\n") && size + 1 < sizeof request) {
        ssize_t got = read(connection, request + size, sizeof request - size - 1);
        if (got <= 0)
            return;
        size += (size_t)got;
        request[size] = '\0';
    }
    const char *body = answer_to(engine, &arena, request);
    const char *text = arena_printf(
        &arena,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s",
        strlen(body), body);
    (void)!write(connection, text, strlen(text));
}

static void *serve(void *context) {
    struct stand_in *engine = context;
    for (;;) {
        int connection = accept(engine->listener, NULL, NULL);
        if (connection < 0)
            return NULL;
        serve_one(engine, connection);
        (void)close(connection);
    }
}

static void engine_open(struct stand_in *engine) {
    *engine = (struct stand_in){.address = {.sun_family = AF_UNIX}, .folder = "/tmp/penstock-cache-XXXXXX"};
    assert_non_null(mkdtemp(engine->folder));
    (void)snprintf(engine->address.sun_path, sizeof engine->address.sun_path, "%s/socket", engine->folder);
    engine->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(engine->listener, (struct sockaddr *)&engine->address, sizeof engine->address), 0);
    assert_int_equal(listen(engine->listener, 16), 0);
    assert_int_equal(pthread_create(&engine->thread, NULL, serve, engine), 0);
}

static void engine_close(struct stand_in *engine) {
    (void)shutdown(engine->listener, SHUT_RDWR);
    pthread_join(engine->thread, NULL);
    (void)close(engine->listener);
    (void)unlink(engine->address.sun_path);
    (void)rmdir(engine->folder);
}

static void check_prune(int64_t ceiling, const char *removed) {
    struct stand_in stand_in;
    struct err err = {0};
    engine_open(&stand_in);
    const struct engine engine = {.url = "unix", .socket_path = stand_in.address.sun_path, .api = "v1.41"};
    struct docker *docker = docker_open(&engine);
    bool good = image_cache_prune(docker, ceiling, IMAGE_NAME ":kept", &err);
    docker_close(docker);
    engine_close(&stand_in);
    if (!good)
        fail_msg("%s", err.message);
    assert_string_equal(stand_in.removed, removed);
    assert_true(stand_in.pruned);
}

static void the_oldest_go_until_the_rest_is_small_enough(void **state) {
    (void)state;
    check_prune(EACH_BYTES * IMAGE_COUNT, "");
    check_prune(EACH_BYTES * IMAGE_COUNT - 1, "oldest ");
    check_prune(EACH_BYTES * 3, "oldest middle ");
}

/* Another job of this engine may be about to push it. */
static void what_is_young_stays(void **state) {
    (void)state;
    check_prune(1, "oldest middle old ");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_oldest_go_until_the_rest_is_small_enough),
        cmocka_unit_test(what_is_young_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
