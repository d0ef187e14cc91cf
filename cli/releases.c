/*
 * penstock releases: what was released in a stage, and what one can go back to.
 */
#include "cli/releases.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/deployment.h"
#include "cli/terminal.h"
#include "common/clock.h"
#include "common/str.h"

#include <stdio.h>

#define SHORT_COMMIT 7

static const struct flag flags[] = {
    {"limit", "NUMBER", "show so many, the newest first (25)"},
    {NULL},
};

static const char *revision_words(struct arena *arena, const struct json *release) {
    const struct json *revision = json_first(json_get(release, "revisions"));
    if (!revision)
        return "";
    const char *summary = json_get_text(revision, "revisionSummary");
    return terminal_safe(arena,
                         arena_printf(arena, ", %.*s%s%s", SHORT_COMMIT, json_get_text_or(revision, "revisionId", ""),
                                      summary ? " " : "", summary ? summary : ""));
}

static const char *name_words(struct arena *arena, const struct json *release) {
    const struct json *back = json_get(release, "rollbackOf");
    int64_t number = json_get_integer(json_get(release, "execution"), "number", 0);
    if (back)
        return arena_printf(arena, "#%lld (back to #%lld)", (long long)number,
                            (long long)json_get_integer(back, "number", 0));
    return arena_printf(arena, "#%lld", (long long)number);
}

static const char *person_words(struct arena *arena, const char *words, const char *arn) {
    return arn ? arena_printf(arena, ", %s %s", words, terminal_safe(arena, deployment_person(arn))) : "";
}

const char *release_words(struct arena *arena, const struct json *release, int64_t now_ms) {
    const struct json *since = json_get(release, "since");
    int64_t since_ms = since && since->type == JSON_NUMBER ? (int64_t)(since->number * 1000) : now_ms;
    return arena_printf(arena, "%s for %s%s%s%s", name_words(arena, release),
                        terminal_duration(arena, now_ms - since_ms), revision_words(arena, release),
                        person_words(arena, "started by", json_get_text(release, "startedBy")),
                        person_words(arena, "approved by", json_get_text(release, "approvedBy")));
}

static void print_release(struct cli *cli, const struct json *release) {
    struct arena *arena = &cli->arena;
    const char *why_not = json_get_text(release, "whyNot");
    const bool current = json_get_bool(release, "current", false);
    printf("%s %s\n", current ? "→" : " ", release_words(arena, release, clock_wall_ms(&clock_system)));
    json_each(target, json_get(release, "targets")) {
        const char *revision = json_get_text(target, "revision");
        printf("    %s  %s\n", terminal_pad(arena, terminal_safe(arena, json_get_text(target, "name")), 34),
               terminal_safe(arena, revision ? revision : ""));
    }
    if (why_not && !current)
        printf("    no way back to it: %s\n", terminal_safe(arena, why_not));
}

/* The newest that one can go back to, which is not what runs there. */
static const struct json *find_next(const struct json *releases) {
    json_each(release, releases) {
        if (json_get_bool(release, "canRollBack", false) && !json_get_bool(release, "current", false))
            return release;
    }
    return NULL;
}

static void print_all(struct cli *cli, const char *pipeline, const char *stage, const struct json *releases) {
    if (!releases || releases->count == 0)
        puts("nothing was released here yet");
    json_each(release, releases) print_release(cli, release);
    const struct json *next = find_next(releases);
    if (next)
        printf("back to an earlier one: penstock rollback %s %s %lld\n", pipeline, stage,
               (long long)json_get_integer(json_get(next, "execution"), "number", 0));
}

static bool run(struct cli *cli, const struct arguments *arguments, enum cli_exit *exit_code, struct err *err) {
    struct client *client;
    const struct json *answer;
    struct json *input = json_object(&cli->arena);
    const char *limit = arguments_get(arguments, "limit");
    long long most = 25;
    if (limit && !str_to_int64(limit, 1, 100, &most)) {
        *exit_code = CLI_USAGE;
        return err_set(err, ERR_INVALID, "'--limit %s' is no number from 1 to 100", limit);
    }
    json_set_text(&cli->arena, input, "pipelineName", arguments_word(arguments, 0));
    json_set_text(&cli->arena, input, "stageName", arguments_word(arguments, 1));
    json_set_integer(&cli->arena, input, "maxResults", most);
    if (!cli_connect(cli, &client, err) ||
        !client_call(client, &cli->arena, "Penstock.ListReleases", input, &answer, err))
        return false;
    if (cli->json)
        puts(json_print_pretty(&cli->arena, answer));
    else
        print_all(cli, arguments_word(arguments, 0), arguments_word(arguments, 1), json_get(answer, "releases"));
    return true;
}

const struct command command_releases = {
    .name = "releases",
    .words = "PIPELINE STAGE",
    .summary = "Show what was released in a stage, newest first",
    .examples = "  penstock releases shop Production\n"
                "  penstock rollback shop Production 7   back to one of them",
    .least_words = 2,
    .most_words = 2,
    .flags = flags,
    .run = run,
};
