/* The log store: appends in any pieces and twice, crashes between its two files, ceilings, reading. */
#include "server/logs/logs.h"

#include "common/str.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

static int64_t now_ms = 1000000;
static int64_t read_now(void *context) {
    (void)context;
    return now_ms;
}
static const struct clock hand_clock = {read_now, read_now, NULL};

static char directory[64];
static struct logs *logs;
static struct arena arena = ARENA_INIT;
static struct err err;

static int setup(void **state) {
    (void)state;
    memcpy(directory, "/tmp/penstock-logs-XXXXXX", sizeof "/tmp/penstock-logs-XXXXXX");
    assert_non_null(mkdtemp(directory));
    assert_true(logs_open(directory, &hand_clock, &logs, &err));
    return 0;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *ftw) {
    (void)status, (void)kind, (void)ftw;
    return remove(path);
}

static int teardown(void **state) {
    (void)state;
    arena_release(&arena);
    logs_close(logs);
    return nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static int64_t add(const char *id, int64_t offset, const char *text) {
    int64_t size = -1;
    if (!logs_append(logs, id, &(struct log_piece){offset, text, strlen(text)}, &size, &err))
        fail_msg("%s", err.message);
    return size;
}

/* All lines as "0:first|1:second". */
static const char *lines_of(const char *id, int64_t from, size_t count) {
    const struct log_line *lines;
    size_t found;
    struct log_info info;
    if (!logs_read(logs, &arena, id, from, count, &lines, &found, &info, &err))
        fail_msg("%s", err.message);
    struct str text = STR_INIT(1 << 20);
    for (size_t i = 0; i < found; i++)
        str_printf(&text, "%s%lld:%s", i ? "|" : "", (long long)lines[i].number, lines[i].text);
    char *copy = arena_strdup(&arena, str_text(&text));
    str_release(&text);
    return copy;
}

static void append_test(void **state) {
    (void)state;
    assert_int_equal(add("log-1", 0, "one\ntw"), 6);
    assert_string_equal(lines_of("log-1", 0, 10), "0:one");
    assert_int_equal(add("log-1", 6, "o\nthree"), 13);
    assert_string_equal(lines_of("log-1", 0, 10), "0:one|1:two");
    assert_string_equal(lines_of("log-1", 1, 10), "1:two");
    assert_string_equal(lines_of("log-1", 2, 10), "");
    assert_true(logs_finish(logs, "log-1", &err));
    assert_string_equal(lines_of("log-1", 0, 10), "0:one|1:two|2:three");
    struct log_info info;
    assert_true(logs_info(logs, "log-1", &info, &err));
    assert_int_equal(info.lines, 3);
    assert_int_equal(info.bytes, 13);
    assert_true(info.closed);
    assert_true(logs_finish(logs, "log-1", &err));
    int64_t size;
    assert_false(logs_append(logs, "log-1", &(struct log_piece){13, "x", 1}, &size, &err));
    assert_string_equal(err.code, "LogClosedException");
}

static void repeated_test(void **state) {
    (void)state;
    assert_int_equal(add("log-2", 0, "one\ntwo\n"), 8);
    assert_int_equal(add("log-2", 0, "one\ntwo\n"), 8); /* the answer was lost */
    assert_int_equal(add("log-2", 4, "two\n"), 8);
    assert_int_equal(add("log-2", 4, "two\nthree\n"), 14); /* half of it is there */
    assert_string_equal(lines_of("log-2", 0, 10), "0:one|1:two|2:three");
    int64_t size = 0;
    assert_false(logs_append(logs, "log-2", &(struct log_piece){15, "x", 1}, &size, &err));
    assert_string_equal(err.code, "LogGapException");
    assert_int_equal(err.kind, ERR_CONFLICT);
    assert_int_equal(size, 14);
    assert_int_equal(add("log-2", 14, ""), 14); /* asking where it ends */
}

static void unknown_test(void **state) {
    (void)state;
    struct log_info info;
    int64_t size;
    int fd;
    assert_true(logs_info(logs, "nobody", &info, &err));
    assert_int_equal(info.lines, 0);
    assert_string_equal(lines_of("nobody", 0, 10), "");
    assert_false(logs_raw(logs, "nobody", &fd, &size, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    static const char *const bad[] = {"", "a", "../x", "a/b", "..", "a b", "a.log", "\xc3\xa4\xc3\xa4"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(logs_info(logs, bad[i], &info, &err));
        assert_false(logs_append(logs, bad[i], &(struct log_piece){0, "x", 1}, &size, &err));
    }
}

static void times_and_colours_test(void **state) {
    (void)state;
    now_ms = 5000;
    add("log-3", 0, "\033[31mred\n");
    now_ms = 5250;
    add("log-3", 9, "still red\033[0m\n");
    now_ms = 4000; /* the wall clock was set back */
    add("log-3", 23, "plain\n");
    const struct log_line *lines;
    size_t count;
    struct log_info info;
    assert_true(logs_read(logs, &arena, "log-3", 0, 10, &lines, &count, &info, &err));
    assert_int_equal(count, 3);
    assert_int_equal(lines[0].ms, 0);
    assert_int_equal(lines[1].ms, 250);
    assert_int_equal(lines[2].ms, 250);
    assert_string_equal(lines[0].text, "\033[31mred");
    assert_string_equal(lines[1].text, "\033[0;38;5;1mstill red\033[0m");
    assert_string_equal(lines[2].text, "plain");
    assert_string_equal(lines_of("log-3", 1, 1), "1:\033[0;38;5;1mstill red\033[0m");
}

static void long_line_test(void **state) {
    (void)state;
    size_t size = 3 * LOG_LINE_MAX;
    char *text = arena_alloc(&arena, size + 1);
    for (size_t i = 0; i + 1 < size; i += 2)
        memcpy(text + i, "\xc3\xa4", 2); /* 64 KiB is even: shift by one, so that a cut would fall inside */
    memmove(text + 1, text, size - 1);
    text[0] = 'x';
    text[size - 1] = '\n';
    int64_t at = 0;
    for (size_t done = 0; done < size; done += 1000) {
        size_t piece = size - done < 1000 ? size - done : 1000;
        assert_true(logs_append(logs, "log-4", &(struct log_piece){at, text + done, piece}, &at, &err));
    }
    const struct log_line *lines;
    size_t count;
    struct log_info info;
    assert_true(logs_read(logs, &arena, "log-4", 0, 10, &lines, &count, &info, &err));
    assert_int_equal(count, 4);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(strlen(lines[i].text), i == 0 ? LOG_LINE_MAX - 1 : LOG_LINE_MAX);
        assert_null(strstr(lines[i].text, "\xef\xbf\xbd"));
    }
}

static char *file_of(const char *id, const char *ending) {
    return arena_printf(&arena, "%s/%.2s/%s%s", directory, id, id, ending);
}

/* A crash between the two files: bytes without records, records without bytes, half a record, no head. */
static void crash_test(void **state) {
    (void)state;
    struct stat status;
    add("log-5", 0, "one\ntwo\nthree\n");
    assert_int_equal(truncate(file_of("log-5", ".idx"), 16 + 16 + 5), 0);
    assert_string_equal(lines_of("log-5", 0, 10), "0:one");
    assert_int_equal(add("log-5", 14, "four\n"), 19);
    assert_string_equal(lines_of("log-5", 0, 10), "0:one|1:two|2:three|3:four");

    assert_int_equal(truncate(file_of("log-5", ".log"), 6), 0);
    assert_string_equal(lines_of("log-5", 0, 10), "0:one");
    assert_int_equal(add("log-5", 6, "o again\n"), 14);
    assert_string_equal(lines_of("log-5", 0, 10), "0:one|1:two again");

    assert_int_equal(truncate(file_of("log-5", ".idx"), 3), 0);
    assert_int_equal(add("log-5", 14, "five\n"), 19);
    assert_string_equal(lines_of("log-5", 0, 10), "0:one|1:two again|2:five");
    assert_int_equal(unlink(file_of("log-5", ".idx")), 0);
    assert_true(logs_finish(logs, "log-5", &err));
    assert_string_equal(lines_of("log-5", 0, 10), "0:one|1:two again|2:five");
    assert_int_equal(stat(file_of("log-5", ".idx"), &status), 0);
    assert_int_equal(status.st_size, 16 + 3 * 16);
}

static void *settle(void *context) {
    static struct log_info info;
    struct err own;
    (void)context;
    return logs_settle(logs, "log-8", &info, &own) ? &info : NULL;
}

static pthread_t settler;

/* Asked with the log in hand: whoever wants to know where it ends waits for this append. */
static bool may_write(void *context, struct err *own) {
    if (context)
        return err_set_code(own, ERR_CONFLICT, "StaleTokenException", "another has it");
    assert_int_equal(pthread_create(&settler, NULL, settle, NULL), 0);
    for (int i = 0; i < 1000; i++, sched_yield())
        assert_int_equal(pthread_tryjoin_np(settler, NULL), EBUSY);
    return true;
}

static void holder_test(void **state) {
    (void)state;
    int64_t size = 0;
    void *info;
    struct log_piece piece = {0, "one\n", 4, may_write, NULL};
    assert_true(logs_append(logs, "log-8", &piece, &size, &err));
    pthread_join(settler, &info);
    assert_int_equal(((struct log_info *)info)->bytes, 4);
    piece = (struct log_piece){4, "two\n", 4, may_write, &piece};
    assert_false(logs_append(logs, "log-8", &piece, &size, &err));
    assert_string_equal(err.code, "StaleTokenException");
    assert_string_equal(lines_of("log-8", 0, 10), "0:one");
}

static void ceiling_test(void **state) {
    (void)state;
    enum { PIECE = 8 << 20 };
    const int64_t limit = 27 << 20;
    logs_set_limit(logs, limit);
    char *piece = calloc(1, PIECE);
    memset(piece, 'x', PIECE);
    for (size_t i = 99; i < PIECE; i += 65536)
        piece[i] = '\n';
    int64_t at = 0;
    while (at <= limit + 2 * PIECE) {
        bool full;
        assert_true(logs_append(logs, "log-7", &(struct log_piece){at, piece, PIECE, .full = &full}, &at, &err));
        assert_int_equal(full, at > limit);
    }
    free(piece);
    logs_set_limit(logs, LOG_BYTES_DEFAULT);
    struct log_info info;
    assert_true(logs_info(logs, "log-7", &info, &err));
    assert_true(info.bytes > limit && info.bytes < limit + 200);
    assert_non_null(strstr(lines_of("log-7", info.lines - 1, 1), "larger than 27 MiB; what follows was not kept"));
    assert_true(logs_finish(logs, "log-7", &err));
}

/* The index must not grow without bounds either: a log of nothing but line feeds ends sooner. */
static void lines_ceiling_test(void **state) {
    (void)state;
    enum { PIECE = 1 << 20 };
    char *feeds = malloc(PIECE);
    memset(feeds, '\n', PIECE);
    logs_set_limit(logs, 8 << 20);
    int64_t at = 0;
    bool full = false;
    for (int i = 0; i < 8 && !full; i++)
        assert_true(logs_append(logs, "log-7b", &(struct log_piece){at, feeds, PIECE, .full = &full}, &at, &err));
    free(feeds);
    logs_set_limit(logs, LOG_BYTES_DEFAULT);
    struct log_info info;
    assert_true(full && logs_info(logs, "log-7b", &info, &err));
    assert_true(info.lines < 2 * (8 << 20) / LOG_LINE_LEAST + PIECE);
    assert_non_null(strstr(lines_of("log-7b", info.lines - 1, 1), "what follows was not kept"));
    /* It is full for good, whatever the limit is later. */
    assert_true(logs_append(logs, "log-7b", &(struct log_piece){at, "more\n", 5, .full = &full}, &at, &err));
    assert_true(full);
    assert_non_null(strstr(lines_of("log-7b", info.lines - 1, 1), "what follows was not kept"));
}

static void *writer(void *context) {
    const char *id = context;
    struct err own;
    int64_t at = 0;
    for (int i = 0; i < 300; i++) {
        char line[32];
        int size = snprintf(line, sizeof line, "line %d\n", i);
        if (!logs_append(logs, id, &(struct log_piece){at, line, (size_t)size}, &at, &own))
            return (void *)1;
    }
    return NULL;
}

static void concurrent_test(void **state) {
    (void)state;
    pthread_t threads[4];
    static char ids[4][8] = {"par-0", "par-1", "par-2", "par-3"};
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, writer, ids[i]);
    for (int i = 0; i < 200; i++) {
        struct log_info info;
        const struct log_line *lines;
        size_t count;
        struct arena own = ARENA_INIT;
        assert_true(logs_read(logs, &own, ids[i % 4], 0, 1000, &lines, &count, &info, &err));
        for (size_t line = 0; line < count; line++)
            assert_string_equal(lines[line].text, arena_printf(&own, "line %zu", line));
        arena_release(&own);
    }
    for (int i = 0; i < 4; i++) {
        void *result;
        pthread_join(threads[i], &result);
        assert_null(result);
        struct log_info info;
        assert_true(logs_info(logs, ids[i], &info, &err));
        assert_int_equal(info.lines, 300);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(append_test, setup, teardown),
        cmocka_unit_test_setup_teardown(repeated_test, setup, teardown),
        cmocka_unit_test_setup_teardown(unknown_test, setup, teardown),
        cmocka_unit_test_setup_teardown(times_and_colours_test, setup, teardown),
        cmocka_unit_test_setup_teardown(long_line_test, setup, teardown),
        cmocka_unit_test_setup_teardown(crash_test, setup, teardown),
        cmocka_unit_test_setup_teardown(holder_test, setup, teardown),
        cmocka_unit_test_setup_teardown(ceiling_test, setup, teardown),
        cmocka_unit_test_setup_teardown(lines_ceiling_test, setup, teardown),
        cmocka_unit_test_setup_teardown(concurrent_test, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
