/*
 * What is asked beside the service itself, and when. A task's id comes with ECS's own event ("has started 1 tasks:
 * (task …)"), so that one call describes all of them; a list is asked for only where no event named any.
 */
#include "runner/actions/ecs_cause.h"

#include "common/str.h"
#include "runner/actions/ecs_deploy.h"
#include "runner/aws/elb.h"
#include "runner/aws/logs.h"

#include <stdio.h>
#include <string.h>

#define WATCHED_MAX 100 /* DescribeTasks takes no more */
#define ID_SIZE 64
#define TOLD_MAX 256
#define TEXT_SIZE 600
#define LOG_LINES 20
#define LOG_EVIDENCE 5
#define LOG_DEBT 2 /* few are ever asked for, and they make a verdict more precise */

/* How long ago the same was asked last before it is asked again. */
#define TROUBLE_MS 12000 /* a task has come or gone that was not expected */
#define QUIET_MS 45000   /* nothing points to trouble */
#define ALL_RUN_MS 60000 /* after that all new tasks run, and yet it does not end */
#define LIST_MS 30000
#define TARGETS_MS 20000

struct ecs_cause {
    struct diagnosis *diagnosis;
    char watched[WATCHED_MAX][ID_SIZE]; /* tasks that were started since ours began and have not ended */
    size_t watched_count;
    char told[TOLD_MAX][ID_SIZE]; /* stopped tasks that stand in the evidence; the newest */
    size_t told_count;
    int64_t events_to_ms;   /* the newest event that was read */
    int64_t started;        /* tasks, by events */
    bool fresh;             /* one was started that nobody has described */
    int64_t tasks_asked_ms; /* or when the first of them was started */
    int64_t tasks_listed_ms, targets_asked_ms;
    bool may_not_see_tasks, may_not_see_targets, may_not_see_logs;
    const struct json *containers; /* containerDefinitions of ours; NULL: not asked yet */
    char said[TEXT_SIZE];          /* the cause that the log has */
};

static struct ecs_cause *ensure(struct deploy *deploy) {
    if (!deploy->looks) {
        deploy->looks = arena_new(deploy->arena, struct ecs_cause);
        deploy->looks->diagnosis =
            diagnosis_new(deploy->arena, &(struct diagnosis_of){.deployment = deploy->deployment,
                                                                .task_definition = deploy->registered,
                                                                .began_ms = deploy_since_ms(deploy)});
        deploy->looks->events_to_ms = deploy_since_ms(deploy) - 1;
    }
    return deploy->looks;
}

/* ---- events ---- */

static void watch(struct ecs_cause *looks, int64_t now_ms, const char *id, size_t length) {
    if (length == 0 || length >= ID_SIZE)
        return;
    looks->started++;
    looks->fresh = true;
    if (looks->tasks_asked_ms == 0)
        looks->tasks_asked_ms = now_ms; /* a task that has just begun has nothing to tell */
    if (looks->watched_count == WATCHED_MAX) {
        memmove(looks->watched[0], looks->watched[1], sizeof looks->watched - ID_SIZE);
        looks->watched_count--;
    }
    char *slot = looks->watched[looks->watched_count++];
    memcpy(slot, id, length);
    slot[length] = '\0';
}

static void watch_started(struct ecs_cause *looks, int64_t now_ms, const char *message) {
    static const char prefix[] = "(task ";
    if (!strstr(message, "has started"))
        return;
    for (const char *at = message; (at = strstr(at, prefix)) != NULL;) {
        at += strlen(prefix);
        watch(looks, now_ms, at, strcspn(at, ")"));
    }
}

/* Of these there are several for each task of any rollout. */
static bool says_little(const char *message) {
    static const char *const usual[] = {" registered ", " deregistered ", "has begun draining", "steady state"};
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
        if (strstr(message, usual[i]) && !strstr(message, "(error"))
            return true;
    return false;
}

static int64_t time_ms(const struct json *object, const char *member) {
    const struct json *time = json_get(object, member);
    return time && time->type == JSON_NUMBER ? (int64_t)(time->number * 1000 + 0.5) : 0;
}

/* ECS lists the newest first; evidence wants them as they happened. */
static void keep_events(struct deploy *deploy, struct ecs_cause *looks, int64_t now_ms, const struct json *service) {
    const struct json *fresh[WATCHED_MAX];
    size_t count = 0;
    json_each(event, json_get(service, "events")) {
        if (time_ms(event, "createdAt") > looks->events_to_ms && count < WATCHED_MAX)
            fresh[count++] = event;
    }
    while (count > 0) {
        const struct json *event = fresh[--count];
        const char *message = json_get_text(event, "message");
        if (time_ms(event, "createdAt") > looks->events_to_ms)
            looks->events_to_ms = time_ms(event, "createdAt");
        if (!message)
            continue;
        if (!says_little(message))
            deployment_evidence_at(deploy->report, time_ms(event, "createdAt"), "EVENT", deploy->ecs.service, message);
        watch_started(looks, now_ms, message);
    }
}

/* ---- tasks ---- */

static bool is_first_told(struct ecs_cause *looks, const char *id) {
    for (size_t i = 0; i < looks->told_count; i++)
        if (str_equal(looks->told[i], id))
            return false;
    if (looks->told_count == TOLD_MAX) {
        memmove(looks->told[0], looks->told[1], sizeof looks->told - ID_SIZE);
        looks->told_count--;
    }
    char *slot = looks->told[looks->told_count++];
    size_t length = strnlen(id, ID_SIZE - 1);
    memcpy(slot, id, length);
    slot[length] = '\0';
    return true;
}

static void unwatch(struct ecs_cause *looks, const char *id) {
    for (size_t i = 0; i < looks->watched_count; i++) {
        if (!str_equal(looks->watched[i], id))
            continue;
        memmove(looks->watched[i], looks->watched[i + 1], (looks->watched_count - i - 1) * ID_SIZE);
        looks->watched_count--;
        return;
    }
}

static void keep_tasks(struct deploy *deploy, struct ecs_cause *looks, int64_t now_ms, const struct json *tasks) {
    char text[TEXT_SIZE];
    diagnosis_add_tasks(looks->diagnosis, now_ms, tasks);
    json_each(task, tasks) {
        const char *arn = json_get_text_or(task, "taskArn", "");
        const char *id = ecs_short_name(arn);
        bool ours = diagnosis_is_ours(looks->diagnosis, task);
        bool stopped = str_equal(json_get_text(task, "lastStatus"), "STOPPED");
        if (!ours || stopped)
            unwatch(looks, id);
        if (!ours || !stopped || !is_first_told(looks, id))
            continue;
        diagnosis_say_stop(task, text, sizeof text);
        deployment_evidence_at(deploy->report, time_ms(task, "stoppedAt"), "TASK", id, text);
    }
}

/* A call for the cause may run into debt: the looks after it are as much later. Where it comes to looks alone, nothing
 * is ever asked beside them. */
static bool may_ask(const struct deploy *deploy, int64_t now_ms, int debt) {
    return ecs_budget_saved(&deploy->budget, now_ms) > -debt - 0.5;
}

/* A right that lacks stays so; anything else may pass. */
static void note_refusal(bool *may_not, const struct err *err) {
    *may_not = *may_not || err->kind == ERR_DENIED;
}

static void describe_watched(struct deploy *deploy, struct ecs_cause *looks, struct arena *arena, int64_t now_ms) {
    const char *ids[WATCHED_MAX];
    const struct json *tasks = NULL;
    struct err err = {0};
    for (size_t i = 0; i < looks->watched_count; i++)
        ids[i] = looks->watched[i];
    looks->tasks_asked_ms = now_ms;
    looks->fresh = false;
    if (ecs_describe_tasks(&deploy->ecs, arena, ids, looks->watched_count, &tasks, &err))
        keep_tasks(deploy, looks, now_ms, tasks);
    else
        note_refusal(&looks->may_not_see_tasks, &err);
}

static void list_stopped(struct deploy *deploy, struct ecs_cause *looks, struct arena *arena, int64_t now_ms) {
    const struct json *tasks = NULL;
    struct err err = {0};
    looks->tasks_listed_ms = now_ms;
    if (ecs_stopped_tasks(&deploy->ecs, arena, &tasks, &err))
        keep_tasks(deploy, looks, now_ms, tasks);
    else
        note_refusal(&looks->may_not_see_tasks, &err);
}

static void ask_tasks(struct deploy *deploy, struct ecs_cause *looks, struct arena *arena, int64_t now_ms,
                      const struct json *service, bool whatever) {
    /* More were started than are wanted: some have ended. */
    bool replaced = looks->fresh && looks->started > json_get_integer(service, "desiredCount", 0);
    bool trouble = replaced || diagnosis_wants_tasks(looks->diagnosis) || deploy->cause;
    bool all_run = deploy->all_run_ms > 0 && now_ms - deploy->all_run_ms < ALL_RUN_MS;
    int64_t every_ms = trouble ? TROUBLE_MS : all_run ? ALL_RUN_MS : QUIET_MS;
    if (looks->may_not_see_tasks || (!whatever && !may_ask(deploy, now_ms, 0)))
        return;
    if (looks->watched_count > 0 && (whatever || now_ms - looks->tasks_asked_ms >= every_ms))
        describe_watched(deploy, looks, arena, now_ms);
    else if (whatever || (diagnosis_wants_tasks(looks->diagnosis) && looks->watched_count == 0 &&
                          now_ms - looks->tasks_listed_ms >= LIST_MS))
        list_stopped(deploy, looks, arena, now_ms);
}

/* ---- targets ---- */

static struct elb elb_of(const struct deploy *deploy) {
    return (struct elb){.aws = deploy->ecs.aws,
                        .region = deploy->ecs.region,
                        .interrupted = deploy->ecs.interrupted,
                        .context = deploy->ecs.context};
}

/* Once for each target and reason: it is asked for again and again. */
static void keep_targets(struct deploy *deploy, struct ecs_cause *looks, const struct json *targets) {
    json_each(each, targets) {
        const struct json *health = json_get(each, "TargetHealth");
        const char *state = json_get_text_or(health, "State", "");
        if (!str_equal(state, "unhealthy") && !str_equal(state, "unused"))
            continue;
        const struct json *target = json_get(each, "Target");
        char subject[ID_SIZE * 2];
        char text[TEXT_SIZE];
        (void)snprintf(subject, sizeof subject, "%.60s:%.10s", json_get_text_or(target, "Id", "?"),
                       json_get_text_or(target, "Port", "?"));
        (void)snprintf(text, sizeof text, "%s: %.60s: %.400s", state, json_get_text_or(health, "Reason", ""),
                       json_get_text_or(health, "Description", ""));
        char key[ID_SIZE];
        (void)snprintf(key, sizeof key, "%.24s %.38s", json_get_text_or(target, "Id", "?"),
                       json_get_text_or(health, "Reason", state));
        if (is_first_told(looks, key))
            deployment_evidence(deploy->report, "TARGET", subject, text);
    }
}

static void ask_group(struct deploy *deploy, struct ecs_cause *looks, struct arena *arena, int64_t now_ms,
                      const char *arn) {
    const struct elb elb = elb_of(deploy);
    const struct json *targets = NULL;
    struct err err = {0};
    deploy_spend(deploy, 1);
    if (elb_target_health(&elb, arena, arn, &targets, &err)) {
        keep_targets(deploy, looks, targets);
        diagnosis_add_targets(looks->diagnosis, now_ms, arn, targets);
    } else if (err.kind == ERR_NOT_FOUND) {
        diagnosis_target_group_gone(looks->diagnosis, now_ms, arn, err.message);
    } else {
        note_refusal(&looks->may_not_see_targets, &err);
    }
}

static void ask_targets(struct deploy *deploy, struct ecs_cause *looks, struct arena *arena, int64_t now_ms,
                        const struct json *service, bool whatever) {
    if (looks->may_not_see_targets || !diagnosis_wants_targets(looks->diagnosis, now_ms) ||
        (!whatever && now_ms - looks->targets_asked_ms < TARGETS_MS))
        return;
    json_each(balancer, json_get(service, "loadBalancers")) {
        const char *arn = json_get_text(balancer, "targetGroupArn");
        if (!arn || (!whatever && !may_ask(deploy, now_ms, 0)))
            continue;
        looks->targets_asked_ms = now_ms;
        ask_group(deploy, looks, arena, now_ms, arn);
    }
}

/* ---- logs ---- */

static const struct json *find_container(struct deploy *deploy, struct ecs_cause *looks, const char *name) {
    const struct json *described = NULL;
    if (!looks->containers)
        looks->containers = json_get(deploy->definition, "containerDefinitions");
    if (!looks->containers &&
        ecs_describe_task_definition(&deploy->ecs, deploy->arena, deploy->registered, &described, NULL))
        looks->containers = json_get(json_get(described, "taskDefinition"), "containerDefinitions");
    json_each(container, looks->containers) {
        if (str_equal(json_get_text(container, "name"), name))
            return container;
    }
    return NULL;
}

static const char *read_log(struct deploy *deploy, struct ecs_cause *looks, struct arena *arena, const char *task,
                            const char *container) {
    struct log_stream stream = {.aws = deploy->ecs.aws,
                                .region = deploy->ecs.region,
                                .interrupted = deploy->ecs.interrupted,
                                .context = deploy->ecs.context};
    const struct json *definition = find_container(deploy, looks, container);
    const struct log_event *events = NULL;
    size_t count = 0;
    struct err err = {0};
    if (!definition || !logs_of_container(arena, definition, ecs_short_name(task), &stream))
        return NULL;
    deploy_spend(deploy, 1);
    if (!logs_tail(&stream, arena, LOG_LINES, &events, &count, &err)) {
        note_refusal(&looks->may_not_see_logs, &err);
        return NULL;
    }
    const char *text = "";
    for (size_t i = 0; i < count; i++) {
        /* Here, since the cause's words go to many places. */
        const char *line = deployment_shown(deploy->report, arena, events[i].text);
        text = arena_printf(arena, "%s%s\n", text, line);
        if (i + LOG_EVIDENCE >= count)
            deployment_evidence_at(deploy->report, events[i].at_ms, "LOG", container, line);
    }
    return text;
}

static void ask_log(struct deploy *deploy, struct ecs_cause *looks, struct arena *arena, int64_t now_ms,
                    bool whatever) {
    const char *task;
    const char *container;
    if (looks->may_not_see_logs || !diagnosis_wants_log(looks->diagnosis, &task, &container) ||
        (!whatever && !may_ask(deploy, now_ms, LOG_DEBT)))
        return;
    diagnosis_add_log(looks->diagnosis, task, container, read_log(deploy, looks, arena, task, container));
}

/* ---- the verdict ---- */

/* A cause that is still the same is said once; its newest evidence goes with the document. */
static void publish(struct deploy *deploy, struct ecs_cause *looks) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct cause *cause = deploy->cause;
    struct json *document = json_object(&arena);
    char said[TEXT_SIZE] = "";
    if (cause)
        (void)snprintf(said, sizeof said, "%s: %s", cause->id, cause->sentence);
    if (!str_equal(looks->said, said)) {
        if (cause)
            deployment_note(deploy->report, "it hangs: %s; %s (%s)", cause->sentence, cause->change, cause->evidence);
        else
            deployment_note(deploy->report, "what it hung on has been got over");
        memcpy(looks->said, said, sizeof said);
    }
    if (cause) {
        json_set_text(&arena, document, "id", cause->id);
        json_set_text(&arena, document, "sentence", deployment_shown(deploy->report, &arena, cause->sentence));
        json_set_text(&arena, document, "evidence", deployment_shown(deploy->report, &arena, cause->evidence));
        json_set_text(&arena, document, "change", deployment_shown(deploy->report, &arena, cause->change));
        json_set_text(&arena, document, "subject", deployment_shown(deploy->report, &arena, cause->subject));
        json_set_time(&arena, document, "since", cause->since_ms);
    }
    deployment_set(deploy->report, "cause", cause ? document : NULL);
}

static void look(struct deploy *deploy, const struct json *service, bool whatever) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct ecs_cause *looks = ensure(deploy);
    const int64_t now_ms = job_now_ms(deploy->job);
    if (service) {
        diagnosis_add_service(looks->diagnosis, now_ms, service);
        if (deploy->draining_seconds > 0)
            diagnosis_add_draining(looks->diagnosis, deploy->draining_seconds);
        keep_events(deploy, looks, now_ms, service);
    }
    ask_tasks(deploy, looks, &arena, now_ms, service, whatever);
    ask_targets(deploy, looks, &arena, now_ms, service, whatever);
    ask_log(deploy, looks, &arena, now_ms, whatever);
    deploy->cause = diagnosis_cause(looks->diagnosis, now_ms);
    publish(deploy, looks);
}

void ecs_cause_look(struct deploy *deploy, const struct json *service) {
    look(deploy, service, false);
}

void ecs_cause_conclude(struct deploy *deploy, const struct json *service) {
    struct ecs_cause *looks = ensure(deploy);
    diagnosis_has_failed(looks->diagnosis);
    look(deploy, service, true);
}
