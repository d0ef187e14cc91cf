/*
 * The sources of a build, each in its folder: a pipeline's input artifacts, or what the build fetches for itself from
 * repositories and S3. A repository comes with its `.git`, as CodeBuild's clones have it.
 */
#include "runner/actions/build.h"

#include "common/hash.h"
#include "common/str.h"
#include "runner/actions/fetch.h"
#include "runner/actions/git_fetch.h"
#include "runner/actions/s3_source.h"

#include <string.h>

/* Paths in a tar have no slash in front. */
static const char *inside(const char *path) {
    return path + 1;
}

static const char *secondary_folder(struct build *build, const char *name) {
    char hex[SHA256_HEX_SIZE];
    const char *seed = arena_printf(build->arena, "%s/%s", build->id, name);
    hash_sha256_hex(seed, strlen(seed), hex);
    return arena_printf(build->arena, "/codebuild/output/src%.9s/src", hex);
}

/* PrimarySource names the one whose folder is CODEBUILD_SRC_DIR; a single input needs no name. */
static const char *primary_input(const struct build *build) {
    const struct wire_job *message = build->job->message;
    const char *named = job_setting(build->job, "PrimarySource");
    if (named && *named)
        return named;
    return message->input_count > 0 ? message->inputs[0].name : NULL;
}

static void name_folder(struct build *build, const char *name) {
    environment_set(&build->environment, arena_printf(build->arena, "CODEBUILD_SRC_DIR_%s", name),
                    secondary_folder(build, name));
}

void build_name_sources(struct build *build) {
    const struct wire_job *message = build->job->message;
    const char *primary = primary_input(build);
    for (size_t i = 0; i < message->input_count; i++)
        if (strcmp(message->inputs[i].name, primary) != 0)
            name_folder(build, message->inputs[i].name);
    json_each(source, message->secondary_sources) {
        name_folder(build, json_get_text_or(source, "identifier", ""));
    }
}

struct tidying {
    const char *mirror;
    void (*next)(void *context); /* what else waits for the job's end; or NULL */
    void *context;
};

static void tidy(void *context) {
    const struct tidying *tidying = context;
    git_tidy(tidying->mirror);
    if (tidying->next)
        tidying->next(tidying->context);
}

/* Its mirror is tidied when the job is over. */
static void tidy_later(struct job *job, const char *mirror) {
    struct tidying *tidying = arena_array(job->arena, struct tidying, 1);
    *tidying = (struct tidying){.mirror = mirror, .next = job->after, .context = job->after_context};
    job->after = tidy;
    job->after_context = tidying;
}

static bool fetch(struct build *build, const struct json *source, const char *name, bool repository,
                  struct fetched *out, struct err *err) {
    const struct fetch_request request = {.source = source, .name = name, .repository = repository};
    const char *location = json_get_text(source, "s3");
    if (location)
        return s3_source(build->job, location, json_get_text(source, "version"), name, &out->zip, err);
    if (!fetch_from(build->job, &request, out, err))
        return false;
    tidy_later(build->job, out->mirror);
    return true;
}

static void put(struct tar_feed *feed, struct build *build, const char *folder, const struct fetched *fetched) {
    tar_feed_add_folder(feed, inside(folder), 0755);
    if (fetched->zip)
        tar_feed_add_zip(feed, fetched->zip, inside(folder));
    for (size_t i = 0; i < fetched->module_count; i++)
        tar_feed_add_zip(feed, fetched->modules[i].zip,
                         arena_printf(build->arena, "%s/%s", inside(folder), fetched->modules[i].path));
    if (!fetched->repository)
        return;
    const char *repository = arena_printf(build->arena, "%s/.git", inside(folder));
    tar_feed_add_folder(feed, repository, 0755);
    tar_feed_add_zip(feed, fetched->repository, repository);
}

static bool put_own_sources(struct build *build, struct tar_feed *feed, const char **primary_zip, struct err *err) {
    const struct wire_job *message = build->job->message;
    struct fetched primary = {0};
    if (message->source && !fetch(build, message->source, "source", true, &primary, err))
        return false;
    put(feed, build, build->source_folder, &primary);
    *primary_zip = primary.zip;
    build->resolved_version = primary.commit;
    build->source_username = primary.username;
    build->source_password = primary.password;
    json_each(source, message->secondary_sources) {
        const char *identifier = json_get_text_or(source, "identifier", "");
        struct fetched fetched = {0};
        if (!fetch(build, source, arena_printf(build->arena, "source-%s", identifier), true, &fetched, err))
            return err_wrap(err, "secondary source '%s'", identifier);
        put(feed, build, secondary_folder(build, identifier), &fetched);
    }
    return true;
}

static bool put_inputs(struct build *build, struct tar_feed *feed, const char **primary_zip, struct err *err) {
    const struct wire_job *message = build->job->message;
    const char *primary = primary_input(build);
    for (size_t i = 0; i < message->input_count; i++) {
        const char *name = message->inputs[i].name;
        bool is_primary = strcmp(name, primary) == 0;
        struct fetched input = {0};
        if (!job_input(build->job, name, &input.zip, err))
            return false;
        if (is_primary)
            *primary_zip = input.zip;
        put(feed, build, is_primary ? build->source_folder : secondary_folder(build, name), &input);
    }
    return true;
}

bool build_fetch_primary(struct build *build, const char **zip, struct err *err) {
    const struct wire_job *message = build->job->message;
    struct fetched fetched = {0};
    *zip = NULL;
    if (message->input_count > 0)
        return job_input(build->job, primary_input(build), zip, err);
    if (message->source && !fetch(build, message->source, "source", false, &fetched, err))
        return false;
    *zip = fetched.zip;
    build->resolved_version = fetched.commit;
    return true;
}

bool build_add_sources(struct build *build, struct tar_feed *feed, const char **primary_zip, struct err *err) {
    *primary_zip = NULL;
    return build->job->message->input_count > 0 ? put_inputs(build, feed, primary_zip, err)
                                                : put_own_sources(build, feed, primary_zip, err);
}
