/*
 * The image of a build: the operator's name for it, a sign-in where its registry asks for one, and the pull.
 */
#include "runner/actions/build.h"

#include "common/str.h"
#include "runner/docker/images.h"
#include "runner/docker/sign_in.h"
#include "runner/runner.h"

static void say_pull(void *context, const char *text) {
    build_say(context, "%s", text);
}

static bool interrupted(void *context) {
    return job_is_stopped(((struct build *)context)->job);
}

/* CodeBuild's own images are gigabytes: nobody's build pulls one that the operator has not chosen. */
static bool refuse_codebuilds(const struct build *build, const char *image, struct err *err) {
    bool by_default = str_equal(image, build->job->runner->config->commands_image);
    return err_set_code(err, ERR_NOT_FOUND, BUILD_UNABLE_TO_PULL,
                        "image '%s' is CodeBuild's own name, which no registry knows; set --codebuild-images "
                        "(PENSTOCK_CODEBUILD_IMAGES) on the runner to '%s=IMAGE', where public.ecr.aws/%s is AWS's of "
                        "several gigabytes%s",
                        image, image, image + 4, by_default ? ", or give commands another with --commands-image" : "");
}

static bool sign_in(struct build *build, struct arena *arena, const char *image, const char **registry_auth,
                    struct err *err) {
    struct err own = {0};
    if (!sign_in_for_image(build->job->runner, arena, image, registry_auth, &own))
        job_log(build->job, "signing in to the registry failed: %s", own.message);
    (void)err;
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
