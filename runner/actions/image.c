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

#include <pthread.h>
#include <stdlib.h>

#define TIMEOUT_SECONDS 3600 /* AWS's, for every action that has none of its own */
#define GIB (INT64_C(1024) * 1024 * 1024)

static void set_deadline(const struct job *job) {
    if (job->message->timeout_seconds == 0)
        heartbeat_set_deadline(job->heartbeat, clock_boot_ms(&clock_system) + INT64_C(1000) * TIMEOUT_SECONDS);
}

/* What ECR says, asked while the source is fetched and unpacked; in an arena of its own, as the thread is. */
struct look_up {
    struct image_job *image;
    struct arena arena;
    pthread_t thread;
    bool good;
    struct err err;
};

static bool find_repository(struct look_up *look_up) {
    struct image_job *image = look_up->image;
    struct aws *aws = job_aws(image->job);
    const char *region = image->job->message->region;
    bool is_public = image->settings.is_public;
    return ecr_repository(aws, &look_up->arena, region, is_public, image->settings.repository, &image->repository,
                          &look_up->err) &&
           (is_public ? ecr_public_token(aws, &look_up->arena, &image->token, &look_up->err)
                      : ecr_token(aws, &look_up->arena, region, &image->token, &look_up->err));
}

static void *run_look_up(void *context) {
    struct look_up *look_up = context;
    look_up->good = find_repository(look_up);
    return NULL;
}

/* Both at once. Of two failures ECR's is told: it is the one that no other push mends. */
static bool look_up_and_unpack(struct image_job *image, struct look_up *look_up, struct err *err) {
    struct err own = {0};
    if (pthread_create(&look_up->thread, NULL, run_look_up, look_up) != 0)
        return err_set(err, ERR_INTERNAL, "unable to start a thread");
    bool unpacked = image_unpack(image, &own);
    pthread_join(look_up->thread, NULL);
    if (!look_up->good || !unpacked) {
        *err = look_up->good ? own : look_up->err;
        return false;
    }
    reporter_add_secret(image->job->reporter, image->token.password);
    reporter_add_secret(image->job->reporter, image->token.token);
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
    if (!image_configure(image, err) || !image_network(image, err))
        return false;
    request.context = image->context;
    request.dockerfile = image->dockerfile;
    request.network = image->network;
    job_log(image->job, "building with %s", image->buildkit ? "BuildKit" : "Docker's classic builder");
    return image_docker_build(image->job, &request, &image->image, err);
}

static bool work(struct image_job *image, struct look_up *look_up, struct err *err) {
    bool done = false;
    if (!look_up_and_unpack(image, look_up, err) || !image_adopt(image, &done, err))
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
    struct look_up look_up = {.image = &image};
    bool good = work(&image, &look_up, err);
    leave_to_tidy(&image);
    if (good)
        set_success(&image, result);
    else
        good = set_stopped(&image, result, err);
    arena_release(&look_up.arena);
    return good;
}
