/*
 * Other programs: output, exit codes, time, interruption, and that nothing of ours leaks into them.
 */
#include "common/spawn.h"

#include "common/str.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#define SHELL(script)                                                                                                  \
    { .arguments = (const char *const[]){"sh", "-c", script, NULL}, .input = -1, .output = -1, .errors = -1 }

static struct spawn_result must_collect(struct arena *arena, const struct spawn *spawn, size_t ceiling) {
    struct spawn_result result = {0};
    struct err err = {0};
    if (!spawn_run_collect(spawn, arena, ceiling, &result, &err))
        fail_msg("%s", err.message);
    return result;
}

static struct spawn_result must_run(const struct spawn *spawn) {
    struct spawn_result result = {0};
    struct err err = {0};
    if (!spawn_run(spawn, &result, &err))
        fail_msg("%s", err.message);
    return result;
}

static char *read_all(struct arena *arena, int descriptor) {
    char *text = arena_alloc(arena, 10000);
    assert_true(lseek(descriptor, 0, SEEK_SET) == 0);
    assert_true(read(descriptor, text, 9999) >= 0);
    return text;
}

static void output_and_exit_code_come_back(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct spawn spawn = SHELL("echo out; echo err >&2; exit 7");
    struct spawn_result result = must_collect(&arena, &spawn, 1000);
    assert_int_equal(result.exit_code, 7);
    assert_string_equal(result.output, "out\nerr\n");
    assert_int_equal(result.output_size, 8);
    assert_false(result.output_cut || result.timed_out || result.interrupted);
}

static void a_signal_is_128_and_more(void **state) {
    (void)state;
    const struct spawn spawn = SHELL("kill -TERM $$");
    assert_int_equal(must_run(&spawn).exit_code, 128 + SIGTERM);
}

static void arguments_arrive_as_they_are(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct spawn spawn = {
        .arguments = (const char *const[]){"printf", "<%s>", "a b", "$HOME", "", "; exit 1", "\xff\n", NULL},
        .input = -1,
        .output = -1,
        .errors = -1,
    };
    assert_string_equal(must_collect(&arena, &spawn, 1000).output, "<a b><$HOME><><; exit 1><\xff\n>");
}

static void output_past_the_ceiling_is_read_and_dropped(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct spawn spawn = SHELL("head -c 1000000 /dev/zero | tr '\\0' x; exit 3");
    struct spawn_result result = must_collect(&arena, &spawn, 10);
    assert_true(result.output_cut);
    assert_string_equal(result.output, "xxxxxxxxxx");
    assert_int_equal(result.exit_code, 3);
    result = must_collect(&arena, &spawn, 1000000);
    assert_false(result.output_cut);
    assert_int_equal(result.output_size, 1000000);
}

static void time_kills_the_whole_group(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct spawn spawn = SHELL("trap '' TERM INT HUP; sleep 600 & echo $!; wait");
    spawn.timeout_ms = 300;
    struct spawn_result result = must_collect(&arena, &spawn, 1000);
    assert_true(result.timed_out);
    assert_false(result.interrupted);
    assert_int_equal(result.exit_code, 128 + SIGKILL);
    pid_t grandchild = (pid_t)strtol(result.output, NULL, 10);
    assert_true(grandchild > 0);
    /* Killed, and gone as soon as its new parent has seen it. */
    while (kill(grandchild, 0) == 0) {
        char path[64];
        (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)grandchild);
        char stat[256] = "";
        int file = open(path, O_RDONLY);
        if (file < 0 || read(file, stat, sizeof stat - 1) <= 0 || strstr(stat, ") Z ")) {
            (void)close(file);
            break;
        }
        (void)close(file);
    }
}

static bool after_three(void *context) {
    return ++*(int *)context > 3;
}

static void interruption_kills(void **state) {
    (void)state;
    int asked = 0;
    struct spawn spawn = SHELL("sleep 600");
    spawn.interrupted = after_three;
    spawn.context = &asked;
    struct spawn_result result = must_run(&spawn);
    assert_true(result.interrupted);
    assert_false(result.timed_out);
    assert_int_equal(result.exit_code, 128 + SIGKILL);
    assert_int_equal(asked, 4);
}

static void what_is_left_running_neither_lives_nor_holds_us(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct spawn spawn = SHELL("sleep 600 & echo done");
    struct spawn_result result = must_collect(&arena, &spawn, 1000);
    assert_int_equal(result.exit_code, 0);
    assert_string_equal(result.output, "done\n");
}

static void a_daemon_that_keeps_the_pipe_does_not_hold_us(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct spawn spawn =
        SHELL("setsid sleep 600 & until [ $(cut -d' ' -f6 /proc/$!/stat) -eq $! ]; do :; done; echo $!");
    struct spawn_result result = must_collect(&arena, &spawn, 1000);
    assert_int_equal(result.exit_code, 0);
    pid_t daemon_id = (pid_t)strtol(result.output, NULL, 10);
    assert_true(daemon_id > 0);
    assert_int_equal(kill(daemon_id, 0), 0); /* it left the group on purpose, as git's gc does */
    (void)kill(daemon_id, SIGKILL);
}

static void a_closed_output_is_not_the_end(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct spawn spawn = SHELL("echo x; exec >&- 2>&-; read line </dev/null; exit 5");
    struct spawn_result result = must_collect(&arena, &spawn, 1000);
    assert_int_equal(result.exit_code, 5);
    assert_string_equal(result.output, "x\n");
}

static bool counts(void *context) {
    ++*(int *)context;
    return false;
}

static void waiting_after_the_output_is_closed_is_idle(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    int asked = 0;
    struct spawn spawn = SHELL("exec >&- 2>&-; sleep 1");
    spawn.interrupted = counts;
    spawn.context = &asked;
    (void)must_collect(&arena, &spawn, 100);
    assert_in_range(asked, 1, 100); /* some five; in a loop that does not wait, thousands */
}

static void descriptors_go_where_they_are_named(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    int input = memfd_create("input", MFD_CLOEXEC);
    int output = memfd_create("output", MFD_CLOEXEC);
    int errors = memfd_create("errors", MFD_CLOEXEC);
    assert_int_equal(write(input, "given", 5), 5);
    assert_int_equal(lseek(input, 0, SEEK_SET), 0);
    struct spawn spawn = SHELL("cat; echo oops >&2");
    spawn.input = input;
    spawn.output = output;
    spawn.errors = errors;
    assert_int_equal(must_run(&spawn).exit_code, 0);
    assert_string_equal(read_all(&arena, output), "given");
    assert_string_equal(read_all(&arena, errors), "oops\n");
    assert_true(fcntl(input, F_GETFD) >= 0); /* all stay ours */

    spawn.errors = -1;
    assert_int_equal(lseek(input, 0, SEEK_SET) + ftruncate(output, 0) + lseek(output, 0, SEEK_SET), 0);
    assert_int_equal(must_run(&spawn).exit_code, 0);
    assert_string_equal(read_all(&arena, output), "givenoops\n");

    assert_int_equal(lseek(input, 0, SEEK_SET) + ftruncate(errors, 0) + lseek(errors, 0, SEEK_SET), 0);
    spawn.output = -1;
    spawn.errors = errors;
    assert_string_equal(must_collect(&arena, &spawn, 100).output, "given");
    assert_string_equal(read_all(&arena, errors), "oops\n");
    (void)close(input);
    (void)close(output);
    (void)close(errors);
}

/* 0, 1 and 2 given crosswise: each would overwrite one that is still needed if they were arranged one by one. */
static void descriptors_may_be_given_crosswise(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    int saved[3];
    int files[3];
    for (int i = 0; i < 3; i++) {
        saved[i] = fcntl(i, F_DUPFD_CLOEXEC, 10);
        files[i] = memfd_create("crosswise", MFD_CLOEXEC);
    }
    assert_int_equal(write(files[1], "one", 3), 3);
    assert_int_equal(lseek(files[1], 0, SEEK_SET), 0);
    for (int i = 0; i < 3; i++)
        (void)dup2(files[i], i);
    struct spawn spawn = SHELL("cat; echo two >&2");
    spawn.input = 1;
    spawn.output = 2;
    spawn.errors = 0;
    struct spawn_result result = {0};
    bool ran = spawn_run(&spawn, &result, NULL);
    for (int i = 0; i < 3; i++)
        (void)dup2(saved[i], i);
    assert_true(ran);
    assert_string_equal(read_all(&arena, files[2]), "one");
    assert_string_equal(read_all(&arena, files[0]), "two\n");
    for (int i = 0; i < 3; i++)
        (void)close(files[i]);
}

/* As in a daemon whose starter closed them: a copy must not land on 0, where the child's /dev/null goes. */
static void closed_descriptors_of_ours_do_no_harm(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    int saved = fcntl(0, F_DUPFD_CLOEXEC, 10);
    int output = memfd_create("output", MFD_CLOEXEC);
    (void)close(0);
    struct spawn spawn = SHELL("echo out; cat");
    spawn.output = output;
    struct spawn_result result = {0};
    bool ran = spawn_run(&spawn, &result, NULL);
    (void)dup2(saved, 0);
    (void)close(saved);
    assert_true(ran);
    assert_string_equal(read_all(&arena, output), "out\n");
    (void)close(output);
}

static void no_other_descriptor_is_inherited(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    int leaky = open("/dev/null", O_RDONLY); /* without O_CLOEXEC, as some library may open one */
    const struct spawn spawn = SHELL("for fd in /proc/self/fd/*; do n=${fd##*/}; [ -e $fd ] && printf '%s ' $n; done");
    const char *output = must_collect(&arena, &spawn, 1000).output;
    (void)close(leaky);
    assert_string_equal(output, "0 1 2 ");
}

static void nothing_given_is_dev_null(void **state) {
    (void)state;
    const struct spawn spawn = SHELL("for fd in 0 1 2; do [ $(readlink /proc/$$/fd/$fd) = /dev/null ] || exit 1; done");
    assert_int_equal(must_run(&spawn).exit_code, 0);
}

static void the_environment_is_what_is_given(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    (void)setenv("PENSTOCK_TEST_SECRET", "x", 1);
    struct spawn spawn = {.arguments = (const char *const[]){"env", NULL}, .input = -1, .output = -1, .errors = -1};
    const char *output = must_collect(&arena, &spawn, 10000).output;
    assert_null(strstr(output, "SECRET"));
    assert_non_null(strstr(output, "PATH="));
    for (const char *line = output; *line; line = strchr(line, '\n') + 1)
        assert_true(str_starts_with(line, "PATH=") || str_starts_with(line, "HOME=") || str_starts_with(line, "LANG="));
    spawn.environment = (const char *const[]){"ONLY=this", NULL};
    assert_string_equal(must_collect(&arena, &spawn, 10000).output, "ONLY=this\n");
    spawn.environment = (const char *const[]){NULL};
    assert_string_equal(must_collect(&arena, &spawn, 10000).output, "");
    (void)unsetenv("PENSTOCK_TEST_SECRET");
}

static void signals_are_at_their_defaults(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    sigset_t blocked;
    sigset_t before;
    (void)sigemptyset(&blocked);
    (void)sigaddset(&blocked, SIGTERM);
    (void)sigprocmask(SIG_BLOCK, &blocked, &before);
    void (*old)(int) = signal(SIGPIPE, SIG_IGN);
    const struct spawn spawn = {.arguments = (const char *const[]){"grep", "^Sig[BI]", "/proc/self/status", NULL},
                                .input = -1,
                                .output = -1,
                                .errors = -1};
    const char *output = must_collect(&arena, &spawn, 1000).output;
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    (void)signal(SIGPIPE, old);
    assert_true(str_starts_with(output, "SigBlk:\t0000000000000000\nSigIgn:\t"));
    /* glibc ignores its two internal signals, 32 and 33, in every child of posix_spawn. */
    unsigned long long ignored = strtoull(strrchr(output, '\t'), NULL, 16);
    assert_int_equal(ignored & 0x7fffffff, 0);
}

static void the_group_is_its_own(void **state) {
    (void)state;
    const struct spawn spawn = SHELL("[ $(cut -d' ' -f5 /proc/$$/stat) -eq $$ ]");
    assert_int_equal(must_run(&spawn).exit_code, 0);
}

static void the_directory_is_set(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct spawn spawn = SHELL("pwd");
    spawn.directory = "/usr/bin";
    assert_string_equal(must_collect(&arena, &spawn, 1000).output, "/usr/bin\n");
    spawn.directory = "/no/such/place";
    struct spawn_result result = {.exit_code = 42};
    struct err err = {0};
    assert_false(spawn_run(&spawn, &result, &err));
    assert_string_equal(err.message, "starting 'sh' in '/no/such/place': No such file or directory");
    assert_int_equal(result.exit_code, 42);
}

static void a_missing_program_is_said(void **state) {
    (void)state;
    struct spawn_result result = {0};
    struct err err = {0};
    struct spawn spawn = {
        .arguments = (const char *const[]){"no-such-program", NULL}, .input = -1, .output = -1, .errors = -1};
    assert_false(spawn_run(&spawn, &result, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    assert_string_equal(err.message, "starting 'no-such-program': No such file or directory");
    spawn.arguments = (const char *const[]){"/etc/passwd", NULL};
    assert_false(spawn_run(&spawn, &result, &err));
    assert_int_equal(err.kind, ERR_DENIED);
}

static void a_wrong_descriptor_is_said(void **state) {
    (void)state;
    struct spawn_result result = {0};
    struct err err = {0};
    struct spawn spawn = SHELL("true");
    spawn.output = 987;
    assert_false(spawn_run(&spawn, &result, &err));
    assert_string_equal(err.message, "copying descriptor 987: Bad file descriptor");
}

static int count_descriptors(void) {
    int count = 0;
    for (int i = 0; i < 256; i++)
        count += fcntl(i, F_GETFD) >= 0;
    return count;
}

static void nothing_is_left_open(void **state) {
    (void)state;
    int before = count_descriptors();
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct spawn spawn = SHELL("echo x");
    (void)must_collect(&arena, &spawn, 100);
    spawn.directory = "/no/such/place";
    struct spawn_result result;
    assert_false(spawn_run_collect(&spawn, &arena, 100, &result, NULL));
    assert_int_equal(count_descriptors(), before);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(output_and_exit_code_come_back),
        cmocka_unit_test(a_signal_is_128_and_more),
        cmocka_unit_test(arguments_arrive_as_they_are),
        cmocka_unit_test(output_past_the_ceiling_is_read_and_dropped),
        cmocka_unit_test(time_kills_the_whole_group),
        cmocka_unit_test(interruption_kills),
        cmocka_unit_test(what_is_left_running_neither_lives_nor_holds_us),
        cmocka_unit_test(a_daemon_that_keeps_the_pipe_does_not_hold_us),
        cmocka_unit_test(a_closed_output_is_not_the_end),
        cmocka_unit_test(waiting_after_the_output_is_closed_is_idle),
        cmocka_unit_test(descriptors_go_where_they_are_named),
        cmocka_unit_test(descriptors_may_be_given_crosswise),
        cmocka_unit_test(closed_descriptors_of_ours_do_no_harm),
        cmocka_unit_test(no_other_descriptor_is_inherited),
        cmocka_unit_test(nothing_given_is_dev_null),
        cmocka_unit_test(the_environment_is_what_is_given),
        cmocka_unit_test(signals_are_at_their_defaults),
        cmocka_unit_test(the_group_is_its_own),
        cmocka_unit_test(the_directory_is_set),
        cmocka_unit_test(a_missing_program_is_said),
        cmocka_unit_test(a_wrong_descriptor_is_said),
        cmocka_unit_test(nothing_is_left_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
