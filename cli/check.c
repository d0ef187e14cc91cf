/*
 * penstock check: reads files as the server and the runner would, without any of them, and prints every error with its
 * place.
 */
#include "cli/check.h"

#include "cli/check_deploy.h"
#include "cli/commands.h"
#include "common/doc.h"
#include "common/str.h"
#include "common/suggest.h"
#include "server/definition/definition.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const struct flag flags[] = {
    {"as", "KIND",
     "what the files are: pipeline, buildspec, imagedefinitions, imageDetail, taskdef or appspec; found out if not "
     "given"},
    {"buildspec", NULL, "the same as --as buildspec"},
    {NULL},
};

#define PIPELINE "pipeline"
#define BUILDSPEC "buildspec"

static const char *const known_kinds[] = {
    PIPELINE, BUILDSPEC, CHECK_IMAGE_DEFINITIONS, CHECK_IMAGE_DETAIL, CHECK_TASK_DEFINITION, CHECK_APPSPEC, NULL};

/* buildspec.yml, buildspec-release.yaml: what the name says is believed before what is in the file, which may be broken
 * beyond reading. */
static bool is_named_buildspec(const char *path) {
    const char *slash = strrchr(path, '/');
    return str_starts_with(slash ? slash + 1 : path, BUILDSPEC) &&
           (str_ends_with(path, ".yml") || str_ends_with(path, ".yaml"));
}

/* What the file looks like; NULL where it looks like neither. */
static const char *find_kind(const struct json *document) {
    const char *deploy = check_deploy_kind_by_content(document);
    if (deploy)
        return deploy;
    if (json_get(document, "stages") || json_get(document, "pipeline") || json_get(document, "projects"))
        return PIPELINE;
    return json_get(document, "phases") || json_get(document, "batch") ? BUILDSPEC : NULL;
}

void check_add_error(struct check *check, const char *text, int line, int column, const char *path,
                     const char *message) {
    struct arena *arena = &check->cli->arena;
    check->error_count++;
    if (!check->cli->json) {
        puts(text);
        return;
    }
    struct json *error = json_append_object(arena, check->errors);
    json_set_integer(arena, error, "line", line);
    json_set_integer(arena, error, "column", column);
    json_set_text(arena, error, "path", path);
    json_set_text(arena, error, "message", message);
}

void check_add_parse_error(struct check *check, const char *file, const char *text) {
    int line = 0, column = 0, length = 0;
    const size_t file_length = strlen(file);
    const char *message = text;
    if (str_starts_with(text, file) && sscanf(text + file_length, ":%9d:%9d: %n", &line, &column, &length) == 2 &&
        length > 0)
        message = text + file_length + length;
    check_add_error(check, text, line, column, "", message);
}

static void check_pipeline(struct check *check, const char *file, const struct json *document) {
    struct arena *arena = &check->cli->arena;
    struct definition_result result;
    /* Which there are only a server knows. */
    const struct custom_types unknown_types = {.any = true};
    if (definition_check(arena, document, DEFINITION_FILE, &unknown_types, &result))
        return;
    for (size_t i = 0; i < result.errors.count; i++) {
        const struct definition_error *error = &result.errors.list[i];
        check_add_error(check, definition_error_text(arena, file, error), error->line, error->column, error->path,
                        error->message);
    }
    if (result.errors.more && !check->cli->json)
        printf("%s: there are more errors than these %d\n", file, DEFINITION_ERRORS_MAX);
}

static void check_text(struct check *check, const char *file, const char *kind, const char *text, size_t size) {
    struct arena *arena = &check->cli->arena;
    const struct json *document = NULL;
    struct err err = {0};
    if (!kind)
        kind = is_named_buildspec(file) ? BUILDSPEC : check_deploy_kind_by_name(file);
    if (!check_is_deploy_kind(kind) && !str_equal(kind, BUILDSPEC) &&
        !doc_parse(arena, file, text, size, &document, &err)) {
        check_add_parse_error(check, file, err.message);
        return;
    }
    if (!kind)
        kind = find_kind(document);
    json_set_text(arena, check->shown, "kind", kind);
    if (str_equal(kind, BUILDSPEC)) {
        check_buildspec(check, file, text, size);
    } else if (check_is_deploy_kind(kind)) {
        check_deploy(check, file, kind, text, size);
    } else if (kind) {
        check_pipeline(check, file, document);
        check_inline_buildspecs(check, file, document);
    } else {
        const char *message =
            "this looks neither like a pipeline file (no 'stages') nor like a buildspec (no "
            "'phases') nor like a deployment's file; --as pipeline or --as buildspec checks it as one";
        check_add_error(check, arena_printf(arena, "%s:1:1: %s", file, message), 1, 1, "", message);
    }
}

/* A folder stands for the buildspec that CodeBuild would look for in it. */
static const char *find_file(struct arena *arena, const char *path) {
    struct stat status;
    if (stat(path, &status) != 0 || !S_ISDIR(status.st_mode))
        return path;
    return arena_printf(arena, "%s%sbuildspec.yml", path, str_ends_with(path, "/") ? "" : "/");
}

static void say_missing(struct check *check, const char *folder) {
    struct arena *arena = &check->cli->arena;
    const char *message = "the folder has no buildspec.yml; name the file that is meant";
    check_add_error(check, arena_printf(arena, "%s: %s", folder, message), 0, 0, "", message);
}

static void check_file(struct check *check, const char *path, const char *kind) {
    struct arena *arena = &check->cli->arena;
    const char *file = find_file(arena, path), *text;
    size_t size;
    struct err err = {0};
    const size_t before = check->error_count;
    check->shown = json_append_object(arena, check->files);
    json_set_text(arena, check->shown, "file", file);
    json_set_bool(arena, check->shown, "valid", false);
    check->errors = json_set_array(arena, check->shown, "errors");
    if (doc_read_text(arena, file, &text, &size, &err))
        check_text(check, file, kind, text, size);
    else if (err.kind == ERR_NOT_FOUND && file != path)
        say_missing(check, path);
    else
        check_add_parse_error(check, file, err.message);
    json_set_bool(arena, check->shown, "valid", check->error_count == before);
}

static bool run(struct cli *cli, const struct arguments *arguments, enum cli_exit *exit_code, struct err *err) {
    const char *kind = arguments_get(arguments, "as");
    if (kind && !str_equal(kind, PIPELINE) && !str_equal(kind, BUILDSPEC) && !check_is_deploy_kind(kind)) {
        *exit_code = CLI_USAGE;
        const char *near = suggest_nearest(kind, known_kinds);
        return near ? err_set(err, ERR_INVALID, "no kind '%s'; did you mean '%s'?", kind, near)
                    : err_set(err, ERR_INVALID,
                              "no kind '%s'; there are pipeline, buildspec, imagedefinitions, imageDetail, "
                              "taskdef and appspec",
                              kind);
    }
    if (arguments_has(arguments, "buildspec"))
        kind = BUILDSPEC;
    struct json *answer = json_object(&cli->arena);
    struct check check = {.cli = cli, .files = json_set_array(&cli->arena, answer, "files")};
    for (size_t i = 0; i < arguments->count; i++)
        check_file(&check, arguments->positional[i], kind);
    check_deploy_together(&check);
    if (cli->json)
        puts(json_print_pretty(&cli->arena, answer));
    if (check.error_count > 0)
        *exit_code = CLI_FAILED;
    return true;
}

const struct command command_check = {
    .name = "check",
    .words = "FILE...",
    .summary = "Check pipeline files, buildspecs and deployments' files without a server; every error with its place",
    .examples = "  penstock check pipelines/*.yml       before a commit, or in it\n"
                "  penstock check buildspec.yml         what would run, or what is wrong with it\n"
                "  penstock check taskdef.json appspec.yaml imagedefinitions.json\n"
                "  aws codepipeline get-pipeline --name shop > shop.json && penstock check shop.json",
    .least_words = 1,
    .most_words = (size_t)-1,
    .flags = flags,
    .run = run,
};
