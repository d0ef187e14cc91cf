/*
 * Somewhere to run: asked only where nothing of the service runs now, since whatever runs has found a place.
 */
#include "runner/actions/preflight_check.h"

#include "common/str.h"

#include <string.h>

static bool describe(struct preflight_check *check, const struct json **cluster, struct err *err) {
    struct json *body = json_object(&check->arena);
    json_append_text(&check->arena, json_set_array(&check->arena, body, "clusters"), check->subject);
    const struct aws_request request = {.service = "ecs",
                                        .host_prefix = "ecs",
                                        .region = check->region,
                                        .target = "AmazonEC2ContainerServiceV20141113",
                                        .operation = "DescribeClusters",
                                        .body = body,
                                        .interrupted = preflight_is_over,
                                        .context = check->preflight};
    const struct json *answer = NULL;
    if (!aws_call(check->preflight->wish->aws, &check->arena, &request, &answer, err))
        return false;
    *cluster = json_first(json_get(answer, "clusters"));
    return *cluster || err_set(err, ERR_UNAVAILABLE, "ECS shows no such cluster");
}

static bool has_provider(const struct json *cluster, const char *name) {
    json_each(provider, json_get(cluster, "capacityProviders")) {
        if (provider->type == JSON_TEXT && str_equal(provider->text, name))
            return true;
    }
    return false;
}

static void judge(struct preflight_check *check, const struct json *cluster) {
    const struct json *strategy = json_get(check->preflight->wish->service, "capacityProviderStrategy");
    json_each(entry, strategy) {
        const char *name = json_get_text_or(entry, "capacityProvider", "");
        if (!has_provider(cluster, name)) {
            preflight_fail(check, "the service uses the capacity provider '%s', which cluster '%s' does not have", name,
                           check->subject);
            return;
        }
    }
    const long long instances = json_get_integer(cluster, "registeredContainerInstancesCount", 0);
    if (!strategy || strategy->count == 0) {
        if (instances == 0) {
            preflight_fail(
                check,
                "cluster '%s' has no container instance, and the service's launch type is EC2; add one, or give "
                "the service a capacity provider",
                check->subject);
            return;
        }
        preflight_ok(check, "cluster '%s' has %lld container instances", check->subject, instances);
        return;
    }
    preflight_ok(check, "cluster '%s' has the service's capacity providers", check->subject);
}

static void ask(struct preflight_check *check) {
    const struct json *cluster = NULL;
    struct err err = {0};
    if (describe(check, &cluster, &err))
        judge(check, cluster);
    else
        preflight_unanswered(check, arena_printf(&check->arena, "room in cluster '%s'", check->subject), &err);
}

void preflight_add_capacity(struct preflight *preflight) {
    const struct json *service = preflight->wish->service;
    const struct json *strategy = json_get(service, "capacityProviderStrategy");
    const bool provided = strategy && strategy->count > 0;
    if (json_get_integer(service, "runningCount", 0) > 0 || json_get_integer(service, "desiredCount", 0) == 0)
        return;
    if (provided || str_equal(json_get_text(service, "launchType"), "EC2"))
        (void)preflight_add(preflight, "capacity", ask, preflight->wish->cluster);
}
