/*
 * Deploy/Release. All members are looked at before the first is changed. The mark names each member that was begun,
 * with its own mark, so that whoever comes after a crash goes on, or puts everything back.
 */
#include "runner/actions/release.h"

#include "common/str.h"
#include "runner/actions/actions.h"

/* ---- marks ---- */

bool release_save(struct release *release, struct err *err) {
    struct json *whole = json_object(release->arena);
    struct json *members = json_set_object(release->arena, whole, "members");
    for (size_t i = 0; i < release->count; i++) {
        const struct release_member *member = &release->members[i];
        if (!member->mark)
            continue;
        struct json *entry = json_set_object(release->arena, members, member->name);
        json_set(release->arena, entry, "mark", json_copy(release->arena, member->mark));
        json_set_bool(release->arena, entry, "done", member->done);
    }
    json_set_text(release->arena, whole, "failed", release->failed);
    json_set_text(release->arena, whole, "failedType", release->failed_type);
    if (release->settled)
        json_set_bool(release->arena, whole, "settled", true);
    return job_checkpoint(release->job, whole, err);
}

static void begin(struct release *release, const struct json *mark) {
    release->failed = json_get_text(mark, "failed");
    release->settled = json_get_bool(mark, "settled", false);
    release->failed_type = json_get_text(mark, "failedType");
    for (size_t i = 0; i < release->count; i++) {
        struct release_member *member = &release->members[i];
        const struct json *entry = json_get(json_get(mark, "members"), member->name);
        member->mark = json_get(entry, "mark");
        member->done = json_get_bool(entry, "done", false);
        member->kind->begin(member, member->mark);
    }
}

/* ---- forth ---- */

static bool is_wanted(const struct release *release) {
    return job_stop_reason(release->job) < STOP_CANCELLED;
}

static bool prepare(struct release *release, struct err *err) {
    for (size_t i = 0; i < release->count; i++) {
        struct release_member *member = &release->members[i];
        if (!member->done && !member->kind->prepare(member, err))
            return err_wrap(err, "member '%.100s'", member->name);
    }
    return true;
}

static bool move(struct release_member *member, struct err *err) {
    struct release *release = member->release;
    if (member->done)
        return true;
    deployment_note(release->report, "member '%s' of release '%s' begins", member->name, release->name);
    if (!member->kind->apply(member, err))
        return err_wrap(err, "member '%.100s'", member->name);
    member->done = true;
    deployment_note(release->report, "member '%s': %s", member->name, member->kind->runs(member));
    deployment_send(release->report, member->kind->runs(member));
    return release_save(release, err);
}

static bool go(struct release *release, struct err *err) {
    if (!prepare(release, err))
        return false;
    for (size_t i = 0; i < release->count && is_wanted(release); i++)
        if (!move(&release->members[i], err))
            return false;
    return is_wanted(release) || err_set(err, ERR_CONFLICT, "stopped");
}

/* ---- and back ---- */

/* Members that were begun, the latest first. *left: those that could not be put back, and why; "" where all are. */
static bool put_back(struct release *release, const char **back, const char **left, struct err *err) {
    *back = *left = "";
    for (size_t i = release->count; i-- > 0;) {
        struct release_member *member = &release->members[i];
        struct err own = {0};
        const char *sentence = NULL;
        if (!member->mark)
            continue;
        if (member->kind->undo(member, &sentence, &own)) {
            *back = arena_printf(release->arena, "%s%s%s: %s", *back, **back ? "; " : "", member->name,
                                 sentence ? sentence : "as before");
            continue;
        }
        if (job_is_lost(release->job)) {
            *err = own;
            return false;
        }
        *left = arena_printf(release->arena, "%s; member '%s' could not be put back: %.400s", *left, member->name,
                             own.message);
    }
    return true;
}

static bool undo(struct release *release, struct wire_result *result, struct err *err) {
    const char *back;
    const char *left;
    /* A cancel needs no mark: whoever takes the job over is told of it. */
    if (release->failed && !release_save(release, err))
        return false;
    deployment_note(release->report, "release '%s' goes back", release->name);
    if (!put_back(release, &back, &left, err))
        return false;
    const char *sentence = *back ? back : "nothing had to be put back";
    if (release->failed || *left)
        *result = (struct wire_result){.outcome = WIRE_FAILED,
                                       .error_code = release->failed_type ? release->failed_type : "JobFailed",
                                       .error_message = arena_printf(release->arena, "%.600s; %.600s%.600s",
                                                                     release->failed ? release->failed : "cancelled",
                                                                     sentence, left)};
    else
        *result = (struct wire_result){.outcome = WIRE_STOPPED,
                                       .summary = arena_printf(release->arena, "cancelled; %s", sentence)};
    deployment_note(release->report, "%s%s", sentence, left);
    return true;
}

/* OnCancel: LEAVE. */
static bool leave(struct release *release, struct wire_result *result) {
    const char *how = "";
    for (size_t i = 0; i < release->count; i++)
        if (release->members[i].mark)
            how = arena_printf(release->arena, "%s%s'%s'", how, *how ? ", " : "", release->members[i].name);
    *result = (struct wire_result){.outcome = WIRE_STOPPED,
                                   .summary = arena_printf(release->arena, "cancelled; OnCancel is LEAVE: %s%s",
                                                           *how ? "left as they are: " : "",
                                                           *how ? how : "nothing was begun")};
    deployment_note(release->report, "%s", result->summary);
    return true;
}

/* ---- the action ---- */

/* From the mark on it stays: what it would take to go back is removed. */
static bool succeed(struct release *release, struct wire_result *result, struct err *err) {
    const char *runs = "";
    release->settled = true;
    if (!release_save(release, err))
        return false;
    for (size_t i = 0; i < release->count; i++) {
        struct release_member *member = &release->members[i];
        if (member->kind->settle)
            member->kind->settle(member);
        runs = arena_printf(release->arena, "%s%s%s", runs, i > 0 ? "; " : "", member->kind->runs(member));
    }
    *result = (struct wire_result){.outcome = WIRE_SUCCEEDED,
                                   .summary = arena_printf(release->arena, "release '%s': %s", release->name, runs)};
    return true;
}

static bool is_begun(const struct release *release) {
    for (size_t i = 0; i < release->count; i++)
        if (release->members[i].mark)
            return true;
    return false;
}

static bool run(struct release *release, struct wire_result *result, struct err *err) {
    struct err own = {0};
    const bool wanted = !release->failed && !release->settled && !release->job->message->cancelled;
    const bool done = wanted && go(release, &own);
    if (job_is_lost(release->job)) {
        *err = own;
        return false;
    }
    if (release->settled)
        return succeed(release, result, err);
    /* One that has begun to go back goes on with that, whatever a cancel wants. */
    if (!release->failed && job_stop_reason(release->job) == STOP_CANCELLED)
        return release->leave_on_cancel ? leave(release, result) : undo(release, result, err);
    if (done)
        return succeed(release, result, err);
    if (!release->failed && !is_begun(release)) { /* so there is nothing to put back */
        *err = own;
        return false;
    }
    if (!release->failed) {
        release->failed = arena_strdup(release->arena, own.message);
        release->failed_type = job_failure_type(&own);
    }
    return undo(release, result, err);
}

bool action_release(struct job *job, struct wire_result *result, struct err *err) {
    struct deployment_report *report = arena_new(job->arena, struct deployment_report);
    struct release *release = arena_new(job->arena, struct release);
    *release = (struct release){.job = job, .arena = job->arena, .report = report};
    deployment_begin(report, job, "RELEASE");
    if (!release_read(release, err))
        return false;
    begin(release, job->message->checkpoint);
    return run(release, result, err);
}
