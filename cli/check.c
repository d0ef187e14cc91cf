/*
 * penstock check: reads files as the server would, without any server, and prints every error with its place.
 */
#include "cli/commands.h"
#include "common/doc.h"
#include "common/str.h"
#include "common/suggest.h"
#include "server/definition/definition.h"

#include <stdio.h>
#include <string.h>

static const struct flag flags[] = {
    {"as", "KIND", "what the files are: pipeline; found out if not given"},
    {NULL},
};

static const char *const known_kinds[] = {"pipeline", NULL};

/* What the file looks like: a kind of known_kinds, else a word for what it seems to be, else NULL. */
static const char *find_kind(const struct json *document) {
    if (json_get(document, "stages") || json_get(document, "pipeline") || json_get(document, "projects"))
        return "pipeline";
    return NULL;
}

/* A finding in both forms: a line for people, an object for --json. */
struct report {
    struct cli *cli;
    struct json *files;
    struct json *errors; /* of the file under way */
    size_t count;
};

static void add_error(struct report *report, const char *text, int line, int column, const char *path,
                      const char *message) {
    struct arena *arena = &report->cli->arena;
    report->count++;
    if (!report->cli->json) {
        puts(text);
        return;
    }
    struct json *error = json_append_object(arena, report->errors);
    json_set_integer(arena, error, "line", line);
    json_set_integer(arena, error, "column", column);
    json_set_text(arena, error, "path", path);
    json_set_text(arena, error, "message", message);
}

static void check_pipeline(struct report *report, const char *file, const struct json *document) {
    struct arena *arena = &report->cli->arena;
    struct definition_result result;
    /* Which there are only a server knows. */
    const struct custom_types unknown_types = {.any = true};
    if (definition_check(arena, document, DEFINITION_FILE, &unknown_types, &result))
        return;
    for (size_t i = 0; i < result.errors.count; i++) {
        const struct definition_error *error = &result.errors.list[i];
        add_error(report, definition_error_text(arena, file, error), error->line, error->column, error->path,
                  error->message);
    }
    if (result.errors.more && !report->cli->json)
        printf("%s: there are more errors than these %d\n", file, DEFINITION_ERRORS_MAX);
}

/* A file that cannot be parsed: the message begins with "file:line:column: " where the place is known. */
static void add_parse_error(struct report *report, const char *file, const char *text) {
    int line = 0, column = 0, length = 0;
    const size_t file_length = strlen(file);
    const char *message = text;
    if (str_starts_with(text, file) && sscanf(text + file_length, ":%9d:%9d: %n", &line, &column, &length) == 2 &&
        length > 0)
        message = text + file_length + length;
    add_error(report, text, line, column, "", message);
}

static void check_file(struct report *report, const char *file, const char *kind) {
    struct arena *arena = &report->cli->arena;
    struct err err = {0};
    const struct json *document;
    struct json *shown = json_append_object(arena, report->files);
    const size_t before = report->count;
    json_set_text(arena, shown, "file", file);
    report->errors = json_set_array(arena, shown, "errors");
    if (!doc_read(arena, file, &document, &err)) {
        add_parse_error(report, file, err.message);
    } else if (!kind && !find_kind(document)) {
        const char *message = "this does not look like a pipeline file (no 'stages'); --as pipeline checks it as one";
        add_error(report, arena_printf(arena, "%s:1:1: %s", file, message), 1, 1, "", message);
    } else {
        check_pipeline(report, file, document);
    }
    json_set_bool(arena, shown, "valid", report->count == before);
}

static bool run(struct cli *cli, const struct arguments *arguments, enum cli_exit *exit_code, struct err *err) {
    const char *kind = arguments_get(arguments, "as");
    if (kind && !str_equal(kind, known_kinds[0])) {
        *exit_code = CLI_USAGE;
        const char *near = suggest_nearest(kind, known_kinds);
        return near ? err_set(err, ERR_INVALID, "no kind '%s'; did you mean '%s'?", kind, near)
                    : err_set(err, ERR_INVALID, "no kind '%s'; there is: pipeline", kind);
    }
    struct json *answer = json_object(&cli->arena);
    struct report report = {.cli = cli, .files = json_set_array(&cli->arena, answer, "files")};
    for (size_t i = 0; i < arguments->count; i++)
        check_file(&report, arguments->positional[i], kind);
    if (cli->json)
        puts(json_print_pretty(&cli->arena, answer));
    if (report.count > 0)
        *exit_code = CLI_FAILED;
    return true;
}

const struct command command_check = {
    .name = "check",
    .words = "FILE...",
    .summary = "Check pipeline files without a server; every error with its place",
    .examples = "  penstock check pipelines/*.yml       before a commit, or in it\n"
                "  aws codepipeline get-pipeline --name shop > shop.json && penstock check shop.json",
    .least_words = 1,
    .most_words = (size_t)-1,
    .flags = flags,
    .run = run,
};
