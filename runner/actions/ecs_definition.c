/*
 * Task definitions as trees.
 */
#include "runner/actions/ecs_definition.h"

#include "common/str.h"

#include <stdlib.h>
#include <string.h>

/* What DescribeTaskDefinition shows and RegisterTaskDefinition refuses. */
static const char *const read_only[] = {"taskDefinitionArn",  "revision",        "status",
                                        "requiresAttributes", "compatibilities", "registeredAt",
                                        "registeredBy",       "deregisteredAt",  "deleteRequestedAt"};

static struct json *find_container(struct json *definition, const char *name) {
    for (struct json *member = definition->first; member; member = member->next) {
        if (!str_equal(member->name, "containerDefinitions"))
            continue;
        for (struct json *container = member->first; container; container = container->next)
            if (str_equal(json_get_text(container, "name"), name))
                return container;
    }
    return NULL;
}

static const char *container_names(struct arena *arena, const struct json *definition) {
    const char *names = "";
    json_each(container, json_get(definition, "containerDefinitions")) names =
        arena_printf(arena, "%s%s'%s'", names, *names ? ", " : "", json_get_text_or(container, "name", ""));
    return names;
}

/* Nulls and empty texts at the top, as console exports have them, are refused by AWS. */
static void drop_empty(struct json *definition) {
    for (struct json *member = definition->first; member;) {
        struct json *next = member->next;
        if (member->type == JSON_NULL || (member->type == JSON_TEXT && !*member->text))
            json_remove(definition, member->name);
        member = next;
    }
}

bool ecs_definition_next(struct arena *arena, const struct json *described, const struct ecs_images *images,
                         struct json **out, struct err *err) {
    const struct json *current = json_get(described, "taskDefinition");
    struct json *next = json_copy(arena, current);
    for (size_t i = 0; i < sizeof read_only / sizeof *read_only; i++)
        json_remove(next, read_only[i]);
    drop_empty(next);
    for (size_t i = 0; i < images->count; i++) {
        struct json *container = find_container(next, images->items[i].container);
        if (!container)
            return err_set(err, ERR_INVALID, "the AWS ECS container '%s' does not exist: task definition '%s' has %s",
                           images->items[i].container, json_get_text_or(current, "family", ""),
                           container_names(arena, current));
        json_set_text(arena, container, "image", images->items[i].uri);
    }
    const struct json *tags = json_get(described, "tags");
    if (tags && tags->count > 0)
        json_set(arena, next, "tags", json_copy(arena, tags));
    *out = next;
    return true;
}

static int by_name(const void *a, const void *b) {
    return strcmp((*(const struct json *const *)a)->name, (*(const struct json *const *)b)->name);
}

/* A copy with the members of every object in the order of their names. */
static struct json *sorted(struct arena *arena, const struct json *value) {
    if (value->type == JSON_ARRAY) {
        struct json *list = json_array(arena);
        json_each(item, value) json_append(list, sorted(arena, item));
        return list;
    }
    if (value->type != JSON_OBJECT)
        return json_copy(arena, value);
    const struct json **members = arena_array(arena, const struct json *, value->count + 1);
    size_t count = 0;
    json_each(member, value) members[count++] = member;
    if (count > 0)
        qsort(members, count, sizeof *members, by_name);
    struct json *object = json_object(arena);
    for (size_t i = 0; i < count; i++)
        json_set(arena, object, members[i]->name, sorted(arena, members[i]));
    return object;
}

void ecs_definition_fingerprint(const struct json *definition, char out[SHA256_HEX_SIZE]) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct json *copy = json_copy(&arena, definition);
    for (size_t i = 0; i < sizeof read_only / sizeof *read_only; i++)
        json_remove(copy, read_only[i]);
    json_remove(copy, "tags");
    drop_empty(copy);
    const char *text = json_print(&arena, sorted(&arena, copy));
    hash_sha256_hex(text, strlen(text), out);
}
