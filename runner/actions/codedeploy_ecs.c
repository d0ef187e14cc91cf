/*
 * Deploy/CodeDeployToECS: a new revision of the task definition, deployed beside the old one by CodeDeploy, which moves
 * the traffic. codedeploy_run.h says how it stays one deployment.
 *
 * Before CreateDeployment: GetDeploymentGroup, DescribeServices, DescribeTaskDefinition (what a person is shown as the
 * difference), RegisterTaskDefinition.
 */
#include "runner/actions/codedeploy_ecs.h"

#include "common/str.h"
#include "runner/actions/actions.h"
#include "runner/actions/ecs_preflight.h"
#include "runner/actions/ecs_verdict.h"
#include "runner/deployfiles/task_definition.h"

#include <string.h>

#define REVISIONS_LOOKED_AT 3
#define LOOK_AGAIN_MS 3000
#define MARKED_MAX 32768 /* an undo cannot fetch its inputs any more, so the appspec is kept with the mark */

static const struct json *primary_set(const struct json *service) {
    json_each(set, json_get(service, "taskSets")) {
        if (str_equal(json_get_text(set, "status"), "PRIMARY"))
            return set;
    }
    return NULL;
}

static bool mark(struct blue_green *deploy, struct err *err) {
    struct codedeploy_run *run = &deploy->run;
    json_set_text(run->arena, run->mark, "cluster", deploy->ecs.cluster);
    json_set_text(run->arena, run->mark, "service", deploy->ecs.service);
    json_set_text(run->arena, run->mark, "previous", deploy->previous);
    json_set_text(run->arena, run->mark, "fingerprint", deploy->fingerprint);
    json_set_text(run->arena, run->mark, "registered", deploy->registered);
    if (deploy->appspec_size <= MARKED_MAX)
        json_set_text(run->arena, run->mark, "appspec", deploy->appspec);
    return codedeploy_run_mark(run, err);
}

static const struct json *previous_revision(struct codedeploy_run *run) {
    struct blue_green *deploy = run->context;
    struct err err = {0};
    if (!deploy->previous || !blue_green_read_appspec(deploy, &err))
        return NULL;
    return blue_green_revision(deploy, deploy->previous);
}

/* Seen, not assumed: the earlier revision's task set is the one that serves, and ours is gone. */
static bool is_back(struct codedeploy_run *run, struct arena *arena, bool *back, const char **sentence,
                    struct err *err) {
    const struct blue_green *deploy = run->context;
    const struct json *service;
    *back = false;
    if (!ecs_describe_service(&deploy->ecs, arena, &service, err))
        return false;
    const struct json *primary = primary_set(service);
    const char *serving = json_get_text_or(primary, "taskDefinition", "");
    long long ours = 0;
    json_each(set, json_get(service, "taskSets")) {
        if (str_equal(json_get_text(set, "taskDefinition"), deploy->registered))
            ours += json_get_integer(set, "runningCount", 0) + json_get_integer(set, "pendingCount", 0);
    }
    if (!str_equal(serving, deploy->previous) && !str_equal(serving, deploy->registered))
        return err_set_code(err, ERR_CONFLICT, "JobFailed", "service '%s' is on %s, which somebody else deployed",
                            deploy->ecs.service, ecs_short_name(serving));
    long long running = json_get_integer(primary, "runningCount", 0);
    *back = str_equal(serving, deploy->previous) && ours == 0 &&
            running >= json_get_integer(primary, "computedDesiredCount", 0);
    *sentence = *back ? arena_printf(arena, "service '%s' is back on %s: %lld of its tasks run, none of %s",
                                     deploy->ecs.service, ecs_short_name(deploy->previous), running,
                                     ecs_short_name(deploy->registered))
                      : arena_printf(arena, "%s serves with %lld tasks, %lld of ours are left", ecs_short_name(serving),
                                     running, ours);
    return true;
}

static bool init(struct blue_green *deploy, struct job *job, struct err *err) {
    const struct json *left = job->message->checkpoint;
    struct codedeploy_run *run = &deploy->run;
    if (!codedeploy_run_begin(run, job, err))
        return false;
    run->previous_revision = previous_revision;
    run->is_back = is_back;
    run->look_closer = blue_green_look_closer;
    run->context = deploy;
    deploy->ecs = (struct ecs){.aws = run->client.aws,
                               .region = job->message->region,
                               .cluster = json_get_text(left, "cluster"),
                               .service = json_get_text(left, "service"),
                               .interrupted = job_is_lost,
                               .context = job};
    deploy->previous = json_get_text(left, "previous");
    deploy->fingerprint = json_get_text(left, "fingerprint");
    deploy->registered = json_get_text(left, "registered");
    deploy->appspec = json_get_text(left, "appspec");
    deploy->appspec_size = deploy->appspec ? strlen(deploy->appspec) : 0;
    return true;
}

static const char *last_part(const char *arn) {
    const char *slash = strrchr(arn, '/');
    return slash ? slash + 1 : arn;
}

static bool find_service(struct blue_green *deploy, const struct json **service, struct err *err) {
    struct codedeploy_run *run = &deploy->run;
    const struct json *group;
    if (!codedeploy_run_group(run, "ECS", &group, err))
        return false;
    const struct json *place = json_first(json_get(group, "ecsServices"));
    deploy->ecs.cluster = last_part(json_get_text_or(place, "clusterName", "default"));
    deploy->ecs.service = json_get_text(place, "serviceName");
    if (!deploy->ecs.service)
        return err_set_code(err, ERR_INVALID, "ConfigurationError", "the deployment group '%s' names no ECS service",
                            run->group);
    if (!ecs_describe_service(&deploy->ecs, run->arena, service, err))
        return false;
    const char *controller = json_get_text(json_get(*service, "deploymentController"), "type");
    return str_equal(controller, "CODE_DEPLOY") ||
           err_set_code(err, ERR_INVALID, "ConfigurationError",
                        "service '%s' is deployed by %s; CodeDeployToECS needs the controller CODE_DEPLOY, or use the "
                        "action ECS",
                        deploy->ecs.service, controller ? controller : "ECS");
}

static const char *target_name(const struct blue_green *deploy) {
    return arena_printf(deploy->run.arena, "ecs/%s/%s/%s", deploy->ecs.region, deploy->ecs.cluster,
                        deploy->ecs.service);
}

static void show(struct blue_green *deploy, const struct json *definition) {
    struct codedeploy_run *run = &deploy->run;
    const struct json *described = NULL;
    struct err err = {0};
    struct json *target = deployment_target(&run->report, target_name(deploy), run->from, run->to);
    json_set_text(deployment_memory(&run->report), target, "fingerprint", deploy->fingerprint);
    deployment_set_text(&run->report, "strategy", "BLUE_GREEN");
    if (!definition)
        return;
    struct json *images = json_array(run->arena);
    json_each(container, json_get(definition, "containerDefinitions")) {
        struct json *image = json_append_object(run->arena, images);
        json_set_text(run->arena, image, "container", json_get_text(container, "name"));
        json_set_text(run->arena, image, "image", json_get_text(container, "image"));
    }
    json_set(deployment_memory(&run->report), target, "images", json_copy(deployment_memory(&run->report), images));
    if (deploy->previous &&
        !ecs_describe_task_definition(&deploy->ecs, run->arena, deploy->previous, &described, &err)) {
        job_log(run->job, "what changes cannot be shown: %s", err.message);
        return;
    }
    deployment_set(&run->report, "diff",
                   task_definition_diff(run->arena, json_get(described, "taskDefinition"), definition));
}

/* Every container's image, to be looked at. */
static struct image_definitions images_of(const struct blue_green *deploy, const struct json *definition) {
    const struct json *containers = json_get(definition, "containerDefinitions");
    struct image_definition *items =
        arena_array(deploy->run.arena, struct image_definition, containers ? containers->count : 0);
    size_t count = 0;
    json_each(container, containers) {
        items[count++] = (struct image_definition){.container = json_get_text_or(container, "name", ""),
                                                   .uri = json_get_text_or(container, "image", "")};
    }
    return (struct image_definitions){.items = items, .count = count};
}

static void remember(struct blue_green *deploy, const struct json *service, const struct json *definition) {
    struct codedeploy_run *run = &deploy->run;
    char fingerprint[SHA256_HEX_SIZE];
    /* After a crash ours may serve already; what to go back to is what the mark says. */
    if (!deploy->previous)
        deploy->previous = json_get_text(primary_set(service), "taskDefinition");
    if (!deploy->previous)
        deploy->previous = json_get_text(service, "taskDefinition");
    if (deploy->previous && !run->from)
        run->from = arena_strdup(run->arena, ecs_short_name(deploy->previous));
    task_definition_fingerprint(definition, fingerprint);
    deploy->fingerprint = arena_strdup(run->arena, fingerprint);
}

static bool look_ahead(struct blue_green *deploy, const struct json *definition, struct preflight_images *images,
                       bool wanted, struct err *err) {
    const struct json *service;
    if (!find_service(deploy, &service, err))
        return false;
    remember(deploy, service, definition);
    show(deploy, definition);
    const struct preflight_wish wish = {.job = deploy->run.job,
                                        .aws = deploy->ecs.aws,
                                        .region = deploy->ecs.region,
                                        .cluster = deploy->ecs.cluster,
                                        .service = service,
                                        .definition = definition,
                                        .target = target_name(deploy),
                                        .images = images,
                                        .report = &deploy->run.report};
    return !wanted || preflight(&wish, err);
}

/* Everything that can be wrong is found before anything is changed. Images are looked at beside all the rest. */
static bool prepare(struct blue_green *deploy, struct json **definition, struct err *err) {
    struct job *job = deploy->run.job;
    bool wanted = !str_equal(job_setting(job, "Preflight"), "OFF");
    if (!blue_green_read(deploy, definition, err))
        return false;
    const struct image_definitions list = images_of(deploy, *definition);
    struct preflight_images *images =
        wanted ? preflight_images_begin(job, deploy->ecs.aws, deploy->ecs.region, &list) : NULL;
    bool good = look_ahead(deploy, *definition, images, wanted, err);
    preflight_images_end(images);
    return good;
}

/* An earlier holder may have registered the revision and died before it could say so; and so may a call whose answer
 * was lost. */
static bool find_registered(struct blue_green *deploy, const struct json *definition, struct err *err) {
    const struct json *arns = NULL;
    int looked = 0;
    if (!ecs_list_revisions(&deploy->ecs, deploy->run.arena, json_get_text(definition, "family"), &arns, err))
        return false;
    json_each(arn, arns) {
        const struct json *described;
        char fingerprint[SHA256_HEX_SIZE];
        if (looked++ == REVISIONS_LOOKED_AT || str_equal(arn->text, deploy->previous))
            break;
        if (!ecs_describe_task_definition(&deploy->ecs, deploy->run.arena, arn->text, &described, err))
            return false;
        task_definition_fingerprint(json_get(described, "taskDefinition"), fingerprint);
        if (str_equal(fingerprint, deploy->fingerprint)) {
            deploy->registered = arn->text;
            job_log(deploy->run.job, "%s was registered by an earlier attempt", ecs_short_name(deploy->registered));
            return true;
        }
    }
    return true;
}

static bool is_wanted(const struct blue_green *deploy, struct err *err) {
    return job_stop_reason(deploy->run.job) == STOP_NONE || err_set(err, ERR_CONFLICT, "stopped");
}

static bool register_once(struct blue_green *deploy, const struct json *definition, bool again, struct err *err) {
    while (is_wanted(deploy, err)) {
        struct err own = {0};
        if ((!again || find_registered(deploy, definition, &own)) &&
            (deploy->registered ||
             ecs_register(&deploy->ecs, deploy->run.arena, definition, &deploy->registered, &own)))
            return true;
        if (own.kind != ERR_UNAVAILABLE)
            return err_set_code(err, own.kind, own.code, "%s", own.message);
        job_log(deploy->run.job, "%s; trying again", own.message);
        again = true;
        (void)job_sleep(deploy->run.job, LOOK_AGAIN_MS, STOP_TIMED_OUT);
    }
    return false;
}

static bool register_revision(struct blue_green *deploy, struct err *err) {
    struct codedeploy_run *run = &deploy->run;
    struct json *definition;
    bool again = deploy->fingerprint != NULL;
    if (!prepare(deploy, &definition, err) || !mark(deploy, err) || !register_once(deploy, definition, again, err))
        return false;
    run->to = arena_strdup(run->arena, ecs_short_name(deploy->registered));
    show(deploy, NULL);
    deployment_note(&run->report, "registered %s", run->to);
    return mark(deploy, err);
}

/* Who takes a job over has the group's settings to read, and the appspec. */
static bool resume(struct blue_green *deploy, struct err *err) {
    const struct json *group;
    show(deploy, NULL);
    return codedeploy_run_group(&deploy->run, "ECS", &group, err) && blue_green_read_appspec(deploy, err);
}

static bool roll_out(struct blue_green *deploy, struct codedeploy_verdict *verdict, struct err *err) {
    struct codedeploy_run *run = &deploy->run;
    if (!(deploy->registered ? resume(deploy, err) : register_revision(deploy, err)))
        return false;
    if (!run->deployment &&
        (!is_wanted(deploy, err) || !codedeploy_run_create(run, blue_green_revision(deploy, deploy->registered), err)))
        return false;
    return codedeploy_watch(run, run->deployment, STOP_TIMED_OUT, true, verdict, err);
}

bool action_codedeploy_ecs(struct job *job, struct wire_result *result, struct err *err) {
    struct blue_green *deploy = arena_new(job->arena, struct blue_green);
    struct codedeploy_verdict verdict;
    if (!init(deploy, job, err))
        return false;
    bool ended = !job->message->cancelled && roll_out(deploy, &verdict, err);
    return codedeploy_end(&deploy->run, ended ? &verdict : NULL, result, err);
}
