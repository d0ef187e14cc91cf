/*
 * One look at a deployment, within the call budget. What shifts traffic is followed by its service deployment, and the
 * service itself is asked for now and then, for its events; what rolls is followed by the service.
 */
#include "runner/actions/ecs_cause.h"
#include "runner/actions/ecs_watch.h"

#include "common/str.h"

#define LOOKS_BETWEEN_SERVICES 3

void deploy_know_service_deployment(struct deploy *deploy, const struct json *service) {
    const char *arn = json_get_text(service, "currentServiceDeployment");
    if (deploy->service_deployment || !arn || str_equal(arn, deploy->service_deployment_before) ||
        !str_equal(json_get_text(ecs_primary(service), "id"), deploy->deployment))
        return;
    struct err err;
    deploy->service_deployment = arena_strdup(deploy->arena, arn);
    (void)deploy_mark(deploy, &err); /* whoever has no mark of it asks again */
}

static void show_tasks(struct deploy *deploy, int64_t desired, int64_t running, int64_t pending, int64_t failed,
                       int64_t old) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct json *tasks = json_object(&arena);
    json_set_integer(&arena, tasks, "desired", desired);
    json_set_integer(&arena, tasks, "running", running);
    json_set_integer(&arena, tasks, "pending", pending);
    json_set_integer(&arena, tasks, "failed", failed);
    json_set_integer(&arena, tasks, "old", old);
    deployment_set(deploy->report, "tasks", tasks);
}

static void judge_pace(struct deploy *deploy, struct look *look) {
    const struct ecs_verdict *verdict = &look->verdict;
    const bool all_run = verdict->found && verdict->desired > 0 && verdict->running >= verdict->desired;
    if (!all_run)
        deploy->all_run_ms = 0;
    else if (deploy->all_run_ms == 0)
        deploy->all_run_ms = job_now_ms(deploy->job);
    look->pace = !all_run ? ECS_STARTS : verdict->old > 0 ? ECS_DRAINS : ECS_ENDS;
}

static bool look_at_service(struct deploy *deploy, struct look *look, struct err *err) {
    look->unseen = !ecs_describe_service(&deploy->ecs, look->arena, &look->service, err);
    if (look->unseen)
        return false;
    look->verdict = ecs_verdict(look->arena, look->service, look->ours);
    look->ours->seen = look->ours->seen || look->verdict.found;
    look->state = look->verdict.state;
    look->sentence = look->verdict.sentence;
    if (!str_equal(deploy->strategy, ecs_strategy(look->service)))
        deploy->strategy = arena_strdup(deploy->arena, ecs_strategy(look->service));
    deploy->is_shift = ecs_shifts_traffic(look->service);
    deployment_set_text(deploy->report, "strategy", deploy->strategy);
    deploy_know_service_deployment(deploy, look->service);
    if (look->verdict.found)
        show_tasks(deploy, look->verdict.desired, look->verdict.running, look->verdict.pending,
                   look->verdict.failed_tasks, look->verdict.old);
    deploy_log_events(deploy, look->service);
    ecs_cause_look(deploy, look->service);
    deploy->budget.trouble = look->verdict.failed_tasks > 0 || deploy->cause != NULL;
    judge_pace(deploy, look);
    if (look->state == ECS_GOES_ON && look->pace != ECS_STARTS && !deploy->is_shift)
        deploy_tell_draining(deploy, look);
    return true;
}

/* How ECS names its end, and that somebody's newer deployment stopped it, only the service says. */
static bool end_of_shift(struct deploy *deploy, struct look *look, const struct ecs_shift *shift, struct err *err) {
    if (!look->service && !look_at_service(deploy, look, err))
        return false;
    if (look->verdict.state == ECS_SUPERSEDED)
        return true;
    look->state = shift->state;
    look->sentence = shift->sentence;
    return true;
}

static bool look_at_shift(struct deploy *deploy, struct look *look, struct err *err) {
    struct ecs_shift shift;
    bool found;
    look->unseen = !deploy_read_shift(deploy, look->arena, &shift, &found, err);
    if (look->unseen)
        return false;
    if (!found)
        return look->service || look_at_service(deploy, look, err);
    if (!look->service) {
        look->verdict = (struct ecs_verdict){.found = true, .desired = shift.desired, .running = shift.running};
        look->pace = deploy->all_run_ms ? ECS_DRAINS : ECS_STARTS;
    }
    deployment_set_text(deploy->report, "stage", shift.stage);
    if (shift.traffic >= 0)
        deployment_set_integer(deploy->report, "trafficPercent", shift.traffic);
    if (shift.state != ECS_GOES_ON)
        return end_of_shift(deploy, look, &shift, err) && deploy_heed_pause(deploy, &shift.pause, err);
    look->state = ECS_GOES_ON;
    look->sentence = shift.sentence;
    if (shift.pause.hook) {
        look->pace = ECS_WAITS;
    } else if (str_equal(shift.stage, "CLEAN_UP")) {
        look->pace = ECS_ENDS;
        deploy_know_draining(deploy, look);
    }
    return deploy_heed_pause(deploy, &shift.pause, err);
}

bool deploy_look(struct deploy *deploy, struct look *look, struct err *err) {
    const bool by_shift = deploy->is_shift && deploy->service_deployment && !deploy->no_service_deployments;
    look->state = ECS_GOES_ON;
    if ((!by_shift || deploy->looks_done % LOOKS_BETWEEN_SERVICES == 0) && !look_at_service(deploy, look, err))
        return false;
    deploy->looks_done++;
    /* The first look is what tells that traffic is shifted. */
    if (deploy->is_shift && !deploy->no_service_deployments && !look_at_shift(deploy, look, err))
        return false;
    if (deploy->plan.health_gate || deploy->plan.rule.wanted)
        deploy_weigh_health(deploy, look);
    return true;
}
