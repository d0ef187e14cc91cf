/*
 * The table of texts: which row counts, and what must not be read into a text.
 */
#include "runner/diagnosis/patterns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void pieces_stand_in_order_whatever_their_case(void **state) {
    (void)state;
    assert_true(pattern_fits("a*c", "xA-b-C"));
    assert_false(pattern_fits("c*a", "xA-b-C"));
    assert_true(pattern_fits("", "anything"));
    assert_false(pattern_fits("a*a", "a"));
    assert_true(pattern_fits("=agent", "AGENT"));
    assert_false(pattern_fits("=agent", "the agent"));
}

struct row {
    enum pattern_place place;
    const char *text;
    enum cause_kind kind;
};

static void the_more_precise_row_counts(void **state) {
    (void)state;
    static const struct row rows[] = {
        {PATTERN_STOP,
         "CannotPullContainerError: Error response from daemon: pull access denied for shop, repository does not exist "
         "or may require 'docker login'",
         CAUSE_PULL_DENIED},
        {PATTERN_STOP,
         "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref "
         "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop:2: not found",
         CAUSE_IMAGE_MISSING},
        {PATTERN_STOP,
         "CannotStartContainerError: Error response from daemon: driver failed programming external connectivity: Bind "
         "for 0.0.0.0:80 failed: port is already allocated",
         CAUSE_PORT_TAKEN},
        {PATTERN_STOP,
         "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: "
         "ResourceNotFoundException: The specified log group does not exist.",
         CAUSE_LOG_GROUP},
        {PATTERN_EVENT,
         "(service shop) was unable to place a task because no container instance met all of its requirements. The "
         "closest matching (container-instance 0a1b) is already using a port required by your task.",
         CAUSE_PORT_NO_PLACE},
        {PATTERN_EVENT,
         "(service shop) was unable to place a task because no container instance met all of its requirements. The "
         "closest matching (container-instance 0a1b) has insufficient memory available.",
         CAUSE_NO_CAPACITY},
        /* cut off, or in words that nobody has listed: what was tried when it failed tells */
        {PATTERN_STOP,
         "CannotPullContainerError: failed to resolve ref: failed to do request: Head "
         "https://registry.example.com/v2/: "
         "dial tcp: lookup registry.example.com on 172.31.0...",
         CAUSE_PULL_NETWORK},
        {PATTERN_STOP,
         "CannotPullContainerError: unexpected status code https://registry.example.com: 429 Too Many Requests",
         CAUSE_PULL_LIMIT},
        {PATTERN_STOP, "CannotPullContainerError: failed to do request: 503 Service Unavailable", CAUSE_PULL_NETWORK},
        {PATTERN_STOP, "CannotPullECRContainerError: ThrottlingException: Rate exceeded", CAUSE_THROTTLED},
        {PATTERN_STOP, "CannotPullContainerError: toomanyrequests: Rate exceeded", CAUSE_PULL_LIMIT},
        {PATTERN_STOP, "unable to get registry auth from asm: asm fetching secret: RequestError: ...",
         CAUSE_PULL_NETWORK},
        {PATTERN_STOP, "no match for current platform linux/arm/v7 in manifest sha256:1: not found",
         CAUSE_IMAGE_PLATFORM},
        {PATTERN_STOP, "CannotStartContainerError: container init was OOM-killed (memory limit too low?)",
         CAUSE_OUT_OF_MEMORY},
        {PATTERN_STOP, "CannotCreateContainerError: devmapper: Thin Pool has 4350 free data blocks", CAUSE_VOLUME},
        {PATTERN_STOP, "Unable to attach network interface to unused device index.", CAUSE_NO_CAPACITY},
        {PATTERN_STOP, "Unexpected EC2 error: AddressLimitExceeded", CAUSE_QUOTA},
        {PATTERN_STOP, "Request limit exceeded. (ErrorCode: RequestLimitExceeded)", CAUSE_THROTTLED},
        {PATTERN_EVENT,
         "(service shop) was unable to place a task. Reason: The requested CPU configuration is above your limit.",
         CAUSE_QUOTA},
        {PATTERN_EVENT, "(service shop) (instance i-1) is unhealthy in (elb shop) due to (reason Instance has failed)",
         CAUSE_HEALTH_CHECK},
        {PATTERN_LOG, "[ERROR] Worker (pid:13) was sent SIGKILL! Perhaps out of memory?", CAUSE_OUT_OF_MEMORY},
        {PATTERN_LOG, "Web server failed to start. Port 8080 was already in use.", CAUSE_PORT_TAKEN},
        {PATTERN_LOG, "the name 'shop' is already in use", CAUSE_KINDS},
        {PATTERN_STOP, "CannotPullContainerError: failed to authorize: failed to fetch anonymous token",
         CAUSE_PULL_DENIED},
        {PATTERN_STOP, "Error response from daemon: create data: VolumeDriver.Create: failed", CAUSE_VOLUME},
        {PATTERN_LOG, "nginx: [emerg] bind() to 127.0.0.1:10246 failed (98: Address in use)", CAUSE_PORT_TAKEN},
        {PATTERN_LOG, "nginx: [emerg] bind() to 0.0.0.0:80 failed (13: Permission denied)", CAUSE_KINDS},
        {PATTERN_EVENT, "(service shop) has reached a steady state.", CAUSE_KINDS},
        {PATTERN_EVENT, "(service shop) has started 1 tasks: (task 0a1b).", CAUSE_KINDS},
        {PATTERN_STOP, "Scaling activity initiated by (deployment ecs-svc/1)", CAUSE_KINDS},
        {PATTERN_STOP, NULL, CAUSE_KINDS},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bool sure;
        if (pattern_find(rows[i].place, rows[i].text, &sure) != rows[i].kind)
            fail_msg("taken for something else: %s", rows[i].text);
    }
}

/* Account ids, digests and ports are numbers, too. */
static void numbers_in_names_are_no_status_codes(void **state) {
    (void)state;
    bool sure;
    assert_int_equal(pattern_find(PATTERN_STOP,
                                  "CannotPullContainerError: 403401403401.dkr.ecr.eu-west-1.amazonaws.com/shop@sha256:"
                                  "4034010000: not found",
                                  &sure),
                     CAUSE_IMAGE_MISSING);
}

static void an_answer_is_no_accident(void **state) {
    (void)state;
    bool sure;
    (void)pattern_find(PATTERN_EVENT,
                       "(service shop) (task 1) (port 80) is unhealthy in (target-group arn:x) due to (reason Health "
                       "checks failed with these codes: [404]).",
                       &sure);
    assert_true(sure);
    (void)pattern_find(PATTERN_EVENT,
                       "(service shop) (task 1) (port 80) is unhealthy in (target-group arn:x) due to (reason Health "
                       "checks failed with these codes: [502]).",
                       &sure);
    assert_false(sure);
}

static void each_cause_says_what_it_is_and_what_to_change(void **state) {
    (void)state;
    for (int kind = 0; kind < CAUSE_KINDS; kind++) {
        assert_non_null(cause_rules[kind].id);
        assert_non_null(cause_rules[kind].sentence);
        assert_non_null(cause_rules[kind].change);
        assert_true(cause_rules[kind].signs > 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_stand_in_order_whatever_their_case),     cmocka_unit_test(the_more_precise_row_counts),
        cmocka_unit_test(numbers_in_names_are_no_status_codes),          cmocka_unit_test(an_answer_is_no_accident),
        cmocka_unit_test(each_cause_says_what_it_is_and_what_to_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
