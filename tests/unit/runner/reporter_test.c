/*
 * What a reporter gives back: texts as long as they came, without the secrets in them.
 */
#include "runner/reporter.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define LONG_LENGTH 100000

struct world {
    struct heartbeat *heartbeat;
    struct reporter *reporter;
    int log;
};

static void begin(struct world *world) {
    world->log = open("/dev/null", O_WRONLY | O_CLOEXEC);
    assert_true(world->log >= 0);
    world->heartbeat = heartbeat_start_local();
    world->reporter = reporter_start_local(world->log, world->heartbeat);
}

static void end(struct world *world) {
    reporter_finish(world->reporter);
    heartbeat_end(world->heartbeat);
    (void)close(world->log);
}

/* The value of an exported variable: a cut one would be another value. */
static void a_long_text_stays_whole(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct world world;
    begin(&world);
    reporter_add_secret(world.reporter, "a-secret-word");
    char *text = arena_alloc(&arena, LONG_LENGTH + 1);
    memset(text, 'x', LONG_LENGTH);
    text[LONG_LENGTH] = '\0';
    assert_string_equal(reporter_masked(world.reporter, &arena, text), text);
    const char *told = arena_printf(&arena, "%sa-secret-word%s", text, text);
    assert_string_equal(reporter_masked(world.reporter, &arena, told), arena_printf(&arena, "%s***%s", text, text));
    end(&world);
}

static void short_texts(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct world world;
    begin(&world);
    reporter_add_secret(world.reporter, "wxyz");
    assert_string_equal(reporter_masked(world.reporter, &arena, "wxyzwxyz"), "******");
    assert_string_equal(reporter_masked(world.reporter, &arena, ""), "");
    end(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_long_text_stays_whole),
        cmocka_unit_test(short_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
