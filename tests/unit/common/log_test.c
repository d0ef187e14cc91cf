/*
 * The log: one line an entry, whatever stands in its values.
 */
#include "common/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char written[20000];

/* What the entry puts on stderr, without its time. */
#define CAPTURE(entry)                                                                                                 \
    do {                                                                                                               \
        int ends[2];                                                                                                   \
        int saved = dup(STDERR_FILENO);                                                                                \
        assert_int_equal(pipe(ends), 0);                                                                               \
        (void)dup2(ends[1], STDERR_FILENO);                                                                            \
        entry;                                                                                                         \
        (void)dup2(saved, STDERR_FILENO);                                                                              \
        (void)close(saved);                                                                                            \
        (void)close(ends[1]);                                                                                          \
        read_all(ends[0]);                                                                                             \
    } while (0)

static void read_all(int descriptor) {
    size_t used = 0;
    ssize_t got;
    while ((got = read(descriptor, written + used, sizeof written - 1 - used)) > 0)
        used += (size_t)got;
    (void)close(descriptor);
    written[used] = '\0';
    char *level = strstr(written, "level");
    if (level)
        memmove(written, level, strlen(level) + 1);
}

static void an_entry_is_one_line(void **state) {
    (void)state;
    log_init("server", LOG_LEVEL_INFO);
    CAPTURE(LOG_INFO("listening", "address", "127.0.0.1", "port", "80", "absent", NULL, "empty", ""));
    assert_string_equal(written, "level=info component=server msg=listening address=127.0.0.1 port=80 empty=\"\"\n");
}

static void nobody_forges_a_line(void **state) {
    (void)state;
    log_init("server", LOG_LEVEL_INFO);
    CAPTURE(LOG_ERROR("a b", "ref", "x\nlevel=info msg=\"y\" \\ \x1b[31m\r"));
    assert_string_equal(written, "level=error component=server msg=\"a b\" "
                                 "ref=\"x\\nlevel=info msg=\\\"y\\\" \\\\ \\u001b[31m\\u000d\"\n");
}

static void levels_below_are_dropped(void **state) {
    (void)state;
    log_init("server", LOG_LEVEL_WARNING);
    CAPTURE(LOG_INFO("quiet"); LOG_DEBUG("quieter"));
    assert_string_equal(written, "");
    CAPTURE(LOG_WARNING("heard"));
    assert_string_equal(written, "level=warning component=server msg=heard\n");
}

static void json_is_one_object_a_line(void **state) {
    (void)state;
    (void)setenv("PENSTOCK_LOG_FORMAT", "json", 1);
    log_init("runner", LOG_LEVEL_INFO);
    CAPTURE(LOG_INFO("took \"it\"", "job", "a\nb"));
    assert_string_equal(written,
                        "level\":\"info\",\"component\":\"runner\",\"msg\":\"took \\\"it\\\"\",\"job\":\"a\\nb\"}\n");
    (void)unsetenv("PENSTOCK_LOG_FORMAT");
}

static void endless_values_are_cut_but_end_their_line(void **state) {
    (void)state;
    log_init("server", LOG_LEVEL_INFO);
    char value[15000];
    memset(value, 'x', sizeof value - 1);
    value[sizeof value - 1] = '\0';
    CAPTURE(LOG_INFO("long", "value", value));
    size_t length = strlen(written);
    assert_true(length > 8000 && length < 8400);
    assert_int_equal(written[length - 1], '\n');
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_entry_is_one_line),
        cmocka_unit_test(nobody_forges_a_line),
        cmocka_unit_test(levels_below_are_dropped),
        cmocka_unit_test(json_is_one_object_a_line),
        cmocka_unit_test(endless_values_are_cut_but_end_their_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
