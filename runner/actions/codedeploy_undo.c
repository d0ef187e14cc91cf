/*
 * The end of a deployment: how it is told, and how one that is not wanted any more is taken back. An undo ends with
 * what was seen: CodeDeploy's own rollback at its end and, on ECS, the earlier revision serving.
 */
#include "runner/actions/codedeploy_run.h"

#include "common/str.h"

#define LOOK_AGAIN_MS 5000
#define UNDO_MOST_MS (3 * 3600 * 1000LL) /* a deployment's own steps may take an hour each */
#define LOOKS_FOR_ROLLBACK 6             /* CodeDeploy names its rollback a moment after the stop */

static bool goes_on(const struct codedeploy_run *run) {
    return !job_is_lost(run->job) && !heartbeat_abandoned(run->job->heartbeat);
}

static const char *name_of(const char *revision) {
    return revision ? revision : "what was there before";
}

/* What was made and serves nothing, to be named. */
static const char *left_over(const struct codedeploy_run *run) {
    return run->to && !run->deployment ? arena_printf(run->arena, "; %s was made and is not used", run->to) : "";
}

/* ---- the report of a cancel ---- */

struct undo {
    struct codedeploy_run *run;
    int64_t asked_ms;
    const char *how;
    const char *sentence; /* how it ended well */
};

static void report_cancel(const struct undo *undo, bool ended, const char *sentence) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct codedeploy_run *run = undo->run;
    struct json *cancel = json_object(&arena);
    json_set_text(&arena, cancel, "by", heartbeat_cancelled_by(run->job->heartbeat, &arena));
    json_set_integer(&arena, cancel, "asked", undo->asked_ms / 1000);
    if (ended) {
        int64_t now = job_now_ms(run->job);
        json_set_integer(&arena, cancel, "ended", now / 1000);
        json_set_integer(&arena, cancel, "seconds", (now - undo->asked_ms) / 1000);
    }
    json_set_text(&arena, cancel, "from", name_of(run->to));
    json_set_text(&arena, cancel, "to", name_of(run->from));
    json_set_text(&arena, cancel, "how", undo->how);
    json_set_text(&arena, cancel, "sentence", sentence);
    deployment_set(&run->report, "pause", NULL);
    deployment_set(&run->report, "cancel", cancel);
    deployment_send(&run->report, sentence);
}

static bool stopped(struct undo *undo, const char *sentence, struct wire_result *result) {
    deployment_note(&undo->run->report, "%s", sentence);
    report_cancel(undo, true, sentence);
    *result = (struct wire_result){.outcome = WIRE_STOPPED, .summary = sentence, .external_id = undo->run->deployment};
    return true;
}

/* ---- taking it back ---- */

static bool follow_rollback(struct undo *undo, const char *id, struct err *err) {
    struct codedeploy_run *run = undo->run;
    struct codedeploy_verdict verdict;
    deployment_note(&run->report, "CodeDeploy rolls back by deployment %s", id);
    if (!codedeploy_watch(run, id, STOP_LOST, false, &verdict, err))
        return false;
    return verdict.state == CODEDEPLOY_SUCCEEDED ||
           err_set_code(err, ERR_CONFLICT, "JobFailed", "the rollback failed: %.800s", verdict.sentence);
}

/* It succeeded before it could be stopped: the earlier revision is deployed once more. */
static bool deploy_previous(struct undo *undo, struct err *err) {
    struct codedeploy_run *run = undo->run;
    const struct json *revision = run->previous_revision ? run->previous_revision(run) : NULL;
    const char *id;
    undo->how = "CreateDeployment";
    if (!revision)
        return err_set_code(err, ERR_CONFLICT, "JobFailed",
                            "deployment %s had succeeded before the cancel, and there is nothing before it to go "
                            "back to",
                            run->deployment);
    job_log(run->job, "deployment %s has succeeded already: deploying %s again", run->deployment, name_of(run->from));
    return codedeploy_run_create_undo(run, revision, &id, err) && follow_rollback(undo, id, err);
}

/* An undo has an end, too: what is left then is said. */
static bool has_time(const struct undo *undo, const char *left, struct err *err) {
    return job_now_ms(undo->run->job) - undo->asked_ms < UNDO_MOST_MS ||
           err_set_code(err, ERR_CONFLICT, "JobFailed", "%.600s; it was given up after three hours: look at it by hand",
                        left);
}

static bool send_stop(struct undo *undo, struct err *err) {
    struct codedeploy_run *run = undo->run;
    while (goes_on(run)) {
        struct err own = {0};
        if (codedeploy_stop(&run->client, run->arena, run->deployment, &own) || own.kind == ERR_CONFLICT)
            return true; /* the watch shows how it ended */
        if (own.kind != ERR_UNAVAILABLE)
            return err_set_code(err, own.kind, own.code, "%s; deployment %s goes on", own.message, run->deployment);
        if (!has_time(undo, arena_printf(run->arena, "%s; deployment %s goes on", own.message, run->deployment), err))
            return false;
        job_log(run->job, "%s; trying again", own.message);
        (void)job_sleep(run->job, LOOK_AGAIN_MS, STOP_LOST);
    }
    return err_set(err, ERR_CONFLICT, "no longer asked for");
}

/* True where instances were changed before the stop. */
static bool changed_anything(const struct json *info) {
    const struct json *overview = json_get(info, "deploymentOverview");
    return json_get_integer(overview, "Succeeded", 0) + json_get_integer(overview, "Failed", 0) +
               json_get_integer(overview, "InProgress", 0) >
           0;
}

/* The rollback that a stopped deployment led to; *id NULL where there is none. */
static bool find_rollback(struct undo *undo, const char **id, bool *changed, struct err *err) {
    struct codedeploy_run *run = undo->run;
    *id = NULL;
    for (int looks = 0; looks < LOOKS_FOR_ROLLBACK && goes_on(run); looks++) {
        struct arena arena CLEANUP(arena_release) = ARENA_INIT;
        const struct json *info = NULL;
        if (looks > 0)
            (void)job_sleep(run->job, LOOK_AGAIN_MS, STOP_LOST);
        if (!codedeploy_look(run, &arena, run->deployment, &info, err))
            return false;
        *id = arena_strdup(run->arena, codedeploy_verdict(&arena, info, NULL).rollback);
        *changed = changed_anything(info);
        if (*id || (!run->is_back && !*changed))
            return true;
        if (run->is_back) { /* the service itself is the proof */
            bool back = false;
            const char *sentence = NULL;
            if (run->is_back(run, &arena, &back, &sentence, NULL) && back)
                return true;
        }
    }
    return true;
}

static bool wait_until_back(struct undo *undo, struct err *err) {
    struct codedeploy_run *run = undo->run;
    while (goes_on(run)) {
        struct arena arena CLEANUP(arena_release) = ARENA_INIT;
        bool back = false;
        const char *sentence = NULL;
        struct err own = {0};
        if (!run->is_back(run, &arena, &back, &sentence, &own)) {
            if (own.kind != ERR_UNAVAILABLE)
                return err_set_code(err, own.kind, own.code, "%s", own.message);
            sentence = own.message;
        }
        if (back) {
            undo->sentence = arena_strdup(run->arena, sentence);
            return true;
        }
        const char *left = arena_printf(&arena, "going back to %s: %s", name_of(run->from), sentence);
        codedeploy_tell(run, left);
        if (!has_time(undo, left, err))
            return false;
        (void)job_sleep(run->job, LOOK_AGAIN_MS, STOP_LOST);
    }
    return err_set(err, ERR_CONFLICT, "no longer asked for");
}

static bool follow_stop(struct undo *undo, struct err *err) {
    struct codedeploy_run *run = undo->run;
    const char *id = NULL;
    bool changed = false;
    if (!find_rollback(undo, &id, &changed, err))
        return false;
    if (id && !follow_rollback(undo, id, err))
        return false;
    if (run->is_back)
        return wait_until_back(undo, err);
    if (!id && changed)
        return err_set_code(
            err, ERR_CONFLICT, "JobFailed",
            "deployment %s was stopped, and CodeDeploy rolled nothing back: some instances have the new "
            "revision",
            run->deployment);
    undo->sentence =
        id ? arena_printf(run->arena, "CodeDeploy's deployment %s put %s back", id, name_of(run->from))
           : arena_printf(run->arena, "deployment %s was stopped before it changed an instance", run->deployment);
    return true;
}

static bool take_back(struct undo *undo, struct err *err) {
    struct codedeploy_run *run = undo->run;
    struct codedeploy_verdict verdict;
    undo->how = "StopDeployment";
    report_cancel(undo, false,
                  arena_printf(run->arena, "stopping deployment %s, back to %s", run->deployment, name_of(run->from)));
    if (!send_stop(undo, err) || !codedeploy_watch(run, run->deployment, STOP_LOST, false, &verdict, err))
        return false;
    if (verdict.state != CODEDEPLOY_SUCCEEDED)
        return follow_stop(undo, err);
    if (!deploy_previous(undo, err))
        return false;
    if (run->is_back)
        return wait_until_back(undo, err);
    undo->sentence = arena_printf(run->arena, "%s was deployed again", name_of(run->from));
    return true;
}

/* The job was cancelled or rejected, so that a mere `false` would be taken for "nothing to undo". */
static bool failed(struct undo *undo, const struct err *why, struct wire_result *result) {
    const char *sentence = arena_strdup(undo->run->arena, why->message);
    report_cancel(undo, true, sentence);
    *result = (struct wire_result){.outcome = WIRE_FAILED,
                                   .error_code = why->code ? why->code : "JobFailed",
                                   .error_message = sentence,
                                   .external_id = undo->run->deployment};
    return true;
}

static bool undo_cancelled(struct codedeploy_run *run, struct wire_result *result, struct err *err) {
    struct undo undo = {.run = run, .asked_ms = job_now_ms(run->job), .how = "nothing to undo"};
    bool good = codedeploy_run_find(run, err);
    if (good && !run->deployment)
        return stopped(
            &undo, arena_printf(run->arena, "cancelled before CodeDeploy was told anything%s", left_over(run)), result);
    if (good && str_equal(job_setting(run->job, "OnCancel"), "LEAVE"))
        return stopped(
            &undo,
            arena_printf(run->arena, "cancelled; deployment %s was left to go on, as OnCancel says", run->deployment),
            result);
    if (good && take_back(&undo, err))
        return stopped(&undo, undo.sentence, result);
    if (heartbeat_abandoned(run->job->heartbeat))
        return stopped(&undo, "no longer watched; the deployment was left as it is", result);
    return !job_is_lost(run->job) && failed(&undo, err, result);
}

static bool undo_rejected(struct codedeploy_run *run, const struct err *why, struct wire_result *result,
                          struct err *err) {
    struct undo undo = {.run = run, .asked_ms = job_now_ms(run->job)};
    const char *rejected = arena_strdup(run->arena, why->message);
    deployment_note(&run->report, "%s", rejected);
    json_set_text(run->arena, run->mark, "rejected", rejected);
    if (!codedeploy_run_mark(run, err))
        return false;
    if (!take_back(&undo, err)) {
        if (job_is_lost(run->job))
            return false;
        (void)err_wrap(err, "%.300s", rejected);
        return failed(&undo, err, result);
    }
    struct err told;
    (void)err_set(&told, ERR_CONFLICT, "%.500s; %s", rejected, undo.sentence);
    return failed(&undo, &told, result);
}

/* ---- its own end ---- */

static bool finish(struct codedeploy_run *run, const struct codedeploy_verdict *verdict, struct wire_result *result,
                   struct err *err) {
    struct codedeploy_verdict back;
    if (verdict->state == CODEDEPLOY_SUCCEEDED) {
        result->outcome = WIRE_SUCCEEDED;
        result->external_url = run->report.external_url;
        result->summary = arena_printf(run->arena, "%s: %s", verdict->sentence, run->to ? run->to : run->group);
        deployment_note(&run->report, "%s", result->summary);
        deployment_send(&run->report, result->summary);
        return true;
    }
    const char *cause = run->cause ? arena_printf(run->arena, "; %.400s", run->cause) : "";
    if (!verdict->rollback)
        return err_set_code(err, ERR_CONFLICT, "JobFailed", "%.600s%s", verdict->sentence, cause);
    deployment_note(&run->report, "%s", verdict->sentence);
    deployment_note(&run->report, "CodeDeploy rolls back by deployment %s", verdict->rollback);
    if (!codedeploy_watch(run, verdict->rollback, STOP_TIMED_OUT, false, &back, NULL))
        return err_set_code(err, ERR_CONFLICT, "JobFailed", "%.800s; CodeDeploy rolls back by deployment %s",
                            verdict->sentence, verdict->rollback);
    return err_set_code(err, ERR_CONFLICT, "JobFailed", "%.500s%s; %s %s", verdict->sentence, cause,
                        back.state == CODEDEPLOY_SUCCEEDED ? "CodeDeploy went back to"
                                                           : "CodeDeploy could not go back to",
                        name_of(run->from));
}

bool codedeploy_end(struct codedeploy_run *run, const struct codedeploy_verdict *verdict, struct wire_result *result,
                    struct err *err) {
    result->external_id = run->deployment;
    result->external_url = run->report.external_url;
    if (verdict && finish(run, verdict, result, err))
        return true;
    if (job_stop_reason(run->job) == STOP_CANCELLED)
        return undo_cancelled(run, result, err);
    if (!verdict && str_equal(err->code, "Rejected")) {
        const struct err why = *err;
        return undo_rejected(run, &why, result, err);
    }
    if (!verdict && run->deployment && job_stop_reason(run->job) == STOP_TIMED_OUT)
        return err_set_code(err, ERR_CONFLICT, "JobFailed", "deployment %s did not end in time; CodeDeploy goes on",
                            run->deployment);
    if (!verdict && *left_over(run))
        return err_set_code(err, err->kind, err->code, "%s%s", arena_strdup(run->arena, err->message), left_over(run));
    return false;
}
