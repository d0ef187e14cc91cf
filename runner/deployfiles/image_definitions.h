/*
 * imagedefinitions.json: which container gets which image. Pure; CodePipeline's rules and, for what people mix up, a
 * word of what to write instead.
 */
#ifndef RUNNER_DEPLOYFILES_IMAGE_DEFINITIONS_H
#define RUNNER_DEPLOYFILES_IMAGE_DEFINITIONS_H

#include "runner/deployfiles/findings.h"

#define IMAGE_DEFINITIONS_FILE "imagedefinitions.json"
#define IMAGE_DEFINITIONS_CEILING (100 * 1024) /* AWS's limit */

struct image_definition {
    const char *container;
    const char *uri;
};

struct image_definitions {
    const struct image_definition *items;
    size_t count;
};

/* `file` is its name, for messages. Errors: ERR_INVALID, "ConfigurationError", with file, line and column. */
bool image_definitions_read(struct arena *arena, const char *file, const char *text, size_t size,
                            struct image_definitions *out, struct err *err);

/* The same with all that is wrong. False where something is: *out is not to be used. */
bool image_definitions_check(const char *text, size_t size, struct image_definitions *out, struct findings *findings);

#endif
