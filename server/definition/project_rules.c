/*
 * What a project's values may be together, and what Penstock does not do: each with a sentence that says why.
 */
#include "server/definition/project_rules.h"

#include "common/str.h"

#include <string.h>

#define INVALID "InvalidInputException" /* CodeBuild's name for everything that is wrong with a project */

static const char *text_in(struct project_draft *draft, const char *block, const char *member) {
    return shape_get_text(draft->arena, json_get(draft->place->value, block), member);
}

struct project_draft project_draft(struct definition_errors *errors, const struct place *place) {
    struct project_draft draft = {.errors = errors, .arena = errors->arena, .place = place};
    const char *source = text_in(&draft, "source", "type");
    const char *artifacts = text_in(&draft, "artifacts", "type");
    draft.source_type = source ? source : "CODEPIPELINE";
    draft.artifacts_type = artifacts                                      ? artifacts
                           : str_equal(draft.source_type, "CODEPIPELINE") ? "CODEPIPELINE"
                                                                          : "NO_ARTIFACTS";
    return draft;
}

/* An error at MEMBER of the object, or at the object where that is missing. */
static void complain_in(struct project_draft *draft, const struct place *object, const char *member, const char *aws,
                        const char *message) {
    struct place inner = PLACE_MEMBER(object, member, json_get(object->value, member));
    errors_add(draft->errors, inner.value ? &inner : object, INVALID, aws, "%s", message);
}

static void complain(struct project_draft *draft, const char *block, const char *member, const char *aws,
                     const char *message) {
    struct place place = PLACE_MEMBER(draft->place, block, json_get(draft->place->value, block));
    complain_in(draft, &place, member, aws, message);
}

static bool is_empty(const char *text) {
    return !text || !*text;
}

static bool is_among(const char *text, const char *const *texts) {
    for (; *texts; texts++)
        if (str_equal(text, *texts))
            return true;
    return false;
}

/* ---- sources ---- */

static bool is_in_s3(const char *buildspec) {
    return buildspec && str_starts_with(buildspec, "arn:");
}

/* "bucket/folder/source.zip", or a folder: "bucket/folder/". */
static bool is_object(const char *location) {
    const char *slash = strchr(location, '/');
    return slash && slash != location && slash[1] && !str_starts_with(location, "arn:");
}

static void check_auth(struct project_draft *draft, const struct place *source) {
    const struct json *auth = json_get(source->value, "auth");
    const char *type = shape_get_text(draft->arena, auth, "type");
    const char *resource = shape_get_text(draft->arena, auth, "resource");
    if (str_equal(type, "SECRETS_MANAGER") && is_empty(resource))
        complain_in(draft, source, "auth", "Invalid input: auth resource is required for SECRETS_MANAGER",
                    "SECRETS_MANAGER needs its 'resource', the secret that holds the token");
}

/* Every source but a pipeline's own: primary and secondary ones alike. */
static void check_location(struct project_draft *draft, const struct place *source, const char *type) {
    const char *location = shape_get_text(draft->arena, source->value, "location");
    if (str_equal(type, "NO_SOURCE") || str_equal(type, "CODEPIPELINE"))
        return;
    if (is_empty(location))
        complain_in(draft, source, "location",
                    arena_printf(draft->arena, "Invalid project source: location is required for source type %s", type),
                    arena_printf(draft->arena, "a %s source needs its 'location', the address to %s", type,
                                 str_equal(type, "S3") ? "fetch" : "clone"));
    else if (str_equal(type, "S3") && !is_object(location))
        complain_in(draft, source, "location", "Invalid project source: location must be a valid S3 source",
                    "an S3 source's 'location' is BUCKET/KEY of a zip, or BUCKET/FOLDER/");
    check_auth(draft, source);
}

static void check_primary(struct project_draft *draft) {
    struct place source = PLACE_MEMBER(draft->place, "source", json_get(draft->place->value, "source"));
    const char *type = draft->source_type;
    const char *buildspec = shape_get_text(draft->arena, source.value, "buildspec");
    bool pipeline = str_equal(type, "CODEPIPELINE");
    if (pipeline != str_equal(draft->artifacts_type, "CODEPIPELINE"))
        complain(
            draft, pipeline ? "artifacts" : "source", "type",
            "Invalid input: when using CodePipeline both sourceType, and artifactType must be set to: CODEPIPELINE",
            "must be CODEPIPELINE, since the other of source and artifacts is");
    if (str_equal(type, "NO_SOURCE") && is_empty(buildspec))
        complain_in(draft, &source, "buildspec",
                    "Invalid project source: buildspec must be specified when the source type is NO_SOURCE",
                    "a project without source needs its 'buildspec' here");
    if (str_equal(type, "NO_SOURCE") && !is_empty(buildspec) && !strchr(buildspec, '\n') && !is_in_s3(buildspec) &&
        !strchr(buildspec, ':'))
        complain_in(draft, &source, "buildspec", NULL,
                    "names a file, but a project without source has none: write the buildspec itself, or its S3 ARN");
    check_location(draft, &source, type);
}

static bool is_named_before(struct project_draft *draft, const struct json *list, const struct json *item,
                            const char *member) {
    const char *name = shape_get_text(draft->arena, item, member);
    for (const struct json *other = json_first(list); other != item; other = other->next)
        if (str_equal(shape_get_text(draft->arena, other, member), name))
            return true;
    return false;
}

/* Each element has an identifier of its own. */
static void check_identifiers(struct project_draft *draft, const struct place *list, const char *member,
                              const char *what) {
    size_t index = 0;
    json_each(item, list->value) {
        struct place place = PLACE_ELEMENT(list, index++, item);
        if (is_empty(shape_get_text(draft->arena, item, member)))
            complain_in(draft, &place, member,
                        arena_printf(draft->arena, "Invalid input: %s is required for %s", member, what),
                        arena_printf(draft->arena, "needs its '%s', of letters, digits and _", member));
        else if (is_named_before(draft, list->value, item, member))
            complain_in(draft, &place, member,
                        arena_printf(draft->arena, "Invalid input: duplicate %s in %s", member, what),
                        arena_printf(draft->arena, "is the '%s' of another one already", member));
    }
}

static void check_secondary_sources(struct project_draft *draft) {
    struct place list =
        PLACE_MEMBER(draft->place, "secondarySources", json_get(draft->place->value, "secondarySources"));
    size_t index = 0;
    check_identifiers(draft, &list, "sourceIdentifier", "secondary sources");
    json_each(item, list.value) {
        struct place place = PLACE_ELEMENT(&list, index++, item);
        const char *type = shape_get_text(draft->arena, item, "type");
        if (!type || str_equal(type, "NO_SOURCE") || str_equal(type, "CODEPIPELINE"))
            complain_in(draft, &place, "type", "Invalid project source: secondary sources must have a location",
                        "a secondary source is a repository or an object in S3");
        else
            check_location(draft, &place, type);
    }
}

static bool has_source(struct project_draft *draft, const char *identifier) {
    json_each(source, json_get(draft->place->value, "secondarySources")) {
        if (str_equal(shape_get_text(draft->arena, source, "sourceIdentifier"), identifier))
            return true;
    }
    return false;
}

static void check_versions(struct project_draft *draft) {
    struct place list =
        PLACE_MEMBER(draft->place, "secondarySourceVersions", json_get(draft->place->value, "secondarySourceVersions"));
    size_t index = 0;
    json_each(item, list.value) {
        struct place place = PLACE_ELEMENT(&list, index++, item);
        const char *identifier = shape_get_text(draft->arena, item, "sourceIdentifier");
        if (!has_source(draft, identifier))
            complain_in(draft, &place, "sourceIdentifier",
                        arena_printf(draft->arena, "Invalid input: no secondary source with identifier %s", identifier),
                        arena_printf(draft->arena, "no secondary source has the identifier '%s'", identifier));
    }
}

/* ---- artifacts, cache, logs ---- */

static void check_store(struct project_draft *draft, const struct place *artifacts) {
    if (str_equal(shape_get_text(draft->arena, artifacts->value, "type"), "S3") &&
        is_empty(shape_get_text(draft->arena, artifacts->value, "location")))
        complain_in(draft, artifacts, "location", "Invalid artifacts: location is required for artifacts type S3",
                    "S3 artifacts need their 'location', a bucket's name");
}

static void check_artifacts(struct project_draft *draft) {
    struct place primary = PLACE_MEMBER(draft->place, "artifacts", json_get(draft->place->value, "artifacts"));
    struct place list =
        PLACE_MEMBER(draft->place, "secondaryArtifacts", json_get(draft->place->value, "secondaryArtifacts"));
    size_t index = 0;
    check_store(draft, &primary);
    check_identifiers(draft, &list, "artifactIdentifier", "secondary artifacts");
    json_each(item, list.value) {
        struct place place = PLACE_ELEMENT(&list, index++, item);
        check_store(draft, &place);
    }
}

static void check_cache(struct project_draft *draft) {
    const struct json *cache = json_get(draft->place->value, "cache");
    const char *type = text_in(draft, "cache", "type");
    const char *location = text_in(draft, "cache", "location");
    if (str_equal(type, "S3") && is_empty(location))
        complain(draft, "cache", "location", "Invalid cache: location is required for cache type S3",
                 "an S3 cache needs its 'location', BUCKET or BUCKET/FOLDER");
    if (str_equal(type, "LOCAL") && (!json_get(cache, "modes") || json_get(cache, "modes")->count == 0))
        complain(draft, "cache", "modes", "Invalid cache: modes are required for cache type LOCAL",
                 "a LOCAL cache needs its 'modes'");
}

static void check_logs(struct project_draft *draft) {
    const struct json *logs = json_get(draft->place->value, "logsConfig");
    struct place outer = PLACE_MEMBER(draft->place, "logsConfig", logs);
    struct place s3 = PLACE_MEMBER(&outer, "s3Logs", json_get(logs, "s3Logs"));
    if (str_equal(shape_get_text(draft->arena, s3.value, "status"), "ENABLED") &&
        is_empty(shape_get_text(draft->arena, s3.value, "location")))
        complain_in(draft, &s3, "location", "Invalid logs config: location is required when S3 logs are enabled",
                    "logs in S3 need their 'location', BUCKET or BUCKET/FOLDER");
}

/* ---- the environment ---- */

static void check_type(struct project_draft *draft) {
    static const char *const good[] = {"LINUX_CONTAINER", "ARM_CONTAINER", "LINUX_EC2", "ARM_EC2", NULL};
    const char *type = text_in(draft, "environment", "type");
    const char *why = "builds run in Linux containers; write LINUX_CONTAINER";
    if (!type || is_among(type, good))
        return;
    if (str_equal(type, "LINUX_GPU_CONTAINER"))
        why = "no runner gives a GPU to a build; write LINUX_CONTAINER";
    else if (str_ends_with(type, "_LAMBDA_CONTAINER"))
        why = "builds run in containers of the runner, not in Lambda; write LINUX_CONTAINER or ARM_CONTAINER, and an "
              "image that is no Lambda image";
    complain(draft, "environment", "type", NULL, arena_printf(draft->arena, "%s is not supported: %s", type, why));
}

static void check_compute(struct project_draft *draft) {
    const struct json *environment = json_get(draft->place->value, "environment");
    const char *type = text_in(draft, "environment", "computeType");
    const struct json *configuration = json_get(environment, "computeConfiguration");
    if (str_equal(type, "CUSTOM_INSTANCE_TYPE") || json_get(configuration, "instanceType"))
        complain(draft, "environment", "computeType", NULL,
                 "an instance type of EC2 says nothing here: write ATTRIBUTE_BASED_COMPUTE with 'vCpu' and 'memory'");
    else if (type && str_starts_with(type, "BUILD_LAMBDA_"))
        complain(draft, "environment", "computeType", NULL,
                 arena_printf(draft->arena,
                              "%s is not supported: builds run in containers of the runner, not in "
                              "Lambda; write BUILD_GENERAL1_SMALL",
                              type));
    else if (str_equal(type, "ATTRIBUTE_BASED_COMPUTE") && !json_get(configuration, "vCpu") &&
             !json_get(configuration, "memory"))
        complain(draft, "environment", "computeConfiguration",
                 "Invalid input: computeConfiguration is required for compute type ATTRIBUTE_BASED_COMPUTE",
                 "ATTRIBUTE_BASED_COMPUTE needs 'computeConfiguration' with 'vCpu' or 'memory' (in GB)");
}

static void check_environment(struct project_draft *draft) {
    const struct json *environment = json_get(draft->place->value, "environment");
    check_type(draft);
    check_compute(draft);
    if (json_get(environment, "registryCredential") &&
        !str_equal(text_in(draft, "environment", "imagePullCredentialsType"), "SERVICE_ROLE"))
        complain(draft, "environment", "registryCredential",
                 "Invalid input: imagePullCredentialsType must be SERVICE_ROLE when a registryCredential is given",
                 "needs 'imagePullCredentialsType: SERVICE_ROLE'");
    if (!is_empty(text_in(draft, "environment", "certificate")))
        complain(draft, "environment", "certificate", NULL,
                 "is not supported: put the certificate into the build image, and into the trust store of the "
                 "runner's machine for the source");
}

/* What a project asks for and nobody here can give. */
static void check_unsupported(struct project_draft *draft) {
    static const struct {
        const char *member;
        const char *why;
    } in_environment[] = {
        {"fleet", "is not supported: any runner takes the build; remove it"},
        {"dockerServer", "is not supported: with 'privilegedMode' a build has the Docker engine that its runner gives; "
                         "remove it"},
        {"hostKernel", "is not supported: builds run on the kernel of the runner's machine; remove it"},
    };
    struct place systems =
        PLACE_MEMBER(draft->place, "fileSystemLocations", json_get(draft->place->value, "fileSystemLocations"));
    if (shape_is_filled(systems.value))
        errors_add_name(draft->errors, &systems, INVALID, NULL,
                        "is not supported: builds see no folder of the runner's machine; copy what they need from S3");
    for (size_t i = 0; i < sizeof in_environment / sizeof *in_environment; i++) {
        const struct json *environment = json_get(draft->place->value, "environment");
        if (shape_is_filled(json_get(environment, in_environment[i].member)))
            complain(draft, "environment", in_environment[i].member, NULL, in_environment[i].why);
    }
}

void project_check_rules(struct project_draft *draft) {
    check_primary(draft);
    check_secondary_sources(draft);
    check_versions(draft);
    check_artifacts(draft);
    check_cache(draft);
    check_logs(draft);
    check_environment(draft);
    check_unsupported(draft);
}
