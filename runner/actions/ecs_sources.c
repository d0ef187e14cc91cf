/*
 * Files of artifacts.
 */
#include "runner/actions/ecs_sources.h"

#include "common/str.h"
#include "runner/archive/zip.h"
#include "runner/deployfiles/image_detail.h"
#include "runner/deployfiles/task_definition.h"

#include <string.h>

#define PLACEHOLDERS_MAX 64
#define INPUTS_MAX 5 /* of the action */

/* *text NULL where the artifact has no such file. */
static bool read_file(const struct ecs_sources *sources, const char *artifact, const char *file, size_t ceiling,
                      const char **text, size_t *size, struct err *err) {
    const char *zip;
    struct err own = {0};
    *text = NULL;
    if (!job_input(sources->job, artifact, &zip, err))
        return false;
    if (zip_read(sources->arena, zip, file, ceiling, text, size, &own))
        return true;
    *text = NULL;
    if (own.kind == ERR_LIMIT) /* as deployfiles/ says it */
        return err_set_code(err, ERR_INVALID, "ConfigurationError", "%s: the file is larger than %zu KB", file,
                            ceiling / 1024);
    return own.kind == ERR_NOT_FOUND || err_set(err, own.kind, "%s", own.message);
}

static const char *artifact_name(const struct ecs_sources *sources, const char *name) {
    return name ? name : sources->job->message->input_count > 0 ? sources->job->message->inputs[0].name : "";
}

bool ecs_sources_images(const struct ecs_sources *sources, struct image_definitions *out, struct err *err) {
    const char *file = sources->plan->images_file;
    const char *text;
    size_t size;
    if (!read_file(sources, sources->plan->images_artifact, file, IMAGE_DEFINITIONS_CEILING, &text, &size, err))
        return false;
    if (text)
        return image_definitions_read(sources->arena, file, text, size, out, err);
    *out = (struct image_definitions){0};
    return sources->plan->template_path ||
           err_set_code(err, ERR_INVALID, "ConfigurationError",
                        "did not find the image definition file '%s' in the input artifact '%s'", file,
                        artifact_name(sources, sources->plan->images_artifact));
}

/* <IMAGE1_NAME>: what an image's build, or an ECR source, left in the first artifact; and so on. */
static bool add_image_details(const struct ecs_sources *sources, struct placeholder *list, size_t *count,
                              struct err *err) {
    for (size_t i = 0; i < sources->job->message->input_count && i < INPUTS_MAX; i++) {
        const char *text;
        const char *uri;
        size_t size;
        if (!read_file(sources, sources->job->message->inputs[i].name, IMAGE_DETAIL_FILE, IMAGE_DETAIL_CEILING, &text,
                       &size, err))
            return false;
        if (!text)
            continue;
        struct image_detail detail;
        if (!image_detail_read(sources->arena, IMAGE_DETAIL_FILE, text, size, &detail, err))
            return false;
        uri = detail.uri;
        list[(*count)++] =
            (struct placeholder){.name = arena_printf(sources->arena, "IMAGE%zu_NAME", i + 1), .value = uri};
    }
    return true;
}

bool ecs_sources_template(const struct ecs_sources *sources, const struct image_definitions *images, struct json **out,
                          struct err *err) {
    const char *file = sources->plan->template_path;
    const char *artifact = artifact_name(sources, sources->plan->template_artifact);
    struct placeholder list[PLACEHOLDERS_MAX + INPUTS_MAX];
    size_t count = 0;
    const char *text;
    size_t size;
    if (!read_file(sources, artifact, file, TASK_DEFINITION_CEILING, &text, &size, err))
        return false;
    if (!text)
        return err_set_code(err, ERR_INVALID, "ConfigurationError",
                            "did not find the task definition '%s' in the input artifact '%s'", file, artifact);
    for (size_t i = 0; i < images->count && count < PLACEHOLDERS_MAX; i++)
        list[count++] = (struct placeholder){.name = images->items[i].container, .value = images->items[i].uri};
    if (strstr(text, "<IMAGE") && !add_image_details(sources, list, &count, err))
        return false;
    if (!task_definition_read(sources->arena, file, text, size, out, err))
        return false;
    task_definition_fill(sources->arena, *out, list, count);
    return task_definition_set_images(sources->arena, *out, images, err) && task_definition_is_filled(*out, err);
}
