/*
 * penstock check of a buildspec: what would run, for people. Nothing is expanded: variables stand as they were written.
 */
#include "cli/check.h"

#include "cli/check_buildspec.h"
#include "cli/terminal.h"
#include "common/str.h"

#include <stdio.h>
#include <string.h>

#define NAME_COLUMNS 20
#define LINE_MAX_BYTES (64 * 1024)

/* A line of at most the terminal's columns, broken at blanks; what follows begins below the first one's `indent`. */
static void print_wrapped(struct arena *arena, const char *text, size_t indent) {
    const size_t columns = terminal_columns(), room = columns > indent + 20 ? columns - indent : 20;
    for (;;) {
        const char *cut = terminal_cut(arena, text, room);
        size_t length = strlen(text);
        if (cut != text) {
            length = strlen(cut) - strlen("…");
            size_t at = length;
            while (at > 0 && text[at] != ' ')
                at--;
            length = at > 0 ? at : length;
        }
        printf("%.*s\n", (int)length, text);
        text += length;
        text += strspn(text, " ");
        if (!*text)
            return;
        printf("%*s", (int)indent, "");
    }
}

static void print_heading(const struct cli *cli, const char *name, const char *rest) {
    printf(cli->colour ? "\n\033[1m%s\033[0m%s\n" : "\n%s%s\n", name, rest);
}

/* "  name                  value" */
static void print_row(struct arena *arena, const char *name, const char *value) {
    const char *safe = terminal_safe(arena, name);
    const size_t indent = NAME_COLUMNS + 4;
    if (!*value) {
        printf("  %s\n", safe);
        return;
    }
    printf("  %s  ", terminal_pad(arena, safe, NAME_COLUMNS));
    if (terminal_cut(arena, safe, NAME_COLUMNS) != safe)
        printf("\n%*s", (int)indent, "");
    print_wrapped(arena, terminal_safe(arena, value), indent);
}

static const char *join(struct arena *arena, const struct buildspec_list *list) {
    struct str text CLEANUP(str_release) = STR_INIT(LINE_MAX_BYTES);
    for (size_t i = 0; i < list->count; i++)
        str_printf(&text, "%s%s", i ? ", " : "", list->items[i]);
    return arena_strdup(arena, str_text(&text));
}

static void print_list(struct arena *arena, const char *name, const struct buildspec_list *list) {
    if (list->count > 0)
        print_row(arena, name, join(arena, list));
}

static void print_text(struct arena *arena, const char *name, const char *text) {
    if (text)
        print_row(arena, name, text);
}

/* One line of a command; tabs stand for the blanks that a terminal would make of them. */
static void print_command_line(struct arena *arena, const char *line, size_t length, size_t indent) {
    struct str text CLEANUP(str_release) = STR_INIT(LINE_MAX_BYTES);
    for (size_t i = 0; i < length; i++) {
        if (line[i] == '\t')
            str_append(&text, "    ");
        else
            str_append_char(&text, line[i]);
    }
    size_t blanks = strspn(str_text(&text), " ");
    print_wrapped(arena, terminal_safe(arena, str_text(&text)), indent + blanks + 2);
}

static void print_commands(struct arena *arena, const struct buildspec_list *list, size_t first) {
    for (size_t i = 0; i < list->count; i++) {
        const char *at = list->items[i];
        size_t indent = (size_t)printf("  %3zu  ", first + i);
        for (bool more = true; more;) {
            size_t length = strcspn(at, "\n");
            print_command_line(arena, at, length, indent);
            at += length + (at[length] == '\n');
            more = *at != '\0';
            if (more)
                printf("%*s", (int)indent, "");
        }
    }
}

static const char *failure_words(struct arena *arena, const struct buildspec_phase *phase) {
    switch (phase->on_failure) {
    case ON_FAILURE_ABORT:
        return "a failure ends the build";
    case ON_FAILURE_CONTINUE:
        return "a failure lets the next phase run";
    case ON_FAILURE_RETRY:
        if (phase->retries == 0)
            return "a failure ends the build, which is not tried again";
        return phase->retry_pattern ? arena_printf(arena, "a failure that matches '%s' builds again, up to %d times",
                                                   phase->retry_pattern, phase->retries)
                                    : arena_printf(arena, "a failure builds again, up to %d times", phase->retries);
    case ON_FAILURE_UNSET:
        break;
    }
    return NULL;
}

static void print_phase(const struct cli *cli, struct arena *arena, enum build_phase which,
                        const struct buildspec_phase *phase) {
    if (phase->commands.count == 0 && phase->finally.count == 0 && phase->runtime_count == 0)
        return;
    print_heading(cli, build_phase_key(which), phase->run_as ? arena_printf(arena, "  as %s", phase->run_as) : "");
    const char *words = failure_words(arena, phase);
    if (words) {
        printf("  ");
        print_wrapped(arena, terminal_safe(arena, words), 2);
    }
    for (size_t i = 0; i < phase->runtime_count; i++)
        print_row(arena, i ? "" : "runtime-versions",
                  arena_printf(arena, "%s %s", phase->runtimes[i].name, phase->runtimes[i].version));
    print_commands(arena, &phase->commands, 1);
    if (phase->finally.count > 0)
        puts("  finally");
    print_commands(arena, &phase->finally, phase->commands.count + 1);
}

static const char *secret_words(struct arena *arena, const struct buildspec_secret *secret) {
    return arena_printf(arena, "%s%s%s%s%s%s%s", secret->secret, secret->json_key ? ", key " : "",
                        secret->json_key ? secret->json_key : "", secret->version_stage ? ", stage " : "",
                        secret->version_stage ? secret->version_stage : "", secret->version_id ? ", version " : "",
                        secret->version_id ? secret->version_id : "");
}

static void print_environment(const struct cli *cli, struct arena *arena, const struct buildspec *spec) {
    if (spec->variable_count > 0)
        print_heading(cli, "variables", "");
    for (size_t i = 0; i < spec->variable_count; i++)
        print_row(arena, spec->variables[i].name, spec->variables[i].value);
    if (spec->parameter_count > 0)
        print_heading(cli, "parameter-store", "");
    for (size_t i = 0; i < spec->parameter_count; i++)
        print_row(arena, spec->parameters[i].variable, spec->parameters[i].parameter);
    if (spec->secret_count > 0)
        print_heading(cli, "secrets-manager", "");
    for (size_t i = 0; i < spec->secret_count; i++)
        print_row(arena, spec->secrets[i].variable, secret_words(arena, &spec->secrets[i]));
    if (spec->exported.count > 0) {
        print_heading(cli, "exported-variables", "");
        printf("  ");
        print_wrapped(arena, terminal_safe(arena, join(arena, &spec->exported)), 2);
    }
}

static void print_set(const struct cli *cli, struct arena *arena, const char *heading,
                      const struct buildspec_artifacts *set) {
    print_heading(cli, heading, set->identifier ? arena_printf(arena, "  %s", set->identifier) : "");
    print_list(arena, "files", &set->files);
    print_list(arena, "without", &set->exclude_paths);
    print_text(arena, "base-directory", set->base_directory);
    print_text(arena, "name", set->name);
    print_text(arena, "s3-prefix", set->s3_prefix);
    print_text(arena, "discard-paths", set->discard_paths ? "yes" : NULL);
    print_text(arena, "enable-symlinks", set->keep_symlinks ? "yes" : NULL);
}

static void print_reports(const struct cli *cli, struct arena *arena, const struct buildspec *spec) {
    for (size_t i = 0; i < spec->report_count; i++) {
        const struct buildspec_report *report = &spec->reports[i];
        print_heading(cli, "report",
                      arena_printf(arena, "  %s  %s", terminal_safe(arena, report->name), report->format));
        print_list(arena, "files", &report->files);
        print_text(arena, "base-directory", report->base_directory);
        print_text(arena, "discard-paths", report->discard_paths ? "yes" : NULL);
    }
}

static void print_cache(const struct cli *cli, struct arena *arena, const struct buildspec_cache *cache) {
    if (cache->paths.count == 0)
        return;
    print_heading(cli, "cache", cache->restore && cache->save ? "" : cache->save ? "  written only" : "  read only");
    print_list(arena, "paths", &cache->paths);
    print_text(arena, "key", cache->key);
    print_list(arena, "fallback-keys", &cache->fallback_keys);
}

static void print_batch(const struct cli *cli, struct arena *arena, const struct batch *batch) {
    print_heading(cli, batch->kind,
                  arena_printf(arena, "  %zu build%s%s", batch->group_count, batch->group_count == 1 ? "" : "s",
                               batch->fast_fail ? ", the first failure stops the others" : ""));
    for (size_t i = 0; i < batch->group_count; i++) {
        const struct batch_group *group = &batch->groups[i];
        const struct batch_environment *environment = &group->environment;
        struct str text CLEANUP(str_release) = STR_INIT(LINE_MAX_BYTES);
        const struct {
            const char *word;
            const char *value;
        } parts[] = {
            {"", group->buildspec},
            {"after ", group->depends_on.count ? join(arena, &group->depends_on) : NULL},
            {"image ", environment->image},
            {"", environment->compute_type},
            {"", environment->type},
            {"fleet ", environment->fleet},
            {"", environment->sets_privileged ? (environment->privileged ? "privileged" : "not privileged") : NULL},
            {"", group->ignore_failure ? "may fail" : NULL},
        };
        for (size_t j = 0; j < sizeof parts / sizeof *parts; j++)
            if (parts[j].value)
                str_printf(&text, "%s%s%s", text.length ? ", " : "", parts[j].word, parts[j].value);
        for (size_t j = 0; j < environment->variable_count; j++)
            str_printf(&text, "%s%s=%s", text.length ? ", " : "", environment->variables[j].name,
                       environment->variables[j].value);
        print_row(arena, group->identifier, str_text(&text));
    }
}

static bool has_commands(const struct buildspec *spec) {
    for (int i = 0; i < PHASE_COUNT; i++)
        if (spec->phases[i].commands.count + spec->phases[i].finally.count > 0)
            return true;
    return false;
}

static void print_spec(const struct cli *cli, struct arena *arena, const char *file, const struct buildspec *spec,
                       const struct batch *batch) {
    printf("%s: version %s, commands run by %s as %s%s\n", file, spec->version_0_1 ? "0.1" : "0.2", spec->shell,
           spec->run_as ? terminal_safe(arena, spec->run_as) : "root",
           spec->git_credential_helper ? ", git with the source's credentials" : "");
    for (int i = 0; i < PHASE_COUNT; i++)
        print_phase(cli, arena, (enum build_phase)i, &spec->phases[i]);
    if (!has_commands(spec) && !batch)
        puts("  no phase has commands");
    print_environment(cli, arena, spec);
    print_reports(cli, arena, spec);
    if (spec->has_artifacts)
        print_set(cli, arena, "artifacts", &spec->artifacts);
    for (size_t i = 0; i < spec->secondary_count; i++)
        print_set(cli, arena, "secondary artifacts", &spec->secondary[i]);
    print_cache(cli, arena, &spec->cache);
    if (batch)
        print_batch(cli, arena, batch);
}

static void print_lines(struct arena *arena, const struct buildspec_list *lines) {
    for (size_t i = 0; i < lines->count; i++)
        puts(terminal_safe(arena, lines->items[i]));
}

static void take_errors(struct check *check, const char *file, const struct buildspec_findings *findings) {
    struct arena *arena = &check->cli->arena;
    for (size_t i = 0; i < findings->error_count; i++) {
        const struct buildspec_finding *error = &findings->errors[i];
        check_add_error(
            check,
            arena_printf(arena, "%s:%d:%d: %s", file, error->line, error->column, terminal_safe(arena, error->message)),
            error->line, error->column, "", error->message);
    }
    if (findings->more_errors && !check->cli->json)
        printf("%s: there are more errors than these %d\n", file, BUILDSPEC_ERRORS_MAX);
}

void check_buildspec(struct check *check, const char *file, const char *text, size_t size) {
    struct cli *cli = check->cli;
    const size_t before = check->error_count;
    struct buildspec spec;
    struct buildspec_findings findings;
    struct batch batch = {0};
    struct err err = {0};
    (void)buildspec_check(&cli->arena, file, text, size, &spec, &findings);
    take_errors(check, file, &findings);
    const bool has_batch = spec.has_batch && batch_parse(&cli->arena, file, text, size, BATCH_BUILDS_MAX, &batch, &err);
    if (spec.has_batch && !has_batch)
        check_add_parse_error(check, file, err.message);
    if (cli->json) {
        check_buildspec_describe(&cli->arena, &spec, &findings, has_batch ? &batch : NULL, check->shown);
        return;
    }
    if (check->error_count == before) {
        fputs(check->shown_count++ > 0 ? "\n" : "", stdout);
        print_spec(cli, &cli->arena, file, &spec, has_batch ? &batch : NULL);
        fputs(spec.notices.count + batch.notices.count > 0 ? "\n" : "", stdout);
    }
    print_lines(&cli->arena, &spec.notices);
    print_lines(&cli->arena, &batch.notices);
}

/* Where a line of it stands in the file depends on how the text is written there, so the place is the text's, and the
 * line within it is said. */
static void check_inline(struct check *check, const char *file, const struct json *project, const struct json *text) {
    struct arena *arena = &check->cli->arena;
    const char *path = arena_printf(arena, "projects.%s.source.buildspec", terminal_safe(arena, project->name));
    struct buildspec spec;
    struct buildspec_findings findings;
    (void)buildspec_check(arena, path, text->text, strlen(text->text), &spec, &findings);
    for (size_t i = 0; i < findings.error_count; i++) {
        const struct buildspec_finding *error = &findings.errors[i];
        const char *message = arena_printf(arena, "line %d, column %d of the buildspec: %s", error->line, error->column,
                                           terminal_safe(arena, error->message));
        check_add_error(check, arena_printf(arena, "%s:%d:%d: %s: %s", file, text->line, text->column, path, message),
                        text->line, text->column, path, message);
    }
}

void check_inline_buildspecs(struct check *check, const char *file, const struct json *document) {
    json_each(project, json_get(document, "projects")) {
        const struct json *text = json_get(json_get(project, "source"), "buildspec");
        if (project->name && text && text->type == JSON_TEXT && buildspec_is_inline(text->text))
            check_inline(check, file, project, text);
    }
}
