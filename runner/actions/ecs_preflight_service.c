/*
 * How the definition goes with the service that is to run it: launch type, network, ports. Nothing is asked:
 * UpdateService would refuse it, after the revision was registered.
 */
#include "runner/actions/preflight_check.h"

#include "common/str.h"
#include "runner/deployfiles/task_definition.h"

#include <string.h>

/* A member of the service; of one under CodeDeploy, whose task sets have them, that of the first. */
static const struct json *member_of(const struct json *service, const char *name) {
    const struct json *found = json_get(service, name);
    return found ? found : json_get(json_first(json_get(service, "taskSets")), name);
}

static bool runs_on_fargate(const struct json *service) {
    json_each(provider, member_of(service, "capacityProviderStrategy")) {
        if (str_starts_with(json_get_text_or(provider, "capacityProvider", ""), "FARGATE"))
            return true;
    }
    const struct json *type = member_of(service, "launchType");
    return type && type->type == JSON_TEXT && str_equal(type->text, "FARGATE");
}

static bool requires_compatibility(const struct json *definition, const char *wanted) {
    const struct json *list = json_get(definition, "requiresCompatibilities");
    json_each(item, list) {
        if (item->type == JSON_TEXT && str_equal(item->text, wanted))
            return true;
    }
    return !list || list->count == 0;
}

static void check_launch_type(struct preflight *preflight, const char *type) {
    const struct json *definition = preflight->wish->definition;
    struct preflight_check *check = preflight_add(preflight, "launch type", NULL, type);
    struct err err = {0};
    if (!requires_compatibility(definition, type))
        preflight_fail(
            check, "the service runs on %s and the task definition's 'requiresCompatibilities' has not that; add it",
            type);
    else if (str_equal(type, "FARGATE") && !task_definition_fits_fargate(definition, &err))
        preflight_fail(check, "the service runs on FARGATE: %s", err.message);
    else
        preflight_ok(check, "the task definition goes with %s", type);
}

static const char *network_mode(const struct preflight *preflight) {
    return json_get_text_or(preflight->wish->definition, "networkMode", "bridge");
}

static void check_network(struct preflight *preflight) {
    const struct json *configuration = member_of(preflight->wish->service, "networkConfiguration");
    const bool addresses = json_get(configuration, "awsvpcConfiguration") != NULL;
    const bool awsvpc = str_equal(network_mode(preflight), "awsvpc");
    struct preflight_check *check = preflight_add(preflight, "network", NULL, "");
    const char *controller = json_get_text(json_get(preflight->wish->service, "deploymentController"), "type");
    if (!configuration && controller && !str_equal(controller, "ECS"))
        preflight_skip(check, "the network of a service under %s is not told by ECS: not checked", controller);
    else if (awsvpc && !addresses)
        preflight_fail(check,
                       "the task definition's network mode is awsvpc and the service has no network configuration "
                       "(subnets, security groups); keep the mode, or make a new service");
    else if (!awsvpc && addresses)
        preflight_fail(check,
                       "the service has subnets and security groups, which only network mode awsvpc can use, and the "
                       "task definition's is %s; set \"networkMode\": \"awsvpc\"",
                       network_mode(preflight));
    else
        preflight_ok(check, "network mode %s goes with the service", network_mode(preflight));
}

static const struct json *find_container(const struct preflight *preflight, const char *name) {
    json_each(container, json_get(preflight->wish->definition, "containerDefinitions")) {
        if (str_equal(json_get_text(container, "name"), name))
            return container;
    }
    return NULL;
}

static const char *names_of(const struct preflight *preflight) {
    const char *names = "";
    json_each(container, json_get(preflight->wish->definition, "containerDefinitions")) names =
        arena_printf(preflight->arena, "%s%s'%s'", names, *names ? ", " : "", json_get_text_or(container, "name", "?"));
    return names;
}

static bool maps_port(const struct json *container, int64_t port) {
    json_each(mapping, json_get(container, "portMappings")) {
        if (json_get_integer(mapping, "containerPort", -1) == port)
            return true;
    }
    return false;
}

/* `what` sends to a container's port: "the load balancer". */
static void check_port(struct preflight *preflight, const struct json *entry, const char *what) {
    const char *name = json_get_text(entry, "containerName");
    const int64_t port = json_get_integer(entry, "containerPort", 0);
    if (!name)
        return;
    struct preflight_check *check = preflight_add(preflight, "port", NULL, name);
    const struct json *container = find_container(preflight, name);
    if (!container)
        preflight_fail(check, "%s of the service sends to container '%s', and the task definition has %s", what, name,
                       names_of(preflight));
    else if (port != 0 && !maps_port(container, port))
        preflight_fail(check, "%s of the service sends to port %lld of container '%s', which 'portMappings' lacks",
                       what, (long long)port, name);
    else
        preflight_ok(check, "container '%s' has the port %lld that %s sends to", name, (long long)port, what);
}

static bool has_port_name(const struct preflight *preflight, const char *wanted) {
    json_each(container, json_get(preflight->wish->definition, "containerDefinitions")) {
        json_each(mapping, json_get(container, "portMappings")) {
            if (str_equal(json_get_text(mapping, "name"), wanted))
                return true;
        }
    }
    return false;
}

/* Service Connect finds ports by their names. */
static void check_connect(struct preflight *preflight) {
    const struct json *primary = json_first(json_get(preflight->wish->service, "deployments"));
    const struct json *connect = json_get(primary, "serviceConnectConfiguration");
    json_each(entry, json_get_bool(connect, "enabled", false) ? json_get(connect, "services") : NULL) {
        const char *name = json_get_text(entry, "portName");
        if (!name)
            continue;
        struct preflight_check *check = preflight_add(preflight, "port", NULL, name);
        if (has_port_name(preflight, name))
            preflight_ok(check, "there is a port named '%s' for Service Connect", name);
        else
            preflight_fail(check, "the service's Service Connect uses the port named '%s', which no port mapping has",
                           name);
    }
}

void preflight_add_service(struct preflight *preflight) {
    const struct json *service = preflight->wish->service;
    const struct json *type = member_of(service, "launchType");
    preflight->fargate =
        runs_on_fargate(service) || (!service && !requires_compatibility(preflight->wish->definition, "EC2"));
    if (preflight->fargate || (type && type->type == JSON_TEXT))
        check_launch_type(preflight, preflight->fargate ? "FARGATE" : type->text);
    if (service)
        check_network(preflight);
    json_each(balancer, json_get(service, "loadBalancers")) check_port(preflight, balancer, "the load balancer");
    json_each(registry, json_get(service, "serviceRegistries")) check_port(preflight, registry, "the service registry");
    check_connect(preflight);
}
