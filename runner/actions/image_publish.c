/*
 * Pushing. The mark that is left before the first push names the image by its id, which is also in the manifest that
 * ECR then has: whoever takes the job over finds out whether the push was done. Pushing the same content again changes
 * nothing (layers and manifests are named by what is in them, so that the digest is the same), but a build that had to
 * be done again has other times in it, and an immutable tag could not be moved to it.
 */
#include "runner/actions/image.h"

#include "common/str.h"
#include "runner/archive/zip.h"
#include "runner/docker/image_push.h"
#include "runner/runner.h"

#include <string.h>
#include <time.h>

#define TRIES 3 /* another job may give the same tag to its image in between */

static void say(void *job, const char *text) {
    job_log(job, "%s", text);
}

static bool leave_mark(struct image_job *image, struct err *err) {
    struct json *mark = json_object(image->arena);
    json_set_text(image->arena, mark, "image", image->image);
    return job_checkpoint(image->job, mark, err);
}

/* Names and pushes; *same false where the name had gone to another image before the engine read it. */
static bool push_once(struct image_job *image, const char *tag, bool *same, struct err *err) {
    struct job *job = image->job;
    const struct image_push push = {.repository = image->repository,
                                    .tag = tag,
                                    .user = "AWS",
                                    .password = image->token.password,
                                    .line = say,
                                    .interrupted = job_is_stopped,
                                    .context = job};
    const char *digest;
    if (!image_tag(image->docker, image->arena, image->image, image->repository, tag, err) ||
        !image_push(image->docker, image->arena, &push, &digest, err) ||
        !image_has_digest(image->docker, image->arena, image->image, image->repository, digest, same, err))
        return false;
    if (*same)
        image->digest = digest;
    return true;
}

static bool push_tag(struct image_job *image, const char *tag, struct err *err) {
    bool same = false;
    for (int i = 0; i < TRIES && !same; i++)
        if (!push_once(image, tag, &same, err))
            return false;
    return same || err_set(err, ERR_CONFLICT, "another build pushes '%s:%s' at the same time", image->repository, tag);
}

bool image_publish(struct image_job *image, struct err *err) {
    if (!leave_mark(image, err))
        return false;
    for (size_t i = 0; i < image->settings.tag_count; i++) {
        const char *tag = image->settings.tags[i];
        job_log(image->job, "pushing %s:%s", image->repository, tag);
        if (!push_tag(image, tag, err))
            return false;
        image->pushed++;
    }
    job_log(image->job, "pushed %s@%s", image->repository, image->digest);
    return true;
}

bool image_adopt(struct image_job *image, bool *done, struct err *err) {
    const char *marked = json_get_text(image->job->message->checkpoint, "image");
    *done = false;
    if (!marked || image->settings.is_public) /* the public gallery does not tell manifests */
        return true;
    for (size_t i = 0; i < image->settings.tag_count; i++) {
        struct ecr_image found;
        struct err own = {0};
        if (!ecr_image(job_aws(image->job), image->arena, image->job->message->region, image->settings.repository,
                       image->settings.tags[i], &found, &own))
            return own.kind == ERR_NOT_FOUND || err_set(err, own.kind, "%s", own.message);
        if (!str_equal(found.config, marked))
            return true;
        image->digest = found.digest;
    }
    image->image = marked;
    *done = true;
    return true;
}

/* ---- the output artifact ---- */

static const char *print_definitions(struct image_job *image) {
    struct json *list = json_array(image->arena);
    struct json *entry = json_append_object(image->arena, list);
    json_set_text(image->arena, entry, "name", image->settings.container);
    json_set_text(image->arena, entry, "imageUri",
                  arena_printf(image->arena, "%s@%s", image->repository, image->digest));
    return json_print(image->arena, list);
}

/* As CodePipeline's ECR source writes it. */
static const char *print_detail(struct image_job *image) {
    struct arena *arena = image->arena;
    struct json *detail = json_object(arena);
    struct json *tags;
    time_t now = time(NULL);
    struct tm moment;
    char text[64] = "";
    (void)gmtime_r(&now, &moment);
    (void)strftime(text, sizeof text, "%a %b %d %H:%M:%S UTC %Y", &moment);
    json_set_text(arena, detail, "ImageDigest", image->digest);
    json_set_text(arena, detail, "Version", "1.0");
    json_set_text(arena, detail, "ImagePushedAt", text);
    json_set_text(arena, detail, "RegistryId", image->job->message->account_id);
    json_set_text(arena, detail, "RepositoryName", image->settings.repository);
    json_set_text(arena, detail, "ImageURI", arena_printf(arena, "%s@%s", image->repository, image->digest));
    tags = json_set_array(arena, detail, "ImageTags");
    for (size_t i = 0; i < image->settings.tag_count; i++)
        json_append_text(arena, tags, image->settings.tags[i]);
    return json_print(arena, detail);
}

static bool add_file(struct zip_writer *zip, const char *name, const char *text, struct err *err) {
    const struct zip_entry entry = {
        .name = name, .mode = 0644, .modified = (int64_t)time(NULL), .bytes = text, .size = (int64_t)strlen(text)};
    return zip_writer_add(zip, &entry, err);
}

bool image_write_output(struct image_job *image, struct err *err) {
    struct job *job = image->job;
    const char *path = arena_printf(image->arena, "%s/output.zip", job->folder);
    struct zip_writer *zip;
    if (job->message->output_count == 0)
        return true;
    if (!zip_writer_open(path, &zip, err))
        return false;
    if (!add_file(zip, "imageDetail.json", print_detail(image), err) ||
        (image->settings.container && !add_file(zip, "imagedefinitions.json", print_definitions(image), err))) {
        zip_writer_abandon(zip);
        return false;
    }
    return zip_writer_close(zip, err) && job_output(job, job->message->outputs[0], path, err);
}
