/*
 * The folder that `docker build` gets: the input artifact unpacked, and beside it, outside of the context, its
 * configuration (the sign-in to the registry, for base images that lie there) and the secrets.
 */
#include "runner/actions/image.h"

#include "common/file.h"
#include "common/str.h"
#include "runner/archive/unzip.h"
#include "runner/aws/secrets_manager.h"
#include "runner/folder.h"
#include "runner/runner.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void say_left_out(void *context, const char *sentence) {
    job_log(context, "%s", sentence);
}

static bool unpack(struct image_job *image, const char *folder, struct err *err) {
    struct job *job = image->job;
    const char *zip;
    if (!job_input(job, NULL, &zip, err))
        return false;
    const struct unzip request = {
        .zip = zip, .folder = folder, .left_out = say_left_out, .interrupted = job_is_stopped, .context = job};
    return unzip(&request, err) || err_wrap(err, "input artifact '%s'", job->message->inputs[0].name);
}

/* The path as it really is, below the root; what leads out is as good as missing. */
static bool resolve(struct arena *arena, const char *root, const char *path, const char **out) {
    char real_root[PATH_MAX], real[PATH_MAX];
    if (!realpath(root, real_root) || !realpath(arena_printf(arena, "%s/%s", root, path), real))
        return false;
    size_t length = strlen(real_root);
    if (strncmp(real, real_root, length) != 0 || (real[length] && real[length] != '/'))
        return false;
    *out = arena_strdup(arena, real);
    return true;
}

static bool is_kind(const char *path, mode_t kind) {
    struct stat status;
    return stat(path, &status) == 0 && (status.st_mode & S_IFMT) == kind;
}

static bool find_files(struct image_job *image, const char *root, const char **context, const char **dockerfile,
                       struct err *err) {
    const struct image_settings *settings = &image->settings;
    struct arena *arena = image->arena;
    if (!resolve(arena, root, settings->context, context) || !is_kind(*context, S_IFDIR))
        return err_set(err, ERR_INVALID, "the source has no folder '%s'; correct BuildContext", settings->context);
    /* Without a path: in the context, where it is given, as `docker build FOLDER` has it. */
    const char *path = *settings->dockerfile ? settings->dockerfile : settings->context;
    bool found = resolve(arena, root, path, dockerfile);
    if (found && is_kind(*dockerfile, S_IFDIR)) {
        path = *path ? arena_printf(arena, "%s/Dockerfile", path) : "Dockerfile";
        found = resolve(arena, root, path, dockerfile);
    }
    if (!found || !is_kind(*dockerfile, S_IFREG))
        return err_set(err, ERR_INVALID, "the source has no file '%s'; correct DockerFilePath", path);
    return true;
}

static bool write_configuration(struct image_job *image, struct err *err) {
    struct arena *arena = image->arena;
    const char *folder = arena_printf(arena, "%s/docker", image->job->folder);
    struct json *root = json_object(arena);
    struct json *entry = json_set_object(arena, json_set_object(arena, root, "auths"), image->token.registry);
    json_set_text(arena, entry, "auth", image->token.token);
    const char *text = json_print(arena, root);
    return folder_ensure(folder, err) &&
           file_put(arena_printf(arena, "%s/config.json", folder), text, strlen(text), 0600, err);
}

static bool write_secret(struct image_job *image, const char *folder, const struct image_pair *secret,
                         struct err *err) {
    struct job *job = image->job;
    struct secret_query query = {0};
    const char *value;
    if (!secret_reference(image->arena, secret->value, &query, err))
        return err_wrap(err, "BuildSecrets, '%s'", secret->name);
    query.aws = job_aws(job);
    if (!query.region)
        query.region = job->message->region;
    query.interrupted = job_is_stopped;
    query.context = job;
    if (!secret_value(&query, image->arena, &value, err))
        return err_wrap(err, "BuildSecrets, '%s'", secret->name);
    reporter_add_secret(job->reporter, value);
    return file_put(arena_printf(image->arena, "%s/%s", folder, secret->name), value, strlen(value), 0600, err);
}

static bool write_secrets(struct image_job *image, struct err *err) {
    const char *folder = arena_printf(image->arena, "%s/secrets", image->job->folder);
    if (image->settings.secret_count > 0 && !folder_ensure(folder, err))
        return false;
    for (size_t i = 0; i < image->settings.secret_count; i++)
        if (!write_secret(image, folder, &image->settings.secrets[i], err))
            return false;
    return true;
}

bool image_unpack(struct image_job *image, struct err *err) {
    const char *root = arena_printf(image->arena, "%s/source", image->job->folder);
    return unpack(image, root, err) && find_files(image, root, &image->context, &image->dockerfile, err);
}

bool image_configure(struct image_job *image, struct err *err) {
    return write_configuration(image, err) && write_secrets(image, err);
}
