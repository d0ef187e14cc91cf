/*
 * A build's document. Which member of StartBuild's request replaces what in the project stands in one table.
 */
#include "server/jobs/build_document.h"

#include "common/str.h"
#include "server/jobs/job_source.h"

struct override {
    const char *name;   /* in the request */
    const char *object; /* in the document; NULL: the document itself */
    const char *member;
};

static const struct override overrides[] = {
    {.name = "sourceVersion", .member = "sourceVersion"},
    {.name = "secondarySourcesOverride", .member = "secondarySources"},
    {.name = "secondarySourcesVersionOverride", .member = "secondarySourceVersions"},
    {.name = "artifactsOverride", .member = "artifacts"},
    {.name = "secondaryArtifactsOverride", .member = "secondaryArtifacts"},
    {.name = "cacheOverride", .member = "cache"},
    {.name = "logsConfigOverride", .member = "logsConfig"},
    {.name = "serviceRoleOverride", .member = "serviceRole"},
    {.name = "timeoutInMinutesOverride", .member = "timeoutInMinutes"},
    {.name = "queuedTimeoutInMinutesOverride", .member = "queuedTimeoutInMinutes"},
    {.name = "encryptionKeyOverride", .member = "encryptionKey"},
    {.name = "sourceTypeOverride", .object = "source", .member = "type"},
    {.name = "sourceLocationOverride", .object = "source", .member = "location"},
    {.name = "sourceAuthOverride", .object = "source", .member = "auth"},
    {.name = "gitCloneDepthOverride", .object = "source", .member = "gitCloneDepth"},
    {.name = "gitSubmodulesConfigOverride", .object = "source", .member = "gitSubmodulesConfig"},
    {.name = "buildspecOverride", .object = "source", .member = "buildspec"},
    {.name = "insecureSslOverride", .object = "source", .member = "insecureSsl"},
    {.name = "reportBuildStatusOverride", .object = "source", .member = "reportBuildStatus"},
    {.name = "buildStatusConfigOverride", .object = "source", .member = "buildStatusConfig"},
    {.name = "environmentTypeOverride", .object = "environment", .member = "type"},
    {.name = "imageOverride", .object = "environment", .member = "image"},
    {.name = "computeTypeOverride", .object = "environment", .member = "computeType"},
    {.name = "certificateOverride", .object = "environment", .member = "certificate"},
    {.name = "privilegedModeOverride", .object = "environment", .member = "privilegedMode"},
    {.name = "registryCredentialOverride", .object = "environment", .member = "registryCredential"},
    {.name = "imagePullCredentialsTypeOverride", .object = "environment", .member = "imagePullCredentialsType"},
};

/* The members of a project that a build takes over. */
static const char *const taken_over[] = {
    "sourceVersion",
    "source",
    "secondarySources",
    "secondarySourceVersions",
    "artifacts",
    "secondaryArtifacts",
    "cache",
    "environment",
    "serviceRole",
    "timeoutInMinutes",
    "queuedTimeoutInMinutes",
    "vpcConfig",
    "encryptionKey",
    "fileSystemLocations",
    "logsConfig",
};

static struct json *object_in(struct arena *arena, struct json *document, const char *name) {
    for (struct json *member = document->first; member; member = member->next) {
        if (str_equal(member->name, name) && member->type == JSON_OBJECT)
            return member;
    }
    return json_set_object(arena, document, name);
}

/* The project's secret is for the server that the project names: one that the request names instead does not get it. */
static void keep_secret(struct arena *arena, struct json *document, const struct json *request) {
    const char *location = json_get_text(request, "sourceLocationOverride");
    const char *own = json_get_text(json_get(document, "source"), "location");
    if (location && !job_source_same_server(own, location))
        json_remove(object_in(arena, document, "source"), "auth");
}

static void lay_over(struct arena *arena, struct json *document, const struct json *request) {
    keep_secret(arena, document, request);
    for (size_t i = 0; i < sizeof overrides / sizeof overrides[0]; i++) {
        const struct json *value = json_get(request, overrides[i].name);
        if (!value)
            continue;
        struct json *object = overrides[i].object ? object_in(arena, document, overrides[i].object) : document;
        json_set(arena, object, overrides[i].member, json_copy(arena, value));
    }
    /* Another kind of source has nothing of the project's one. */
    if (str_equal(json_get_text(request, "sourceTypeOverride"), "NO_SOURCE"))
        json_remove(object_in(arena, document, "source"), "location");
}

/* Variables of the same name are replaced in their place, others come behind. */
static bool merge_environment(struct arena *arena, struct json *document, const struct json *given, struct err *err) {
    if (!given)
        return true;
    if (given->type != JSON_ARRAY)
        return err_set_code(err, ERR_INVALID, "InvalidInputException",
                            "environment variables must be a list of {name, value, type}");
    struct json *environment = object_in(arena, document, "environment");
    struct json *merged = json_array(arena);
    json_each(old, json_get(environment, "environmentVariables")) {
        bool replaced = false;
        json_each(item, given) {
            replaced = replaced || str_equal(json_get_text(item, "name"), json_get_text(old, "name"));
        }
        if (!replaced)
            json_append(merged, json_copy(arena, old));
    }
    json_each(item, given) {
        if (!json_get_text(item, "name") || !json_get_text(item, "value"))
            return err_set_code(err, ERR_INVALID, "InvalidInputException",
                                "each environment variable must have the texts 'name' and 'value'");
        struct json *variable = json_append_object(arena, merged);
        json_set_text(arena, variable, "name", json_get_text(item, "name"));
        json_set_text(arena, variable, "value", json_get_text(item, "value"));
        json_set_text(arena, variable, "type", json_get_text_or(item, "type", "PLAINTEXT"));
    }
    json_set(arena, environment, "environmentVariables", merged);
    return true;
}

/* In a pipeline the source is its input artifacts, whatever the project says; only the buildspec stays. */
static void take_from_pipeline(struct arena *arena, struct json *document, const char *revision) {
    const char *buildspec = json_get_text(json_get(document, "source"), "buildspec");
    struct json *source = json_set_object(arena, document, "source");
    json_set_text(arena, source, "type", "CODEPIPELINE");
    json_set_text(arena, source, "buildspec", buildspec);
    struct json *artifacts = json_set_object(arena, document, "artifacts");
    json_set_text(arena, artifacts, "type", "CODEPIPELINE");
    json_set_text(arena, document, "sourceVersion", revision);
    json_set_text(arena, document, "resolvedSourceVersion", revision);
}

bool build_document(struct arena *arena, const struct json *project, const struct build_request *request,
                    struct json **out, struct err *err) {
    struct json *document = json_object(arena);
    for (size_t i = 0; i < sizeof taken_over / sizeof taken_over[0]; i++) {
        const struct json *member = json_get(project, taken_over[i]);
        if (member)
            json_set(arena, document, taken_over[i], json_copy(arena, member));
    }
    lay_over(arena, document, request->overrides);
    if (request->action_run_id)
        take_from_pipeline(arena, document, request->source_version);
    if (!merge_environment(arena, document, json_get(request->overrides, "environmentVariablesOverride"), err) ||
        !merge_environment(arena, document, request->environment, err))
        return false;
    *out = document;
    return true;
}
