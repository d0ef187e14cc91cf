/*
 * The rule CloudWatchAlarm: looks at an alarm, and goes on looking for WaitTime. It changes nothing, so a cancel ends
 * it where it stands; when it began is its mark, so that another runner waits no longer than this one would have.
 */
#include "runner/aws/cloudwatch.h"

#include "common/clock.h"
#include "common/hash.h"
#include "common/str.h"
#include "runner/actions/actions.h"
#include "runner/actions/rule_verdict.h"
#include "runner/runner.h"

#define MINUTES_MAX 86400 /* the longest that a rule may take */
#define REASON_MAX 400

struct watch {
    struct job *job;
    struct cloudwatch cloudwatch;
    const char *alarm;
    enum rule_condition condition;
    unsigned states;
    int64_t began_ms; /* wall time */
    int64_t wait_ms;
    const char *told; /* the last sentence */
};

static bool init(struct watch *watch, struct job *job, struct err *err) {
    const char *minutes = job_setting(job, "WaitTime");
    long long number = 0;
    *watch = (struct watch){.job = job, .alarm = job_setting(job, "AlarmName")};
    watch->cloudwatch = (struct cloudwatch){
        .aws = job_aws(job), .region = job->message->region, .interrupted = job_is_stopped, .context = job};
    if (!watch->alarm || !*watch->alarm)
        return err_set(err, ERR_INVALID, "the rule names no alarm; set AlarmName");
    if (minutes && *minutes && !str_to_int64(minutes, 0, MINUTES_MAX, &number))
        return err_set(err, ERR_INVALID, "WaitTime must be a number of minutes from 0 to %d, not '%.50s'", MINUTES_MAX,
                       minutes);
    watch->wait_ms = number * 60000;
    watch->began_ms = json_get_integer(job->message->checkpoint, "beganMs", 0);
    return rule_condition_parse(job->message->condition, &watch->condition, err) &&
           alarm_states_parse(job_setting(job, "AlarmStates"), &watch->states, err);
}

static bool begin(struct watch *watch, struct err *err) {
    if (watch->began_ms > 0)
        return true;
    watch->began_ms = clock_wall_ms(&clock_system);
    struct json *mark = json_object(watch->job->arena);
    json_set_integer(watch->job->arena, mark, "beganMs", watch->began_ms);
    return watch->wait_ms == 0 || job_checkpoint(watch->job, mark, err);
}

static int64_t time_left_ms(const struct watch *watch) {
    return watch->began_ms + watch->wait_ms - clock_wall_ms(&clock_system);
}

static void tell(struct watch *watch, const char *sentence) {
    if (str_equal(watch->told, sentence))
        return;
    watch->told = arena_strdup(watch->job->arena, sentence);
    job_log(watch->job, "%s", sentence);
    const struct wire_progress progress = {.summary = watch->told, .percent = -1};
    reporter_progress(watch->job->reporter, &progress);
}

/* "alarm 'errors' is ALARM: Threshold Crossed: …" */
static const char *describe(const struct watch *watch, struct arena *arena, const struct cloudwatch_alarm *alarm) {
    return arena_printf(arena, "alarm '%.255s' is %s%s%.*s", watch->alarm, alarm->state, *alarm->reason ? ": " : "",
                        REASON_MAX, alarm->reason);
}

/* One look: what the alarm's state means, said with its sentence. False where CloudWatch could not be asked. */
static bool look(struct watch *watch, enum rule_verdict *verdict, struct err *err) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    bool time_is_over = time_left_ms(watch) <= 0;
    struct cloudwatch_alarm alarm;
    enum alarm_state state;
    if (!cloudwatch_alarm_state(&watch->cloudwatch, &arena, watch->alarm, &alarm, err))
        return false;
    if (!alarm_state_parse(alarm.state, &state))
        return err_set(err, ERR_INTERNAL, "alarm '%.255s' is in a state that there is not: '%.50s'", watch->alarm,
                       alarm.state);
    tell(watch, describe(watch, &arena, &alarm));
    *verdict = alarm_verdict(watch->condition, state, watch->states, time_is_over);
    return true;
}

/* As often as an alarm can change, more often at first, and no longer than is left. */
static int64_t pause_ms(const struct watch *watch, int looks) {
    int64_t pause = looks < 15 ? 2000 : 10000;
    int64_t left = time_left_ms(watch);
    uint32_t random;
    hash_random(&random, sizeof random);
    pause += random % 300;
    return left < 1 ? 1 : left < pause ? left : pause;
}

static bool run(struct watch *watch, struct err *err) {
    for (int looks = 0;; looks++) {
        enum rule_verdict verdict = RULE_WAITS;
        struct err own = {0};
        if (!look(watch, &verdict, &own)) {
            bool passes = own.kind == ERR_UNAVAILABLE && time_left_ms(watch) > 0;
            if (!passes && !job_is_stopped(watch->job))
                return err_set_code(err, own.kind, own.code, "%s", own.message);
            tell(watch, own.message);
        }
        if (verdict == RULE_SUCCEEDS)
            return true;
        if (verdict == RULE_FAILS)
            return err_set_code(err, ERR_CONFLICT, "JobFailed", "%s", watch->told);
        if (!heartbeat_sleep(watch->job->heartbeat, pause_ms(watch, looks), STOP_TIMED_OUT))
            return err_set_code(err, ERR_CONFLICT, "JobFailed", "the rule's time was over while it waited: %s",
                                watch->told);
    }
}

bool action_cloudwatch_alarm(struct job *job, struct wire_result *result, struct err *err) {
    struct watch watch;
    if (!init(&watch, job, err))
        return false;
    const bool good = !job->message->cancelled && begin(&watch, err) && run(&watch, err);
    if (!good && (job->message->cancelled || job_stop_reason(job) == STOP_CANCELLED)) {
        result->outcome = WIRE_STOPPED;
        result->summary = "stopped; a rule that only looks leaves nothing behind";
        return true;
    }
    if (!good)
        return false;
    result->outcome = WIRE_SUCCEEDED;
    result->summary = watch.told;
    return true;
}
