/*
 * What a stack's statuses mean, and which of its events is a cause.
 */
#include "runner/actions/cloudformation_status.h"
#include "runner/actions/cloudformation_template.h"
#include "runner/aws/cloudformation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    const char *status;
    bool rest, good, broken;
} rows[] = {
    {"CREATE_IN_PROGRESS", false, false, false},
    {"CREATE_FAILED", true, false, true},
    {"CREATE_COMPLETE", true, true, false},
    {"ROLLBACK_IN_PROGRESS", false, false, false},
    {"ROLLBACK_FAILED", true, false, true},
    {"ROLLBACK_COMPLETE", true, false, true},
    {"DELETE_IN_PROGRESS", false, false, false},
    {"DELETE_FAILED", true, false, true},
    {"DELETE_COMPLETE", true, true, false},
    {"UPDATE_IN_PROGRESS", false, false, false},
    {"UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", false, true, false},
    {"UPDATE_COMPLETE", true, true, false},
    {"UPDATE_FAILED", true, false, false},
    {"UPDATE_ROLLBACK_IN_PROGRESS", false, false, false},
    {"UPDATE_ROLLBACK_FAILED", true, false, true},
    {"UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", false, false, false},
    {"UPDATE_ROLLBACK_COMPLETE", true, false, false},
    {"REVIEW_IN_PROGRESS", true, false, false},
};

static void each_status_is_known(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("%s\n", rows[i].status);
        assert_true(stack_is_at_rest(rows[i].status) == rows[i].rest);
        assert_true(stack_is_good(rows[i].status) == rows[i].good);
        assert_true(stack_is_broken(rows[i].status) == rows[i].broken);
        assert_true(stack_is_unborn(rows[i].status) == (strcmp(rows[i].status, "REVIEW_IN_PROGRESS") == 0));
    }
}

static struct json *event(struct arena *arena, const char *status, const char *reason) {
    struct json *event = json_object(arena);
    json_set_text(arena, event, "ResourceType", "AWS::ECS::Service");
    json_set_text(arena, event, "LogicalResourceId", "Web");
    json_set_text(arena, event, "ResourceStatus", status);
    json_set_text(arena, event, "ResourceStatusReason", reason);
    return event;
}

static void what_was_cancelled_is_no_cause(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    assert_true(stack_event_is_cause(event(&arena, "CREATE_FAILED", "no such role")));
    assert_false(stack_event_is_cause(event(&arena, "CREATE_FAILED", "Resource creation cancelled")));
    assert_false(stack_event_is_cause(event(&arena, "CREATE_COMPLETE", NULL)));
    assert_string_equal(stack_event_text(&arena, event(&arena, "CREATE_FAILED", "no such role")),
                        "AWS::ECS::Service Web: CREATE_FAILED: no such role");
    assert_string_equal(stack_event_text(&arena, event(&arena, "CREATE_COMPLETE", "")),
                        "AWS::ECS::Service Web: CREATE_COMPLETE");
}

static void a_file_of_an_artifact_is_taken_apart(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const char *artifact = NULL;
    const char *file = NULL;
    assert_true(stack_template_split(&arena, "Built::a/template.yml", &artifact, &file));
    assert_string_equal(artifact, "Built");
    assert_string_equal(file, "a/template.yml");
    assert_false(stack_template_split(&arena, "template.yml", &artifact, &file));
    assert_false(stack_template_split(&arena, "::template.yml", &artifact, &file));
    assert_false(stack_template_split(&arena, "Built::", &artifact, &file));
    assert_false(stack_template_split(&arena, NULL, &artifact, &file));
}

static void nothing_to_change_has_two_wordings(void **state) {
    (void)state;
    assert_true(cloudformation_is_unchanged("ValidationError: No updates are to be performed."));
    assert_true(cloudformation_is_unchanged("The submitted information didn't contain changes. Submit …"));
    assert_false(cloudformation_is_unchanged("Stack:x is in ROLLBACK_COMPLETE state and can not be updated."));
    assert_false(cloudformation_is_unchanged(NULL));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_status_is_known),
        cmocka_unit_test(what_was_cancelled_is_no_cause),
        cmocka_unit_test(a_file_of_an_artifact_is_taken_apart),
        cmocka_unit_test(nothing_to_change_has_two_wordings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
