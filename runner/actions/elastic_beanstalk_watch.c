/*
 * Looking at an environment, and telling what its events say.
 */
#include "runner/actions/elastic_beanstalk_run.h"

#include "common/str.h"

#define LOOK_AGAIN_MS 5000
#define LOOKS_FOR_OURS 4                 /* an environment is Ready for a moment after UpdateEnvironment */
#define EVENTS_MAX 100                   /* an answer's */
#define CLOCKS_APART_MS (10 * 60 * 1000) /* ours may be ahead of AWS's */

bool beanstalk_is_wanted(const struct beanstalk_run *run, enum stop_reason until, struct err *err) {
    const bool undo = until == STOP_LOST;
    const bool abandoned = undo && heartbeat_abandoned(run->job->heartbeat);
    if (abandoned || job_stop_reason(run->job) >= until)
        return err_set(err, ERR_CONFLICT, "stopped");
    return !undo || run->undo_until_ms == 0 || job_now_ms(run->job) < run->undo_until_ms ||
           err_set(err, ERR_CONFLICT, "the time for going back is up");
}

bool beanstalk_bear(struct beanstalk_run *run, const struct err *own, enum stop_reason until, struct err *err) {
    if (own->kind != ERR_UNAVAILABLE || !beanstalk_is_wanted(run, until, NULL))
        return err_set_code(err, own->kind, own->code, "%s", own->message);
    job_log(run->job, "%s; trying again", own->message);
    (void)job_sleep(run->job, LOOK_AGAIN_MS, until);
    return true;
}

static void tell_event(struct beanstalk_run *run, const struct json *event) {
    const char *severity = json_get_text_or(event, "Severity", "INFO");
    const char *text = json_get_text_or(event, "Message", "");
    bool error = str_equal(severity, "ERROR") || str_equal(severity, "FATAL");
    job_log(run->job, "%s: %.500s", severity, text);
    run->starts += str_starts_with(text, "Environment update is starting");
    if (!error)
        return;
    deployment_evidence(&run->report, "EVENT", run->client.environment, text);
    if (!run->cause)
        run->cause = arena_printf(run->arena, "%.500s", text);
}

/* Beanstalk's events have no ids. */
static const char *name_of(struct arena *arena, const struct json *event) {
    return arena_printf(arena, "%s %s", json_get_text_or(event, "EventDate", ""),
                        json_get_text_or(event, "Message", ""));
}

static bool get_events(struct beanstalk_run *run, struct arena *arena, const struct json **events, struct err *err) {
    return beanstalk_events(&run->client, arena, run->began_ms - CLOCKS_APART_MS, events, err);
}

bool beanstalk_skip_events(struct beanstalk_run *run, struct err *err) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct json *events = NULL;
    for (;;) {
        struct err own = {0};
        if (get_events(run, &arena, &events, &own))
            break;
        if (own.kind == ERR_DENIED) {
            job_log(run->job, "events cannot be told: %s", own.message);
            return true;
        }
        if (!beanstalk_bear(run, &own, STOP_TIMED_OUT, err))
            return false;
    }
    const struct json *first = json_first(events);
    if (first)
        run->newest = arena_strdup(run->arena, name_of(&arena, first));
    return true;
}

static void tell_events(struct beanstalk_run *run, struct arena *arena, const struct json *events) {
    const struct json *fresh[EVENTS_MAX];
    const char *first = NULL;
    size_t count = 0;
    json_each(event, events) {
        const char *name = name_of(arena, event);
        if (count == EVENTS_MAX || str_equal(name, run->newest))
            break;
        if (!first)
            first = name;
        fresh[count++] = event;
    }
    if (first)
        run->newest = arena_strdup(run->arena, first);
    while (count > 0)
        tell_event(run, fresh[--count]);
}

bool beanstalk_look(struct beanstalk_run *run, enum stop_reason until, struct arena *arena,
                    const struct json **environment, struct err *err) {
    const struct json *events = NULL;
    for (;;) {
        struct err own = {0};
        if (beanstalk_environment(&run->client, arena, environment, &own))
            break;
        if (!beanstalk_bear(run, &own, until, err))
            return false;
    }
    if (run->update_sent && get_events(run, arena, &events, NULL))
        tell_events(run, arena, events);
    const char *status = json_get_text_or(*environment, "Status", "");
    if (str_equal(status, "Terminating") || str_equal(status, "Terminated"))
        return err_set_code(err, ERR_CONFLICT, "JobFailed", "environment '%s' is %s", run->client.environment, status);
    deployment_send(&run->report,
                    arena_printf(arena, "environment '%s' is %s with version %s, health %s", run->client.environment,
                                 status, json_get_text_or(*environment, "VersionLabel", "none"),
                                 json_get_text_or(*environment, "Health", "unknown")));
    return true;
}

void beanstalk_wait(struct beanstalk_run *run, enum stop_reason until) {
    (void)job_sleep(run->job, poll_pace_wait(&run->pace, job_now_ms(run->job), 2, 2, 0), until);
}

bool beanstalk_follow(struct beanstalk_run *run, const char **label, struct err *err) {
    int ready = 0;
    while (beanstalk_is_wanted(run, STOP_TIMED_OUT, err)) {
        struct arena arena CLEANUP(arena_release) = ARENA_INIT;
        const struct json *environment = NULL;
        if (!beanstalk_look(run, STOP_TIMED_OUT, &arena, &environment, err))
            return false;
        const char *version = json_get_text_or(environment, "VersionLabel", "");
        ready = str_equal(json_get_text(environment, "Status"), "Ready") ? ready + 1 : 0;
        if (ready > 0 && (str_equal(version, run->label) || ready >= LOOKS_FOR_OURS || run->cause)) {
            *label = arena_strdup(run->arena, version);
            return true;
        }
        beanstalk_wait(run, STOP_TIMED_OUT);
    }
    return false;
}
