/*
 * A stack's events, as they come, until it is at rest. One call a look.
 */
#include "runner/actions/cloudformation_run.h"

#include "common/str.h"
#include "runner/actions/cloudformation_status.h"

#include <string.h>

#define LOOK_AGAIN_MS 5000
#define EVENTS_MAX 100    /* an answer's */
#define LOOKS_FOR_OURS 12 /* events come a moment after the order */

bool stack_run_undo_goes_on(const struct stack_run *run, struct err *err) {
    if (job_is_lost(run->job) || heartbeat_abandoned(run->job->heartbeat))
        return err_set(err, ERR_CONFLICT, "no longer asked for");
    return run->undo_until_ms == 0 || job_now_ms(run->job) < run->undo_until_ms ||
           err_set(err, ERR_CONFLICT, "the time for going back is up");
}

static bool is_wanted(const struct stack_run *run, enum stop_reason until, struct err *err) {
    if (until == STOP_LOST)
        return stack_run_undo_goes_on(run, err);
    return job_stop_reason(run->job) < until || err_set(err, ERR_CONFLICT, "stopped");
}

/* False where it is no use to ask again. */
static bool bear(struct stack_run *run, const struct err *own, enum stop_reason until, struct err *err) {
    if (own->kind != ERR_UNAVAILABLE || !is_wanted(run, until, NULL))
        return err_set_code(err, own->kind, own->code, "%s", own->message);
    job_log(run->job, "%s; trying again", own->message);
    (void)job_sleep(run->job, LOOK_AGAIN_MS, until);
    return true;
}

bool stack_run_look(struct stack_run *run, enum stop_reason until, struct arena *arena, const struct json **stack,
                    struct err *err) {
    for (;;) {
        struct err own = {0};
        if (cloudformation_stack(&run->client, arena, stack_run_subject(run), stack, &own))
            return true;
        if (!bear(run, &own, until, err))
            return false;
    }
}

static bool get_events(struct stack_run *run, enum stop_reason until, struct arena *arena, const struct json **events,
                       struct err *err) {
    for (;;) {
        struct err own = {0};
        if (cloudformation_events(&run->client, arena, stack_run_subject(run), events, &own))
            return true;
        if (!bear(run, &own, until, err))
            return false;
    }
}

static bool is_ours(const struct json *event, const char *token) {
    return str_equal(json_get_text(event, "ClientRequestToken"), token);
}

bool stack_run_was_sent(struct stack_run *run, const char *token, bool *sent, bool *latest, struct err *err) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct json *events = NULL;
    *sent = false;
    if (!get_events(run, STOP_LOST, &arena, &events, err))
        return false;
    if (latest)
        *latest = is_ours(json_first(events), token);
    json_each(event, events) {
        if (is_ours(event, token)) {
            *sent = true;
            if (!run->id)
                run->id = arena_strdup(run->arena, json_get_text(event, "StackId"));
        }
    }
    return true;
}

bool stack_run_find_sent(struct stack_run *run, const char *token, bool *sent, struct err *err) {
    for (int looks = 1;; looks++) {
        if (!stack_run_was_sent(run, token, sent, NULL, err))
            return false;
        if (*sent || looks == LOOKS_FOR_OURS)
            return true;
        (void)job_sleep(run->job, LOOK_AGAIN_MS, STOP_LOST);
        if (!stack_run_undo_goes_on(run, err))
            return false;
    }
}

/* What the watch of one order keeps from look to look. */
struct watch {
    struct stack_run *run;
    const char *token;
    const char *newest; /* id of the newest event that was told; NULL: none of ours was seen yet */
    int looks;
    int done;  /* resources that are as they are to be */
    bool rest; /* the newest of the stack's own events says that it may be at rest */
};

/* Those that were not told yet, newest first; none before the first of ours. */
static size_t fresh(const struct watch *watch, const struct json *events, const struct json **out) {
    size_t count = 0;
    size_t wanted = 0;
    json_each(event, events) {
        if (count == EVENTS_MAX || (watch->newest && str_equal(json_get_text(event, "EventId"), watch->newest)))
            break;
        out[count++] = event;
        if (watch->newest || is_ours(event, watch->token))
            wanted = count;
    }
    return wanted;
}

static void tell(struct watch *watch, const struct json *event) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct stack_run *run = watch->run;
    const char *text = stack_event_text(&arena, event);
    if (stack_event_is_of_stack(event))
        deployment_note(&run->report, "%s", text);
    else
        job_log(run->job, "%s", text);
    if (stack_event_is_cause(event)) {
        deployment_evidence(&run->report, "EVENT", json_get_text_or(event, "LogicalResourceId", "?"), text);
        if (!run->cause)
            run->cause = arena_strdup(run->arena, text);
    }
    if (!stack_event_is_of_stack(event) && str_ends_with(json_get_text_or(event, "ResourceStatus", ""), "_COMPLETE"))
        watch->done++;
}

static void take_events(struct watch *watch, const struct json *events) {
    const struct json *list[EVENTS_MAX];
    size_t count = fresh(watch, events, list);
    if (count > 0) {
        watch->newest = arena_strdup(watch->run->arena, json_get_text_or(list[0], "EventId", ""));
        if (!watch->run->id)
            watch->run->id = arena_strdup(watch->run->arena, json_get_text(list[0], "StackId"));
    }
    while (count > 0) {
        const struct json *event = list[--count];
        tell(watch, event);
        if (stack_event_is_of_stack(event))
            watch->rest = stack_is_at_rest(json_get_text(event, "ResourceStatus"));
    }
}

/* *over: it is at rest. */
static bool look(struct watch *watch, enum stop_reason until, bool *over, const struct json **stack, int *calls,
                 struct err *err) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct stack_run *run = watch->run;
    const struct json *events = NULL;
    const struct json *found = NULL;
    *calls = 1;
    if (!get_events(run, until, &arena, &events, err))
        return false;
    take_events(watch, events);
    /* Where no event is ours, the stack itself says whether something is under way. */
    if (!watch->rest && (watch->newest || ++watch->looks < LOOKS_FOR_OURS))
        return true;
    *calls = 2;
    if (!stack_run_look(run, until, &arena, &found, err))
        return false;
    *over = !found || stack_is_at_rest(json_get_text(found, "StackStatus"));
    if (*over)
        *stack = found ? json_copy(run->arena, found) : NULL;
    return true;
}

bool stack_run_watch(struct stack_run *run, const char *token, enum stop_reason until, const struct json **stack,
                     struct err *err) {
    struct watch watch = {.run = run, .token = token};
    for (;;) {
        struct arena arena CLEANUP(arena_release) = ARENA_INIT;
        bool over = false;
        int calls = 0;
        if (!look(&watch, until, &over, stack, &calls, err))
            return false;
        if (over)
            return true;
        deployment_send(&run->report, arena_printf(&arena, "stack '%s': %d resources are done", run->name, watch.done));
        if (!is_wanted(run, until, err))
            return false;
        (void)job_sleep(run->job, poll_pace_wait(&run->pace, job_now_ms(run->job), calls, 1, 0), until);
    }
}
