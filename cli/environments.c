/*
 * penstock environments: what runs where, since when and by whom.
 */
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/deployment.h"
#include "cli/releases.h"
#include "cli/terminal.h"
#include "common/clock.h"

#include <stdio.h>

static const struct flag flags[] = {{NULL}};

static void print_target(struct cli *cli, const struct json *target) {
    struct arena *arena = &cli->arena;
    const struct json *replaced = json_get(target, "replacedBy");
    const char *revision = json_get_text(target, "revision");
    printf("  %s  %s  %s\n", terminal_pad(arena, terminal_safe(arena, json_get_text(target, "name")), 34),
           terminal_pad(arena, terminal_safe(arena, revision ? revision : ""), 16),
           release_words(arena, target, clock_wall_ms(&clock_system)));
    if (replaced)
        printf("    since then %s/%s has deployed %s there\n",
               terminal_safe(arena, json_get_text(replaced, "pipelineName")),
               terminal_safe(arena, json_get_text(replaced, "stageName")),
               terminal_safe(arena, json_get_text_or(replaced, "revision", "something else")));
}

static void print_environment(struct cli *cli, const struct json *environment) {
    struct arena *arena = &cli->arena;
    const struct json *targets = json_get(environment, "targets"), *holder = json_get(environment, "inStage");
    const char *status = json_get_text(holder, "status");
    printf("%s/%s", terminal_safe(arena, json_get_text(environment, "pipelineName")),
           terminal_safe(arena, json_get_text(environment, "stageName")));
    if (status && !terminal_is_final(status))
        printf("  %s #%lld is in it now", terminal_symbol(cli, arena, status),
               (long long)json_get_integer(holder, "number", 0));
    putchar('\n');
    json_each(target, targets) print_target(cli, target);
    if (!targets || targets->count == 0)
        puts("  nothing was released here yet");
}

static bool run(struct cli *cli, const struct arguments *arguments, enum cli_exit *exit_code, struct err *err) {
    (void)exit_code;
    struct client *client;
    const struct json *answer;
    struct json *input = json_object(&cli->arena);
    json_set_text(&cli->arena, input, "pipelineName", arguments_word(arguments, 0));
    if (!cli_connect(cli, &client, err) ||
        !client_call(client, &cli->arena, "Penstock.ListEnvironments", input, &answer, err))
        return false;
    const struct json *environments = json_get(answer, "environments");
    if (cli->json)
        puts(json_print_pretty(&cli->arena, answer));
    else if (!environments || environments->count == 0)
        puts("no stage has a deploy action");
    else
        json_each(environment, environments) print_environment(cli, environment);
    return true;
}

const struct command command_environments = {
    .name = "environments",
    .words = "[PIPELINE]",
    .summary = "Show what runs where, since when and by whom",
    .examples = "  penstock environments\n"
                "  penstock environments shop",
    .least_words = 0,
    .most_words = 1,
    .flags = flags,
    .run = run,
};
