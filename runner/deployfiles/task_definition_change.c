/*
 * The next revision: other images, filled placeholders, and the fingerprint by which it is known again.
 */
#include "runner/deployfiles/task_definition.h"

#include "common/str.h"
#include "runner/deployfiles/image_name.h"
#include "runner/deployfiles/task_definition_normal.h"

#include <string.h>

#define TEXT_MAX (64 * 1024)

static struct json *find_containers(struct json *definition) {
    struct json *member = definition->first;
    while (member && !str_equal(member->name, "containerDefinitions"))
        member = member->next;
    return member && member->type == JSON_ARRAY ? member : NULL;
}

static struct json *find_container(struct json *definition, const char *name) {
    struct json *containers = find_containers(definition);
    for (struct json *container = containers ? containers->first : NULL; container; container = container->next)
        if (str_equal(json_get_text(container, "name"), name))
            return container;
    return NULL;
}

static const char *container_names(struct arena *arena, const struct json *definition) {
    const char *names = "";
    json_each(container, json_get(definition, "containerDefinitions")) names =
        arena_printf(arena, "%s%s'%s'", names, *names ? ", " : "", json_get_text_or(container, "name", ""));
    return names;
}

bool task_definition_set_images(struct arena *arena, struct json *definition, const struct image_definitions *images,
                                struct err *err) {
    for (size_t i = 0; i < images->count; i++)
        if (!find_container(definition, images->items[i].container))
            return err_set_code(err, ERR_INVALID, "ConfigurationError",
                                "the AWS ECS container '%s' does not exist: task definition '%s' has %s",
                                images->items[i].container, json_get_text_or(definition, "family", ""),
                                container_names(arena, definition));
    for (size_t i = 0; i < images->count; i++)
        json_set_text(arena, find_container(definition, images->items[i].container), "image", images->items[i].uri);
    return true;
}

bool task_definition_next(struct arena *arena, const struct json *described, const struct image_definitions *images,
                          struct json **out, struct err *err) {
    struct json *next = json_copy(arena, json_get(described, "taskDefinition"));
    task_definition_strip(next);
    if (!task_definition_set_images(arena, next, images, err))
        return false;
    const struct json *tags = json_get(described, "tags");
    if (tags && tags->count > 0)
        json_set(arena, next, "tags", json_copy(arena, tags));
    *out = next;
    return true;
}

/* The text with every "<name>" replaced; NULL where there is none. */
static const char *fill_text(struct arena *arena, const char *text, const struct placeholder *placeholder) {
    const char *mark = arena_printf(arena, "<%s>", placeholder->name);
    const char *found = strstr(text, mark);
    if (!found)
        return NULL;
    struct str filled CLEANUP(str_release) = STR_INIT(TEXT_MAX);
    for (; found; found = strstr(text, mark)) {
        str_append_bytes(&filled, text, (size_t)(found - text));
        str_append(&filled, placeholder->value);
        text = found + strlen(mark);
    }
    str_append(&filled, text);
    return arena_strdup(arena, str_text(&filled));
}

void task_definition_fill(struct arena *arena, struct json *definition, const struct placeholder *list, size_t count) {
    for (struct json *member = definition->first; member; member = member->next) {
        task_definition_fill(arena, member, list, count);
        for (size_t i = 0; member->type == JSON_TEXT && i < count; i++) {
            const char *filled = fill_text(arena, member->text, &list[i]);
            if (filled)
                member->text = filled;
        }
    }
}

bool task_definition_is_filled(const struct json *definition, struct err *err) {
    json_each(container, json_get(definition, "containerDefinitions")) {
        const char *image = json_get_text_or(container, "image", "");
        if (image_name_is_placeholder(image))
            return err_set_code(err, ERR_INVALID, "ConfigurationError",
                                "the image of container '%s' is still the placeholder '%s': no image of this action's "
                                "input artifacts fills it",
                                json_get_text_or(container, "name", ""), image);
    }
    return true;
}

void task_definition_fingerprint(const struct json *definition, char out[SHA256_HEX_SIZE]) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct json *normal = task_definition_normal(&arena, definition);
    json_remove(normal, "tags");
    const char *text = json_print(&arena, normal);
    hash_sha256_hex(text, strlen(text), out);
}
