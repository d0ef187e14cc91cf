/*
 * taskdef.json becomes a request. What people paste is often an answer of DescribeTaskDefinition, or a console's export
 * with nulls and read-only members: both are what they meant.
 */
#include "runner/deployfiles/task_definition.h"

#include "common/str.h"
#include "runner/deployfiles/json_file.h"
#include "runner/deployfiles/task_definition_normal.h"
#include "runner/deployfiles/task_definition_rules.h"
#include "runner/deployfiles/task_definition_shape.h"

#include <string.h>

/* {"taskDefinition": {…}, "tags": […]}: the definition with its tags. */
static struct json *unwrap(struct arena *arena, const struct json *root) {
    const struct json *inner = json_get(root, "taskDefinition");
    if (!inner || inner->type != JSON_OBJECT || json_get(root, "containerDefinitions"))
        return json_copy(arena, root);
    struct json *definition = json_copy(arena, inner);
    const struct json *tags = json_get(root, "tags");
    if (tags && tags->count > 0 && !json_get(definition, "tags")) {
        json_set(arena, definition, "tags", json_copy(arena, tags));
        definition->last->name_line = tags->name_line;
        definition->last->name_column = tags->name_column;
    }
    return definition;
}

/* The whole shape: what is wrong with one part keeps no other from being looked at. */
static bool check_shape(struct findings *findings, struct json *definition) {
    bool good = json_shape_check(findings, definition, task_definition_shape, "", "");
    size_t number = 0;
    struct json *containers = definition->first;
    while (containers && !str_equal(containers->name, "containerDefinitions"))
        containers = containers->next;
    if (!containers || containers->type != JSON_ARRAY)
        return false;
    for (struct json *container = containers->first; container; container = container->next) {
        const char *name = json_get_text(container, "name");
        number++;
        if (container->type != JSON_OBJECT)
            continue; /* said already */
        good = json_shape_check(findings, container, container_shape, "",
                                name && *name ? arena_printf(findings->arena, " of container '%.255s'", name)
                                              : arena_printf(findings->arena, " of container %zu", number)) &&
               good;
    }
    return good;
}

static bool refuse_shape(struct findings *findings, const struct json *root) {
    if (root->type == JSON_ARRAY && json_get(root->first, "imageUri"))
        return findings_refuse(findings, root,
                               "this is imagedefinitions.json's list; a task definition is an object with 'family' and "
                               "'containerDefinitions'");
    return findings_refuse(findings, root,
                           "a task definition must be an object with 'family' and 'containerDefinitions', not %s",
                           json_file_found(root));
}

bool task_definition_check(const char *text, size_t size, struct json **out, struct findings *findings) {
    const struct json *root;
    const size_t before = findings->error_count;
    if (!json_file_open(findings, "the task definition file", text, size, &root))
        return false;
    if (root->type != JSON_OBJECT)
        return refuse_shape(findings, root);
    if (json_get(root, "ImageURI") && !json_get(root, "containerDefinitions"))
        return findings_refuse(findings, root,
                               "this is imageDetail.json's object; a task definition has 'family' and "
                               "'containerDefinitions'");
    struct json *definition = unwrap(findings->arena, root);
    task_definition_strip(definition);
    if (!check_shape(findings, definition))
        return false;
    task_definition_rules(findings, definition);
    *out = definition;
    return findings->error_count == before;
}

bool task_definition_read(struct arena *arena, const char *file, const char *text, size_t size, struct json **out,
                          struct err *err) {
    struct findings findings = findings_of(arena, file);
    struct json *definition;
    bool good = task_definition_check(text, size, &definition, &findings);
    if (!findings_verdict(&findings, err) || !good)
        return false;
    *out = definition;
    return true;
}
