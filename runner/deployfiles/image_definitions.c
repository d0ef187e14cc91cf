/*
 * Reading imagedefinitions.json.
 */
#include "runner/deployfiles/image_definitions.h"

#include "common/str.h"
#include "runner/deployfiles/image_name.h"
#include "runner/deployfiles/json_file.h"

#define WANTED "[{\"name\": \"…\", \"imageUri\": \"…\"}]"

/* A text that is there and not empty; NULL with a finding where it is neither. */
static const char *read_member(struct findings *findings, const struct json *item, const char *name, size_t number,
                               const char *what) {
    const struct json *value = json_get(item, name);
    if (!value || (value->type == JSON_TEXT && !*value->text)) {
        (void)findings_refuse(findings, value ? value : item, "entry %zu lacks '%s'%s", number, name, what);
        return NULL;
    }
    if (value->type == JSON_TEXT)
        return value->text;
    (void)findings_refuse(findings, value, "'%s' of entry %zu must be a text, not %s", name, number,
                          json_file_found(value));
    return NULL;
}

static const struct json *find_any(const struct json *item, const char *const *names) {
    for (; *names; names++) {
        const struct json *found = json_get(item, *names);
        if (found)
            return found;
    }
    return NULL;
}

/* The names that people write for name and imageUri; NULL where they wrote none of them, or the right one. */
static const struct json *find_misspelt(const struct json *item, const char *right) {
    static const char *const names[] = {"Name", "NAME", "containerName", "ContainerName", "container", NULL};
    static const char *const uris[] = {"imageUrl", "ImageURI", "imageURI", "ImageUri",
                                       "image",    "imageuri", "uri",      NULL};
    return json_get(item, right) ? NULL : find_any(item, str_equal(right, "name") ? names : uris);
}

static const char *read_or_say(struct findings *findings, const struct json *item, const char *name, size_t number,
                               const char *what) {
    const struct json *misspelt = find_misspelt(item, name);
    if (!misspelt)
        return read_member(findings, item, name, number, what);
    (void)findings_refuse_name(findings, misspelt, "entry %zu has '%s'; write '%s' instead", number, misspelt->name,
                               name);
    return NULL;
}

static void read_item(struct findings *findings, const struct json *item, size_t number, struct image_definition *out) {
    if (item->type != JSON_OBJECT) {
        (void)findings_refuse(findings, item, "entry %zu must be {\"name\", \"imageUri\"}, not %s", number,
                              json_file_found(item));
        return;
    }
    out->container = read_or_say(findings, item, "name", number, ", the container's name");
    out->uri = read_or_say(findings, item, "imageUri", number, "");
    if (out->uri && image_name_is_placeholder(out->uri))
        (void)findings_refuse(findings, json_get(item, "imageUri"),
                              "'%.255s' is a placeholder, and nothing fills in those of this file", out->uri);
    else if (out->uri)
        (void)image_name_check(findings, json_get(item, "imageUri"), out->uri);
}

static bool refuse_shape(struct findings *findings, const struct json *root) {
    if (json_get(root, "ImageURI"))
        return findings_refuse(
            findings, root,
            "this is imageDetail.json's object, which CodeDeployToECS takes; the ECS action wants a list: " WANTED);
    if (json_get(root, "containerDefinitions"))
        return findings_refuse(findings, root, "this is a task definition; the ECS action wants a list: " WANTED);
    if (json_get(root, "imageUri"))
        return findings_refuse(findings, root, "this is one entry; write the list around it: " WANTED);
    return findings_refuse(findings, root, "this must be a list: " WANTED);
}

static void refuse_twice(struct findings *findings, const struct image_definitions *images, const struct json *root) {
    size_t number = 0;
    json_each(item, root) {
        const char *name = images->items[number].container;
        for (size_t i = 0; name && i < number; i++)
            if (str_equal(images->items[i].container, name)) {
                (void)findings_refuse(findings, json_get(item, "name"), "container '%.255s' is named twice", name);
                break;
            }
        number++;
    }
}

bool image_definitions_check(const char *text, size_t size, struct image_definitions *out, struct findings *findings) {
    const struct json *root;
    if (size > IMAGE_DEFINITIONS_CEILING)
        return findings_refuse(findings, NULL, "the file is larger than 100 KB; it needs nothing but " WANTED);
    if (!json_file_open(findings, "the image definition file", text, size, &root))
        return false;
    if (root->type != JSON_ARRAY)
        return refuse_shape(findings, root);
    if (root->count == 0)
        return findings_refuse(findings, root, "the list names no container; write " WANTED);
    struct image_definition *items = arena_array(findings->arena, struct image_definition, root->count);
    const struct image_definitions images = {.items = items, .count = root->count};
    const size_t before = findings->error_count;
    size_t number = 0;
    json_each(item, root) {
        read_item(findings, item, number + 1, &items[number]);
        number++;
    }
    refuse_twice(findings, &images, root);
    *out = images;
    return findings->error_count == before;
}

bool image_definitions_read(struct arena *arena, const char *file, const char *text, size_t size,
                            struct image_definitions *out, struct err *err) {
    struct findings findings = findings_of(arena, file);
    struct image_definitions images;
    bool good = image_definitions_check(text, size, &images, &findings);
    if (!findings_verdict(&findings, err) || !good)
        return false;
    *out = images;
    return true;
}
