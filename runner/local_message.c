/*
 * The job of a local build, as the server would send it: the project's settings, where one was given, and the command
 * line's over them.
 */
#include "common/clock.h"
#include "common/file.h"
#include "common/hash.h"
#include "common/spawn.h"
#include "common/str.h"
#include "runner/buildspec/buildspec.h"
#include "runner/local_options.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ACCOUNT_ID "123456789012"
#define GIT_ANSWER_SIZE 128
#define GIT_MS 10000

static const char *region(void) {
    const char *name = getenv("AWS_REGION");
    if (!name || !*name)
        name = getenv("AWS_DEFAULT_REGION");
    return name && *name ? name : "us-east-1";
}

/* Letters that CodeBuild would not take in a project's name become hyphens. */
static const char *project_name(const struct local_options *options) {
    const char *given = json_get_text(options->project, "name");
    if (given)
        return given;
    const char *slash = strrchr(options->folder, '/');
    char *name = arena_strdup(options->arena, slash && slash[1] ? slash + 1 : "build");
    for (char *at = name; *at; at++)
        if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", *at))
            *at = '-';
    return name;
}

/* The commit that is checked out there, for CODEBUILD_RESOLVED_SOURCE_VERSION; NULL where the folder is no repository.
 */
static const char *commit_of(const struct local_options *options) {
    const char *const arguments[] = {"git", "-C", options->folder, "rev-parse", "--verify", "--quiet", "HEAD", NULL};
    const struct spawn spawn = {
        .arguments = arguments, .input = -1, .output = -1, .errors = STDERR_FILENO, .timeout_ms = GIT_MS};
    struct spawn_result result = {0};
    if (access(arena_printf(options->arena, "%s/.git", options->folder), F_OK) != 0 ||
        !spawn_run_collect(&spawn, options->arena, GIT_ANSWER_SIZE, &result, NULL) || result.exit_code != 0)
        return NULL;
    return arena_strndup(options->arena, result.output, strcspn(result.output, "\n"));
}

/* Not so: `../other.yml`, and a link that leads out. Neither is part of the copy that is built. */
static bool lies_within(const char *path, const char *folder) {
    char real[PATH_MAX];
    size_t length = strlen(folder);
    return realpath(path, real) && strncmp(real, folder, length) == 0 && real[length] == '/';
}

/* A buildspec in the folder is read from the source; another one is given inline. */
static bool set_buildspec(const struct local_options *options, struct json *build, struct err *err) {
    struct arena *arena = options->arena;
    const char *text;
    size_t size;
    const char *name = options->buildspec;
    const char *own = json_get_text(json_get(options->project, "source"), "buildspec");
    if (!name) {
        json_set_text(arena, build, "buildspec", own);
        return true;
    }
    const char *of_folder = arena_printf(arena, "%s/%s", options->folder, name);
    bool found = name[0] != '/' && access(of_folder, F_OK) == 0;
    if (found && lies_within(of_folder, options->folder)) {
        json_set_text(arena, build, "buildspec", name);
        return true;
    }
    if (!file_get(arena, found ? of_folder : name, DOC_SIZE_MAX, &text, &size, err))
        return false;
    if (!buildspec_is_inline(text)) /* one line that could be a file's name */
        text = arena_printf(arena, "%s\n\n", text);
    json_set_text(arena, build, "buildspec", text);
    return true;
}

static void set_environment(const struct local_options *options, const char *image, struct json *build) {
    struct arena *arena = options->arena;
    const struct json *project = json_get(options->project, "environment");
    struct json *environment = project ? json_copy(arena, project) : json_object(arena);
    const struct json *own = json_get(environment, "environmentVariables");
    struct json *variables = own ? json_copy(arena, own) : json_array(arena);
    json_each(item, options->variables) json_append(variables, json_copy(arena, item));
    json_set(arena, environment, "environmentVariables", variables);
    if (options->image || !json_get_text(environment, "image"))
        json_set_text(arena, environment, "image", options->image ? options->image : image);
    if (!json_get_text(environment, "type"))
        json_set_text(arena, environment, "type", "LINUX_CONTAINER");
    if (options->privileged)
        json_set_bool(arena, environment, "privilegedMode", true);
    json_set(arena, build, "environment", environment);
}

static bool make_build(const struct local_options *options, const char *image, struct json **out, struct err *err) {
    static const char *const kept[] = {"artifacts", "secondaryArtifacts", "cache", "encryptionKey", NULL};
    struct arena *arena = options->arena;
    struct json *build = json_object(arena);
    const char *name = project_name(options);
    const char *user = getenv("USER");
    char uuid[UUID_SIZE];
    hash_uuid(uuid);
    const char *id = arena_printf(arena, "%s:%s", name, uuid);
    json_set_text(arena, build, "id", id);
    json_set_text(arena, build, "arn",
                  arena_printf(arena, "arn:aws:codebuild:%s:" ACCOUNT_ID ":build/%s", region(), id));
    json_set_text(arena, build, "projectName", name);
    json_set_integer(arena, build, "buildNumber", 1);
    json_set_text(arena, build, "initiator", user && *user ? user : "local");
    json_set_text(arena, build, "resolvedSourceVersion", commit_of(options));
    json_set_integer(arena, build, "timeoutInMinutes", json_get_integer(options->project, "timeoutInMinutes", 60));
    for (const char *const *member = kept; *member; member++)
        if (json_get(options->project, *member))
            json_set(arena, build, *member, json_copy(arena, json_get(options->project, *member)));
    json_set_text(arena, json_set_object(arena, build, "source"), "type", "NO_SOURCE");
    set_environment(options, image, build);
    *out = build;
    return set_buildspec(options, build, err);
}

bool local_message(const struct local_options *options, const char *image, struct wire_job *out, struct err *err) {
    struct arena *arena = options->arena;
    struct json *build;
    if (!make_build(options, image, &build, err))
        return false;
    struct wire_artifact *inputs = arena_array(arena, struct wire_artifact, options->source_count);
    for (size_t i = 0; i < options->source_count; i++)
        inputs[i] = (struct wire_artifact){.name = options->sources[i].name};
    struct json *configuration = json_object(arena);
    json_set_text(arena, configuration, "PrimarySource", inputs[0].name);
    *out = (struct wire_job){
        .id = "local",
        .attempt = 1,
        .provider = "CodeBuild",
        .category = "Build",
        .region = region(),
        .account_id = ACCOUNT_ID,
        .configuration = configuration,
        .inputs = inputs,
        .input_count = options->source_count,
        .build = build,
        .timeout_seconds = options->timeout_seconds,
    };
    return true;
}
