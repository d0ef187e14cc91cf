/*
 * Releases that are in the bucket. What no page of the newest live ones needs is removed when the next release begins,
 * so nothing is ever removed while a rollout goes on that may still fail and go back.
 */
#include "runner/actions/s3_deploy.h"

#include "common/str.h"
#include "runner/actions/static_releases.h"

#include <string.h>

const char *s3_deploy_manifest_key(struct s3_deploy *deploy) {
    return static_releases_key(deploy->arena, deploy->prefix, deploy->began_ms, deploy->id);
}

static bool is_live(const struct wire_job *message, const char *execution) {
    for (size_t i = 0; i < message->succeeded_execution_count; i++)
        if (str_equal(message->succeeded_executions[i], execution))
            return true;
    return false;
}

static struct static_release ours(struct s3_deploy *deploy) {
    const char **keys = arena_array(deploy->arena, const char *, deploy->count);
    for (size_t i = 0; i < deploy->count; i++)
        keys[i] = deploy->files[i].key;
    return (struct static_release){
        .execution = deploy->job->message->execution_id, .keys = keys, .key_count = deploy->count};
}

bool s3_deploy_write_manifest(struct s3_deploy *deploy, struct err *err) {
    struct s3_object_settings settings = deploy->rights;
    struct static_release release = ours(deploy);
    settings.content_type = "application/json";
    settings.acl = NULL; /* nobody's business */
    return s3_put(&deploy->s3, deploy->arena, deploy->bucket, s3_deploy_manifest_key(deploy),
                  static_release_print(deploy->arena, &release), &settings, err);
}

/* Those before ours, oldest first, and behind them ours. */
static bool read_releases(struct s3_deploy *deploy, struct static_release **out, size_t *count, struct err *err) {
    const char *prefix = static_releases_prefix(deploy->arena, deploy->prefix);
    const char *own = s3_deploy_manifest_key(deploy);
    const struct s3_object *objects;
    size_t object_count;
    if (!s3_deploy_list(deploy, prefix, &objects, &object_count, err))
        return false;
    struct static_release *releases = arena_array(deploy->arena, struct static_release, object_count + 1);
    *count = 0;
    for (size_t i = 0; i < object_count; i++) {
        const char *text;
        size_t size;
        struct err own_err = {0};
        /* Those of a site in a folder below this one are not ours. */
        if (strchr(objects[i].key + strlen(prefix), '/') || strcmp(objects[i].key, own) >= 0)
            continue;
        if (!s3_get(&deploy->s3, deploy->arena, deploy->bucket, objects[i].key, &text, &size, err))
            return false;
        struct static_release *release = &releases[*count];
        if (!static_release_read(deploy->arena, objects[i].key, text, size, release, &own_err))
            return err_set_code(err, own_err.kind, "ConfigurationError", "s3://%s: %s", deploy->bucket,
                                own_err.message);
        release->live = is_live(deploy->job->message, release->execution);
        (*count)++;
    }
    releases[(*count)++] = ours(deploy);
    *out = releases;
    return true;
}

static void tell_from(struct s3_deploy *deploy, const struct static_release *releases, size_t count) {
    for (size_t i = count; i > 0; i--) {
        if (releases[i - 1].live) {
            (void)deployment_target(deploy->report, deploy->target, releases[i - 1].execution, NULL);
            return;
        }
    }
}

bool s3_deploy_remove_unused(struct s3_deploy *deploy, struct err *err) {
    struct static_release *releases;
    size_t count, unused_count;
    if (!read_releases(deploy, &releases, &count, err))
        return false;
    tell_from(deploy, releases, count);
    size_t fallen = static_releases_fallen(releases, count, (size_t)deploy->keep);
    if (fallen == 0)
        return true;
    const char *const *unused = static_releases_unused(deploy->arena, releases, count, fallen, &unused_count);
    const char **manifests = arena_array(deploy->arena, const char *, fallen);
    for (size_t i = 0; i < fallen; i++)
        manifests[i] = releases[i].manifest;
    if (!s3_deploy_delete(deploy, unused, unused_count, err) || !s3_deploy_delete(deploy, manifests, fallen, err))
        return false;
    deployment_note(deploy->report, "removed %zu files of %zu older releases; the newest %lld live ones are kept",
                    unused_count, fallen, (long long)deploy->keep);
    return true;
}
