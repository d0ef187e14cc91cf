/*
 * Deploy/ElasticBeanstalk: the input artifact becomes an application version, and the environment is updated to it.
 */
#include "runner/actions/elastic_beanstalk_run.h"

#include "common/str.h"
#include "runner/actions/actions.h"
#include "runner/actions/stored_artifact.h"

#define BYTES_MAX (512LL << 20) /* AWS's limit */

bool beanstalk_mark(struct beanstalk_run *run, struct err *err) {
    struct json *mark = json_object(run->arena);
    json_set_integer(run->arena, mark, "beganMs", run->began_ms);
    json_set_text(run->arena, mark, "previous", run->previous);
    json_set_text(run->arena, mark, "stored", run->stored);
    json_set_text(run->arena, mark, "newestEvent", run->newest);
    if (run->version_made)
        json_set_bool(run->arena, mark, "versionMade", true);
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
    run->stored = json_get_text(left, "stored");
    run->newest = json_get_text(left, "newestEvent");
    run->version_made = json_get_bool(left, "versionMade", false);
    run->update_sent = json_get_bool(left, "updateSent", false);
    run->label = arena_printf(run->arena, "penstock-%.80s",
                              message->action_execution_id ? message->action_execution_id : message->id);
    run->report.external_id = run->label;
    poll_pace_begin(&run->pace, job_now_ms(job));
    show(run);
    return true;
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
    if (!stored_artifact_put(run->job, NULL, &stored, err))
        return false;
    run->stored = arena_printf(run->arena, "s3://%s/%s", stored.bucket, stored.key);
    run->version_made = true; /* or is about to be: whoever comes after names it */
    if (!beanstalk_mark(run, err))
        return false;
    struct err own = {0};
    if (!beanstalk_create_version(&run->client, run->arena, run->label, stored.bucket, stored.key, "made by Penstock",
                                  &own)) {
        run->version_made = own.kind == ERR_UNAVAILABLE;
        return err_set_code(err, own.kind, own.code, "%s", own.message);
    }
    deployment_note(&run->report, "application version %s was created", run->label);
    return beanstalk_skip_events(run, err);
}

bool beanstalk_send_update(struct beanstalk_run *run, const char *label, enum stop_reason until, struct err *err) {
    while (beanstalk_is_wanted(run, until, err)) {
        struct err own = {0};
        const struct json *environment = NULL;
        if (beanstalk_update(&run->client, run->arena, label, &own))
            return true;
        if (own.kind == ERR_CONFLICT) {
            if (!beanstalk_environment(&run->client, run->arena, &environment, err))
                return false;
            /* Of an update that was answered before, too: its version is the environment's at once. */
            return str_equal(json_get_text(environment, "Status"), "Updating") ||
                   err_set_code(err, own.kind, own.code, "%s", own.message);
        }
        if (!beanstalk_bear(run, &own, until, err))
            return false;
    }
    return false;
}

static bool begin(struct beanstalk_run *run, struct err *err) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct json *environment = NULL;
    if (run->update_sent) { /* by an earlier holder, perhaps */
        if (!beanstalk_look(run, STOP_TIMED_OUT, &arena, &environment, err))
            return false;
        if (str_equal(json_get_text(environment, "VersionLabel"), run->label) ||
            str_equal(json_get_text(environment, "Status"), "Updating") || run->cause)
            return true;
    } else if (!prepare(run, err)) {
        return false;
    }
    if (!beanstalk_is_wanted(run, STOP_TIMED_OUT, err))
        return false;
    run->update_sent = true;
    return beanstalk_mark(run, err) && beanstalk_send_update(run, run->label, STOP_CANCELLED, err);
}

static bool roll_out(struct beanstalk_run *run, struct wire_result *result, struct err *err) {
    const char *label;
    if (!begin(run, err) || !beanstalk_follow(run, &label, err))
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

bool action_elastic_beanstalk(struct job *job, struct wire_result *result, struct err *err) {
    struct beanstalk_run *run = arena_new(job->arena, struct beanstalk_run);
    if (!init(run, job, err))
        return false;
    if (!job->message->cancelled && roll_out(run, result, err))
        return true;
    result->external_id = run->label;
    if (job_stop_reason(job) == STOP_CANCELLED)
        return beanstalk_undo(run, result, err);
    if (job_stop_reason(job) == STOP_TIMED_OUT && run->update_sent)
        return err_set_code(err, ERR_CONFLICT, "JobFailed",
                            "environment '%s' did not become Ready in time; Elastic Beanstalk goes on",
                            run->client.environment);
    return false;
}
