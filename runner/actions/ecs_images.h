/*
 * imagedefinitions.json: which container gets which image. Pure; CodePipeline's rules and, for what people mix up, a
 * word of what to write instead.
 */
#ifndef RUNNER_ACTIONS_ECS_IMAGES_H
#define RUNNER_ACTIONS_ECS_IMAGES_H

#include "common/json.h"

#define ECS_IMAGES_CEILING (100 * 1024) /* AWS's limit */

struct ecs_image {
    const char *container;
    const char *uri;
};

struct ecs_images {
    const struct ecs_image *items;
    size_t count;
};

/* `file` is its name, for messages. Errors: ERR_INVALID. */
bool ecs_images_parse(struct arena *arena, const char *file, const char *text, size_t size, struct ecs_images *out,
                      struct err *err);

#endif
