/*
 * The command line of a local build.
 */
#include "runner/local_options.h"

#include "common/file.h"
#include "common/str.h"
#include "runner/buildspec/buildspec.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_DEFAULT 3600
#define TIMEOUT_MAX (36 * 3600)
#define PROJECT_CEILING (1024 * 1024)

const char local_usage[] =
    "usage: penstock-runner build [DIR] [OPTION...]\n"
    "Runs the buildspec of a folder in a container on this machine, as the server's runners would. The folder itself "
    "is\n"
    "not changed: the build works on a copy.\n"
    "  --buildspec FILE      instead of DIR/buildspec.yml; relative to DIR, else to where you are\n"
    "  --image IMAGE         what the build runs in (the project's, else --commands-image)\n"
    "  --env NAME=VALUE      a variable, as the project would set it; may be repeated\n"
    "  --source NAME=DIR     a secondary source; may be repeated\n"
    "  --artifacts DIR       where artifacts are put: artifacts.zip, and NAME.zip for secondary ones\n"
    "  --project FILE        the CodeBuild project as JSON, for its environment, variables and artifacts\n"
    "  --privileged          privilegedMode\n"
    "  --no-git              leaves out .git, which a build in a pipeline does not have either\n"
    "  --timeout SECONDS     when the build is ended (the project's, else 3600)\n"
    "  --json                one JSON object on stdout that says how it ended; the log goes to stderr\n"
    "Besides these the runner's own options, such as --docker and --build-network; `penstock-runner --help` lists "
    "them.\n";

static bool add_variable(struct local_options *options, const char *text, struct err *err) {
    const char *mark = strchr(text, '=');
    const char *name = arena_strndup(options->arena, text, mark ? (size_t)(mark - text) : 0);
    if (!buildspec_is_variable_name(name))
        return err_set(err, ERR_INVALID, "--env wants NAME=VALUE, not '%s'", text);
    struct json *variable = json_append_object(options->arena, options->variables);
    json_set_text(options->arena, variable, "name", name);
    json_set_text(options->arena, variable, "value", mark + 1);
    json_set_text(options->arena, variable, "type", "PLAINTEXT");
    return true;
}

static bool real_folder(struct arena *arena, const char *path, const char **out, struct err *err) {
    char real[PATH_MAX];
    if (!realpath(path, real))
        return err_set(err, ERR_NOT_FOUND, "there is no folder '%s'", path);
    *out = arena_strdup(arena, real);
    return true;
}

static bool add_source(struct local_options *options, const char *name, const char *path, struct err *err) {
    const char *folder;
    if (!real_folder(options->arena, path, &folder, err))
        return false;
    if (options->source_count == options->source_capacity)
        options->sources =
            arena_grow(options->arena, options->sources, sizeof *options->sources, &options->source_capacity);
    options->sources[options->source_count++] = (struct local_source){.name = name, .folder = folder};
    return true;
}

static bool add_secondary(struct local_options *options, const char *text, struct err *err) {
    const char *mark = strchr(text, '=');
    const char *name = arena_strndup(options->arena, text, mark ? (size_t)(mark - text) : 0);
    if (!buildspec_is_variable_name(name))
        return err_set(err, ERR_INVALID, "--source wants NAME=DIR, not '%s'", text);
    return add_source(options, name, mark + 1, err);
}

/* The project itself, or the answer of batch-get-projects around it. */
static bool read_project(struct local_options *options, const char *path, struct err *err) {
    const char *text;
    size_t size;
    const struct json *root;
    if (!file_get(options->arena, path, PROJECT_CEILING, &text, &size, err))
        return false;
    if (!json_parse(options->arena, text, size, &root, err))
        return err_wrap(err, "'%s'", path);
    const struct json *projects = json_get(root, "projects");
    options->project = json_get(root, "project") ? json_get(root, "project") : projects ? projects->first : root;
    return options->project || err_set(err, ERR_INVALID, "'%s' holds no project", path);
}

static bool read_timeout(struct local_options *options, const char *text, struct err *err) {
    long long seconds;
    if (!str_to_int64(text, 1, TIMEOUT_MAX, &seconds))
        return err_set(err, ERR_INVALID, "--timeout must be seconds from 1 to %d, not '%s'", TIMEOUT_MAX, text);
    options->timeout_seconds = (int)seconds;
    return true;
}

/* *taken: the flag is one of ours. */
static bool read_switch(struct local_options *options, const char *name) {
    bool *const flag = str_equal(name, "--privileged")                      ? &options->privileged
                       : str_equal(name, "--no-git")                        ? &options->without_git
                       : str_equal(name, "--json")                          ? &options->json
                       : str_equal(name, "--help") || str_equal(name, "-h") ? &options->help
                                                                            : NULL;
    if (flag)
        *flag = true;
    return flag != NULL;
}

static bool read_value(struct local_options *options, const char *name, char *value, bool *taken, struct err *err) {
    *taken = true;
    if (str_equal(name, "--buildspec"))
        options->buildspec = value;
    else if (str_equal(name, "--image"))
        options->image = value;
    else if (str_equal(name, "--artifacts"))
        options->output_folder = value;
    else if (str_equal(name, "--env"))
        return add_variable(options, value, err);
    else if (str_equal(name, "--source"))
        return add_secondary(options, value, err);
    else if (str_equal(name, "--project"))
        return read_project(options, value, err);
    else if (str_equal(name, "--timeout"))
        return read_timeout(options, value, err);
    else
        *taken = false;
    return true;
}

bool local_options_read(struct arena *arena, int argc, char **argv, struct local_options *out, struct err *err) {
    struct local_options options = {.arena = arena, .variables = json_array(arena)};
    options.rest = arena_array(arena, char *, (size_t)argc + 3);
    options.rest[options.rest_count++] = argv[0];
    options.sources = arena_grow(arena, NULL, sizeof *options.sources, &options.source_capacity);
    options.source_count = 1; /* the primary one comes last, when DIR is known */
    for (int i = 1; i < argc; i++) {
        bool taken = false;
        if (argv[i][0] != '-') {
            if (options.folder)
                return err_set(err, ERR_INVALID, "one folder is built, not '%s' and '%s'", options.folder, argv[i]);
            options.folder = argv[i];
            continue;
        }
        if (read_switch(&options, argv[i]))
            continue;
        if (i + 1 == argc)
            return err_set(err, ERR_INVALID, "%s wants a value, or is no option; --help lists them", argv[i]);
        if (!read_value(&options, argv[i], argv[i + 1], &taken, err))
            return false;
        if (!taken) {
            options.rest[options.rest_count++] = argv[i];
            options.rest[options.rest_count++] = argv[i + 1];
        }
        i++;
    }
    const char *folder = options.folder ? options.folder : ".";
    if (!options.help && !real_folder(arena, folder, &options.folder, err))
        return false;
    options.sources[0] = (struct local_source){.name = "Source", .folder = options.folder};
    *out = options;
    return true;
}
