/*
 * Following a deployment, and saying what is seen of it: each lifecycle event as it comes, traffic, tasks, a pause that
 * waits for somebody.
 */
#include "runner/actions/codedeploy_run.h"

#include "common/hash.h"
#include "common/str.h"

#include <string.h>

#define SEEN_MAX 4000
#define LOOK_AGAIN_MS 5000
#define LOG_TAIL_MAX 1500

void codedeploy_tell(struct codedeploy_run *run, const char *sentence) {
    if (!str_equal(run->report.summary, sentence))
        job_log(run->job, "%s", sentence);
    deployment_send(&run->report, sentence);
}

static bool is_ours(const struct codedeploy_run *run) {
    return !job_is_lost(run->job) && !heartbeat_abandoned(run->job->heartbeat);
}

bool codedeploy_look(struct codedeploy_run *run, struct arena *arena, const char *id, const struct json **info,
                     struct err *err) {
    while (is_ours(run)) {
        struct err own = {0};
        if (codedeploy_get(&run->client, arena, id, info, &own))
            return true;
        if (own.kind != ERR_UNAVAILABLE)
            return err_set_code(err, own.kind, own.code, "%s", own.message);
        job_log(run->job, "%s", own.message);
        (void)job_sleep(run->job, LOOK_AGAIN_MS, STOP_LOST);
    }
    return err_set(err, ERR_CONFLICT, "no longer asked for");
}

bool codedeploy_is_new(struct codedeploy_run *run, const char *what) {
    for (size_t i = 0; i < run->seen_count; i++)
        if (str_equal(run->seen[i], what))
            return false;
    if (run->seen_count >= SEEN_MAX)
        return false;
    if (run->seen_count == run->seen_capacity)
        run->seen = arena_grow(run->arena, run->seen, sizeof *run->seen, &run->seen_capacity);
    run->seen[run->seen_count++] = arena_strdup(run->arena, what);
    return true;
}

static const char *after_how_long(struct arena *arena, const struct json *event) {
    const struct json *start = json_get(event, "startTime");
    const struct json *end = json_get(event, "endTime");
    return start && end ? arena_printf(arena, " after %.0f s", end->number - start->number) : "";
}

static void tell_event(struct codedeploy_run *run, struct arena *arena, const struct json *body,
                       const struct json *event) {
    const char *name = json_get_text_or(event, "lifecycleEventName", "");
    const char *status = json_get_text_or(event, "status", "Pending");
    const char *target = json_get(body, "taskSetsInfo") ? NULL : codedeploy_target_name(body);
    const char *failure = codedeploy_event_failure(arena, event);
    const char *tail = json_get_text(json_get(event, "diagnostics"), "logTail");
    const char *where = target ? arena_printf(arena, "%s: ", target) : "";
    if (str_equal(status, "Pending") || str_equal(status, "Skipped") || str_equal(status, "Unknown") ||
        !codedeploy_is_new(run, arena_printf(arena, "%s|%s|%s", json_get_text_or(body, "deploymentId", ""), where,
                                             arena_printf(arena, "%s|%s", name, status))))
        return;
    if (failure) {
        deployment_note(&run->report, "%s%s", where, failure);
        deployment_evidence(&run->report, "EVENT", target ? target : name, failure);
        if (tail && *tail)
            deployment_evidence(&run->report, "LOG", target ? target : name,
                                arena_printf(arena, "%.*s", LOG_TAIL_MAX, tail));
    } else if (str_equal(status, "InProgress")) {
        deployment_note(&run->report, "%s'%s' began", where, name);
    } else {
        deployment_note(&run->report, "%s'%s' succeeded%s", where, name, after_how_long(arena, event));
    }
}

static void tell_targets(struct codedeploy_run *run, struct arena *arena, const struct json *targets) {
    json_each(target, targets) {
        const struct json *body = codedeploy_target_body(target);
        json_each(event, json_get(body, "lifecycleEvents")) tell_event(run, arena, body, event);
    }
}

static void report_verdict(struct codedeploy_run *run, const struct codedeploy_verdict *verdict) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    run->report.percent = verdict->percent;
    deployment_set_text(&run->report, "stage", verdict->stage);
    if (verdict->desired >= 0) { /* of tasks */
        struct json *tasks = json_object(&arena);
        json_set_integer(&arena, tasks, "desired", verdict->desired);
        json_set_integer(&arena, tasks, "running", verdict->running);
        json_set_integer(&arena, tasks, "pending", verdict->pending);
        json_set_integer(&arena, tasks, "failed", 0);
        json_set_integer(&arena, tasks, "old", verdict->old > 0 ? verdict->old : 0);
        deployment_set(&run->report, "tasks", tasks);
        if (verdict->percent >= 0)
            deployment_set_integer(&run->report, "trafficPercent", verdict->percent);
    }
}

/* What the watch of one deployment keeps from look to look. */
struct watch {
    struct codedeploy_run *run;
    const char *id;
    const struct json *target_ids; /* in the job's arena; NULL: not known yet */
    int looks;
    int calls;         /* since the latest wait */
    const char *stage; /* the event that was under way */
    bool answers;
    bool answered; /* the pause was approved */
    int64_t paused_ms;
};

/* Targets are asked for less often than the deployment itself: they are a help, its status is the verdict. */
static bool wants_targets(const struct watch *watch, const char *status) {
    bool ended = str_equal(status, "Failed") || str_equal(status, "Stopped") || str_equal(status, "Succeeded");
    return ended || watch->looks < 3 || watch->looks % 2 == 0;
}

static const struct json *get_targets(struct watch *watch, struct arena *arena) {
    struct codedeploy_run *run = watch->run;
    const struct json *targets = NULL;
    if (!watch->target_ids) {
        const struct json *ids = NULL;
        watch->calls++;
        if (!codedeploy_target_ids(&run->client, arena, watch->id, &ids, NULL) || !ids || ids->count == 0)
            return NULL;
        watch->target_ids = json_copy(run->arena, ids);
    }
    watch->calls++;
    if (!codedeploy_targets(&run->client, arena, watch->id, watch->target_ids, &targets, NULL))
        return NULL;
    return targets;
}

/* One look, in an arena of its own. */
static bool look(struct watch *watch, struct codedeploy_verdict *out, struct err *err) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct codedeploy_run *run = watch->run;
    const struct json *info = NULL;
    const struct json *targets = NULL;
    watch->calls++;
    if (!codedeploy_look(run, &arena, watch->id, &info, err))
        return false;
    bool with_targets = wants_targets(watch, json_get_text(info, "status"));
    if (with_targets)
        targets = get_targets(watch, &arena);
    watch->looks++;
    *out = codedeploy_verdict(&arena, info, targets);
    tell_targets(run, &arena, targets);
    if (targets || out->state != CODEDEPLOY_GOES_ON) {
        report_verdict(run, out);
        codedeploy_tell(run, out->sentence);
    }
    if (run->look_closer && out->state == CODEDEPLOY_GOES_ON)
        watch->calls += run->look_closer(run, out);
    out->sentence = arena_strdup(run->arena, out->sentence);
    out->stage = arena_strdup(run->arena, out->stage);
    out->rollback = arena_strdup(run->arena, out->rollback);
    return true;
}

static void show_pause(struct watch *watch) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct codedeploy_run *run = watch->run;
    const char *url = job_setting(run->job, "TestUrl");
    struct json *pause = json_object(&arena);
    if (watch->paused_ms != 0)
        return;
    watch->paused_ms = job_now_ms(run->job);
    json_set_text(&arena, pause, "id", watch->id);
    json_set_text(&arena, pause, "stage", "READY_WAIT");
    json_set_text(&arena, pause, "sentence",
                  arena_printf(&arena, "%s is ready beside %s: shall it get the traffic?",
                               run->to ? run->to : "the new", run->from ? run->from : "the old"));
    json_set_text(&arena, pause, "testUrl", url && *url ? url : NULL);
    if (run->ready_wait_ms > 0)
        json_set_integer(&arena, pause, "expires", (watch->paused_ms + run->ready_wait_ms) / 1000);
    deployment_set(&run->report, "pause", pause);
    deployment_note(&run->report, "the traffic waits for an approval");
    deployment_send(&run->report, "waiting for approval: the new version is ready, no traffic goes to it yet");
}

static void end_pause(struct watch *watch) {
    watch->paused_ms = 0;
    deployment_set(&watch->run->report, "pause", NULL);
}

/* Says who answered what; false where it was "no". */
static bool take_answer(struct watch *watch, const struct heartbeat_decision *decision, struct err *err) {
    struct codedeploy_run *run = watch->run;
    const char *by = decision->by ? decision->by : "somebody";
    const char *words = decision->summary && *decision->summary ? decision->summary : NULL;
    end_pause(watch);
    if (!decision->approved)
        return err_set_code(err, ERR_CONFLICT, "Rejected", "rejected by %.200s%s%.300s", by, words ? ": " : "",
                            words ? words : "");
    deployment_note(&run->report, "approved by %.200s%s%.300s", by, words ? ": " : "", words ? words : "");
    watch->answered = true;
    return true;
}

/* The traffic is to move: sent again while CodeDeploy is busy, and no matter where it moves already. */
static bool let_go_on(struct watch *watch, struct err *err) {
    struct codedeploy_run *run = watch->run;
    while (job_stop_reason(run->job) < STOP_CANCELLED) {
        struct err own = {0};
        watch->calls++;
        if (codedeploy_continue(&run->client, run->arena, watch->id, &own) || own.kind == ERR_CONFLICT)
            return true;
        if (own.kind != ERR_UNAVAILABLE)
            return err_set_code(err, own.kind, own.code, "%s", own.message);
        job_log(run->job, "%s; trying again", own.message);
        (void)job_sleep(run->job, LOOK_AGAIN_MS, STOP_CANCELLED);
    }
    return true; /* the watch sees why */
}

static bool handle_pause(struct watch *watch, const struct codedeploy_verdict *verdict, struct err *err) {
    struct heartbeat_decision decision = {0};
    if (!watch->answers || verdict->state != CODEDEPLOY_WAITS) {
        if (watch->paused_ms != 0 && verdict->state != CODEDEPLOY_WAITS)
            end_pause(watch); /* somebody else let it go on, or its time was up */
        return true;
    }
    if (watch->answered)
        return true;
    show_pause(watch);
    if (!heartbeat_decision(watch->run->job->heartbeat, watch->id, &decision))
        return true;
    return take_answer(watch, &decision, err) && let_go_on(watch, err);
}

static void wait(struct watch *watch, const struct codedeploy_verdict *verdict, enum stop_reason until) {
    struct codedeploy_run *run = watch->run;
    uint32_t random;
    hash_random(&random, sizeof random);
    int64_t quiet = verdict->old_ones_stay && verdict->moved_ms > 0 ? verdict->moved_ms + run->old_stay_ms : 0;
    int next = wants_targets(watch, "InProgress") ? 2 : 1;
    int64_t pause = poll_pace_wait(&run->pace, job_now_ms(run->job), watch->calls, next, quiet);
    watch->calls = 0;
    (void)job_sleep(run->job, pause + random % 200, until);
}

bool codedeploy_watch(struct codedeploy_run *run, const char *id, enum stop_reason until, bool answers,
                      struct codedeploy_verdict *out, struct err *err) {
    struct watch watch = {.run = run, .id = id, .answers = answers};
    const char *rejected = answers ? json_get_text(run->mark, "rejected") : NULL;
    if (rejected) /* an earlier holder began to take it back */
        return err_set_code(err, ERR_CONFLICT, "Rejected", "%s", rejected);
    for (;;) {
        struct codedeploy_verdict verdict;
        if (!look(&watch, &verdict, err) || !handle_pause(&watch, &verdict, err))
            return false;
        if (verdict.state != CODEDEPLOY_GOES_ON && verdict.state != CODEDEPLOY_WAITS) {
            *out = verdict;
            return true;
        }
        if (job_stop_reason(run->job) >= until)
            return err_set(err, ERR_CONFLICT, "stopped");
        wait(&watch, &verdict, until);
    }
}
