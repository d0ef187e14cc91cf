/*
 * Network and volume requests.
 */
#include "runner/docker/networks.h"

#include "common/log.h"
#include "runner/docker/containers.h"

#include <string.h>

#define CHANGE_MS (2 * 60 * 1000) /* it changes the machine's firewall, one rule after the other */

bool network_create(struct docker *docker, struct arena *arena, const struct network_spec *spec, const char **id,
                    struct err *err) {
    struct json *body = json_object(arena);
    json_set_text(arena, body, "Name", spec->name);
    json_set_text(arena, body, "Driver", "bridge");
    json_set_text(arena, json_set_object(arena, body, "Labels"), LABEL_RUNNER, spec->runner_id);
    struct json *options = json_set_object(arena, body, "Options");
    json_set_text(arena, options, "com.docker.network.bridge.name", spec->bridge);
    json_set_text(arena, options, "com.docker.network.bridge.enable_icc", "false");
    struct json *pools = json_set_array(arena, json_set_object(arena, body, "IPAM"), "Config");
    json_set_text(arena, json_append_object(arena, pools), "Subnet", spec->subnet);
    const struct json *answer = NULL;
    struct err own = {0};
    const struct docker_call call = {
        .method = "POST", .path = "/networks/create", .body = body, .timeout_ms = CHANGE_MS};
    if (!docker_send(docker, arena, &call, &answer, &own))
        return err_set(err, strstr(own.message, "overlap") ? ERR_CONFLICT : own.kind, "%s", own.message);
    *id = json_get_text(answer, "Id");
    return *id || err_set(err, ERR_INTERNAL, "Docker made a network without an id");
}

static bool remove_one(struct docker *docker, struct arena *arena, const char *path, struct err *err) {
    struct err own = {0};
    const struct docker_call call = {.method = "DELETE", .path = path, .timeout_ms = CHANGE_MS};
    if (docker_send(docker, arena, &call, NULL, &own) || own.kind == ERR_NOT_FOUND)
        return true;
    return err_set(err, own.kind, "%s", own.message);
}

bool network_remove(struct docker *docker, struct arena *arena, const char *id, struct err *err) {
    return remove_one(docker, arena, arena_printf(arena, "/networks/%s", id), err);
}

bool volume_create(struct docker *docker, struct arena *arena, const char *name, const char *runner_id,
                   const char *job_id, struct err *err) {
    struct json *body = json_object(arena);
    json_set_text(arena, body, "Name", name);
    struct json *labels = json_set_object(arena, body, "Labels");
    json_set_text(arena, labels, LABEL_RUNNER, runner_id);
    json_set_text(arena, labels, LABEL_JOB, job_id);
    const struct docker_call call = {.method = "POST", .path = "/volumes/create", .body = body};
    return docker_send(docker, arena, &call, NULL, err);
}

bool volume_remove(struct docker *docker, struct arena *arena, const char *name, struct err *err) {
    return remove_one(docker, arena, arena_printf(arena, "/volumes/%s?force=1", name), err);
}

static const char *labelled(struct arena *arena, const char *path, const char *label, const char *value) {
    struct json *filters = json_object(arena);
    json_append_text(arena, json_set_array(arena, filters, "label"), arena_printf(arena, "%s=%s", label, value));
    return arena_printf(arena, "%s?filters=%s", path, http_encode(arena, json_print(arena, filters), false));
}

static void count_one(bool removed, const char *name, const struct err *err, struct removals *counts) {
    if (removed) {
        counts->removed++;
        return;
    }
    counts->kept++;
    LOG_WARNING("what an earlier process left cannot be removed", "name", name, "error", err->message);
}

bool networks_remove_all(struct docker *docker, struct arena *arena, const char *runner_id, struct removals *counts,
                         struct err *err) {
    const struct json *answer = NULL;
    const struct docker_call call = {.method = "GET", .path = labelled(arena, "/networks", LABEL_RUNNER, runner_id)};
    if (!docker_send(docker, arena, &call, &answer, err))
        return false;
    json_each(item, answer) {
        struct err own = {0};
        bool removed = network_remove(docker, arena, json_get_text_or(item, "Id", ""), &own);
        count_one(removed, json_get_text_or(item, "Name", ""), &own, counts);
    }
    return true;
}

bool volumes_remove_all(struct docker *docker, struct arena *arena, const char *label, const char *value,
                        struct removals *counts, struct err *err) {
    const struct json *answer = NULL;
    const struct docker_call call = {.method = "GET", .path = labelled(arena, "/volumes", label, value)};
    if (!docker_send(docker, arena, &call, &answer, err))
        return false;
    json_each(item, json_get(answer, "Volumes")) {
        struct err own = {0};
        const char *name = json_get_text_or(item, "Name", "");
        bool removed = volume_remove(docker, arena, name, &own);
        count_one(removed, name, &own, counts);
    }
    return true;
}
