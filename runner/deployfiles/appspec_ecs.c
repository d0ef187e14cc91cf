/*
 * An appspec for ECS: one service, its load balancer's container and port, Lambda functions as hooks.
 */
#include "runner/deployfiles/appspec_parts.h"

#include "common/str.h"
#include "runner/deployfiles/image_name.h"

#include <string.h>

static const struct shape load_balancer[] = {
    {.name = "ContainerName", .kind = SHAPE_TEXT, .required = true},
    {.name = "ContainerPort", .kind = SHAPE_INTEGER, .required = true, .least = 1, .most = 65535},
    END};

static const struct shape awsvpc[] = {
    {.name = "Subnets", .kind = SHAPE_TEXTS, .required = true},
    {.name = "SecurityGroups", .kind = SHAPE_TEXTS},
    {.name = "AssignPublicIp", .kind = SHAPE_TEXT, .words = WORDS("ENABLED", "DISABLED")},
    END};

static const struct shape network[] = {
    {.name = "AwsvpcConfiguration", .kind = SHAPE_OBJECT, .required = true, .fields = awsvpc}, END};

static const struct shape strategy[] = {{.name = "CapacityProvider", .kind = SHAPE_TEXT, .required = true},
                                        {.name = "Base", .kind = SHAPE_INTEGER, .least = 0, .most = 100000},
                                        {.name = "Weight", .kind = SHAPE_INTEGER, .least = 0, .most = 1000},
                                        END};

static const struct shape properties[] = {
    {.name = "TaskDefinition", .kind = SHAPE_TEXT, .required = true},
    {.name = "LoadBalancerInfo", .kind = SHAPE_OBJECT, .required = true, .fields = load_balancer},
    {.name = "PlatformVersion", .kind = SHAPE_TEXT},
    {.name = "NetworkConfiguration", .kind = SHAPE_OBJECT, .fields = network},
    {.name = "CapacityProviderStrategy", .kind = SHAPE_OBJECTS, .fields = strategy},
    END};

static const struct shape service[] = {
    {.name = "Type", .kind = SHAPE_TEXT, .required = true},
    {.name = "Properties", .kind = SHAPE_OBJECT, .required = true, .fields = properties},
    END};

static const struct shape whole[] = {{.name = "version", .kind = SHAPE_TEXT},
                                     {.name = "Resources", .kind = SHAPE_OBJECTS, .required = true},
                                     {.name = "Hooks", .kind = SHAPE_ANY},
                                     {.name = "hooks", .kind = SHAPE_ANY},
                                     /* said elsewhere */ END};

static void check_task_definition(struct findings *findings, const struct json *value) {
    if (!value || value->type != JSON_TEXT || !*value->text || str_equal(value->text, APPSPEC_TASK_DEFINITION))
        return;
    if (image_name_is_placeholder(value->text))
        (void)findings_refuse(findings, value, "'%.100s' is filled by nobody; write " APPSPEC_TASK_DEFINITION,
                              value->text);
    else
        (void)findings_refuse(findings, value,
                              "'TaskDefinition' names '%.200s' itself, so that the new one would not be deployed; "
                              "write " APPSPEC_TASK_DEFINITION,
                              value->text);
}

void appspec_check_ecs(struct findings *findings, struct json *root, struct appspec *out) {
    static const char *const events[] = {"BeforeInstall",      "AfterInstall",      "AfterAllowTestTraffic",
                                         "BeforeAllowTraffic", "AfterAllowTraffic", NULL};
    struct json *resource = appspec_resource(root);
    const struct json *resources = json_get(root, "Resources");
    (void)json_shape_check(findings, root, whole, "", "");
    (void)json_shape_check(findings, resource, service, "",
                           arena_printf(findings->arena, " of '%.100s'", resource->name));
    if (resources->count > 1 || resources->first->count > 1)
        (void)findings_refuse_name(findings, resources, "'Resources' has several services; CodeDeploy takes one");
    appspec_check_functions(findings, root, events);
    const struct json *found = json_get(resource, "Properties");
    const struct json *balancer = json_get(found, "LoadBalancerInfo");
    check_task_definition(findings, json_get(found, "TaskDefinition"));
    out->platform = APPSPEC_ECS;
    out->task_definition = json_get_text(found, "TaskDefinition");
    out->container = json_get_text(balancer, "ContainerName");
    out->container_port = (int)json_get_integer(balancer, "ContainerPort", 0);
}

static bool has_port(const struct json *container, int port) {
    json_each(mapping, json_get(container, "portMappings")) {
        if (json_get_integer(mapping, "containerPort", 0) == port)
            return true;
    }
    return false;
}

static const char *names_of(struct arena *arena, const struct json *containers) {
    const char *names = "";
    json_each(container, containers) names =
        arena_printf(arena, "%s%s'%s'", names, *names ? ", " : "", json_get_text_or(container, "name", ""));
    return names;
}

bool appspec_fits(const struct appspec *appspec, const struct json *definition, struct err *err) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct json *containers = json_get(definition, "containerDefinitions");
    if (appspec->platform != APPSPEC_ECS || !appspec->container)
        return true;
    json_each(container, containers) {
        if (!str_equal(json_get_text(container, "name"), appspec->container))
            continue;
        return has_port(container, appspec->container_port) ||
               err_set_code(
                   err, ERR_INVALID, "ConfigurationError",
                   "the appspec file sends traffic to port %d of container '%s', which the task definition does "
                   "not map; add it to 'portMappings', or correct 'ContainerPort'",
                   appspec->container_port, appspec->container);
    }
    return err_set_code(err, ERR_INVALID, "ConfigurationError",
                        "the appspec file sends traffic to container '%s', and the task definition has %s; correct "
                        "'ContainerName'",
                        appspec->container, names_of(&arena, containers));
}
