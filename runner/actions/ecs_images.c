/*
 * Reading imagedefinitions.json.
 */
#include "runner/actions/ecs_images.h"

#include "common/str.h"

static bool read_item(struct arena *arena, const char *file, const struct json *item, size_t number,
                      struct ecs_image *out, struct err *err) {
    if (item->type != JSON_OBJECT)
        return err_set(err, ERR_INVALID, "entry %zu of '%s' must be {\"name\", \"imageUri\"}", number, file);
    const char *name = json_get_text(item, "name");
    const char *uri = json_get_text(item, "imageUri");
    if (!name || !*name)
        return err_set(err, ERR_INVALID, "entry %zu of '%s' lacks 'name', the container's name", number, file);
    if (!uri && (json_get(item, "imageUrl") || json_get(item, "ImageURI")))
        return err_set(err, ERR_INVALID, "entry %zu of '%s' has '%s'; write 'imageUri' instead", number, file,
                       json_get(item, "imageUrl") ? "imageUrl" : "ImageURI");
    if (!uri || !*uri)
        return err_set(err, ERR_INVALID, "entry %zu of '%s' lacks 'imageUri'", number, file);
    *out = (struct ecs_image){.container = arena_strdup(arena, name), .uri = arena_strdup(arena, uri)};
    return true;
}

static bool refuse_shape(const char *file, const struct json *root, struct err *err) {
    if (json_get(root, "ImageURI"))
        return err_set(err, ERR_INVALID,
                       "'%s' holds imageDetail.json's object; the ECS action wants a list: [{\"name\": \"…\", "
                       "\"imageUri\": \"…\"}]",
                       file);
    return err_set(err, ERR_INVALID, "'%s' must be a list: [{\"name\": \"…\", \"imageUri\": \"…\"}]", file);
}

bool ecs_images_parse(struct arena *arena, const char *file, const char *text, size_t size, struct ecs_images *out,
                      struct err *err) {
    const struct json *root;
    struct err own = {0};
    if (size > ECS_IMAGES_CEILING)
        return err_set(err, ERR_INVALID, "'%s' is larger than 100 KB", file);
    if (size >= 3 && (unsigned char)text[0] == 0xef && (unsigned char)text[1] == 0xbb &&
        (unsigned char)text[2] == 0xbf) {
        text += 3; /* a byte order mark, as editors on Windows leave it */
        size -= 3;
    }
    if (!json_parse(arena, text, size, &root, &own))
        return err_set(err, ERR_INVALID, "the image definition file '%s' contains invalid JSON format: %s", file,
                       own.message);
    if (root->type != JSON_ARRAY)
        return refuse_shape(file, root, err);
    if (root->count == 0)
        return err_set(err, ERR_INVALID, "'%s' names no container", file);
    struct ecs_image *items = arena_array(arena, struct ecs_image, root->count);
    size_t count = 0;
    json_each(item, root) {
        if (!read_item(arena, file, item, count + 1, &items[count], err))
            return false;
        for (size_t i = 0; i < count; i++)
            if (str_equal(items[i].container, items[count].container))
                return err_set(err, ERR_INVALID, "'%s' names container '%s' twice", file, items[i].container);
        count++;
    }
    *out = (struct ecs_images){.items = items, .count = count};
    return true;
}
