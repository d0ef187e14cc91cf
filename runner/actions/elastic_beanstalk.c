/*
 * Deploy/ElasticBeanstalk: the input artifact becomes an application version, and the environment is updated to it. The
 * version's label names the action's execution, so that what an earlier holder began is known by it.
 */
#include "runner/aws/elastic_beanstalk.h"

#include "common/str.h"
#include "runner/actions/actions.h"
#include "runner/actions/deployment.h"
#include "runner/actions/poll_pace.h"
#include "runner/actions/stored_artifact.h"

#define LOOK_AGAIN_MS 5000
#define LOOKS_FOR_OURS 4        /* an environment is Ready for a moment after UpdateEnvironment */
#define EVENTS_MAX 100          /* an answer's */
#define BYTES_MAX (512LL << 20) /* AWS's limit */
#define CLOCKS_APART_MS 60000

struct beanstalk_run {
    struct job *job;
    struct arena *arena; /* the job's */
    struct beanstalk client;
    struct deployment_report report;
    struct poll_pace pace;
    int64_t began_ms;
    const char *label;    /* ours */
    const char *previous; /* what the environment had; NULL: nothing, or not known yet */
    bool update_sent;
    const char *newest; /* text and date of the newest event that was told */
    const char *cause;  /* the first error among the events */
};

static bool mark(struct beanstalk_run *run, struct err *err) {
    struct json *mark = json_object(run->arena);
    json_set_integer(run->arena, mark, "beganMs", run->began_ms);
    json_set_text(run->arena, mark, "previous", run->previous);
    if (run->update_sent)
        json_set_bool(run->arena, mark, "updateSent", true);
    return job_checkpoint(run->job, mark, err);
}

static void show(struct beanstalk_run *run) {
    (void)deployment_target(&run->report,
                            arena_printf(run->arena, "elasticbeanstalk/%s/%s/%s", run->client.region,
                                         run->client.application, run->client.environment),
                            run->previous, run->label);
}

static bool init(struct beanstalk_run *run, struct job *job, struct err *err) {
    const struct json *left = job->message->checkpoint;
    const struct wire_job *message = job->message;
    *run = (struct beanstalk_run){.job = job, .arena = job->arena};
    deployment_begin(&run->report, job, "ELASTIC_BEANSTALK");
    run->client = (struct beanstalk){.aws = job_aws(job),
                                     .region = message->region,
                                     .application = job_setting(job, "ApplicationName"),
                                     .environment = job_setting(job, "EnvironmentName"),
                                     .interrupted = job_is_lost,
                                     .context = job};
    if (!run->client.application || !run->client.environment)
        return err_set(err, ERR_INVALID, "the action's configuration lacks ApplicationName or EnvironmentName");
    if (message->input_count > 0 && message->inputs[0].size_bytes > BYTES_MAX)
        return err_set_code(err, ERR_INVALID, "ConfigurationError",
                            "the input artifact has %lld bytes; Elastic Beanstalk takes 512 MB",
                            (long long)message->inputs[0].size_bytes);
    run->began_ms = json_get_integer(left, "beganMs", job_now_ms(job));
    run->previous = json_get_text(left, "previous");
    run->update_sent = json_get_bool(left, "updateSent", false);
    run->label = arena_printf(run->arena, "penstock-%.80s",
                              message->action_execution_id ? message->action_execution_id : message->id);
    run->report.external_id = run->label;
    poll_pace_begin(&run->pace, job_now_ms(job));
    show(run);
    return true;
}

/* ---- looking ---- */

static bool is_wanted(const struct beanstalk_run *run, enum stop_reason until, struct err *err) {
    bool abandoned = until == STOP_LOST && heartbeat_abandoned(run->job->heartbeat);
    return (!abandoned && job_stop_reason(run->job) < until) || err_set(err, ERR_CONFLICT, "stopped");
}

static bool bear(struct beanstalk_run *run, const struct err *own, enum stop_reason until, struct err *err) {
    if (own->kind != ERR_UNAVAILABLE || !is_wanted(run, until, NULL))
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
    if (!error)
        return;
    deployment_evidence(&run->report, "EVENT", run->client.environment, text);
    if (!run->cause)
        run->cause = arena_printf(run->arena, "%.500s", text);
}

/* Beanstalk's events have no ids: the newest that was told is known by its date and text. */
static void tell_events(struct beanstalk_run *run, struct arena *arena, const struct json *events) {
    const struct json *fresh[EVENTS_MAX];
    const char *first = NULL;
    size_t count = 0;
    json_each(event, events) {
        const char *name = arena_printf(arena, "%s %s", json_get_text_or(event, "EventDate", ""),
                                        json_get_text_or(event, "Message", ""));
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

/* The environment, asked for again while Beanstalk is busy. */
static bool look(struct beanstalk_run *run, enum stop_reason until, struct arena *arena,
                 const struct json **environment, struct err *err) {
    const struct json *events = NULL;
    for (;;) {
        struct err own = {0};
        if (beanstalk_environment(&run->client, arena, environment, &own))
            break;
        if (!bear(run, &own, until, err))
            return false;
    }
    if (run->update_sent && beanstalk_events(&run->client, arena, run->began_ms - CLOCKS_APART_MS, &events, NULL))
        tell_events(run, arena, events);
    return true;
}

/* Until the environment is Ready; *label: the version that it has then. */
static bool wait_until_ready(struct beanstalk_run *run, const char *wanted, enum stop_reason until, const char **label,
                             struct err *err) {
    int ready = 0;
    while (is_wanted(run, until, err)) {
        struct arena arena CLEANUP(arena_release) = ARENA_INIT;
        const struct json *environment = NULL;
        if (!look(run, until, &arena, &environment, err))
            return false;
        const char *status = json_get_text_or(environment, "Status", "");
        const char *version = json_get_text_or(environment, "VersionLabel", "");
        ready = str_equal(status, "Ready") ? ready + 1 : 0;
        if (str_equal(status, "Terminating") || str_equal(status, "Terminated"))
            return err_set_code(err, ERR_CONFLICT, "JobFailed", "environment '%s' is %s", run->client.environment,
                                status);
        deployment_send(&run->report, arena_printf(&arena, "environment '%s' is %s with version %s, health %s",
                                                   run->client.environment, status, version,
                                                   json_get_text_or(environment, "Health", "unknown")));
        if (ready > 0 && (str_equal(version, wanted) || ready >= LOOKS_FOR_OURS || run->cause)) {
            *label = arena_strdup(run->arena, version);
            return true;
        }
        (void)job_sleep(run->job, poll_pace_wait(&run->pace, job_now_ms(run->job), 2, 2, 0), until);
    }
    return false;
}

/* ---- doing ---- */

static bool prepare(struct beanstalk_run *run, struct err *err) {
    const struct json *environment = NULL;
    struct stored_artifact stored;
    if (!beanstalk_environment(&run->client, run->arena, &environment, err))
        return false;
    const char *status = json_get_text_or(environment, "Status", "");
    if (!str_equal(status, "Ready"))
        return err_set_code(err, ERR_CONFLICT, "JobFailed",
                            "environment '%s' is %s, not Ready; wait for the end of what goes on there, then run again",
                            run->client.environment, status);
    run->previous = json_get_text(environment, "VersionLabel");
    show(run);
    if (!stored_artifact_put(run->job, NULL, &stored, err) ||
        !beanstalk_create_version(&run->client, run->arena, run->label, stored.bucket, stored.key, "made by Penstock",
                                  err))
        return false;
    deployment_note(&run->report, "application version %s was created", run->label);
    return true;
}

/* An update that was sent and is not to be seen is sent again: where it was carried out after all, the environment is
 * not Ready, or has our label. */
static bool update_once(struct beanstalk_run *run, const char *label, enum stop_reason until, struct err *err) {
    while (is_wanted(run, until, err)) {
        struct err own = {0};
        const struct json *environment = NULL;
        if (beanstalk_update(&run->client, run->arena, label, &own))
            return true;
        if (own.kind == ERR_CONFLICT) {
            if (!beanstalk_environment(&run->client, run->arena, &environment, err))
                return false;
            /* We are the only ones who deploy here, so what goes on is ours. */
            return str_equal(json_get_text(environment, "Status"), "Updating") ||
                   err_set_code(err, own.kind, own.code, "%s", own.message);
        }
        if (!bear(run, &own, until, err))
            return false;
    }
    return false;
}

static bool begin(struct beanstalk_run *run, struct err *err) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct json *environment = NULL;
    if (run->update_sent) { /* by an earlier holder, perhaps */
        if (!look(run, STOP_TIMED_OUT, &arena, &environment, err))
            return false;
        if (str_equal(json_get_text(environment, "VersionLabel"), run->label) ||
            str_equal(json_get_text(environment, "Status"), "Updating") || run->cause)
            return true;
    } else if (!prepare(run, err)) {
        return false;
    }
    run->update_sent = true;
    return is_wanted(run, STOP_TIMED_OUT, err) && mark(run, err) && update_once(run, run->label, STOP_CANCELLED, err);
}

static bool roll_out(struct beanstalk_run *run, struct wire_result *result, struct err *err) {
    const char *label;
    if (!begin(run, err) || !wait_until_ready(run, run->label, STOP_TIMED_OUT, &label, err))
        return false;
    if (run->cause || !str_equal(label, run->label))
        return err_set_code(err, ERR_CONFLICT, "JobFailed", "environment '%s' was not updated%s%s; it has version %s",
                            run->client.environment, run->cause ? ": " : "", run->cause ? run->cause : "", label);
    result->outcome = WIRE_SUCCEEDED;
    result->external_id = run->label;
    result->summary = arena_printf(run->arena, "environment '%s' runs version %s", run->client.environment, run->label);
    deployment_note(&run->report, "%s", result->summary);
    deployment_send(&run->report, result->summary);
    return true;
}

/* ---- undoing ---- */

static bool end(struct beanstalk_run *run, int64_t asked_ms, const char *how, enum wire_outcome outcome,
                const char *sentence, struct wire_result *result) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct json *cancel = json_object(&arena);
    int64_t now = job_now_ms(run->job);
    json_set_text(&arena, cancel, "by", heartbeat_cancelled_by(run->job->heartbeat, &arena));
    json_set_integer(&arena, cancel, "asked", asked_ms / 1000);
    json_set_integer(&arena, cancel, "ended", now / 1000);
    json_set_integer(&arena, cancel, "seconds", (now - asked_ms) / 1000);
    json_set_text(&arena, cancel, "from", run->label);
    json_set_text(&arena, cancel, "to", run->previous ? run->previous : "");
    json_set_text(&arena, cancel, "how", how);
    json_set_text(&arena, cancel, "sentence", sentence);
    deployment_set(&run->report, "cancel", cancel);
    deployment_note(&run->report, "%s", sentence);
    deployment_send(&run->report, sentence);
    *result = (struct wire_result){.outcome = outcome, .external_id = run->label};
    if (outcome == WIRE_FAILED) {
        result->error_code = "JobFailed";
        result->error_message = sentence;
    } else {
        result->summary = sentence;
    }
    return true;
}

/* Aborts what can be aborted, waits, and deploys the earlier version again where ours came through all the same. */
static bool take_back(struct beanstalk_run *run, const char **how, struct err *err) {
    const char *label;
    *how = "AbortEnvironmentUpdate";
    for (;;) {
        struct err own = {0};
        if (beanstalk_abort(&run->client, run->arena, &own) || own.kind == ERR_INVALID || own.kind == ERR_CONFLICT)
            break; /* or there is nothing to abort (any more), which the wait shows */
        if (!bear(run, &own, STOP_LOST, err))
            return false;
    }
    run->cause = NULL;
    if (!wait_until_ready(run, run->previous, STOP_LOST, &label, err) || str_equal(label, run->previous))
        return str_equal(label, run->previous);
    if (!run->previous || !str_equal(label, run->label))
        return err_set_code(err, ERR_CONFLICT, "JobFailed", "environment '%s' has version %s after the cancel",
                            run->client.environment, label);
    *how = "UpdateEnvironment";
    run->cause = NULL;
    if (!update_once(run, run->previous, STOP_LOST, err) ||
        !wait_until_ready(run, run->previous, STOP_LOST, &label, err))
        return false;
    return str_equal(label, run->previous) ||
           err_set_code(err, ERR_CONFLICT, "JobFailed", "environment '%s' has version %s and not %s",
                        run->client.environment, label, run->previous);
}

static bool undo(struct beanstalk_run *run, struct wire_result *result, struct err *err) {
    int64_t asked = job_now_ms(run->job);
    const char *how = "nothing to undo";
    if (!run->update_sent)
        return end(run, asked, how, WIRE_STOPPED, "cancelled before the environment was changed", result);
    if (take_back(run, &how, err))
        return end(
            run, asked, how, WIRE_STOPPED,
            arena_printf(run->arena, "environment '%s' is back on version %s", run->client.environment, run->previous),
            result);
    if (heartbeat_abandoned(run->job->heartbeat))
        return end(run, asked, how, WIRE_STOPPED, "no longer watched; the environment was left as it is", result);
    return !job_is_lost(run->job) && end(run, asked, how, WIRE_FAILED, arena_strdup(run->arena, err->message), result);
}

bool action_elastic_beanstalk(struct job *job, struct wire_result *result, struct err *err) {
    struct beanstalk_run *run = arena_new(job->arena, struct beanstalk_run);
    if (!init(run, job, err))
        return false;
    if (!job->message->cancelled && roll_out(run, result, err))
        return true;
    result->external_id = run->label;
    if (job_stop_reason(job) == STOP_CANCELLED)
        return undo(run, result, err);
    if (job_stop_reason(job) == STOP_TIMED_OUT && run->update_sent)
        return err_set_code(err, ERR_CONFLICT, "JobFailed",
                            "environment '%s' did not become Ready in time; Elastic Beanstalk goes on",
                            run->client.environment);
    return false;
}
