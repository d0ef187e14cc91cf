/*
 * Deploy/ScheduledTask.
 */
#include "runner/actions/scheduled_task.h"

#include "common/str.h"
#include "runner/actions/actions.h"
#include "runner/actions/ecs_preflight.h"
#include "runner/actions/ecs_sources.h"
#include "runner/actions/settings.h"
#include "runner/deployfiles/task_definition.h"

#define RETRY_MS 2000
#define UNDO_MS (15 * 60000) /* so long EventBridge may be busy */

bool scheduled_plan_read(const struct job *job, struct scheduled_plan *out, struct err *err) {
    bool preflight_off;
    struct scheduled_plan plan = {.rule = settings_text(job, "RuleName"),
                                  .target_id = settings_text(job, "TargetId"),
                                  .bus = settings_text(job, "EventBusName"),
                                  .images_file = settings_text(job, "FileName"),
                                  .template_artifact = settings_text(job, "TaskDefinitionTemplateArtifact"),
                                  .template_path = settings_text(job, "TaskDefinitionTemplatePath")};
    if (!plan.rule || !plan.target_id)
        return err_set(err, ERR_INVALID, "the action's configuration lacks RuleName or TargetId");
    if (!settings_choice(job, "OnCancel", "ROLLBACK", "LEAVE", &plan.leave_on_cancel, err) ||
        !settings_choice(job, "Preflight", "ON", "OFF", &preflight_off, err))
        return false;
    plan.preflight = !preflight_off;
    if (!plan.images_file)
        plan.images_file = IMAGE_DEFINITIONS_FILE;
    if (plan.template_artifact && !plan.template_path)
        plan.template_path = TASK_DEFINITION_FILE;
    *out = plan;
    return true;
}

/* ---- marks ---- */

static bool save_for_job(struct scheduled_task *task, const struct json *mark, struct err *err) {
    return job_checkpoint(task->job, mark, err);
}

static bool save_revision(struct deploy *revision, const struct json *mark, struct err *err) {
    struct scheduled_task *task = revision->owner;
    struct json *whole = json_object(task->arena);
    json_set(task->arena, whole, "revision", json_copy(task->arena, mark));
    if (task->before)
        json_set(task->arena, whole, "before", json_copy(task->arena, task->before));
    json_set_bool(task->arena, whole, "put", task->put);
    return task->save(task, whole, err);
}

/* The document's target is the rule's, not a service. */
static void name_target(struct scheduled_task *task) {
    struct json *target = deployment_target(task->report, task->revision.target, NULL, NULL);
    task->revision.target =
        arena_printf(task->arena, "schedule/%s/%s/%s", task->rule.region, task->plan.rule, task->plan.target_id);
    json_set_text(deployment_memory(task->report), target, "name", task->revision.target);
}

void scheduled_task_init(struct scheduled_task *task, struct job *job, struct deployment_report *report,
                         const struct scheduled_plan *plan, const struct json *mark) {
    const struct deploy_plan revision = {.cluster = plan->rule,
                                         .service = plan->target_id,
                                         .images_file = plan->images_file,
                                         .template_artifact = plan->template_artifact,
                                         .template_path = plan->template_path,
                                         .timeout_ms = 3600000};
    *task = (struct scheduled_task){.job = job,
                                    .arena = job->arena,
                                    .report = report,
                                    .plan = *plan,
                                    .save = save_for_job,
                                    .before = json_get(mark, "before"),
                                    .put = json_get_bool(mark, "put", false)};
    task->rule = (struct events_rule){.aws = job_aws(job),
                                      .region = job->message->region,
                                      .name = plan->rule,
                                      .bus = plan->bus,
                                      .interrupted = job_is_lost,
                                      .context = job};
    deploy_init(&task->revision, job, report, &revision, json_get(mark, "revision"));
    task->revision.save = save_revision;
    task->revision.owner = task;
    name_target(task);
}

/* ---- what it is to become ---- */

static const char *revision_of(const struct json *target) {
    return json_get_text(json_get(target, "EcsParameters"), "TaskDefinitionArn");
}

static void show(struct scheduled_task *task, const struct json *before) {
    struct arena *memory = deployment_memory(task->report);
    struct json *target =
        deployment_target(task->report, task->revision.target, ecs_short_name(task->revision.previous), NULL);
    struct json *images = json_set_array(memory, target, "images");
    json_set_text(memory, target, "fingerprint", task->revision.fingerprint);
    json_each(container, json_get(task->revision.definition, "containerDefinitions")) {
        struct json *entry = json_append_object(memory, images);
        json_set_text(memory, entry, "container", json_get_text(container, "name"));
        json_set_text(memory, entry, "image", json_get_text(container, "image"));
    }
    deployment_set(task->report, "diff",
                   task_definition_diff(task->arena, json_get(before, "taskDefinition"), task->revision.definition));
}

static bool make_definition(struct scheduled_task *task, struct err *err) {
    const struct ecs_sources sources = {.job = task->job, .plan = &task->revision.plan, .arena = task->arena};
    const struct json *described;
    struct image_definitions images;
    struct json *definition = NULL;
    char fingerprint[SHA256_HEX_SIZE];
    if (!ecs_sources_images(&sources, &images, err) ||
        (task->plan.template_path && !ecs_sources_template(&sources, &images, &definition, err)) ||
        !ecs_describe_task_definition(&task->revision.ecs, task->arena, task->revision.previous, &described, err) ||
        (!definition && !task_definition_next(task->arena, described, &images, &definition, err)))
        return false;
    task_definition_fingerprint(definition, fingerprint);
    task->revision.fingerprint = arena_strdup(task->arena, fingerprint);
    task->revision.definition = definition;
    show(task, described);
    return true;
}

/* What preflight looks at in a service: where its tasks run. */
static const struct json *like_a_service(struct scheduled_task *task, const struct json *target) {
    const struct json *parameters = json_get(target, "EcsParameters");
    struct json *service = json_object(task->arena);
    json_set_text(task->arena, service, "serviceArn", json_get_text(target, "Arn"));
    json_set_text(task->arena, service, "launchType", json_get_text_or(parameters, "LaunchType", "EC2"));
    if (json_get(json_get(parameters, "NetworkConfiguration"), "awsvpcConfiguration"))
        (void)json_set_object(task->arena, json_set_object(task->arena, service, "networkConfiguration"),
                              "awsvpcConfiguration");
    struct json *list = json_set_array(task->arena, service, "capacityProviderStrategy");
    json_each(given, json_get(parameters, "CapacityProviderStrategy")) {
        json_set_text(task->arena, json_append_object(task->arena, list), "capacityProvider",
                      json_get_text(given, "capacityProvider"));
        json_remove(service, "launchType");
    }
    return service;
}

static bool look_before(struct scheduled_task *task, const struct json *target, struct err *err) {
    const struct preflight_wish wish = {.job = task->job,
                                        .aws = task->rule.aws,
                                        .region = task->rule.region,
                                        .cluster = json_get_text(target, "Arn"),
                                        .service = like_a_service(task, target),
                                        .definition = task->revision.definition,
                                        .target = task->revision.target,
                                        .report = task->report};
    return !task->plan.preflight || preflight(&wish, err);
}

bool scheduled_task_prepare(struct scheduled_task *task, struct err *err) {
    const struct json *target = task->before;
    if (task->revision.registered)
        return true;
    if (!target && !events_target(&task->rule, task->arena, task->plan.target_id, &target, err))
        return false;
    if (!revision_of(target))
        return err_set_code(err, ERR_INVALID, "ConfigurationError", "target '%.100s' of rule '%.100s' is no ECS task",
                            task->plan.target_id, task->plan.rule);
    task->before = target;
    task->revision.previous = revision_of(target);
    deployment_note(task->report, "target '%s' of rule '%s' runs %s", task->plan.target_id, task->plan.rule,
                    ecs_short_name(task->revision.previous));
    return make_definition(task, err) && look_before(task, target, err);
}

/* ---- moving the target ---- */

static struct json *moved(struct scheduled_task *task) {
    struct json *target = json_copy(task->arena, task->before);
    json_each(member, target) if (str_equal(member->name, "EcsParameters")) {
        struct json *parameters = json_copy(task->arena, member);
        json_set_text(task->arena, parameters, "TaskDefinitionArn", task->revision.registered);
        json_set(task->arena, target, "EcsParameters", parameters);
        break;
    }
    return target;
}

static bool put_once(struct scheduled_task *task, struct err *err) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct json *now;
    if (!events_target(&task->rule, &arena, task->plan.target_id, &now, err))
        return false;
    if (str_equal(revision_of(now), task->revision.registered))
        return true;
    if (!json_equal(now, task->before))
        return err_set_code(err, ERR_CONFLICT, "JobFailed",
                            "target '%.100s' of rule '%.100s' was changed by somebody else, and is left as it is; look "
                            "what happened, then run again",
                            task->plan.target_id, task->plan.rule);
    if (!task->put) {
        task->put = true;
        if (!deploy_mark(&task->revision, err))
            return false;
    }
    /* Seen, not assumed. */
    return events_put_target(&task->rule, &arena, moved(task), err) &&
           events_target(&task->rule, &arena, task->plan.target_id, &now, err) &&
           (str_equal(revision_of(now), task->revision.registered) ||
            err_set(err, ERR_UNAVAILABLE, "target '%.100s' is not seen to have changed", task->plan.target_id));
}

bool scheduled_task_apply(struct scheduled_task *task, struct err *err) {
    if (job_stop_reason(task->job) >= STOP_CANCELLED)
        return err_set(err, ERR_CONFLICT, "stopped");
    if (!deploy_register(&task->revision, err))
        return false;
    for (;;) {
        struct err own = {0};
        if (put_once(task, &own))
            break;
        if (own.kind != ERR_UNAVAILABLE || !job_sleep(task->job, RETRY_MS, STOP_TIMED_OUT))
            return err_set_code(err, own.kind, own.code, "%s", own.message);
        job_log(task->job, "%s; trying again", own.message);
    }
    deployment_note(task->report, "target '%s' of rule '%s' has moved to %s", task->plan.target_id, task->plan.rule,
                    ecs_short_name(task->revision.registered));
    return true;
}

/* ---- and back ---- */

/* A target that seems never to have moved is put again all the same: what EventBridge answers may be older than our
 * PutTargets, and nobody would look again. */
static bool put_back_once(struct scheduled_task *task, bool *undone, struct err *err) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct json *now;
    struct err own = {0};
    if (!events_target(&task->rule, &arena, task->plan.target_id, &now, err))
        return false;
    const bool as_before = json_equal(now, task->before);
    if (!as_before && !str_equal(revision_of(now), task->revision.registered)) {
        job_log(task->job, "target '%s' of rule '%s' is on %s by now, which is not ours: it is left as it is",
                task->plan.target_id, task->plan.rule, ecs_short_name(revision_of(now) ? revision_of(now) : "?"));
        return true;
    }
    if (!events_put_target(&task->rule, &arena, task->before, &own)) /* who may not put did not put */
        return (as_before && own.kind == ERR_DENIED) || err_set_code(err, own.kind, own.code, "%s", own.message);
    *undone = true;
    if (!events_target(&task->rule, &arena, task->plan.target_id, &now, err))
        return false;
    return json_equal(now, task->before) ||
           err_set(err, ERR_UNAVAILABLE, "target '%.100s' is not seen to be back", task->plan.target_id);
}

bool scheduled_task_undo(struct scheduled_task *task, bool *undone, struct err *err) {
    const int64_t until_ms = job_now_ms(task->job) + UNDO_MS;
    *undone = false;
    while (task->put) {
        struct err own = {0};
        if (put_back_once(task, undone, &own))
            return true;
        if (own.kind != ERR_UNAVAILABLE || job_now_ms(task->job) >= until_ms ||
            !job_sleep(task->job, RETRY_MS, STOP_LOST))
            return err_set_code(err, own.kind, own.code, "the target could not be put back: %s", own.message);
        job_log(task->job, "%s; trying again", own.message);
    }
    return true;
}

/* ---- the action ---- */

static bool cancel(struct scheduled_task *task, struct wire_result *result) {
    bool undone = false;
    struct err own = {0};
    if (!task->plan.leave_on_cancel && !scheduled_task_undo(task, &undone, &own)) {
        deployment_note(task->report, "%s", own.message);
        return job_undo_failed(task->job, result, &own);
    }
    result->outcome = WIRE_STOPPED;
    if (task->plan.leave_on_cancel && task->put)
        result->summary = arena_printf(task->arena, "cancelled; target '%s' stays on %s (OnCancel: LEAVE)",
                                       task->plan.target_id, ecs_short_name(task->revision.registered));
    else
        result->summary = undone ? arena_printf(task->arena, "cancelled: target '%s' is back on %s",
                                                task->plan.target_id, ecs_short_name(revision_of(task->before)))
                                 : "cancelled: nothing had to be put back";
    deployment_note(task->report, "%s", result->summary);
    return true;
}

bool action_scheduled_task(struct job *job, struct wire_result *result, struct err *err) {
    struct deployment_report *report = arena_new(job->arena, struct deployment_report);
    struct scheduled_task task;
    struct scheduled_plan plan;
    deployment_begin(report, job, "SCHEDULED_TASK");
    if (!scheduled_plan_read(job, &plan, err))
        return false;
    scheduled_task_init(&task, job, report, &plan, job->message->checkpoint);
    bool done = !job->message->cancelled && scheduled_task_prepare(&task, err) && scheduled_task_apply(&task, err);
    result->external_id = task.revision.registered;
    if (job_stop_reason(job) == STOP_CANCELLED)
        return cancel(&task, result);
    if (!done)
        return false;
    result->outcome = WIRE_SUCCEEDED;
    result->summary = arena_printf(job->arena, "target '%s' of rule '%s' runs %s", plan.target_id, plan.rule,
                                   ecs_short_name(task.revision.registered));
    return true;
}
