/*
 * The network of RUN steps. The classic builder makes containers, which join the job's sandbox as a build's do.
 * BuildKit in dockerd knows three networks: none, the machine's, and the engine's default, on which RUN steps see what
 * any container of that network sees (the metadata address of a cloud, the machine). Its features are what most
 * Dockerfiles count on, so that it is used where it is there; who builds what strangers write has `--image-builder
 * classic`.
 */
#include "common/str.h"
#include "runner/actions/image.h"
#include "runner/docker/containers.h"
#include "runner/docker/sandbox.h"
#include "runner/runner.h"

bool image_network(struct image_job *image, struct err *err) {
    const struct runner *runner = image->job->runner;
    const char *shared = runner->config->build_network;
    if (image->buildkit) {
        image->network = str_equal(shared, "host") || str_equal(shared, "none") ? shared : NULL;
        return true;
    }
    if (!runner->sandboxes) {
        image->network = shared;
        return true;
    }
    if (!sandbox_acquire(runner->sandboxes, job_is_stopped, image->job, &image->sandbox, err))
        return false;
    image->network = sandbox_network(image->sandbox);
    return true;
}

/* The builder gives its containers no label of ours; that they are in our network, which is nobody else's, says whose
 * they are. */
bool image_end_steps(struct docker *docker, struct arena *arena, const char *network, struct err *err) {
    const struct json *list = NULL;
    const struct docker_call call = {.method = "GET", .path = "/containers/json?all=1"};
    if (!docker_send(docker, arena, &call, &list, err))
        return false;
    json_each(item, list) {
        const char *id = json_get_text(item, "Id");
        const char *mode = json_get_text(json_get(item, "HostConfig"), "NetworkMode");
        if (id && str_equal(mode, network) && !container_remove(docker, arena, id, err))
            return false;
    }
    return true;
}
