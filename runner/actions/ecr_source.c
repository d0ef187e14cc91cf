/*
 * Source/ECR: what a tag points to now, as imageDetail.json. The revision is the image's digest; a start may name an
 * older one (IMAGE_DIGEST). Nothing is pulled.
 */
#include "common/str.h"
#include "runner/actions/actions.h"
#include "runner/actions/output_file.h"
#include "runner/aws/ecr.h"

#define VARIABLES 5

static const char *tag_of(const struct job *job) {
    const char *tag = job_setting(job, "ImageTag");
    return tag && *tag ? tag : "latest";
}

/* AWS's own members, in AWS's order; the address with the digest, so that a deploy gets this very image. */
static const char *image_detail(struct arena *arena, const struct ecr_detail *image) {
    struct json *detail = json_object(arena);
    json_set_text(arena, detail, "ImageSizeInBytes", arena_printf(arena, "%lld", (long long)image->size_bytes));
    json_set_text(arena, detail, "ImageDigest", image->digest);
    json_set_text(arena, detail, "Version", "1.0");
    json_set_text(arena, detail, "ImagePushedAt", image->pushed_at);
    json_set_text(arena, detail, "RegistryId", image->registry);
    json_set_text(arena, detail, "RepositoryName", image->repository);
    json_set_text(arena, detail, "ImageURI", image->uri);
    struct json *tags = json_set_array(arena, detail, "ImageTags");
    for (const struct json *tag = image->tags ? image->tags->first : NULL; tag; tag = tag->next)
        json_append_text(arena, tags, tag->text);
    return json_print(arena, detail);
}

static void set_result(struct job *job, const struct ecr_detail *image, struct wire_result *result) {
    struct wire_variable *variables = arena_array(job->arena, struct wire_variable, VARIABLES);
    variables[0] = (struct wire_variable){.name = "RegistryId", .value = image->registry};
    variables[1] = (struct wire_variable){.name = "RepositoryName", .value = image->repository};
    variables[2] = (struct wire_variable){.name = "ImageTag", .value = tag_of(job)};
    variables[3] = (struct wire_variable){.name = "ImageDigest", .value = image->digest};
    variables[4] = (struct wire_variable){.name = "ImageURI", .value = image->uri};
    *result =
        (struct wire_result){.outcome = WIRE_SUCCEEDED,
                             .summary = arena_printf(job->arena, "%s:%s", image->repository, tag_of(job)),
                             .external_id = image->digest,
                             .revision_id = image->digest,
                             .revision_summary = arena_printf(job->arena, "%s:%s", image->repository, tag_of(job)),
                             .revision_created_ms = image->pushed_ms,
                             .variables = variables,
                             .variable_count = VARIABLES};
}

bool action_ecr_source(struct job *job, struct wire_result *result, struct err *err) {
    const char *repository = job_setting(job, "RepositoryName");
    const char *digest = json_get_text(job->message->source, "commit");
    struct ecr_detail image;
    if (!repository || !*repository)
        return err_set(err, ERR_INVALID, "the action's configuration lacks RepositoryName");
    if (job->message->cancelled)
        return err_set(err, ERR_CONFLICT, "cancelled");
    if (!ecr_describe_image(job_aws(job), job->arena, job->message->region, repository, digest ? NULL : tag_of(job),
                            digest, &image, err))
        return false;
    job_log(job, "%s is %s", digest ? repository : arena_printf(job->arena, "%s:%s", repository, tag_of(job)),
            image.digest);
    const char *text = image_detail(job->arena, &image);
    for (size_t i = 0; i < job->message->output_count; i++)
        if (!output_file(job, job->message->outputs[i], "imageDetail.json", text, err))
            return false;
    set_result(job, &image, result);
    return true;
}
