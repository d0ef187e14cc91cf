/*
 * Variables of a build.
 */
#include "runner/buildspec/environment.h"

#include "common/str.h"

#include <string.h>

#define SCRIPT_CEILING (1024 * 1024)

void environment_init(struct environment *environment, struct arena *arena) {
    *environment = (struct environment){.arena = arena};
}

static struct environment_variable *find(const struct environment *environment, const char *name) {
    for (size_t i = 0; i < environment->count; i++)
        if (strcmp(environment->variables[i].name, name) == 0)
            return &environment->variables[i];
    return NULL;
}

void environment_set(struct environment *environment, const char *name, const char *value) {
    if (!value)
        return;
    struct environment_variable *variable = find(environment, name);
    if (!variable) {
        if (environment->count == environment->capacity)
            environment->variables = arena_grow(environment->arena, environment->variables,
                                                sizeof *environment->variables, &environment->capacity);
        variable = &environment->variables[environment->count++];
        variable->name = arena_strdup(environment->arena, name);
    }
    variable->value = arena_strdup(environment->arena, value);
    variable->from_project = environment->in_project;
}

const char *environment_get(const struct environment *environment, const char *name) {
    const struct environment_variable *variable = find(environment, name);
    return variable ? variable->value : NULL;
}

static struct environment_reference *find_reference(const struct environment *environment, const char *name) {
    for (size_t i = 0; i < environment->reference_count; i++)
        if (strcmp(environment->references[i].name, name) == 0)
            return &environment->references[i];
    return NULL;
}

static void drop_reference(struct environment *environment, const char *name) {
    struct environment_reference *reference = find_reference(environment, name);
    if (reference)
        *reference = environment->references[--environment->reference_count];
}

static void set_reference(struct environment *environment, const char *name, const char *text, bool is_secret) {
    struct environment_variable *variable = find(environment, name);
    if (variable)
        *variable = environment->variables[--environment->count];
    drop_reference(environment, name);
    if (environment->reference_count == environment->reference_capacity)
        environment->references = arena_grow(environment->arena, environment->references,
                                             sizeof *environment->references, &environment->reference_capacity);
    environment->references[environment->reference_count++] =
        (struct environment_reference){.name = arena_strdup(environment->arena, name),
                                       .reference = arena_strdup(environment->arena, text),
                                       .is_secret = is_secret};
}

bool environment_is_taken(const struct environment *environment, const char *name) {
    const struct environment_variable *taken = find(environment, name);
    return (taken && taken->from_project) || find_reference(environment, name);
}

void environment_set_secret(struct environment *environment, const char *name, const char *value) {
    if (environment->secret_count == environment->secret_capacity)
        environment->secrets = arena_grow(environment->arena, environment->secrets, sizeof *environment->secrets,
                                          &environment->secret_capacity);
    environment->secrets[environment->secret_count++] = (struct environment_variable){
        .name = arena_strdup(environment->arena, name), .value = arena_strdup(environment->arena, value)};
}

bool environment_is_secret(const struct environment *environment, const char *name) {
    for (size_t i = 0; i < environment->secret_count; i++)
        if (strcmp(environment->secrets[i].name, name) == 0)
            return true;
    return false;
}

static const char *number(struct arena *arena, int64_t value) {
    return arena_printf(arena, "%lld", (long long)value);
}

/* CODEBUILD_SOURCE_VERSION_tools, … of {sourceIdentifier, sourceVersion}. */
static void add_secondary(struct environment *environment, const struct json *list, const char *name,
                          const char *member) {
    json_each(item, list) {
        const char *identifier = json_get_text(item, "sourceIdentifier");
        if (identifier)
            environment_set(environment, arena_printf(environment->arena, "%s_%s", name, identifier),
                            json_get_text(item, member));
    }
}

/* Of a build that is one of a batch. The numbers of a fan-out's share are for codebuild-tests-run. */
static void add_batch(struct environment *environment, const struct json *build) {
    const struct json *shard = json_get(build, "shard");
    environment_set(environment, "CODEBUILD_BATCH_BUILD_IDENTIFIER", json_get_text(build, "batchIdentifier"));
    environment_set(environment, "CODEBUILD_BATCH_BUILD_ARN", json_get_text(build, "buildBatchArn"));
    if (!shard)
        return;
    environment_set(environment, "CODEBUILD_SHARD_INDEX",
                    number(environment->arena, json_get_integer(shard, "index", 0)));
    environment_set(environment, "CODEBUILD_SHARD_COUNT",
                    number(environment->arena, json_get_integer(shard, "count", 1)));
}

void environment_add_build(struct environment *environment, const struct wire_job *job, const char *source_folder,
                           int64_t now_ms) {
    struct arena *arena = environment->arena;
    const struct json *build = job->build;
    const struct json *source = json_get(build, "source");
    const char *resolved = json_get_text(build, "resolvedSourceVersion");
    const char *version = json_get_text(build, "sourceVersion");
    int64_t build_number = json_get_integer(build, "buildNumber", 0);
    const char *project = json_get_text(build, "projectName");
    environment_set(environment, "HOME", "/root");
    environment_set(environment, "AWS_DEFAULT_REGION", job->region);
    environment_set(environment, "AWS_REGION", job->region);
    environment_set(environment, "CODEBUILD_CI", "true");
    const char *id = json_get_text_or(build, "id", job->id);
    environment_set(environment, "CODEBUILD_BUILD_ARN",
                    arena_printf(arena, "arn:aws:codebuild:%s:%s:build/%s", job->region, job->account_id, id));
    environment_set(environment, "CODEBUILD_BUILD_ID", id);
    add_batch(environment, build);
    environment_set(environment, "CODEBUILD_BUILD_IMAGE", json_get_text(json_get(build, "environment"), "image"));
    environment_set(environment, "CODEBUILD_BUILD_NUMBER", build_number ? number(arena, build_number) : NULL);
    environment_set(environment, "CODEBUILD_BUILD_SUCCEEDING", "1");
    environment_set(environment, "CODEBUILD_BUILD_URL", json_get_text(json_get(build, "logs"), "deepLink"));
    const char *initiator = json_get_text(build, "initiator");
    if (!initiator && job->pipeline)
        initiator = arena_printf(arena, "codepipeline/%s", job->pipeline);
    environment_set(environment, "CODEBUILD_INITIATOR", initiator);
    environment_set(environment, "CODEBUILD_KMS_KEY_ID", json_get_text(build, "encryptionKey"));
    if (project)
        environment_set(
            environment, "CODEBUILD_PROJECT_ARN",
            arena_printf(arena, "arn:aws:codebuild:%s:%s:project/%s", job->region, job->account_id, project));
    environment_set(environment, "CODEBUILD_RESOLVED_SOURCE_VERSION", resolved);
    environment_set(environment, "CODEBUILD_SOURCE_REPO_URL", json_get_text(source, "location"));
    environment_set(environment, "CODEBUILD_SOURCE_VERSION", version ? version : resolved);
    environment_set(environment, "CODEBUILD_SRC_DIR", source_folder);
    environment_set(environment, "CODEBUILD_START_TIME", number(arena, now_ms));
    environment_set(environment, "CODEBUILD_CONTAINER_NAME", "default");
    environment_set(environment, "CODEBUILD_LOG_PATH", json_get_text(json_get(build, "logs"), "streamName"));
    add_secondary(environment, json_get(build, "secondarySources"), "CODEBUILD_SOURCE_REPO_URL", "location");
    add_secondary(environment, json_get(build, "secondarySourceVersions"), "CODEBUILD_SOURCE_VERSION", "sourceVersion");
}

static bool add_list(struct environment *environment, const struct json *list, struct err *err) {
    json_each(item, list) {
        const char *name = json_get_text(item, "name");
        const char *value = json_get_text(item, "value");
        const char *type = json_get_text_or(item, "type", "PLAINTEXT");
        if (!name || !*name || strchr(name, '='))
            return err_set(err, ERR_INVALID, "an environment variable of the build has no usable name");
        bool is_secret = str_equal(type, "SECRETS_MANAGER");
        bool is_plain = str_equal(type, "PLAINTEXT");
        if (!is_plain && !is_secret && !str_equal(type, "PARAMETER_STORE"))
            return err_set(err, ERR_INVALID, "environment variable '%.200s' is of the unknown type %.50s", name, type);
        if (str_starts_with(name, "CODEBUILD_"))
            continue;
        if (is_plain) {
            drop_reference(environment, name);
            environment_set(environment, name, value ? value : "");
        } else {
            set_reference(environment, name, value ? value : "", is_secret);
        }
    }
    return true;
}

bool environment_add_project(struct environment *environment, const struct wire_job *job, struct err *err) {
    environment->in_project = true;
    const struct json *project = json_get(json_get(job->build, "environment"), "environmentVariables");
    if (!add_list(environment, project, err))
        return false;
    const char *text = json_get_text(job->configuration, "EnvironmentVariables");
    const struct json *action = NULL;
    struct err own = {0};
    if (!text || !*text)
        return add_list(environment, job->environment, err);
    if (!json_parse(environment->arena, text, strlen(text), &action, &own) || action->type != JSON_ARRAY)
        return err_set(err, ERR_INVALID, "the action's EnvironmentVariables must be a JSON list as text%s%s",
                       own.message[0] ? ": " : "", own.message);
    return add_list(environment, action, err) && add_list(environment, job->environment, err);
}

const char *const *environment_list(const struct environment *environment) {
    const char **list = arena_array(environment->arena, const char *, environment->count + 1);
    for (size_t i = 0; i < environment->count; i++)
        list[i] =
            arena_printf(environment->arena, "%s=%s", environment->variables[i].name, environment->variables[i].value);
    return list;
}

/* 'it'\''s': within single quotes a shell reads everything but the quote as it stands. */
static void append_quoted(struct str *out, const char *text) {
    str_append_char(out, '\'');
    for (; *text; text++) {
        if (*text == '\'')
            str_append(out, "'\\''");
        else
            str_append_char(out, *text);
    }
    str_append_char(out, '\'');
}

static void append_export(struct str *script, const char *name, const char *value) {
    str_printf(script, "export %s=", name);
    append_quoted(script, value);
    str_append_char(script, '\n');
}

const char *environment_script(const struct environment *environment, const struct buildspec *spec) {
    struct str script CLEANUP(str_release) = STR_INIT(SCRIPT_CEILING);
    for (size_t i = 0; i < spec->variable_count; i++) {
        const char *name = spec->variables[i].name;
        if (!str_starts_with(name, "CODEBUILD_") && !environment_is_taken(environment, name))
            append_export(&script, name, spec->variables[i].value);
    }
    for (size_t i = 0; i < environment->secret_count; i++)
        append_export(&script, environment->secrets[i].name, environment->secrets[i].value);
    return arena_strdup(environment->arena, str_text(&script));
}
