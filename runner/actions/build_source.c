/*
 * What goes into the container: the input artifacts, each in its folder, the scripts of all commands, the variables,
 * and the sign-in to the registry where the build may use Docker and the runner's credentials.
 */
#include "runner/actions/build.h"

#include "common/hash.h"
#include "common/str.h"
#include "runner/actions/s3_source.h"
#include "runner/archive/zip.h"
#include "runner/aws/call.h"
#include "runner/buildspec/scripts.h"
#include "runner/buildspec/tools.h"
#include "runner/docker/sign_in.h"
#include "runner/runner.h"

#include <stdio.h>
#include <string.h>

#define DEFAULT_BUILDSPEC "buildspec.yml"
#define DOCKER_CONFIG "/codebuild/output/docker"

/* Paths in a tar have no slash in front. */
static const char *inside(const char *path) {
    return path + 1;
}

const char *build_script_path(const struct build *build, enum build_phase phase, size_t index) {
    return arena_printf(build->arena, SCRIPT_FOLDER "/%d-%zu/script.sh", (int)phase, index);
}

static void add_list(struct build *build, struct tar_feed *feed, enum build_phase phase,
                     const struct buildspec_list *list, size_t first) {
    for (size_t i = 0; i < list->count; i++)
        tar_feed_add_text(feed, inside(build_script_path(build, phase, first + i)),
                          script_of_command(build->arena, &build->spec, build->source_folder, list->items[i]), 0755);
}

static void add_tools(struct tar_feed *feed) {
    tar_feed_add_folder(feed, inside(TOOLS_FOLDER), 0755);
    for (size_t i = 0; i < build_tool_count; i++) {
        char path[128];
        (void)snprintf(path, sizeof path, TOOLS_FOLDER "/%s", build_tools[i].name);
        tar_feed_add_text(feed, inside(path), build_tools[i].script, 0755);
    }
}

static void add_scripts(struct build *build, struct tar_feed *feed) {
    for (int i = 0; i < PHASE_COUNT; i++) {
        const struct buildspec_phase *phase = &build->spec.phases[i];
        add_list(build, feed, (enum build_phase)i, &phase->commands, 0);
        add_list(build, feed, (enum build_phase)i, &phase->finally, phase->commands.count);
    }
    const char *variables =
        arena_printf(build->arena, TOOLS_PATH_LINE "%s", environment_script(&build->environment, &build->spec));
    if (build->resolved_version) /* a commit: known only now that the source was fetched */
        variables = arena_printf(build->arena, "%sexport CODEBUILD_RESOLVED_SOURCE_VERSION=%s\n", variables,
                                 build->resolved_version);
    tar_feed_add_text(feed, inside(SCRIPT_FOLDER "/variables.sh"), variables, 0644);
    tar_feed_add_text(feed, inside(SCRIPT_FOLDER "/failure.sh"), script_of_failure(), 0755);
    tar_feed_add_text(feed, inside(SCRIPT_ENVIRONMENT), "", 0644);
    tar_feed_add_text(feed, inside(SCRIPT_DIRECTORY), arena_printf(build->arena, "%s\n", build->source_folder), 0644);
}

/* Below the primary source's folder, however the project writes it. */
static const char *buildspec_name(const struct build *build, const char *given) {
    const char *const prefixes[] = {arena_printf(build->arena, "%s/", build->source_folder), "$CODEBUILD_SRC_DIR/",
                                    "${CODEBUILD_SRC_DIR}/", "./"};
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (str_starts_with(given, prefixes[i]))
            given += strlen(prefixes[i]);
    return given;
}

static bool find_in_s3(struct build *build, const char *arn, const char **text, size_t *size, struct err *err) {
    struct err own = {0};
    build_say(build, "YAML location is %s", arn);
    if (s3_text(build->job, arn, DOC_SIZE_MAX, text, size, &own))
        return true;
    if (own.kind == ERR_NOT_FOUND)
        return err_set_code(err, ERR_NOT_FOUND, "YAML_FILE_ERROR", "YAML file does not exist: %s", own.message);
    return err_set_code(err, own.kind, "YAML_FILE_ERROR", "%s", own.message);
}

static bool find_in_source(struct build *build, const char *zip, const char *name, const char **text, size_t *size,
                           struct err *err) {
    struct err own = {0};
    build_say(build, "YAML location is %s/%s", build->source_folder, name);
    if (!zip)
        return err_set_code(err, ERR_NOT_FOUND, "YAML_FILE_ERROR",
                            "YAML file does not exist: the build has no source, so the buildspec must be given inline");
    if (zip_read(build->arena, zip, name, DOC_SIZE_MAX, text, size, &own))
        return true;
    if (own.kind == ERR_NOT_FOUND)
        return err_set_code(err, ERR_NOT_FOUND, "YAML_FILE_ERROR", "YAML file does not exist: no '%s' in the source",
                            name);
    return err_set_code(err, own.kind, "YAML_FILE_ERROR", "%s%s%s", own.kind == ERR_LIMIT ? name : "",
                        own.kind == ERR_LIMIT ? ":1:1: " : "", own.message);
}

bool build_find_spec(struct build *build, const char *zip, const char **file, const char **text, size_t *size,
                     struct err *err) {
    const struct json *description = build->job->message->build;
    const char *given = json_get_text(description, "buildspec");
    if (!given || !*given)
        given = json_get_text(json_get(description, "source"), "buildspec");
    if (given && *given && buildspec_is_inline(given)) {
        *file = "buildspec";
        *text = given;
        *size = strlen(given);
        return true;
    }
    *file = buildspec_name(build, given && *given ? given : DEFAULT_BUILDSPEC);
    return str_starts_with(*file, "arn:") ? find_in_s3(build, *file, text, size, err)
                                          : find_in_source(build, zip, *file, text, size, err);
}

static bool read_buildspec(struct build *build, const char *zip, struct err *err) {
    const char *file = NULL, *text = NULL;
    size_t size = 0;
    return build->has_spec || (build_find_spec(build, zip, &file, &text, &size, err) &&
                               buildspec_parse(build->arena, file, text, size, &build->spec, err));
}

/* The sign-in is made of the runner's credentials: where a build must not have these, it has none. */
static bool gets_sign_in(const struct build *build) {
    return build->privileged && build->job->runner->config->build_credentials;
}

static bool add_sign_in(struct build *build, struct tar_feed *feed) {
    const char *config = NULL;
    struct sign_in_secrets secrets = {0};
    struct err err = {0};
    tar_feed_add_folder(feed, inside(DOCKER_CONFIG), 0700);
    if (!sign_in_config(build->job->runner, build->arena, &config, &secrets, &err))
        build_say(build, "Signing in to ECR failed, docker push may be refused: %s", err.message);
    if (!config)
        return false;
    reporter_add_secret(build->job->reporter, secrets.password);
    reporter_add_secret(build->job->reporter, secrets.encoded);
    tar_feed_add_text(feed, inside(DOCKER_CONFIG "/config.json"), config, 0600);
    return true;
}

static void add_credentials(struct build *build) {
    const struct runner *runner = build->job->runner;
    struct aws_credentials credentials;
    if (!runner->config->build_credentials || !aws_credentials(runner->aws, build->arena, &credentials, NULL))
        return;
    environment_set(&build->environment, "AWS_ACCESS_KEY_ID", credentials.access_key);
    environment_set(&build->environment, "AWS_SECRET_ACCESS_KEY", credentials.secret_key);
    environment_set(&build->environment, "AWS_SESSION_TOKEN", credentials.session_token);
    reporter_add_secret(build->job->reporter, credentials.access_key);
    reporter_add_secret(build->job->reporter, credentials.secret_key);
    reporter_add_secret(build->job->reporter, credentials.session_token);
    const char *const *endpoints = aws_endpoint_variables(build->arena);
    for (; *endpoints; endpoints++) {
        const char *mark = strchr(*endpoints, '=');
        environment_set(&build->environment, arena_strndup(build->arena, *endpoints, (size_t)(mark - *endpoints)),
                        mark + 1);
    }
}

bool build_environment(struct build *build, int64_t now_ms, struct err *err) {
    environment_init(&build->environment, build->arena);
    environment_add_build(&build->environment, build->job->message, build->source_folder, now_ms);
    build_name_sources(build);
    add_credentials(build);
    if (gets_sign_in(build))
        environment_set(&build->environment, "DOCKER_CONFIG", DOCKER_CONFIG);
    return environment_add_project(&build->environment, build->job->message, err);
}

bool build_prepare(struct build *build, struct tar_feed *feed, struct err *err) {
    const char *zip;
    tar_feed_add_folder(feed, "codebuild", 0755);
    tar_feed_add_folder(feed, "codebuild/output", 0755);
    tar_feed_add_folder(feed, inside(SCRIPT_FOLDER), 0777); /* with run-as, another user replaces files there */
    if (!build_add_sources(build, feed, &zip, err) || !read_buildspec(build, zip, err))
        return false;
    for (size_t i = 0; i < build->spec.notices.count; i++)
        build_say(build, "%s", build->spec.notices.items[i]);
    if (!build_secret_variables(build, err))
        return false;
    add_tools(feed);
    add_scripts(build, feed);
    if (gets_sign_in(build))
        (void)add_sign_in(build, feed);
    return true;
}
