/*
 * What the service is to become. Everything that can be seen to be wrong is found here, before anything is changed.
 */
#include "common/str.h"
#include "runner/actions/ecs_deploy.h"
#include "runner/actions/ecs_preflight.h"
#include "runner/actions/ecs_revision.h"
#include "runner/actions/ecs_sources.h"
#include "runner/deployfiles/task_definition.h"

#include <pthread.h>

/* ---- two questions at once ---- */

struct question {
    struct ecs ecs;
    struct arena arena;
    const char *revision; /* or a family: its newest */
    const struct json *answer;
    bool good;
    struct err err;
};

static void *ask(void *context) {
    struct question *question = context;
    question->good = ecs_describe_task_definition(&question->ecs, &question->arena, question->revision,
                                                  &question->answer, &question->err);
    return NULL;
}

static struct question question_of(const struct deploy *deploy, const char *revision) {
    struct question question = {.ecs = deploy->ecs, .revision = revision};
    question.ecs.client = NULL;
    question.ecs.calls = NULL;
    question.ecs.refused = NULL;
    return question;
}

/* Copies what was answered to the deployment's arena. *answer NULL where it was refused. */
static const struct json *take(struct deploy *deploy, struct question *question) {
    const struct json *answer = question->good ? json_copy(deploy->arena, question->answer) : NULL;
    arena_release(&question->arena);
    return answer;
}

/* The revision, and beside it another that need not be there: what is left out costs no time in the chain of calls. */
static bool describe_both(struct deploy *deploy, const char *revision, const char *other, const struct json **described,
                          const struct json **other_described, struct err *err) {
    struct question first = question_of(deploy, revision);
    struct question second = question_of(deploy, other);
    pthread_t thread;
    const bool beside = other && pthread_create(&thread, NULL, ask, &second) == 0;
    (void)ask(&first);
    if (beside)
        (void)pthread_join(thread, NULL);
    deploy_spend(deploy, beside ? 2 : 1);
    const bool good = first.good;
    if (!good)
        (void)err_set_code(err, first.err.kind, first.err.code, "%s", first.err.message);
    *described = take(deploy, &first);
    *other_described = take(deploy, &second);
    return good;
}

/* ---- the service ---- */

static bool check_controller(const struct deploy *deploy, const struct json *service, struct err *err) {
    const char *controller = json_get_text(json_get(service, "deploymentController"), "type");
    if (!controller || str_equal(controller, "ECS") || deploy->registers_only)
        return true;
    return err_set(err, ERR_INVALID, "service '%s' is deployed by %s; the ECS action needs the ECS controller%s",
                   deploy->ecs.service, controller,
                   str_equal(controller, "CODE_DEPLOY") ? ": use the action CodeDeployToECS instead" : "");
}

static const char *runs_on(struct arena *arena, const struct json *service) {
    const char *names = "";
    json_each(provider, json_get(service, "capacityProviderStrategy")) names =
        arena_printf(arena, "%s%s%s", names, *names ? ", " : "capacity provider ",
                     json_get_text_or(provider, "capacityProvider", "?"));
    return *names ? names : json_get_text_or(service, "launchType", "EC2");
}

/* What the next one is likely to take. */
static int64_t took_ms(const struct json *deployment) {
    const struct json *began = json_get(deployment, "createdAt");
    const struct json *ended = json_get(deployment, "updatedAt");
    const bool told = began && ended && began->type == JSON_NUMBER && ended->type == JSON_NUMBER;
    return told ? (int64_t)((ended->number - began->number) * 1000) : 0;
}

/* Where task sets are moved (CODE_DEPLOY, EXTERNAL) the service may still name the one that it was made with. */
static const char *running_definition(const struct json *service) {
    json_each(set, json_get(service, "taskSets")) {
        if (str_equal(json_get_text(set, "status"), "PRIMARY") && json_get_text(set, "taskDefinition"))
            return json_get_text(set, "taskDefinition");
    }
    return json_get_text(service, "taskDefinition");
}

static bool read_service(struct deploy *deploy, const struct json **service, struct err *err) {
    if (!ecs_describe_service(&deploy->ecs, deploy->arena, service, err) || !check_controller(deploy, *service, err))
        return false;
    const char *current = running_definition(*service);
    if (!current)
        return err_set(err, ERR_INVALID, "service '%s' has no task definition", deploy->ecs.service);
    deploy_skip_events(deploy, *service);
    deploy->strategy = ecs_strategy(*service);
    if (!deploy->previous) { /* else: after a crash; what to go back to is what the mark says */
        const struct json *primary = ecs_primary(*service);
        deploy->previous = current;
        deploy->as_of_ms = ecs_newest_ms(*service);
        deploy->previous_stood = ecs_is_settled(*service);
        deploy->previous_ran =
            json_get_integer(primary, "runningCount", 0) > 0 || json_get_integer(primary, "desiredCount", 0) == 0;
        deploy->before_took_ms = deploy->previous_stood ? took_ms(primary) : 0;
        deploy->service_deployment_before = json_get_text(*service, "currentServiceDeployment");
    }
    deployment_set_text(deploy->report, "strategy", deploy->strategy);
    if (!ecs_is_settled(*service) && !deploy->registers_only)
        deployment_note(deploy->report, "another deployment of service '%s' is still under way; this one replaces it",
                        deploy->ecs.service);
    deployment_note(deploy->report, "service '%s' runs %s on %s, deploys %s", deploy->ecs.service,
                    ecs_short_name(deploy->previous), runs_on(deploy->arena, *service), deploy->strategy);
    return true;
}

/* ---- the definition ---- */

/* What an execution that is gone back to had deployed here: its very revision is what comes back. */
static const struct json *earlier_target(const struct deploy *deploy) {
    json_each(target, json_get(deploy->job->message->earlier, "targets")) {
        if (str_equal(json_get_text(target, "name"), deploy->target) && json_get_text(target, "to") &&
            json_get_text(target, "fingerprint"))
            return target;
    }
    return NULL;
}

static bool adopt(struct deploy *deploy, const struct json *described, const char *fingerprint) {
    const struct json *definition = json_get(described, "taskDefinition");
    const char *arn = json_get_text(definition, "taskDefinitionArn");
    char found[SHA256_HEX_SIZE];
    if (!arn || !str_equal(json_get_text_or(definition, "status", "ACTIVE"), "ACTIVE"))
        return false;
    task_definition_fingerprint(definition, found);
    if (!str_equal(found, fingerprint))
        return false;
    deploy->fingerprint = arena_strdup(deploy->arena, found);
    deploy->registered = arn;
    deploy->adopted = true;
    return true;
}

static bool go_back(struct deploy *deploy, const struct json *target, const struct json **running, struct err *err) {
    const struct json *described = NULL;
    const char *revision = json_get_text(target, "to");
    if (!describe_both(deploy, deploy->previous, revision, running, &described, err))
        return false;
    if (described && adopt(deploy, described, json_get_text(target, "fingerprint"))) {
        deploy->definition = json_get(described, "taskDefinition");
        deployment_note(deploy->report, "going back to %s, as it was deployed then", revision);
    } else {
        deployment_note(deploy->report, "%s is there no more as it was deployed then; a new revision takes its place",
                        revision);
    }
    return true;
}

/* What the artifacts say: read before anything is asked, so that images are looked at beside the first questions. */
struct files {
    struct image_definitions images;
    struct json *definition; /* the template's; NULL: the one that runs, with those images */
};

static bool read_files(const struct deploy *deploy, struct files *out, struct err *err) {
    const struct ecs_sources sources = {.job = deploy->job, .plan = &deploy->plan, .arena = deploy->arena};
    return ecs_sources_images(&sources, &out->images, err) &&
           (!deploy->plan.template_path || ecs_sources_template(&sources, &out->images, &out->definition, err));
}

static struct preflight_images *begin_looking(const struct deploy *deploy, const struct files *files) {
    struct image_definitions images = files->images;
    const struct json *containers = json_get(files->definition, "containerDefinitions");
    if (containers) {
        struct image_definition *items = arena_array(deploy->arena, struct image_definition, containers->count);
        images = (struct image_definitions){.items = items};
        json_each(container, containers) items[images.count++] = (struct image_definition){
            .container = json_get_text_or(container, "name", ""), .uri = json_get_text_or(container, "image", "")};
    }
    return preflight_images_begin(deploy->job, deploy->ecs.aws, deploy->ecs.region, &images);
}

static bool make_definition(struct deploy *deploy, const struct files *files, const struct json **running,
                            struct err *err) {
    const struct json *newest = NULL;
    struct json *definition = files->definition;
    char fingerprint[SHA256_HEX_SIZE];
    const char *family =
        definition ? json_get_text_or(definition, "family", "") : ecs_family(deploy->arena, deploy->previous);
    if (!describe_both(deploy, deploy->previous, family, running, &newest, err))
        return false;
    const struct json *base = deploy->plan.base_latest && newest ? newest : *running;
    if (!definition && !task_definition_next(deploy->arena, base, &files->images, &definition, err))
        return false;
    task_definition_fingerprint(definition, fingerprint);
    deploy->fingerprint = arena_strdup(deploy->arena, fingerprint);
    deploy->definition = definition;
    /* Registered and never run: by a RunTask before us, or by an attempt that ended in between. */
    const char *newest_arn = json_get_text(json_get(newest, "taskDefinition"), "taskDefinitionArn");
    if (!str_equal(newest_arn, deploy->previous) && adopt(deploy, newest, fingerprint))
        deployment_note(deploy->report, "%s is the same and does not run yet: it is taken",
                        ecs_short_name(deploy->registered));
    return true;
}

/* ---- showing it ---- */

static void show(struct deploy *deploy, const struct json *running) {
    struct arena *memory = deployment_memory(deploy->report);
    const struct json *before = json_get(running, "taskDefinition");
    struct json *target = deployment_target(deploy->report, deploy->target, ecs_short_name(deploy->previous),
                                            deploy->registered ? ecs_short_name(deploy->registered) : NULL);
    struct json *images = json_set_array(memory, target, "images");
    json_set_text(memory, target, "fingerprint", deploy->fingerprint);
    json_each(container, json_get(deploy->definition, "containerDefinitions")) {
        const char *name = json_get_text_or(container, "name", "?");
        const char *image = json_get_text_or(container, "image", "?");
        struct json *entry = json_append_object(memory, images);
        json_set_text(memory, entry, "container", name);
        json_set_text(memory, entry, "image", image);
        job_log(deploy->job, "container '%s' gets %s", name, image);
    }
    deployment_set(deploy->report, "diff", task_definition_diff(deploy->arena, before, deploy->definition));
}

bool deploy_prepare(struct deploy *deploy, struct err *err) {
    struct files files = {0};
    struct preflight_images *looks = NULL;
    const struct json *service;
    const struct json *running = NULL;
    const struct json *earlier = earlier_target(deploy);
    if (!earlier && !read_files(deploy, &files, err))
        return false;
    if (deploy->plan.preflight)
        looks = begin_looking(deploy, &files);
    bool good = read_service(deploy, &service, err) && (!earlier || go_back(deploy, earlier, &running, err)) &&
                (deploy->definition ||
                 ((!earlier || read_files(deploy, &files, err)) && make_definition(deploy, &files, &running, err)));
    if (good) {
        deploy->health_checked = ecs_success_is_checked(deploy->definition);
        show(deploy, running);
        good =
            !deploy->plan.preflight || ecs_preflight(deploy, service, json_get(running, "taskDefinition"), looks, err);
    }
    preflight_images_end(looks);
    return good;
}
