/*
 * What a deployment is told, and what it leaves for whoever goes on with it.
 */
#include "runner/actions/ecs_deploy.h"

#include "common/str.h"
#include "runner/actions/settings.h"
#include "runner/deployfiles/image_definitions.h"
#include "runner/deployfiles/task_definition.h"
#include "runner/runner.h"

#define TIMEOUT_MINUTES 60
#define TIMEOUT_MINUTES_MAX 43200 /* a deployment of ECS ends after 30 days at the latest */
#define STUCK_SECONDS 60
#define STUCK_SECONDS_MAX 86400

/* ---- the action's configuration ---- */

static bool read_choices(const struct job *job, struct deploy_plan *plan, struct err *err) {
    bool preflight_off;
    if (!settings_choice(job, "OnCancel", "ROLLBACK", "LEAVE", &plan->leave_on_cancel, err) ||
        !settings_choice(job, "OnStuck", "WAIT", "ROLLBACK", &plan->undo_when_stuck, err) ||
        !settings_choice(job, "TaskDefinitionBase", "RUNNING", "LATEST", &plan->base_latest, err) ||
        !settings_choice(job, "Preflight", "ON", "OFF", &preflight_off, err) ||
        !settings_choice(job, "HealthGate", "OFF", "ON", &plan->health_gate, err))
        return false;
    plan->preflight = !preflight_off;
    return true;
}

bool deploy_plan_read(const struct job *job, struct deploy_plan *out, struct err *err) {
    struct deploy_plan plan = {.cluster = settings_text(job, "ClusterName"),
                               .service = settings_text(job, "ServiceName"),
                               .images_file = settings_text(job, "FileName"),
                               .template_artifact = settings_text(job, "TaskDefinitionTemplateArtifact"),
                               .template_path = settings_text(job, "TaskDefinitionTemplatePath"),
                               .test_url = settings_text(job, "TestUrl"),
                               .probe_url = settings_text(job, "ProbeUrl")};
    int64_t minutes, seconds;
    if (!plan.cluster || !plan.service)
        return err_set(err, ERR_INVALID, "the action's configuration lacks ClusterName or ServiceName");
    if (!plan.images_file)
        plan.images_file = IMAGE_DEFINITIONS_FILE;
    if (plan.template_artifact && !plan.template_path)
        plan.template_path = TASK_DEFINITION_FILE;
    if (!settings_number(job, "DeploymentTimeout", "minutes", TIMEOUT_MINUTES_MAX, TIMEOUT_MINUTES, &minutes, err) ||
        !settings_number(job, "OnStuckSeconds", "seconds", STUCK_SECONDS_MAX, STUCK_SECONDS, &seconds, err) ||
        !ecs_success_read(settings_text(job, "SuccessRule"), &plan.rule, err) || !read_choices(job, &plan, err))
        return false;
    plan.timeout_ms = minutes * 60000;
    plan.stuck_ms = seconds * 1000;
    *out = plan;
    return true;
}

/* ---- marks ---- */

static const char *const undo_names[] = {
    [UNDO_NOT] = NULL, [UNDO_CANCELLED] = "CANCELLED", [UNDO_STUCK] = "STUCK", [UNDO_REJECTED] = "REJECTED"};

static enum undo_why read_why(const struct json *mark) {
    const char *name = json_get_text(json_get(mark, "undo"), "why");
    for (size_t i = 0; i < sizeof undo_names / sizeof *undo_names; i++)
        if (undo_names[i] && str_equal(undo_names[i], name))
            return (enum undo_why)i;
    return UNDO_NOT;
}

static void write_undo(const struct deploy *deploy, struct json *mark) {
    if (deploy->undo == UNDO_NOT)
        return;
    struct json *undo = json_set_object(deploy->arena, mark, "undo");
    json_set_text(deploy->arena, undo, "why", undo_names[deploy->undo]);
    json_set_integer(deploy->arena, undo, "askedMs", deploy->undo_ms);
    json_set_text(deploy->arena, undo, "by", deploy->undo_by);
    json_set_text(deploy->arena, undo, "sentence", deploy->undo_sentence);
    json_set_text(deploy->arena, undo, "how", deploy->undo_how);
}

static void read_mark(struct deploy *deploy, const struct json *mark) {
    const struct json *undo = json_get(mark, "undo");
    deploy->marked = mark != NULL;
    deploy->began_ms = json_get_integer(mark, "beganMs", job_now_ms(deploy->job));
    deploy->as_of_ms = json_get_integer(mark, "asOfMs", 0);
    deploy->previous = json_get_text(mark, "previous");
    deploy->previous_stood = json_get_bool(mark, "previousStood", false);
    deploy->previous_ran = json_get_bool(mark, "previousRan", true);
    deploy->fingerprint = json_get_text(mark, "fingerprint");
    deploy->registered = json_get_text(mark, "registered");
    deploy->adopted = json_get_bool(mark, "adopted", false);
    deploy->deployment = json_get_text(mark, "deployment");
    deploy->update_sent = deploy->deployment || json_get_bool(mark, "updateSent", false);
    deploy->service_deployment = json_get_text(mark, "serviceDeployment");
    deploy->service_deployment_before = json_get_text(mark, "serviceDeploymentBefore");
    deploy->paused_ms = json_get_integer(mark, "pausedMs", 0);
    deploy->undo = read_why(mark);
    deploy->undo_ms = json_get_integer(undo, "askedMs", 0);
    deploy->undo_by = json_get_text(undo, "by");
    deploy->undo_sentence = json_get_text(undo, "sentence");
    deploy->undo_how = json_get_text(undo, "how");
}

/* ECS's times have fractions of a millisecond, which ours lose. */
int64_t deploy_since_ms(const struct deploy *deploy) {
    return deploy->as_of_ms > 0 ? deploy->as_of_ms + 1 : deploy->began_ms;
}

static void set_flag(const struct deploy *deploy, struct json *mark, const char *name, bool value) {
    if (value)
        json_set_bool(deploy->arena, mark, name, true);
}

bool deploy_mark(struct deploy *deploy, struct err *err) {
    struct json *mark = json_object(deploy->arena);
    json_set_text(deploy->arena, mark, "cluster", deploy->ecs.cluster);
    json_set_text(deploy->arena, mark, "service", deploy->ecs.service);
    json_set_integer(deploy->arena, mark, "beganMs", deploy->began_ms);
    if (deploy->as_of_ms > 0)
        json_set_integer(deploy->arena, mark, "asOfMs", deploy->as_of_ms);
    json_set_text(deploy->arena, mark, "previous", deploy->previous);
    set_flag(deploy, mark, "previousStood", deploy->previous_stood);
    if (!deploy->previous_ran)
        json_set_bool(deploy->arena, mark, "previousRan", false);
    json_set_text(deploy->arena, mark, "fingerprint", deploy->fingerprint);
    json_set_text(deploy->arena, mark, "registered", deploy->registered);
    set_flag(deploy, mark, "adopted", deploy->adopted);
    set_flag(deploy, mark, "updateSent", deploy->update_sent);
    json_set_text(deploy->arena, mark, "deployment", deploy->deployment);
    json_set_text(deploy->arena, mark, "serviceDeployment", deploy->service_deployment);
    json_set_text(deploy->arena, mark, "serviceDeploymentBefore", deploy->service_deployment_before);
    if (deploy->paused_ms > 0)
        json_set_integer(deploy->arena, mark, "pausedMs", deploy->paused_ms);
    write_undo(deploy, mark);
    deploy->marked = true;
    return deploy->save(deploy, mark, err);
}

static bool save_for_job(struct deploy *deploy, const struct json *mark, struct err *err) {
    return job_checkpoint(deploy->job, mark, err);
}

static void name_target(struct deploy *deploy) {
    deploy->target =
        arena_printf(deploy->arena, "ecs/%s/%s/%s", deploy->ecs.region, deploy->ecs.cluster, deploy->ecs.service);
    struct json *target =
        deployment_target(deploy->report, deploy->target, deploy->previous ? ecs_short_name(deploy->previous) : NULL,
                          deploy->registered ? ecs_short_name(deploy->registered) : NULL);
    json_set_text(deployment_memory(deploy->report), target, "fingerprint", deploy->fingerprint);
}

void deploy_init(struct deploy *deploy, struct job *job, struct deployment_report *report,
                 const struct deploy_plan *plan, const struct json *mark) {
    *deploy = (struct deploy){.job = job,
                              .arena = job->arena,
                              .report = report,
                              .plan = *plan,
                              .save = save_for_job,
                              .draining_seconds = -1,
                              .health_checked = -1};
    deploy->ecs = (struct ecs){.aws = job_aws(job),
                               .region = job->message->region,
                               .cluster = plan->cluster,
                               .service = plan->service,
                               .interrupted = job_is_lost,
                               .context = job,
                               .calls = &deploy->budget.calls,
                               .refused = &deploy->refused};
    read_mark(deploy, mark);
    name_target(deploy);
    report->external_id = deploy->deployment;
    ecs_budget_begin(&deploy->budget, job_now_ms(job));
}

/* ---- calls ---- */

bool deploy_may_call(struct deploy *deploy, int calls) {
    return ecs_budget_take(&deploy->budget, job_now_ms(deploy->job), calls);
}

void deploy_spend(struct deploy *deploy, int calls) {
    deploy->budget.calls += calls;
}
