/*
 * penstock join: the line that adds a runner.
 */
#include "cli/client.h"
#include "cli/commands.h"

#include <stdio.h>

static const struct flag flags[] = {{NULL}};

static bool run(struct cli *cli, const struct arguments *arguments, enum cli_exit *exit_code, struct err *err) {
    (void)arguments;
    (void)exit_code;
    struct client *client;
    const struct json *answer;
    if (!cli_connect(cli, &client, err) ||
        !client_call(client, &cli->arena, "Penstock.CreateJoinToken", NULL, &answer, err))
        return false;
    if (cli->json) {
        puts(json_print_pretty(&cli->arena, answer));
        return true;
    }
    puts(json_get_text_or(answer, "command", ""));
    fputs("run it on the machine that is to do the work; good once, for 15 minutes\n", stderr);
    return true;
}

const struct command command_join = {
    .name = "join",
    .words = "",
    .summary = "Print the line that adds a runner to this server",
    .examples = "  penstock join                        prints: penstock-runner --join URL TOKEN",
    .least_words = 0,
    .most_words = 0,
    .flags = flags,
    .run = run,
};
