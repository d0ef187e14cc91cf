/*
 * An update that is cancelled: aborted where it is still under way, and otherwise the earlier version is deployed once
 * more. It ends with what was seen of the environment, and what stays is named.
 */
#include "runner/actions/elastic_beanstalk_run.h"

#include "common/str.h"

#define UNDO_MAX_MS (2 * 60 * 60 * 1000LL)
#define SENDS_MAX 2
#define SURE_AFTER_MS 60000 /* an environment is shown as it was for a moment after an order */

struct undo {
    struct beanstalk_run *run;
    int64_t asked_ms;
    const char *how;
    bool moved;       /* the environment was not Ready, since the latest order */
    int64_t ready_ms; /* since when it is; 0: it is not */
    int sends;        /* of the earlier version */
    const char *last; /* what was seen last: "Updating with version 12"; or NULL */
};

/* ---- how it ended ---- */

static const char *left_over(const struct beanstalk_run *run) {
    if (run->version_made)
        return arena_printf(run->arena, "; application version %s stays%s%s", run->label,
                            run->stored ? ", made of " : "", run->stored ? run->stored : "");
    return run->stored ? arena_printf(run->arena, "; %s stays stored", run->stored) : "";
}

static bool end(const struct undo *undo, enum wire_outcome outcome, const char *sentence, struct wire_result *result) {
    struct beanstalk_run *run = undo->run;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct deployment_cancel cancel = {.by = heartbeat_cancelled_by(run->job->heartbeat, &arena),
                                             .asked_ms = undo->asked_ms,
                                             .ended = true,
                                             .from = run->label,
                                             .to = run->previous,
                                             .how = undo->how,
                                             .sentence = sentence};
    deployment_cancel(&run->report, &cancel);
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

/* ---- taking it back ---- */

/* Refused: it has ended meanwhile, or has not begun yet, which the next look shows. */
static bool abort_update(struct undo *undo, struct err *err) {
    struct beanstalk_run *run = undo->run;
    struct err own = {0};
    undo->how = "AbortEnvironmentUpdate";
    deployment_note(&run->report, "aborting the update of environment '%s'", run->client.environment);
    return beanstalk_abort(&run->client, run->arena, &own) || own.kind == ERR_INVALID || own.kind == ERR_CONFLICT ||
           beanstalk_bear(run, &own, STOP_LOST, err);
}

/* Ours came through all the same. */
static bool deploy_previous(struct undo *undo, struct err *err) {
    struct beanstalk_run *run = undo->run;
    if (!run->previous)
        return err_set(err, ERR_CONFLICT, "there is no earlier version to go back to");
    if (undo->sends++ == SENDS_MAX)
        return err_set(err, ERR_CONFLICT, "version %s was deployed again and did not come through%s%.400s",
                       run->previous, run->cause ? ": " : "", run->cause ? run->cause : "");
    undo->how = "UpdateEnvironment";
    undo->moved = false;
    undo->ready_ms = 0;
    run->cause = NULL;
    deployment_note(&run->report, "deploying version %s again", run->previous);
    return beanstalk_send_update(run, run->previous, STOP_LOST, err);
}

/* The environment is Ready. *back: for good; the first look after an order may show what was before it. */
static bool judge_ready(struct undo *undo, const char *version, bool *back, struct err *err) {
    const struct beanstalk_run *run = undo->run;
    const bool sure = undo->moved || job_now_ms(run->job) - undo->ready_ms >= SURE_AFTER_MS;
    *back = sure && str_equal(version, run->previous);
    if (!str_equal(version, run->previous) && !str_equal(version, run->label) && sure)
        return err_set(err, ERR_CONFLICT, "somebody else deployed version %s", version);
    return !str_equal(version, run->label) || (undo->sends > 0 && !sure) || deploy_previous(undo, err);
}

static bool look_once(struct undo *undo, bool *back, struct err *err) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct beanstalk_run *run = undo->run;
    const struct json *environment = NULL;
    if (!beanstalk_look(run, STOP_LOST, &arena, &environment, err))
        return false;
    const char *status = json_get_text_or(environment, "Status", "");
    const char *version = json_get_text_or(environment, "VersionLabel", "");
    undo->last = arena_printf(run->arena, "%s with version %s", status, version);
    if (str_equal(status, "Ready")) {
        if (undo->ready_ms == 0)
            undo->ready_ms = job_now_ms(run->job);
        return judge_ready(undo, version, back, err);
    }
    undo->ready_ms = 0;
    undo->moved = true;
    const bool ours = str_equal(version, run->label) && run->starts < 2;
    return undo->sends > 0 || !ours || !str_equal(status, "Updating") || abort_update(undo, err);
}

/* False with *err: what stands in the way. */
static bool take_back(struct undo *undo, struct err *err) {
    struct beanstalk_run *run = undo->run;
    run->client.urgent = true;
    run->undo_until_ms = undo->asked_ms + UNDO_MAX_MS;
    for (bool back = false; beanstalk_is_wanted(run, STOP_LOST, err);) {
        if (!look_once(undo, &back, err))
            return false;
        if (back)
            return true;
        beanstalk_wait(run, STOP_LOST);
    }
    return false;
}

static const char *how_it_failed(const struct undo *undo, const struct err *why) {
    const struct beanstalk_run *run = undo->run;
    if (!undo->last)
        return arena_printf(run->arena, "environment '%s' was left as it is: %.600s%s", run->client.environment,
                            why->message, left_over(run));
    return arena_printf(run->arena, "environment '%s' is %s after the cancel: %.600s%s", run->client.environment,
                        undo->last, why->message, left_over(run));
}

bool beanstalk_undo(struct beanstalk_run *run, struct wire_result *result, struct err *err) {
    struct undo undo = {.run = run, .asked_ms = job_now_ms(run->job), .how = "nothing to undo"};
    if (!run->update_sent)
        return end(&undo, WIRE_STOPPED,
                   arena_printf(run->arena, "cancelled before the environment was changed%s", left_over(run)), result);
    if (take_back(&undo, err))
        return end(&undo, WIRE_STOPPED,
                   arena_printf(run->arena, "environment '%s' is back on version %s%s", run->client.environment,
                                run->previous, left_over(run)),
                   result);
    if (job_is_lost(run->job))
        return false;
    if (heartbeat_abandoned(run->job->heartbeat))
        return end(&undo, WIRE_STOPPED, "no longer watched; the environment was left as it is", result);
    return end(&undo, WIRE_FAILED, how_it_failed(&undo, err), result);
}
