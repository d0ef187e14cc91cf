/*
 * Docker's frames, split at every place.
 */
#include "runner/docker/demux.h"

#include "common/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char frames[] = "\1\0\0\0\0\0\0\5hello\2\0\0\0\0\0\0\3err\1\0\0\0\0\0\0\0\1\0\0\0\0\0\0\6 world";

struct taken {
    struct str output;
    struct str errors;
};

static void take(void *context, enum stream_kind kind, const void *bytes, size_t size) {
    struct taken *taken = context;
    str_append_bytes(kind == STREAM_ERRORS ? &taken->errors : &taken->output, bytes, size);
}

static void every_split_gives_the_same(void **state) {
    (void)state;
    for (size_t first = 0; first < sizeof frames; first++) {
        for (size_t second = first; second < sizeof frames; second++) {
            struct taken taken = {.output = STR_INIT(100), .errors = STR_INIT(100)};
            struct demux demux = {.take = take, .context = &taken};
            struct err err;
            assert_true(demux_feed(&demux, frames, first, &err));
            assert_true(demux_feed(&demux, frames + first, second - first, &err));
            assert_true(demux_feed(&demux, frames + second, sizeof frames - 1 - second, &err));
            assert_string_equal(str_text(&taken.output), "hello world");
            assert_string_equal(str_text(&taken.errors), "err");
            str_release(&taken.output);
            str_release(&taken.errors);
        }
    }
}

static void what_is_no_frame_is_refused(void **state) {
    (void)state;
    struct taken taken = {.output = STR_INIT(100), .errors = STR_INIT(100)};
    struct demux demux = {.take = take, .context = &taken};
    struct err err = {0};
    assert_false(demux_feed(&demux, "HTTP/1.1 500", 12, &err));
    assert_int_equal(err.kind, ERR_INVALID);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_split_gives_the_same),
        cmocka_unit_test(what_is_no_frame_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
