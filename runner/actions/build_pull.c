/*
 * The image of a build: the operator's name for it, a sign-in where its registry asks for one, and the pull.
 */
#include "runner/actions/build.h"

#include "common/str.h"
#include "runner/aws/secrets_manager.h"
#include "runner/docker/images.h"
#include "runner/docker/sign_in.h"
#include "runner/runner.h"

#include <string.h>

static void say_pull(void *context, const char *text) {
    build_say(context, "%s", text);
}

static bool interrupted(void *context) {
    return job_is_stopped(((struct build *)context)->job);
}

/* CodeBuild's own images are gigabytes: nobody's build pulls one that the operator has not chosen. */
static bool refuse_codebuilds(const struct build *build, const char *image, struct err *err) {
    bool by_default = str_equal(image, build->job->runner->config->commands_image);
    const char *other = build->job->local ? ", or name another with --image"
                        : by_default      ? ", or give commands another with --commands-image"
                                          : "";
    return err_set_code(err, ERR_NOT_FOUND, BUILD_UNABLE_TO_PULL,
                        "image '%s' is CodeBuild's own name, which no registry knows; set --codebuild-images "
                        "(PENSTOCK_CODEBUILD_IMAGES) on the runner to '%s=IMAGE', where public.ecr.aws/%s is AWS's of "
                        "several gigabytes%s",
                        image, image, image + 4, other);
}

/* The project's registryCredential: a secret {"username", "password"}, read with the runner's AWS credentials. */
static bool sign_in_by_secret(struct build *build, struct arena *arena, const char *image, const char *secret,
                              const char **registry_auth, struct err *err) {
    const struct job *job = build->job;
    const char *region = job->message->region ? job->message->region : job->runner->region;
    const struct secret_query query = {
        .aws = job->runner->aws, .region = region, .secret = secret, .interrupted = interrupted, .context = build};
    const char *text = NULL;
    const struct json *pair = NULL;
    if (!secret_value(&query, arena, &text, err))
        return err_wrap(err, "registryCredential '%s'", secret);
    if (!json_parse(arena, text, strlen(text), &pair, NULL) || !json_get_text(pair, "username") ||
        !json_get_text(pair, "password"))
        return err_set(err, ERR_INVALID,
                       "registryCredential '%s' must hold a JSON object of two texts, username and password", secret);
    reporter_add_secret(job->reporter, json_get_text(pair, "password"));
    *registry_auth = sign_in_header(arena, image_registry(arena, image), json_get_text(pair, "username"),
                                    json_get_text(pair, "password"));
    return true;
}

static bool sign_in(struct build *build, struct arena *arena, const char *image, const char **registry_auth,
                    struct err *err) {
    const struct json *environment = json_get(build->job->message->build, "environment");
    const char *secret = json_get_text(json_get(environment, "registryCredential"), "credential");
    struct err own = {0};
    if (secret && str_equal(json_get_text(environment, "image"), image))
        return sign_in_by_secret(build, arena, image, secret, registry_auth, err);
    if (!sign_in_for_image(build->job->runner, arena, image, registry_auth, &own))
        job_log(build->job, "signing in to the registry failed: %s", own.message);
    return true;
}

static bool pull(struct build *build, struct docker *docker, struct arena *arena, const char *image, struct err *err) {
    struct image_pull pull = {.image = image, .line = say_pull, .interrupted = interrupted, .context = build};
    struct err own = {0};
    build_say(build, "Pulling image %s", image);
    if (sign_in(build, arena, image, &pull.registry_auth, &own) && image_pull(docker, arena, &pull, &own))
        return true;
    return err_set_code(err, own.kind, BUILD_UNABLE_TO_PULL, "%s", own.message);
}

const char *build_image_name(const struct build *build, const char *image) {
    const char *mapped = image_of_map(build->arena, build->job->runner->config->codebuild_images, image);
    return mapped ? mapped : image;
}

bool build_get_image(struct build *build, struct docker *docker, struct arena *arena, const char *image,
                     struct err *err) {
    bool present = false;
    if (!image_present(docker, arena, image, &present, err) || present)
        return present;
    if (image_is_codebuilds(image))
        return refuse_codebuilds(build, image, err);
    return pull(build, docker, arena, image, err);
}
