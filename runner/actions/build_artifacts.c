/*
 * UPLOAD_ARTIFACTS: what the buildspec names is copied out of the container (only the folders that can hold a match),
 * matched, packed and handed to the server. Paths begin at the source folder, wherever the commands have gone since.
 */
#include "runner/actions/build.h"

#include "common/str.h"
#include "runner/actions/artifact_set.h"
#include "runner/local.h"

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

/* A local build: nobody says which artifacts are wanted, so all are. */
static bool upload_every(struct build *build, struct err *err) {
    if (build->spec.has_artifacts && build->spec.artifacts.files.count > 0 &&
        !upload_set(build, &build->spec.artifacts, LOCAL_ARTIFACTS, err))
        return false;
    for (size_t i = 0; i < build->spec.secondary_count; i++)
        if (!upload_set(build, &build->spec.secondary[i], build->spec.secondary[i].identifier, err))
            return false;
    return true;
}

bool build_upload(struct build *build, struct err *err) {
    const struct wire_job *message = build->job->message;
    if (build->job->local)
        return upload_every(build, err);
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
