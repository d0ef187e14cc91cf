/*
 * ECRBuildAndPublish: the input artifact's Dockerfile built and pushed to ECR, without a buildspec. `docker build` does
 * the work (design decision 11); the layer cache stays on the engine, everything else that the job leaves there is
 * removed.
 */
#include "runner/actions/image.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/str.h"
#include "runner/actions/actions.h"
#include "runner/actions/image_cache.h"
#include "runner/actions/image_docker.h"
#include "runner/docker/image_push.h"
#include "runner/docker/sandbox.h"
#include "runner/runner.h"

#include <stdlib.h>

#define TIMEOUT_SECONDS 3600 /* AWS's, for every action that has none of its own */
#define GIB (INT64_C(1024) * 1024 * 1024)

static void set_deadline(const struct job *job) {
    if (job->message->timeout_seconds == 0)
        heartbeat_set_deadline(job->heartbeat, clock_boot_ms(&clock_system) + INT64_C(1000) * TIMEOUT_SECONDS);
}

static bool find_repository(struct image_job *image, struct err *err) {
    struct job *job = image->job;
    struct aws *aws = job->runner->aws;
    const char *region = job->message->region;
    bool is_public = image->settings.is_public;
    if (!ecr_repository(aws, image->arena, region, is_public, image->settings.repository, &image->repository, err) ||
        !(is_public ? ecr_public_token(aws, image->arena, &image->token, err)
                    : ecr_token(aws, image->arena, region, &image->token, err)))
        return false;
    reporter_add_secret(job->reporter, image->token.password);
    reporter_add_secret(job->reporter, image->token.token);
    return true;
}

static bool check_builder(struct image_job *image, struct err *err) {
    if (!image_builder_find(image->job, &image->buildkit, err))
        return false;
    if (image->settings.secret_count > 0 && !image->buildkit)
        return err_set(err, ERR_INVALID,
                       "BuildSecrets need BuildKit, which %s; take BuildSecrets away, or give the runner BuildKit",
                       image->job->runner->config->classic_images
                           ? "this runner is told not to use (--image-builder classic)"
                           : "the docker command line of this runner lacks (install buildx)");
    return true;
}

static bool build(struct image_job *image, struct err *err) {
    struct image_build request = {.settings = &image->settings, .name = image->name, .buildkit = image->buildkit};
    if (!image_prepare(image, &request.context, &request.dockerfile, err) || !image_network(image, err))
        return false;
    request.network = image->network;
    job_log(image->job, "building with %s", image->buildkit ? "BuildKit" : "Docker's classic builder");
    return image_docker_build(image->job, &request, &image->image, err);
}

static bool work(struct image_job *image, struct err *err) {
    bool done = false;
    if (!find_repository(image, err) || !image_adopt(image, &done, err))
        return false;
    if (done) {
        job_log(image->job, "%s@%s was pushed by the runner that had this job before", image->repository,
                image->digest);
        return image_write_output(image, err);
    }
    return check_builder(image, err) && build(image, err) && image_publish(image, err) &&
           image_write_output(image, err);
}

/* What is tidied up when the result is known: the names for the push at once, the cache where it has grown. */
struct leftovers {
    const struct engine *engine;
    struct sandbox *sandbox;
    int64_t ceiling;
    struct arena arena;
    const char *name;
    const char **tags;
    size_t count;
};

static void tidy(void *context) {
    struct leftovers *leftovers = context;
    struct docker *docker CLEANUP(docker_cleanup) = docker_open(leftovers->engine);
    struct err err = {0};
    for (size_t i = 0; i < leftovers->count; i++)
        if (!image_remove(docker, &leftovers->arena, leftovers->tags[i], &err))
            LOG_WARNING("an image's name stays on the engine", "image", leftovers->tags[i], "error", err.message);
    if (leftovers->sandbox) {
        (void)image_end_steps(docker, &leftovers->arena, sandbox_network(leftovers->sandbox), NULL);
        sandbox_release(leftovers->sandbox);
    }
    if (leftovers->ceiling > 0 && !image_cache_prune(docker, leftovers->ceiling, leftovers->name, &err))
        LOG_WARNING("the cache of image builds could not be pruned", "error", err.message);
    arena_release(&leftovers->arena);
    free(leftovers);
}

static void leave_to_tidy(struct image_job *image) {
    struct leftovers *leftovers = calloc(1, sizeof *leftovers);
    size_t count = image->settings.tag_count;
    if (!leftovers)
        abort();
    leftovers->engine = image->job->runner->engine;
    leftovers->sandbox = image->sandbox;
    leftovers->ceiling = image->job->runner->config->image_cache_gib * GIB;
    leftovers->name = arena_strdup(&leftovers->arena, image->name);
    leftovers->tags = arena_array(&leftovers->arena, const char *, count + 1);
    for (size_t i = 0; image->repository && i < count; i++)
        leftovers->tags[leftovers->count++] =
            arena_printf(&leftovers->arena, "%s:%s", image->repository, image->settings.tags[i]);
    image->job->after = tidy;
    image->job->after_context = leftovers;
}

static void set_success(struct image_job *image, struct wire_result *result) {
    struct wire_variable *variables = arena_array(image->arena, struct wire_variable, 2);
    variables[0] = (struct wire_variable){.name = "ECRImageDigestId", .value = image->digest};
    variables[1] = (struct wire_variable){.name = "ECRRepositoryName", .value = image->settings.repository};
    result->outcome = WIRE_SUCCEEDED;
    result->external_id = arena_printf(image->arena, "%s@%s", image->repository, image->digest);
    result->summary = arena_printf(image->arena, "pushed %s:%s", image->repository, image->settings.tags[0]);
    result->variables = variables;
    result->variable_count = 2;
}

/* A push cannot be taken back; what stands in ECR is said. */
static bool set_stopped(struct image_job *image, struct wire_result *result, struct err *err) {
    if (job_stop_reason(image->job) == STOP_TIMED_OUT)
        return err_set_code(err, ERR_UNAVAILABLE, "JobFailed", "the image build has timed out");
    if (job_stop_reason(image->job) != STOP_CANCELLED)
        return false;
    struct err own = {0};
    if (image->sandbox && !image_end_steps(image->docker, image->arena, image->network, &own)) {
        result->outcome = WIRE_FAILED;
        result->error_code = "SystemUnavailable";
        result->error_message =
            arena_printf(image->arena, "the image build was stopped, but its containers could not be: %s", own.message);
        return true;
    }
    result->outcome = WIRE_STOPPED;
    result->summary = image->pushed == 0
                          ? "the image build was stopped; nothing was pushed"
                          : arena_printf(image->arena, "the image build was stopped after %zu of %zu tags were pushed",
                                         image->pushed, image->settings.tag_count);
    return true;
}

bool action_ecr_build(struct job *job, struct wire_result *result, struct err *err) {
    struct image_job image = {.job = job, .arena = job->arena};
    if (!image_settings_read(job->arena, job->message->configuration, &image.settings, err))
        return false;
    if (job->message->cancelled) {
        /* Its docker program ended with the runner that had it, and the engine ends what that asked for. */
        result->outcome = WIRE_STOPPED;
        result->summary = "the image build was stopped; nothing of it runs here any more";
        return true;
    }
    struct docker *docker CLEANUP(docker_cleanup) = docker_open(job->runner->engine);
    image.docker = docker;
    image.name = arena_printf(job->arena, "%s:%s", IMAGE_NAME, job->message->id);
    set_deadline(job);
    bool good = work(&image, err);
    leave_to_tidy(&image);
    if (!good)
        return set_stopped(&image, result, err);
    set_success(&image, result);
    return true;
}
