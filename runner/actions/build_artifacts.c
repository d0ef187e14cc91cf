/*
 * UPLOAD_ARTIFACTS: what the buildspec names is copied out of the container (only the folders that can hold a match),
 * matched, and goes where the build's artifacts go: to the server for a pipeline, to S3 where the project says so, into
 * a folder of this machine for a local build. Paths begin at the source folder, wherever the commands have gone since.
 */
#include "runner/actions/build.h"

#include "common/str.h"
#include "runner/actions/artifact_set.h"
#include "runner/actions/s3_artifacts.h"
#include "runner/local.h"

#include <unistd.h>

/* ---- for a pipeline, and local builds ---- */

static bool upload_set(struct build *build, const struct buildspec_artifacts *set, const char *output,
                       struct err *err) {
    const char *zip = arena_printf(build->arena, "%s/output-%s.zip", build->job->folder, output);
    struct container_files files;
    if (!artifact_set_collect(build, set, &files, err))
        return false;
    bool packed = artifact_set_pack(build, set, &files, zip, err);
    container_files_release(build, &files);
    bool good = packed && job_output(build->job, output, zip, err);
    (void)unlink(zip);
    return good;
}

static const struct buildspec_artifacts *find_secondary(const struct build *build, const char *identifier) {
    for (size_t i = 0; i < build->spec.secondary_count; i++)
        if (str_equal(build->spec.secondary[i].identifier, identifier))
            return &build->spec.secondary[i];
    return NULL;
}

/* One output is the buildspec's artifacts, or the secondary ones of its name; of several, each is of its name. */
static bool upload_outputs(struct build *build, struct err *err) {
    const struct wire_job *message = build->job->message;
    if (message->output_count == 1 && build->spec.has_artifacts && build->spec.artifacts.files.count > 0)
        return upload_set(build, &build->spec.artifacts, message->outputs[0], err);
    for (size_t i = 0; i < message->output_count; i++) {
        const char *output = message->outputs[i];
        const struct buildspec_artifacts *set = find_secondary(build, output);
        if (!set && message->output_count == 1)
            return err_set_code(err, ERR_INVALID, "CLIENT_ERROR",
                                "the action has the output artifact '%s', but the buildspec has no 'artifacts'",
                                output);
        if (!set)
            return err_set_code(err, ERR_INVALID, "CLIENT_ERROR",
                                "the buildspec has no secondary artifact '%s', which the action puts out", output);
        if (!upload_set(build, set, output, err))
            return false;
    }
    return true;
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

/* ---- for a project that keeps them in S3 ---- */

static const struct json *find_definition(const struct build *build, const char *identifier) {
    json_each(item, json_get(build->job->message->build,
                             "secondaryArtifacts")) if (str_equal(json_get_text(item, "artifactIdentifier"),
                                                                  identifier)) return item;
    return NULL;
}

static bool is_in_s3(const struct json *artifacts) {
    return str_equal(json_get_text(artifacts, "type"), "S3");
}

/* The identifiers of the project and of the buildspec must be the same. */
static bool check_identifiers(const struct build *build, struct err *err) {
    for (size_t i = 0; i < build->spec.secondary_count; i++)
        if (!find_definition(build, build->spec.secondary[i].identifier))
            return err_set_code(err, ERR_INVALID, "CLIENT_ERROR",
                                "the buildspec has the secondary artifact '%s', which the project's secondaryArtifacts "
                                "do not name",
                                build->spec.secondary[i].identifier);
    json_each(item, json_get(build->job->message->build, "secondaryArtifacts")) {
        const char *identifier = json_get_text_or(item, "artifactIdentifier", "");
        if (is_in_s3(item) && !find_secondary(build, identifier))
            return err_set_code(err, ERR_INVALID, "CLIENT_ERROR",
                                "the project has the secondary artifact '%s', which the buildspec does not name",
                                identifier);
    }
    return true;
}

static void tell_secondary(struct build *build, struct json *told) {
    if (!build->secondary)
        build->secondary = json_array(build->arena);
    json_append(build->secondary, told);
}

static bool upload_secondaries(struct build *build, struct err *err) {
    struct json *told = NULL;
    if (!check_identifiers(build, err))
        return false;
    for (size_t i = 0; i < build->spec.secondary_count; i++) {
        const struct buildspec_artifacts *set = &build->spec.secondary[i];
        const struct json *definition = find_definition(build, set->identifier);
        if (!is_in_s3(definition))
            continue;
        if (!s3_artifacts_upload(build, set, definition, &told, err))
            return false;
        tell_secondary(build, told);
    }
    return true;
}

static bool upload_to_project(struct build *build, struct err *err) {
    const struct json *artifacts = json_get(build->job->message->build, "artifacts");
    const struct json *secondary = json_get(build->job->message->build, "secondaryArtifacts");
    /* An action without outputs; NO_ARTIFACTS: what the buildspec says of them does not matter. */
    if (str_equal(json_get_text(artifacts, "type"), "CODEPIPELINE") ||
        (!is_in_s3(artifacts) && (!secondary || secondary->count == 0)))
        return true;
    if (!build->spec.has_artifacts && build->spec.secondary_count == 0) {
        build_say(build, "No artifact files specified");
        return true;
    }
    if (is_in_s3(artifacts) && build->spec.artifacts.files.count > 0 &&
        !s3_artifacts_upload(build, &build->spec.artifacts, artifacts, &build->artifacts, err))
        return false;
    return upload_secondaries(build, err);
}

bool build_upload(struct build *build, struct err *err) {
    if (build->job->local)
        return upload_every(build, err);
    return build->job->message->output_count > 0 ? upload_outputs(build, err) : upload_to_project(build, err);
}
