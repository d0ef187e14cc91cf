/*
 * More than ECS's word: the health of tasks and targets, for HealthGate and SuccessRule; and what old tasks wait for.
 */
#include "runner/actions/ecs_gate.h"
#include "runner/actions/ecs_watch.h"
#include "runner/aws/elb.h"

#include "common/str.h"

#include <string.h>

#define GROUPS_MAX 10
#define ASKED_EVERY_MS 9000
#define CALLS_OF_TASKS 2

/* ---- target groups of a service ---- */

static void add_group(struct ecs_gate_group *groups, size_t *count, const char *arn) {
    for (size_t i = 0; i < *count; i++)
        if (str_equal(groups[i].arn, arn))
            return;
    if (arn && *count < GROUPS_MAX)
        groups[(*count)++] = (struct ecs_gate_group){.arn = arn};
}

static size_t read_groups(const struct json *service, struct ecs_gate_group *groups) {
    size_t count = 0;
    json_each(balancer, json_get(service, "loadBalancers")) {
        add_group(groups, &count, json_get_text(balancer, "targetGroupArn"));
        add_group(groups, &count,
                  json_get_text(json_get(balancer, "advancedConfiguration"), "alternateTargetGroupArn"));
    }
    return count;
}

static struct elb elb_of(const struct deploy *deploy) {
    return (struct elb){.aws = deploy->ecs.aws,
                        .region = deploy->ecs.region,
                        .interrupted = deploy->ecs.interrupted,
                        .context = deploy->ecs.context};
}

/* ---- health ---- */

/* A right that lacks must not hold a deployment up for ever without a word. */
static bool ask_targets(struct deploy *deploy, struct look *look, struct ecs_gate_group *groups, size_t count,
                        struct err *err) {
    const struct elb elb = elb_of(deploy);
    for (size_t i = 0; i < count; i++) {
        deploy_spend(deploy, 1);
        if (!elb_target_health(&elb, look->arena, groups[i].arn, &groups[i].targets, err))
            return err_wrap(err, "the health of the targets cannot be seen");
    }
    return true;
}

/* Once for a deployment: an earlier holder may have made the definition. */
static bool know_whether_checked(struct deploy *deploy, struct look *look, struct err *err) {
    const struct json *described;
    if (deploy->health_checked >= 0)
        return true;
    if (!ecs_describe_task_definition(&deploy->ecs, look->arena, deploy->registered, &described, err))
        return false;
    deploy->health_checked = ecs_success_is_checked(json_get(described, "taskDefinition"));
    return true;
}

/* How many of our tasks are healthy, by all that can be asked. */
static bool count_healthy(struct deploy *deploy, struct look *look, int64_t *healthy, const char **waits,
                          struct err *err) {
    struct ecs_gate_group groups[GROUPS_MAX];
    const size_t count = read_groups(look->service, groups);
    const struct json *tasks = NULL;
    if (!know_whether_checked(deploy, look, err) || !ecs_running_tasks(&deploy->ecs, look->arena, &tasks, err))
        return false;
    *healthy = ecs_success_healthy(tasks, deploy->deployment, deploy->health_checked == 1);
    *waits = NULL;
    if (count == 0)
        return true;
    if (!ask_targets(deploy, look, groups, count, err))
        return false;
    const struct ecs_gate gate = ecs_gate_read(look->arena, tasks, deploy->deployment, groups, count, deploy->is_shift);
    if (gate.problem)
        return err_set_code(err, ERR_INVALID, "ConfigurationError", "%s", gate.problem);
    *waits = gate.waits;
    if (gate.healthy < *healthy)
        *healthy = gate.healthy;
    return true;
}

static int64_t needed(const struct deploy *deploy, const struct look *look) {
    return deploy->plan.rule.wanted ? ecs_success_needs(&deploy->plan.rule, look->verdict.desired)
                                    : look->verdict.desired;
}

static void fail(struct look *look, const struct err *why) {
    look->state = ECS_FAILED;
    look->sentence = arena_strdup(look->arena, why->message);
}

/* Asks, as often as the budget allows. */
static void ask(struct deploy *deploy, struct look *look, int64_t now_ms) {
    struct err err = {0};
    int64_t healthy = 0;
    const char *waits = NULL;
    deploy->health_asked_ms = now_ms;
    if (look->verdict.desired > 0 && !count_healthy(deploy, look, &healthy, &waits, &err)) {
        job_log(deploy->job, "%s", err.message);
        if (err.kind == ERR_DENIED || err.kind == ERR_INVALID)
            fail(look, &err);
        return;
    }
    deploy->health_good =
        deploy->plan.rule.wanted
            ? ecs_success_holds(&deploy->plan.rule, healthy, look->verdict.desired, now_ms, &deploy->healthy_since_ms)
            : healthy >= needed(deploy, look);
    const char *sentence = arena_printf(
        look->arena, "%lld of %lld new tasks are healthy%s%.300s", (long long)healthy, (long long)look->verdict.desired,
        waits && healthy < needed(deploy, look) ? "; " : "", waits && healthy < needed(deploy, look) ? waits : "");
    if (!str_equal(deploy->health_sentence, sentence))
        deploy->health_sentence = arena_strdup(deploy->arena, sentence);
}

void deploy_weigh_health(struct deploy *deploy, struct look *look) {
    const int64_t now_ms = job_now_ms(deploy->job);
    /* Healthy tasks without the traffic are no success: what shifts it ends when ECS says so, and the rule asks more.
     */
    const bool wants =
        look->state == ECS_DONE || (deploy->plan.rule.wanted && look->state == ECS_GOES_ON && !deploy->is_shift);
    const bool enough_run = look->verdict.found && look->verdict.running >= needed(deploy, look);
    if (look->state == ECS_FAILED || look->state == ECS_SUPERSEDED || !wants)
        return;
    if (!enough_run) {
        deploy->health_good = false;
        deploy->healthy_since_ms = 0;
    } else if (look->service && (deploy->health_asked_ms == 0 || now_ms - deploy->health_asked_ms >= ASKED_EVERY_MS) &&
               (deploy->health_asked_ms == 0 || deploy_may_call(deploy, CALLS_OF_TASKS + 1))) {
        ask(deploy, look, now_ms);
        if (look->state == ECS_FAILED)
            return;
    }
    if (enough_run && deploy->health_good) {
        look->state = ECS_DONE;
        look->sentence = deploy->health_sentence;
        return;
    }
    if (look->state == ECS_DONE)
        look->pace = ECS_DRAINS;
    look->state = ECS_GOES_ON;
    if (enough_run && deploy->health_sentence)
        look->sentence = deploy->health_sentence;
}

/* ---- draining ---- */

/* The longest delay of the service's target groups. -2: it cannot be told. */
static int64_t longest_delay(struct deploy *deploy, struct look *look, const char **group) {
    struct ecs_gate_group groups[GROUPS_MAX];
    const size_t count = read_groups(look->service, groups);
    const struct elb elb = elb_of(deploy);
    int64_t longest = -2;
    for (size_t i = 0; i < count; i++) {
        int64_t seconds;
        deploy_spend(deploy, 1);
        if (elb_draining_seconds(&elb, look->arena, groups[i].arn, &seconds, NULL) && seconds > longest) {
            longest = seconds;
            *group = arena_strdup(deploy->arena, ecs_gate_group_name(look->arena, groups[i].arn));
        }
    }
    return longest;
}

/* The newest event that says so: from then on the delay runs. */
static int64_t began_draining_ms(const struct deploy *deploy, const struct json *service) {
    int64_t newest_ms = 0;
    json_each(event, json_get(service, "events")) {
        const struct json *created = json_get(event, "createdAt");
        const char *message = json_get_text(event, "message");
        if (!created || created->type != JSON_NUMBER || !message || !strstr(message, "has begun draining connections"))
            continue;
        const int64_t created_ms = (int64_t)(created->number * 1000);
        if (created_ms >= deploy_since_ms(deploy) && created_ms > newest_ms)
            newest_ms = created_ms;
    }
    return newest_ms;
}

void deploy_know_draining(struct deploy *deploy, struct look *look) {
    if (look->service && deploy->draining_seconds == -1 && deploy_may_call(deploy, 1))
        deploy->draining_seconds = longest_delay(deploy, look, &deploy->draining_group);
    if (look->service && deploy->draining_seconds > 0) {
        const int64_t since_ms = began_draining_ms(deploy, look->service);
        deploy->drained_ms = since_ms > 0 ? since_ms + deploy->draining_seconds * 1000 : 0;
    }
    look->ends.drained_ms = deploy->drained_ms;
}

/* ECS has begun with the old tasks: before the new ones are healthy it leaves them alone. */
static bool old_are_stopped(const struct deploy *deploy, const struct look *look) {
    return look->verdict.old < look->verdict.desired || began_draining_ms(deploy, look->service) > 0;
}

void deploy_tell_draining(struct deploy *deploy, struct look *look) {
    const struct ecs_verdict *verdict = &look->verdict;
    const char *tasks = verdict->old == 1  ? "1 old task"
                        : verdict->old > 1 ? arena_printf(look->arena, "%lld old tasks", (long long)verdict->old)
                                           : "what old tasks left";
    deploy_know_draining(deploy, look);
    if (!old_are_stopped(deploy, look))
        look->sentence =
            arena_printf(look->arena, "%s; %s still run%s", verdict->sentence, tasks, verdict->old == 1 ? "s" : "");
    else if (deploy->draining_seconds > 0 && (verdict->old > 0 || deploy->drained_ms > job_now_ms(deploy->job)))
        look->sentence = arena_printf(
            look->arena,
            "%s; %s drain%s for up to %lld s because deregistration_delay.timeout_seconds of target group '%s' is %lld",
            verdict->sentence, tasks, verdict->old > 1 ? "" : "s", (long long)deploy->draining_seconds,
            deploy->draining_group, (long long)deploy->draining_seconds);
    else if (verdict->old > 0)
        look->sentence = arena_printf(look->arena, "%s; %s %s being stopped", verdict->sentence, tasks,
                                      verdict->old == 1 ? "is" : "are");
}
