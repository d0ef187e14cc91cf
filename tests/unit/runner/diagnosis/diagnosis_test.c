/*
 * The rules of runner/diagnosis: what counts, what has been got over, how many signs it takes. Times are seconds since
 * the deployment began.
 */
#include "runner/diagnosis/diagnosis.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define BEGAN 1700000000L

struct world {
    struct arena arena;
    struct diagnosis *diagnosis;
};

static int64_t ms(long seconds) {
    return (BEGAN + seconds) * 1000;
}

static const struct json *parse(struct world *world, const char *text) {
    const struct json *json;
    struct err err = {0};
    if (!json_parse(&world->arena, text, strlen(text), &json, &err))
        fail_msg("%s: %s", err.message, text);
    return json;
}

static void begin(struct world *world) {
    *world = (struct world){0};
    world->diagnosis = diagnosis_new(
        &world->arena,
        &(struct diagnosis_of){.deployment = "ecs-svc/2", .task_definition = "arn:aws:x/shop:2", .began_ms = ms(0)});
}

static void end(struct world *world) {
    arena_release(&world->arena);
}

static const char *verdict(struct world *world, long seconds) {
    const struct cause *cause = diagnosis_cause(world->diagnosis, ms(seconds));
    return cause ? cause->id : "none";
}

/* `more`: members of the service, with a comma before. */
static void service(struct world *world, long seconds, int desired, int running, int old, const char *more) {
    diagnosis_add_service(
        world->diagnosis, ms(seconds),
        parse(world, arena_printf(&world->arena,
                                  "{\"desiredCount\": %d, \"runningCount\": %d, \"pendingCount\": 0, \"deployments\": ["
                                  "{\"id\": \"ecs-svc/2\", \"status\": \"PRIMARY\", \"createdAt\": %ld, "
                                  "\"runningCount\": %d, \"rolloutState\": \"IN_PROGRESS\"}, {\"id\": \"ecs-svc/1\", "
                                  "\"status\": \"ACTIVE\", \"runningCount\": %d}] %s}",
                                  desired, running + old, BEGAN, running, old, more)));
}

static void event(struct world *world, long at, const char *id, const char *text) {
    service(world, at, 2, 0, 2,
            arena_printf(&world->arena, ", \"events\": [{\"id\": \"%s\", \"createdAt\": %ld, \"message\": \"%s\"}]", id,
                         BEGAN + at, text));
}

/* `rest`: members with a comma before. */
static void task(struct world *world, long now, const char *name, const char *by, long created, const char *rest) {
    diagnosis_add_tasks(world->diagnosis, ms(now),
                        parse(world, arena_printf(&world->arena,
                                                  "[{\"taskArn\": \"arn:aws:ecs:r:1:task/c/%s\", \"startedBy\": "
                                                  "\"%s\", \"createdAt\": %ld %s}]",
                                                  name, by, BEGAN + created, rest)));
}

static void crash(struct world *world, const char *name, const char *by, long created, long ended, int code) {
    task(world, ended, name, by, created,
         arena_printf(&world->arena,
                      ", \"startedAt\": %ld, \"stoppedAt\": %ld, \"lastStatus\": \"STOPPED\", \"stopCode\": "
                      "\"EssentialContainerExited\", \"stoppedReason\": \"Essential container in task exited\", "
                      "\"containers\": [{\"name\": \"app\", \"exitCode\": %d}]",
                      BEGAN + created + 5, BEGAN + ended, code));
}

static void cannot_pull(struct world *world, const char *name, const char *by, long created, const char *reason) {
    task(world, created + 10, name, by, created,
         arena_printf(&world->arena,
                      ", \"stoppedAt\": %ld, \"lastStatus\": \"STOPPED\", \"stopCode\": \"TaskFailedToStart\", "
                      "\"stoppedReason\": \"%s\", \"containers\": [{\"name\": \"app\", \"image\": \"shop:2\"}]",
                      BEGAN + created + 10, reason));
}

static void runs(struct world *world, const char *name, long created, long now) {
    task(world, now, name, "ecs-svc/2", created,
         arena_printf(&world->arena, ", \"startedAt\": %ld, \"lastStatus\": \"RUNNING\"", BEGAN + created + 5));
}

#define MISSING "CannotPullContainerError: shop:2: not found"

static void one_missing_image_is_enough(void **state) {
    (void)state;
    struct world world;
    begin(&world);
    cannot_pull(&world, "a", "ecs-svc/2", 5, MISSING);
    const struct cause *cause = diagnosis_cause(world.diagnosis, ms(16));
    assert_non_null(cause);
    assert_string_equal(cause->id, "image-missing");
    assert_string_equal(cause->sentence, "the image 'shop:2' is not in its registry");
    assert_non_null(strstr(cause->evidence, MISSING));
    assert_int_equal(cause->since_ms, ms(15));
    assert_true(cause->undo_helps);
    end(&world);
}

static void tasks_of_others_and_old_events_do_not_count(void **state) {
    (void)state;
    struct world world;
    begin(&world);
    cannot_pull(&world, "a", "ecs-svc/1", 5, MISSING);
    crash(&world, "b", "ecs-svc/1", 5, 10, 1);
    crash(&world, "c", "ecs-svc/1", 11, 20, 1);
    event(&world, -30, "e", "(service shop) was unable to place a task. Reason: Capacity is unavailable.");
    event(&world, 30, "f",
          "(service shop) (task b) (port 80) is unhealthy in (target-group x) due to (reason codes: [404])");
    assert_string_equal(verdict(&world, 600), "none");
    end(&world);
}

static void a_crash_is_a_loop_when_its_replacement_crashes(void **state) {
    (void)state;
    struct world world;
    begin(&world);
    crash(&world, "a", "ecs-svc/2", 5, 20, 1);
    crash(&world, "b", "ecs-svc/2", 6, 20, 1);
    assert_string_equal(verdict(&world, 60), "none");
    crash(&world, "c", "ecs-svc/2", 21, 40, 1);
    assert_string_equal(verdict(&world, 60), "crash-loop");
    end(&world);
}

static void what_runs_for_a_while_has_got_over_it(void **state) {
    (void)state;
    struct world world;
    begin(&world);
    crash(&world, "a", "ecs-svc/2", 5, 20, 1);
    crash(&world, "b", "ecs-svc/2", 21, 40, 1);
    runs(&world, "c", 41, 50);
    assert_string_equal(verdict(&world, 60), "crash-loop");
    runs(&world, "c", 41, 130);
    assert_string_equal(verdict(&world, 130), "none");
    end(&world);
}

static void among_good_tasks_it_takes_three(void **state) {
    (void)state;
    struct world world;
    begin(&world);
    runs(&world, "good", 5, 80);
    assert_string_equal(verdict(&world, 80), "none");
    crash(&world, "a", "ecs-svc/2", 80, 90, 1);
    crash(&world, "b", "ecs-svc/2", 91, 100, 1);
    assert_string_equal(verdict(&world, 101), "none");
    crash(&world, "c", "ecs-svc/2", 102, 110, 1);
    assert_string_equal(verdict(&world, 111), "crash-loop");
    end(&world);
}

static void memory_is_more_precise_than_a_crash(void **state) {
    (void)state;
    struct world world;
    begin(&world);
    crash(&world, "a", "ecs-svc/2", 5, 20, 137);
    crash(&world, "b", "ecs-svc/2", 21, 40, 137);
    assert_string_equal(verdict(&world, 41), "out-of-memory");
    end(&world);
}

static void the_log_says_why_it_crashes(void **state) {
    (void)state;
    struct world world;
    const char *wanted;
    const char *container;
    begin(&world);
    assert_false(diagnosis_wants_log(world.diagnosis, &wanted, &container));
    crash(&world, "a", "ecs-svc/2", 5, 20, 1);
    assert_true(diagnosis_wants_log(world.diagnosis, &wanted, &container));
    assert_string_equal(container, "app");
    diagnosis_add_log(world.diagnosis, wanted, container, "starting\nError: listen EADDRINUSE: :80\nbye\n");
    assert_false(diagnosis_wants_log(world.diagnosis, &wanted, &container));
    assert_string_equal(verdict(&world, 41), "none");
    crash(&world, "b", "ecs-svc/2", 21, 40, 1);
    assert_string_equal(verdict(&world, 41), "port-taken");
    assert_string_equal(diagnosis_cause(world.diagnosis, ms(41))->evidence, "app: Error: listen EADDRINUSE: :80");
    end(&world);
}

static void another_cpu_type_is_known_from_the_first_crash(void **state) {
    (void)state;
    struct world world;
    begin(&world);
    crash(&world, "a", "ecs-svc/2", 5, 20, 1);
    diagnosis_add_log(world.diagnosis, "a", "app", "exec /usr/bin/app: exec format error");
    assert_string_equal(verdict(&world, 21), "image-platform");
    end(&world);
}

static void no_room_has_to_last(void **state) {
    (void)state;
    struct world world;
    begin(&world);
    event(&world, 10, "e", "(service shop) was unable to place a task. Reason: Capacity is unavailable at this time.");
    assert_string_equal(verdict(&world, 30), "none");
    assert_string_equal(verdict(&world, 51), "no-capacity");
    task(&world, 52, "a", "ecs-svc/2", 50, ", \"lastStatus\": \"PENDING\"");
    assert_string_equal(verdict(&world, 52), "no-capacity"); /* it may yet be found to have no room */
    task(&world, 75, "a", "ecs-svc/2", 50, ", \"lastStatus\": \"PENDING\"");
    assert_string_equal(verdict(&world, 200), "none");
    end(&world);
}

static void percents_that_lock_each_other(void **state) {
    (void)state;
    struct world world;
    begin(&world);
    const char *percents = ", \"deploymentConfiguration\": {\"minimumHealthyPercent\": 100, \"maximumPercent\": 125}";
    service(&world, 10, 3, 0, 3, percents);
    assert_string_equal(verdict(&world, 30), "none");
    assert_string_equal(verdict(&world, 51), "percent-deadlock");
    service(&world, 60, 3, 0, 3,
            ", \"deploymentConfiguration\": {\"minimumHealthyPercent\": 50, \"maximumPercent\": 125}");
    assert_string_equal(verdict(&world, 200), "none");
    end(&world);
}

static void draining_is_slow_only_past_the_default(void **state) {
    (void)state;
    struct world world;
    begin(&world);
    const char *draining =
        arena_printf(&world.arena,
                     ", \"events\": [{\"id\": \"e\", \"createdAt\": %ld, \"message\": \"(service shop) has begun "
                     "draining connections on 2 tasks.\"}]",
                     BEGAN + 70);
    service(&world, 70, 2, 2, 2, draining);
    assert_string_equal(verdict(&world, 370), "none");
    service(&world, 410, 2, 2, 2, draining);
    assert_string_equal(verdict(&world, 410), "slow-drain");
    assert_false(diagnosis_cause(world.diagnosis, ms(410))->undo_helps);
    end(&world);
}

static void after_a_failure_one_sign_is_enough(void **state) {
    (void)state;
    struct world world;
    begin(&world);
    crash(&world, "a", "ecs-svc/2", 5, 20, 1);
    assert_string_equal(verdict(&world, 60), "none");
    event(&world, 70, "e", "(service shop) (deployment ecs-svc/2) deployment failed: tasks failed to start.");
    assert_string_equal(verdict(&world, 71), "crash-loop");
    end(&world);
    begin(&world);
    event(&world, 70, "e", "(service shop) (deployment ecs-svc/2) deployment failed: tasks failed to start.");
    assert_string_equal(verdict(&world, 71), "circuit-breaker");
    end(&world);
}

static void what_somebody_wanted_is_no_sign(void **state) {
    (void)state;
    struct world world;
    static const char *const codes[] = {"SpotInterruption", "UserInitiated", "ServiceSchedulerInitiated",
                                        "InfrastructureHealth", "TerminationNotice"};
    begin(&world);
    for (int i = 0; i < 5; i++)
        task(&world, 100 + i, arena_printf(&world.arena, "t%d", i), "ecs-svc/2", 30 + i * 10,
             arena_printf(&world.arena,
                          ", \"startedAt\": %ld, \"stoppedAt\": %ld, \"lastStatus\": \"STOPPED\", \"stopCode\": "
                          "\"%s\", \"stoppedReason\": \"so\", \"containers\": [{\"name\": \"app\", \"exitCode\": 137}]",
                          BEGAN + 31 + i * 10, BEGAN + 39 + i * 10, codes[i]));
    assert_string_equal(verdict(&world, 600), "none");
    end(&world);
}

#define TARGET                                                                                                         \
    "[{\"Target\": {\"Id\": \"%s\", \"Port\": \"80\"}, \"TargetHealth\": {\"State\": \"unhealthy\", \"Reason\": "      \
    "\"Target.ResponseCodeMismatch\", \"Description\": \"Health checks failed with these codes: [404]\"}}]"

static void unhealthy_targets_are_excused_while_the_grace_period_lasts(void **state) {
    (void)state;
    struct world world;
    begin(&world);
    service(&world, 5, 1, 1, 1, ", \"healthCheckGracePeriodSeconds\": 120, \"loadBalancers\": [{}]");
    task(&world, 20, "a", "ecs-svc/2", 5,
         arena_printf(&world.arena,
                      ", \"startedAt\": %ld, \"lastStatus\": \"RUNNING\", \"containers\": [{\"name\": \"app\", "
                      "\"networkInterfaces\": [{\"privateIpv4Address\": \"10.0.0.7\"}]}]",
                      BEGAN + 10));
    const struct json *ours = parse(&world, arena_printf(&world.arena, TARGET, "10.0.0.7"));
    const struct json *others = parse(&world, arena_printf(&world.arena, TARGET, "10.0.0.8"));
    diagnosis_add_targets(world.diagnosis, ms(100), "arn:targetgroup/shop/1", ours);
    assert_string_equal(verdict(&world, 100), "none");
    diagnosis_add_targets(world.diagnosis, ms(140), "arn:targetgroup/shop/1", others);
    assert_string_equal(verdict(&world, 140), "none");
    diagnosis_add_targets(world.diagnosis, ms(150), "arn:targetgroup/shop/1", ours);
    const struct cause *cause = diagnosis_cause(world.diagnosis, ms(150));
    assert_non_null(cause);
    assert_string_equal(cause->sentence, "the load balancer's health check of 'shop' fails");
    end(&world);
}

/* ECS says of the task only that its health checks failed; before that the event said with which code. */
static void what_the_health_check_got_is_told(void **state) {
    (void)state;
    struct world world;
    begin(&world);
    static const char *const names[] = {"a", "b"};
    for (int i = 0; i < 2; i++) {
        runs(&world, names[i], 5 + i * 40, 10 + i * 40);
        event(&world, 30 + i * 40, names[i],
              arena_printf(&world.arena,
                           "(service shop) (task %s) (port 80) is unhealthy in (target-group arn:targetgroup/shop/1) "
                           "due to (reason Health checks failed with these codes: [503])",
                           names[i]));
        task(&world, 40 + i * 40, names[i], "ecs-svc/2", 5 + i * 40,
             arena_printf(&world.arena,
                          ", \"startedAt\": %ld, \"stoppedAt\": %ld, \"lastStatus\": \"STOPPED\", \"stopCode\": "
                          "\"ServiceSchedulerInitiated\", \"stoppedReason\": \"Task failed ELB health checks in "
                          "(target-group arn:targetgroup/shop/1)\", \"containers\": [{\"name\": \"app\", "
                          "\"exitCode\": 0}]",
                          BEGAN + 10 + i * 40, BEGAN + 38 + i * 40));
    }
    const struct cause *cause = diagnosis_cause(world.diagnosis, ms(90));
    assert_non_null(cause);
    assert_string_equal(cause->id, "health-check");
    assert_non_null(strstr(cause->evidence, "codes: [503]"));
    end(&world);
}

/* However long it goes on, the newest counts and the first is remembered; the same things seen again are no news. */
static void a_long_loop_stays_bounded(void **state) {
    (void)state;
    struct world world;
    begin(&world);
    for (int i = 0; i < 2000; i++)
        crash(&world, arena_printf(&world.arena, "t%d", i), "ecs-svc/2", 10 + i * 10, 15 + i * 10, 1);
    for (int i = 0; i < 100; i++)
        crash(&world, arena_printf(&world.arena, "t%d", i), "ecs-svc/2", 10 + i * 10, 15 + i * 10, 1);
    assert_string_equal(verdict(&world, 20010), "crash-loop");
    assert_int_equal(diagnosis_cause(world.diagnosis, ms(20010))->since_ms, ms(15));
    end(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_missing_image_is_enough),
        cmocka_unit_test(tasks_of_others_and_old_events_do_not_count),
        cmocka_unit_test(a_crash_is_a_loop_when_its_replacement_crashes),
        cmocka_unit_test(what_runs_for_a_while_has_got_over_it),
        cmocka_unit_test(among_good_tasks_it_takes_three),
        cmocka_unit_test(memory_is_more_precise_than_a_crash),
        cmocka_unit_test(the_log_says_why_it_crashes),
        cmocka_unit_test(another_cpu_type_is_known_from_the_first_crash),
        cmocka_unit_test(no_room_has_to_last),
        cmocka_unit_test(percents_that_lock_each_other),
        cmocka_unit_test(draining_is_slow_only_past_the_default),
        cmocka_unit_test(after_a_failure_one_sign_is_enough),
        cmocka_unit_test(what_somebody_wanted_is_no_sign),
        cmocka_unit_test(unhealthy_targets_are_excused_while_the_grace_period_lasts),
        cmocka_unit_test(what_the_health_check_got_is_told),
        cmocka_unit_test(a_long_loop_stays_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
