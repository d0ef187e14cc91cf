/*
 * CodeBuild's phase table.
 */
#include "runner/buildspec/phases.h"

#include "common/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct {
    enum build_phase phase;
    bool failed;
    enum on_failure on_failure;
    enum next_step next;
} rows[] = {
    {PHASE_INSTALL, false, ON_FAILURE_UNSET, NEXT_PHASE},
    {PHASE_INSTALL, true, ON_FAILURE_UNSET, NEXT_FINALIZING},
    {PHASE_INSTALL, true, ON_FAILURE_CONTINUE, NEXT_PHASE},
    {PHASE_PRE_BUILD, true, ON_FAILURE_UNSET, NEXT_FINALIZING},
    {PHASE_PRE_BUILD, true, ON_FAILURE_ABORT, NEXT_FINALIZING},
    {PHASE_BUILD, false, ON_FAILURE_ABORT, NEXT_PHASE},
    {PHASE_BUILD, true, ON_FAILURE_UNSET, NEXT_PHASE}, /* POST_BUILD runs whenever BUILD was entered */
    {PHASE_BUILD, true, ON_FAILURE_ABORT, NEXT_FINALIZING},
    {PHASE_BUILD, true, ON_FAILURE_CONTINUE, NEXT_PHASE},
    {PHASE_POST_BUILD, false, ON_FAILURE_UNSET, NEXT_UPLOAD},
    {PHASE_POST_BUILD, true, ON_FAILURE_UNSET, NEXT_UPLOAD},
    {PHASE_POST_BUILD, true, ON_FAILURE_ABORT, NEXT_FINALIZING},
    {PHASE_POST_BUILD, true, ON_FAILURE_CONTINUE, NEXT_UPLOAD},
};

static void each_row_holds(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (phase_next(rows[i].phase, rows[i].failed, rows[i].on_failure) != rows[i].next)
            fail_msg("row %zu", i);
}

static void the_record_keeps_the_first_failure(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct json *before = json_array(&arena);
    json_set_text(&arena, json_append_object(&arena, before), "phaseType", "SUBMITTED");
    json_set_text(&arena, json_append_object(&arena, before), "phaseType", "QUEUED");
    json_set_text(&arena, json_append_object(&arena, before), "phaseType", "BUILD"); /* an earlier attempt's */
    struct phase_record record;
    phase_record_init(&record, &arena, before, 1000);
    phase_record_begin(&record, "BUILD", 2000);
    phase_record_end(&record, "FAILED", "COMMAND_EXECUTION_ERROR", "first", 5500);
    phase_record_begin(&record, "POST_BUILD", 5500);
    phase_record_end(&record, "FAILED", "COMMAND_EXECUTION_ERROR", "second", 5600);
    assert_true(record.failed);
    assert_string_equal(record.first_failure, "BUILD: first");
    assert_int_equal(record.phases->count, 4);
    const struct json *build = record.phases->first->next->next;
    assert_int_equal(json_get_integer(build, "durationInSeconds", -1), 3);
    assert_string_equal(json_get_text(json_get(build, "contexts")->first, "message"), "first");
    assert_string_equal(json_get_text(record.phases->first->next, "phaseStatus"), "SUCCEEDED");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_row_holds),
        cmocka_unit_test(the_record_keeps_the_first_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
