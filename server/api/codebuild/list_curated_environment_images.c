/*
 * ListCuratedEnvironmentImages: AWS's names that a project may use. Which image each stands for is the operator's to
 * say (docs/running.md, PENSTOCK_CODEBUILD_IMAGES); without that a build says so.
 */
#include "server/api/codebuild/codebuild.h"

#include "common/str.h"

static const struct {
    const char *platform;
    const char *name;
    const char *description;
} images[] = {
    {"UBUNTU", "aws/codebuild/standard:5.0", "Ubuntu 20.04, x86-64"},
    {"UBUNTU", "aws/codebuild/standard:6.0", "Ubuntu 22.04, x86-64"},
    {"UBUNTU", "aws/codebuild/standard:7.0", "Ubuntu 22.04, x86-64"},
    {"AMAZON_LINUX", "aws/codebuild/amazonlinux-x86_64-standard:5.0", "Amazon Linux 2023, x86-64"},
    {"AMAZON_LINUX", "aws/codebuild/amazonlinux-aarch64-standard:3.0", "Amazon Linux 2023, ARM"},
    {"AMAZON_LINUX", "aws/codebuild/amazonlinux2-x86_64-standard:5.0", "Amazon Linux 2, x86-64"},
    {"AMAZON_LINUX", "aws/codebuild/amazonlinux2-aarch64-standard:3.0", "Amazon Linux 2, ARM"},
};

const struct shape list_curated_environment_images_input = {.type = SHAPE_OBJECT,
                                                            .fields = (const struct shape_field[]){{0}}};

static struct json *add_platform(struct arena *arena, struct json *platforms, const char *name) {
    struct json *platform = json_append_object(arena, platforms);
    json_set_text(arena, platform, "platform", name);
    struct json *language = json_append_object(arena, json_set_array(arena, platform, "languages"));
    json_set_text(arena, language, "language", "BASE");
    return json_set_array(arena, language, "images");
}

bool list_curated_environment_images(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    struct arena *arena = call->arena;
    struct json *platforms = json_set_array(arena, out, "platforms"), *list = NULL;
    (void)tx;
    (void)err;
    for (size_t i = 0; i < sizeof images / sizeof *images; i++) {
        if (i == 0 || !str_equal(images[i].platform, images[i - 1].platform))
            list = add_platform(arena, platforms, images[i].platform);
        struct json *image = json_append_object(arena, list);
        json_set_text(arena, image, "name", images[i].name);
        json_set_text(arena, image, "description", images[i].description);
        json_append_text(arena, json_set_array(arena, image, "versions"), images[i].name);
    }
    return true;
}
