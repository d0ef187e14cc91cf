/*
 * A CloudFormation action that is cancelled. An update that is under way is cancelled and rolls back, a stack that is
 * being made is deleted, a change set goes; what has come about already, and a deletion, cannot be taken back: then the
 * action says so and ends as what it did.
 */
#include "runner/actions/cloudformation_run.h"

#include "common/str.h"
#include "runner/actions/cloudformation_status.h"

#include <string.h>

#define LOOK_AGAIN_MS 5000
#define UNDO_MAX_MS (3 * 60 * 60 * 1000LL)

struct undo {
    struct stack_run *run;
    int64_t asked_ms;
    const char *how;
    const char *status; /* the stack's, as it was seen last; or NULL */
};

static void report_cancel(const struct undo *undo, const char *sentence) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct stack_run *run = undo->run;
    const struct deployment_cancel cancel = {.by = heartbeat_cancelled_by(run->job->heartbeat, &arena),
                                             .asked_ms = undo->asked_ms,
                                             .ended = true,
                                             .from = "what this action began",
                                             .to = "what was there before",
                                             .how = undo->how,
                                             .sentence = sentence};
    deployment_cancel(&run->report, &cancel);
    deployment_note(&run->report, "%s", sentence);
    deployment_send(&run->report, sentence);
}

static bool end(struct undo *undo, enum wire_outcome outcome, const char *sentence, struct wire_result *result) {
    report_cancel(undo, sentence);
    *result = (struct wire_result){.outcome = outcome, .external_id = undo->run->id};
    if (outcome == WIRE_FAILED) {
        result->error_code = "JobFailed";
        result->error_message = sentence;
    } else {
        result->summary = sentence;
    }
    return true;
}

/* One call, sent again while CloudFormation is busy. False with *err, but for ERR_INVALID: the stack's state does not
 * allow it (any more), which the watch explains. */
static bool order(struct undo *undo, bool is_delete, const char *token, struct err *err) {
    struct stack_run *run = undo->run;
    const char *subject = stack_run_subject(run);
    undo->how = is_delete ? "DeleteStack" : "CancelUpdateStack";
    while (stack_run_undo_goes_on(run, err)) {
        struct err own = {0};
        bool sent = is_delete ? cloudformation_delete(&run->client, run->arena, subject, token, run->role_arn, &own)
                              : cloudformation_cancel_update(&run->client, run->arena, subject, token, &own);
        if (sent || own.kind == ERR_INVALID)
            return true;
        if (own.kind != ERR_UNAVAILABLE)
            return err_set_code(err, own.kind, own.code, "%s", own.message);
        job_log(run->job, "%s; trying again", own.message);
        (void)job_sleep(run->job, LOOK_AGAIN_MS, STOP_LOST);
    }
    return false;
}

/* Says what the stack came to. */
static bool judge(struct undo *undo, const struct json *stack, struct wire_result *result) {
    struct stack_run *run = undo->run;
    const char *status = json_get_text_or(stack, "StackStatus", "DELETE_COMPLETE");
    bool deleted = str_equal(status, "DELETE_COMPLETE");
    if (deleted && str_equal(run->mode, "REPLACE_ON_FAILURE"))
        return end(undo, WIRE_STOPPED,
                   arena_printf(run->arena, "stack '%s', which could not be updated, is deleted, and no other was made",
                                run->name),
                   result);
    if (deleted && str_equal(run->operation, "DeleteStack"))
        return end(undo, WIRE_SUCCEEDED,
                   arena_printf(run->arena,
                                "stack '%s' is deleted; the cancel came too late: a deletion cannot be "
                                "stopped",
                                run->name),
                   result);
    if (deleted)
        return end(undo, WIRE_STOPPED,
                   arena_printf(run->arena, "stack '%s', which this action was making, is deleted", run->name), result);
    if (str_equal(status, "UPDATE_ROLLBACK_COMPLETE"))
        return end(undo, WIRE_STOPPED,
                   arena_printf(run->arena, "stack '%s' is as it was before (%s)", run->name, status), result);
    if (stack_is_good(status))
        return end(undo, WIRE_SUCCEEDED,
                   arena_printf(run->arena, "stack '%s' is %s; the cancel came too late", run->name, status), result);
    return end(undo, WIRE_FAILED,
               arena_printf(run->arena, "stack '%s' is %s after the cancel%s%.500s; look at it before the next run",
                            run->name, status, run->cause ? ": " : "", run->cause ? run->cause : ""),
               result);
}

/* What is under way may be somebody else's, begun when ours had ended. */
static bool is_ours(struct stack_run *run, bool *ours, struct err *err) {
    bool sent = false;
    bool latest = false;
    if (!stack_run_was_sent(run, stack_run_token(run, run->operation), &sent, &latest, err))
        return false;
    *ours = latest || !sent; /* events come a moment after the order, which is known to have arrived */
    return true;
}

/* By what the stack is doing now. */
static bool take_back(struct undo *undo, const struct json **stack, struct err *err) {
    struct stack_run *run = undo->run;
    const char *token = stack_run_token(run, "undo");
    while (stack_run_undo_goes_on(run, err)) {
        struct arena arena CLEANUP(arena_release) = ARENA_INIT;
        const struct json *found = NULL;
        bool ours = false;
        if (!stack_run_look(run, STOP_LOST, &arena, &found, err))
            return false;
        const char *status = json_get_text_or(found, "StackStatus", "DELETE_COMPLETE");
        bool is_new = str_equal(status, "CREATE_IN_PROGRESS");
        bool is_update = str_equal(status, "UPDATE_IN_PROGRESS");
        undo->status = arena_strdup(run->arena, status);
        if (stack_is_at_rest(status)) {
            *stack = found ? json_copy(run->arena, found) : NULL;
            return true;
        }
        if (is_new || is_update) {
            if (!is_ours(run, &ours, err) || (ours && !order(undo, is_new, token, err)))
                return false;
            if (!ours)
                return err_set(err, ERR_CONFLICT, "what this action began has ended, and somebody else changes it now");
        }
        (void)job_sleep(run->job, LOOK_AGAIN_MS, STOP_LOST);
    }
    return false;
}

/* A change set for a stack that was not there has CloudFormation make an empty one. */
static const char *left_of_change_set(struct stack_run *run) {
    const struct json *stack = NULL;
    if (!stack_run_look(run, STOP_LOST, run->arena, &stack, NULL))
        return "whether a stack was made for it could not be seen";
    if (stack_is_unborn(json_get_text(stack, "StackStatus")))
        return arena_printf(run->arena, "stack '%s' stays, empty, as REVIEW_IN_PROGRESS", run->name);
    return "the stack was not touched";
}

static bool undo_change_set(struct undo *undo, struct wire_result *result, struct err *err) {
    struct stack_run *run = undo->run;
    const char *name = job_setting(run->job, "ChangeSetName");
    undo->how = "DeleteChangeSet";
    while (stack_run_undo_goes_on(run, err)) {
        struct err own = {0};
        if (cloudformation_delete_change_set(&run->client, run->arena, run->name, name, &own))
            return end(undo, WIRE_STOPPED,
                       arena_printf(run->arena, "change set '%s' is deleted; %s", name, left_of_change_set(run)),
                       result);
        if (own.kind != ERR_UNAVAILABLE)
            return err_set_code(err, own.kind, own.code, "%s; change set '%s' stays", own.message, name);
        job_log(run->job, "%s; trying again", own.message);
        (void)job_sleep(run->job, LOOK_AGAIN_MS, STOP_LOST);
    }
    return false;
}

/* Whether anything arrived at CloudFormation before the cancel. */
static bool was_begun(struct stack_run *run, bool *begun, struct err *err) {
    *begun = run->operation != NULL;
    if (!*begun || run->accepted || str_equal(run->operation, "CreateChangeSet"))
        return true;
    return stack_run_find_sent(run, stack_run_token(run, run->operation), begun, err);
}

static const char *how_it_failed(const struct undo *undo, const struct err *why) {
    const struct stack_run *run = undo->run;
    return arena_printf(run->arena, "stack '%s' is %s after the cancel: %.600s", run->name,
                        undo->status ? undo->status : "as it was left", why->message);
}

bool stack_run_undo(struct stack_run *run, struct wire_result *result, struct err *err) {
    struct undo undo = {.run = run, .asked_ms = job_now_ms(run->job), .how = "nothing to undo"};
    const struct json *stack = NULL;
    bool begun = false;
    run->client.urgent = true;
    run->undo_until_ms = undo.asked_ms + UNDO_MAX_MS;
    bool good = was_begun(run, &begun, err);
    if (good && !begun)
        return end(&undo, WIRE_STOPPED, "cancelled before CloudFormation was told anything", result);
    if (good && str_equal(run->operation, "CreateChangeSet")) {
        if (undo_change_set(&undo, result, err))
            return true;
    } else if (good && take_back(&undo, &stack, err)) {
        return judge(&undo, stack, result);
    }
    if (heartbeat_abandoned(run->job->heartbeat))
        return end(&undo, WIRE_STOPPED, "no longer watched; the stack was left as it is", result);
    return !job_is_lost(run->job) && end(&undo, WIRE_FAILED, how_it_failed(&undo, err), result);
}
