/*
 * Why the new tasks of a CodeDeployToECS action do not come up: CodeDeploy only says that it waits for them. What ECS
 * shows of the new task set goes to the same diagnosis as a rolling deployment's.
 */
#include "runner/actions/codedeploy_ecs.h"

#include "common/str.h"
#include "runner/actions/ecs_verdict.h"
#include "runner/aws/elb.h"
#include "runner/diagnosis/diagnosis.h"

#include <stdio.h>

#define LOOK_EVERY_MS 30000
#define TEXT_SIZE 600

static bool is_ours(const struct blue_green *deploy, const struct json *set) {
    return str_equal(json_get_text(set, "taskDefinition"), deploy->registered);
}

/* The diagnosis knows a service's deployments; a task set is one of those but for its members' names. */
static const struct json *as_deployments(const struct blue_green *deploy, struct arena *arena,
                                         const struct json *service) {
    struct json *copy = json_copy(arena, service);
    struct json *list = json_set_array(arena, copy, "deployments");
    json_each(set, json_get(service, "taskSets")) {
        struct json *one = json_append_object(arena, list);
        json_set_text(arena, one, "id", json_get_text(set, "id"));
        json_set_text(arena, one, "status", is_ours(deploy, set) ? "PRIMARY" : "ACTIVE");
        json_set_text(arena, one, "taskDefinition", json_get_text(set, "taskDefinition"));
        json_set_integer(arena, one, "desiredCount", json_get_integer(set, "computedDesiredCount", 0));
        json_set_integer(arena, one, "runningCount", json_get_integer(set, "runningCount", 0));
        json_set_integer(arena, one, "pendingCount", json_get_integer(set, "pendingCount", 0));
        json_set_text(arena, one, "rolloutState", is_ours(deploy, set) ? "IN_PROGRESS" : "COMPLETED");
        if (json_get(set, "createdAt"))
            json_set(arena, one, "createdAt", json_copy(arena, json_get(set, "createdAt")));
    }
    return copy;
}

static const struct json *our_set(const struct blue_green *deploy, const struct json *service) {
    json_each(set, json_get(service, "taskSets")) {
        if (is_ours(deploy, set))
            return set;
    }
    return NULL;
}

static void keep_tasks(struct blue_green *deploy, const struct json *tasks) {
    char text[TEXT_SIZE];
    json_each(task, tasks) {
        const char *arn = json_get_text_or(task, "taskArn", "");
        if (!diagnosis_is_ours(deploy->diagnosis, task) || !codedeploy_is_new(&deploy->run, arn))
            continue;
        diagnosis_say_stop(task, text, sizeof text);
        deployment_evidence(&deploy->run.report, "TASK", ecs_short_name(arn), text);
    }
}

/* A cause that cannot be seen for want of a right is said once: the deploy itself goes on without it. */
static void note_refusal(struct blue_green *deploy, const struct err *err) {
    if (err->kind != ERR_DENIED || deploy->told_refusal)
        return;
    deploy->told_refusal = true;
    deployment_note(&deploy->run.report, "not all of what the new tasks wait for can be seen: %s", err->message);
}

static void add_targets(struct blue_green *deploy, struct arena *arena, const struct json *set, int64_t now_ms,
                        int *calls) {
    const struct elb elb = {
        .aws = deploy->ecs.aws, .region = deploy->ecs.region, .interrupted = job_is_lost, .context = deploy->run.job};
    const char *group = json_get_text(json_first(json_get(set, "loadBalancers")), "targetGroupArn");
    const struct json *health = NULL;
    struct err err = {0};
    if (!group || !diagnosis_wants_targets(deploy->diagnosis, now_ms))
        return;
    ++*calls;
    if (elb_target_health(&elb, arena, group, &health, &err))
        diagnosis_add_targets(deploy->diagnosis, now_ms, group, health);
    else
        note_refusal(deploy, &err);
}

static void publish(struct blue_green *deploy, const struct cause *cause) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct codedeploy_run *run = &deploy->run;
    const char *sentence = cause ? arena_printf(run->arena, "%s; %s", cause->sentence, cause->change) : NULL;
    if (!str_equal(run->cause, sentence)) {
        if (cause)
            deployment_note(&run->report, "it hangs: %s (%s)", sentence, cause->evidence);
        else
            deployment_note(&run->report, "what it hung on has been got over");
    }
    run->cause = sentence;
    struct json *document = json_object(&arena);
    if (cause) {
        json_set_text(&arena, document, "id", cause->id);
        json_set_text(&arena, document, "sentence", cause->sentence);
        json_set_text(&arena, document, "evidence", cause->evidence);
        json_set_text(&arena, document, "change", cause->change);
        json_set_text(&arena, document, "subject", cause->subject);
        json_set_time(&arena, document, "since", cause->since_ms);
    }
    deployment_set(&run->report, "cause", cause ? document : NULL);
}

int blue_green_look_closer(struct codedeploy_run *run, const struct codedeploy_verdict *verdict) {
    struct blue_green *deploy = run->context;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    int64_t now_ms = job_now_ms(run->job);
    const struct json *service = NULL;
    const struct json *tasks = NULL;
    struct err err = {0};
    int calls = 1;
    bool installs = str_equal(verdict->stage, "Install");
    if (!installs && !run->cause)
        return 0;
    if (!deploy->looked_ms)
        deploy->looked_ms = now_ms; /* tasks that have just begun have nothing to tell */
    if (now_ms - deploy->looked_ms < LOOK_EVERY_MS)
        return 0;
    deploy->looked_ms = now_ms;
    if (!ecs_describe_service(&deploy->ecs, &arena, &service, NULL))
        return calls;
    const struct json *set = our_set(deploy, service);
    if (!set)
        return calls;
    if (!deploy->diagnosis)
        deploy->diagnosis = diagnosis_new(
            run->arena, &(struct diagnosis_of){.deployment = arena_strdup(run->arena, json_get_text(set, "id")),
                                               .task_definition = deploy->registered,
                                               .began_ms = run->began_ms});
    diagnosis_add_service(deploy->diagnosis, now_ms, as_deployments(deploy, &arena, service));
    calls += 2;
    if (ecs_stopped_tasks(&deploy->ecs, &arena, &tasks, &err)) {
        diagnosis_add_tasks(deploy->diagnosis, now_ms, tasks);
        keep_tasks(deploy, tasks);
    } else {
        note_refusal(deploy, &err);
    }
    add_targets(deploy, &arena, set, now_ms, &calls);
    publish(deploy, diagnosis_cause(deploy->diagnosis, now_ms));
    return calls;
}
