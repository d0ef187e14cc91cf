/*
 * UPLOAD_ARTIFACTS: what the buildspec names is copied out of the container (only the folders that can hold a match),
 * matched, packed and handed to the server. Paths begin at the source folder, wherever the commands have gone since.
 */
#include "runner/actions/build.h"

#include "common/hash.h"
#include "common/str.h"
#include "runner/actions/artifact_set.h"
#include "runner/archive/tree.h"
#include "runner/buildspec/scripts.h"

#include <string.h>

#define VALUES_CEILING (1024 * 1024)

static bool collect_bytes(void *context, const void *bytes, size_t size) {
    str_append_bytes(context, bytes, size);
    return !((struct str *)context)->cut;
}

bool build_values(struct build *build, const char *const *names, size_t count, const char **values, struct err *err) {
    struct str tar CLEANUP(str_release) = STR_INIT(VALUES_CEILING);
    struct tar_feed *feed CLEANUP(tar_feed_cleanup) = tar_feed_new();
    const char *bytes;
    size_t size;
    int exit_code;
    if (count == 0)
        return true;
    tar_feed_add_text(feed, &SCRIPT_VALUES_SCRIPT[1], script_of_values(build->arena, names, count), 0755);
    if (!container_put(build->docker, build->arena, build_container_id(build), tar_feed_read, feed, err) ||
        !shell_run(build->shell, build->spec.shell, SCRIPT_VALUES_SCRIPT, &exit_code, err) ||
        !container_get(build->docker, build->arena, build_container_id(build), SCRIPT_VALUES, collect_bytes, &tar,
                       err) ||
        !tree_first_file(build->arena, str_text(&tar), tar.length, &bytes, &size, err))
        return err_wrap(err, "reading the build's variables");
    const char *at = bytes;
    const char *end = bytes + size;
    for (size_t i = 0; i < count; i++) {
        values[i] = at < end && *at == '=' ? at + 1 : NULL;
        at += at < end ? strnlen(at, (size_t)(end - at)) + 1 : 0;
    }
    return true;
}

static bool upload_set(struct build *build, const struct buildspec_artifacts *set, const char *output,
                       struct err *err) {
    const char *zip = arena_printf(build->arena, "%s/output-%s.zip", build->job->folder, output);
    return artifact_set_pack(build, set, zip, err) && job_output(build->job, output, zip, err);
}

static const struct buildspec_artifacts *find_secondary(const struct build *build, const char *identifier) {
    for (size_t i = 0; i < build->spec.secondary_count; i++)
        if (str_equal(build->spec.secondary[i].identifier, identifier))
            return &build->spec.secondary[i];
    return NULL;
}

/* A build outside a pipeline: its project says where artifacts go. */
static bool upload_nowhere(struct build *build, struct err *err) {
    const char *type = json_get_text(json_get(build->job->message->build, "artifacts"), "type");
    if (!type || str_equal(type, "NO_ARTIFACTS") || str_equal(type, "CODEPIPELINE") || !build->spec.has_artifacts)
        return true;
    return err_set(err, ERR_INVALID, "artifacts of type %.50s are not supported yet; use NO_ARTIFACTS", type);
}

bool build_upload(struct build *build, struct err *err) {
    const struct wire_job *message = build->job->message;
    if (message->output_count == 0)
        return upload_nowhere(build, err);
    if (message->output_count == 1 && build->spec.has_artifacts)
        return upload_set(build, &build->spec.artifacts, message->outputs[0], err);
    for (size_t i = 0; i < message->output_count; i++) {
        const char *output = message->outputs[i];
        const struct buildspec_artifacts *set = find_secondary(build, output);
        if (!set && message->output_count == 1)
            return err_set(err, ERR_INVALID,
                           "the action has the output artifact '%s', but the buildspec has no 'artifacts'", output);
        if (!set)
            return err_set(err, ERR_INVALID, "the buildspec has no secondary artifact '%s', which the action puts out",
                           output);
        if (!upload_set(build, set, output, err))
            return false;
    }
    return true;
}
