/*
 * Keys near their end: who waits for new ones, and for how long.
 */
#include "runner/aws/identity.h"

#include "common/clock.h"

#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define MINUTE INT64_C(60000)
#define PATIENCE_SECONDS 5 /* so long STS hangs in a test that fails */

/* STS, which hangs until it is told to answer. */
static sem_t asked;
static sem_t may_answer;
static int patience_ms;

static bool provide(struct aws *aws, struct arena *arena, struct credentials_found *out, struct err *err) {
    struct timespec until;
    (void)arena;
    (void)err;
    patience_ms = identity_patience_ms(aws);
    sem_post(&asked);
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_SECONDS;
    (void)sem_timedwait(&may_answer, &until);
    *out = (struct credentials_found){.credentials = {.access_key = "new", .secret_key = "s"},
                                      .expires_ms = clock_wall_ms(&clock_system) + 60 * MINUTE};
    return true;
}

/* An hour's keys of which so much is left. */
static void begin(struct aws *aws, struct aws_shared *shared, int64_t left_ms) {
    const int64_t now = clock_wall_ms(&clock_system);
    identity_init(aws, shared, provide);
    aws->found = (struct credentials_found){.credentials = {.access_key = "old", .secret_key = "s"},
                                            .expires_ms = now + left_ms};
    aws->found_ms = now + left_ms - 60 * MINUTE;
    aws->has_found = true;
    sem_init(&asked, 0, 0);
    sem_init(&may_answer, 0, 0);
}

static void *renew(void *aws) {
    struct arena arena = ARENA_INIT;
    struct aws_credentials keys;
    const bool good = identity_keys(aws, &arena, &keys, NULL);
    arena_release(&arena);
    return good ? aws : NULL;
}

static void keys_that_hold_are_used_while_sts_hangs(void **state) {
    struct arena arena = ARENA_INIT;
    struct aws_shared shared = {0};
    struct aws_credentials keys;
    struct aws aws;
    pthread_t renewing;
    void *renewed;
    (void)state;
    begin(&aws, &shared, 5 * MINUTE);
    assert_int_equal(pthread_create(&renewing, NULL, renew, &aws), 0);
    sem_wait(&asked);
    assert_true(identity_keys(&aws, &arena, &keys, NULL));
    assert_string_equal(keys.access_key, "old");
    sem_post(&may_answer);
    assert_int_equal(pthread_join(renewing, &renewed), 0);
    assert_ptr_equal(renewed, &aws);
    assert_int_equal(patience_ms, 5000);
    assert_true(identity_keys(&aws, &arena, &keys, NULL));
    assert_string_equal(keys.access_key, "new");
    identity_release(&aws);
    arena_release(&arena);
}

static void who_has_none_is_patient(void **state) {
    struct arena arena = ARENA_INIT;
    struct aws_shared shared = {0};
    struct aws_credentials keys;
    struct aws aws;
    (void)state;
    begin(&aws, &shared, -MINUTE);
    sem_post(&may_answer);
    assert_true(identity_keys(&aws, &arena, &keys, NULL));
    assert_string_equal(keys.access_key, "new");
    assert_int_equal(patience_ms, 0);
    identity_release(&aws);
    arena_release(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_that_hold_are_used_while_sts_hangs),
        cmocka_unit_test(who_has_none_is_patient),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
