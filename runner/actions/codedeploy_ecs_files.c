/*
 * CodeDeployToECS's files: taskdef.json and appspec.yaml of the artifacts that are named, and of up to four others the
 * imageDetail.json whose image takes a placeholder's place.
 *
 * https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-ECSbluegreen.html
 */
#include "runner/actions/codedeploy_ecs.h"

#include "common/hash.h"
#include "common/str.h"
#include "runner/archive/zip.h"
#include "runner/deployfiles/appspec.h"
#include "runner/deployfiles/image_detail.h"
#include "runner/deployfiles/task_definition.h"

#include <string.h>

#define IMAGES_MAX 4
#define INPUT_BYTES_MAX (3 * 1024 * 1024) /* AWS's limit, of all input artifacts together */

static const char *setting_or(const struct job *job, const char *name, const char *fallback) {
    const char *value = job_setting(job, name);
    return value && *value ? value : fallback;
}

static bool check_size(const struct job *job, struct err *err) {
    int64_t bytes = 0;
    for (size_t i = 0; i < job->message->input_count; i++)
        bytes += job->message->inputs[i].size_bytes;
    return bytes <= INPUT_BYTES_MAX ||
           err_set_code(err, ERR_INVALID, "ConfigurationError",
                        "the input artifacts have %lld bytes; CodeDeployToECS takes %d: let the build put only "
                        "taskdef.json, appspec.yaml and imageDetail.json into them",
                        (long long)bytes, INPUT_BYTES_MAX);
}

static bool read_file(struct job *job, const char *artifact, const char *file, size_t ceiling, const char **text,
                      size_t *size, struct err *err) {
    const char *zip;
    struct err own = {0};
    if (!job_input(job, artifact, &zip, err))
        return false;
    if (zip_read(job->arena, zip, file, ceiling, text, size, &own))
        return true;
    if (own.kind == ERR_NOT_FOUND)
        return err_set_code(err, ERR_INVALID, "ConfigurationError",
                            "did not find the file '%s' in the input artifact '%s'", file, artifact);
    return err_set_code(err, own.kind, "ConfigurationError", "%s", own.message);
}

/* One of Image1…Image4; nothing where neither of its two settings is there. */
static bool read_image(struct job *job, int number, struct placeholder *out, size_t *count, struct err *err) {
    const char *artifact = job_setting(job, arena_printf(job->arena, "Image%dArtifactName", number));
    const char *name = job_setting(job, arena_printf(job->arena, "Image%dContainerName", number));
    struct image_detail detail;
    const char *text;
    size_t size;
    if ((!artifact || !*artifact) && (!name || !*name))
        return true;
    if (!artifact || !*artifact || !name || !*name)
        return err_set_code(err, ERR_INVALID, "ConfigurationError",
                            "Image%dArtifactName and Image%dContainerName belong together; set both", number, number);
    if (!read_file(job, artifact, IMAGE_DETAIL_FILE, IMAGE_DETAIL_CEILING, &text, &size, err) ||
        !image_detail_read(job->arena, IMAGE_DETAIL_FILE, text, size, &detail, err))
        return false;
    out[(*count)++] = (struct placeholder){.name = name, .value = detail.uri};
    job_log(job, "<%s> is %s", name, detail.uri);
    return true;
}

static bool read_definition(struct job *job, struct json **definition, struct err *err) {
    const char *artifact = job_setting(job, "TaskDefinitionTemplateArtifact");
    const char *file = setting_or(job, "TaskDefinitionTemplatePath", TASK_DEFINITION_FILE);
    struct placeholder images[IMAGES_MAX];
    size_t count = 0;
    const char *text;
    size_t size;
    if (!read_file(job, artifact, file, TASK_DEFINITION_CEILING, &text, &size, err) ||
        !task_definition_read(job->arena, file, text, size, definition, err))
        return false;
    for (int number = 1; number <= IMAGES_MAX; number++)
        if (!read_image(job, number, images, &count, err))
            return false;
    task_definition_fill(job->arena, *definition, images, count);
    return task_definition_is_filled(*definition, err);
}

bool blue_green_read_appspec(struct blue_green *deploy, struct err *err) {
    struct job *job = deploy->run.job;
    const char *file = setting_or(job, "AppSpecTemplatePath", APPSPEC_FILE);
    if (deploy->appspec)
        return true;
    return read_file(job, job_setting(job, "AppSpecTemplateArtifact"), file, APPSPEC_CEILING, &deploy->appspec,
                     &deploy->appspec_size, err);
}

bool blue_green_read(struct blue_green *deploy, struct json **definition, struct err *err) {
    struct job *job = deploy->run.job;
    const char *file = setting_or(job, "AppSpecTemplatePath", APPSPEC_FILE);
    struct appspec appspec;
    if (!check_size(job, err) || !read_definition(job, definition, err) || !blue_green_read_appspec(deploy, err) ||
        !appspec_read(job->arena, file, deploy->appspec, deploy->appspec_size, &appspec, err))
        return false;
    if (appspec.platform != APPSPEC_ECS)
        return err_set_code(err, ERR_INVALID, "ConfigurationError",
                            "%s is not for ECS: its Resources need a TargetService of Type AWS::ECS::Service", file);
    if (!appspec.task_definition || !str_equal(appspec.task_definition, APPSPEC_TASK_DEFINITION))
        return err_set_code(err, ERR_INVALID, "ConfigurationError",
                            "%s names the task definition '%.200s' itself, so that the new one would not be deployed; "
                            "write TaskDefinition: <TASK_DEFINITION>",
                            file, appspec.task_definition ? appspec.task_definition : "");
    return appspec_fits(&appspec, *definition, err);
}

const struct json *blue_green_revision(struct blue_green *deploy, const char *task_definition) {
    struct arena *arena = deploy->run.arena;
    const char *text = appspec_fill(arena, deploy->appspec, deploy->appspec_size, task_definition);
    char sum[SHA256_HEX_SIZE];
    hash_sha256_hex(text, strlen(text), sum);
    struct json *revision = json_object(arena);
    json_set_text(arena, revision, "revisionType", "AppSpecContent");
    struct json *content = json_set_object(arena, revision, "appSpecContent");
    json_set_text(arena, content, "content", text);
    json_set_text(arena, content, "sha256", sum);
    return revision;
}
