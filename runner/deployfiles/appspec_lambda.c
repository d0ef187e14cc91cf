/*
 * An appspec for Lambda: one function whose alias moves from a version to another.
 */
#include "runner/deployfiles/appspec_parts.h"

static const struct shape properties[] = {{.name = "Name", .kind = SHAPE_TEXT, .required = true},
                                          {.name = "Alias", .kind = SHAPE_TEXT, .required = true},
                                          {.name = "CurrentVersion", .kind = SHAPE_TEXT, .required = true},
                                          {.name = "TargetVersion", .kind = SHAPE_TEXT, .required = true},
                                          END};

static const struct shape function[] = {
    {.name = "Type", .kind = SHAPE_TEXT, .required = true},
    {.name = "Properties", .kind = SHAPE_OBJECT, .required = true, .fields = properties},
    END};

static const struct shape whole[] = {{.name = "version", .kind = SHAPE_TEXT},
                                     {.name = "Resources", .kind = SHAPE_OBJECTS, .required = true},
                                     {.name = "Hooks", .kind = SHAPE_ANY},
                                     {.name = "hooks", .kind = SHAPE_ANY},
                                     /* said elsewhere */ END};

void appspec_check_lambda(struct findings *findings, struct json *root) {
    static const char *const events[] = {"BeforeAllowTraffic", "AfterAllowTraffic", NULL};
    struct json *resource = appspec_resource(root);
    const struct json *resources = json_get(root, "Resources");
    (void)json_shape_check(findings, root, whole, "", "");
    (void)json_shape_check(findings, resource, function, "",
                           arena_printf(findings->arena, " of '%.100s'", resource->name));
    if (resources->count > 1 || resources->first->count > 1)
        (void)findings_refuse_name(findings, resources, "'Resources' has several functions; CodeDeploy takes one");
    appspec_check_functions(findings, root, events);
}
