/*
 * penstock repository: the git repositories that the server hosts.
 */
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/terminal.h"
#include "common/str.h"

#include <stdio.h>

static const struct flag flags[] = {
    {"description", "TEXT", "with create: what it is for"},
    {NULL},
};

static bool create(struct cli *cli, const char *name, const char *description, struct err *err) {
    struct client *client;
    const struct json *answer;
    struct json *input = json_object(&cli->arena);
    json_set_text(&cli->arena, input, "repositoryName", name);
    json_set_text(&cli->arena, input, "repositoryDescription", description);
    if (!cli_connect(cli, &client, err) ||
        !client_call(client, &cli->arena, "CodeCommit.CreateRepository", input, &answer, err))
        return false;
    const struct json *made = json_get(answer, "repositoryMetadata");
    if (cli->json)
        puts(json_print_pretty(&cli->arena, answer));
    else
        printf("push to %s\nthe password comes from: penstock token git\n",
               terminal_safe(&cli->arena, json_get_text(made, "cloneUrlHttp")));
    return true;
}

static bool list(struct cli *cli, struct err *err) {
    struct client *client;
    const struct json *answer;
    if (!cli_connect(cli, &client, err) ||
        !client_call(client, &cli->arena, "CodeCommit.ListRepositories", NULL, &answer, err))
        return false;
    if (cli->json) {
        puts(json_print_pretty(&cli->arena, answer));
        return true;
    }
    json_each(repository, json_get(answer, "repositories")) {
        puts(terminal_safe(&cli->arena, json_get_text(repository, "repositoryName")));
    }
    return true;
}

static bool run(struct cli *cli, const struct arguments *arguments, enum cli_exit *exit_code, struct err *err) {
    const char *word = arguments_word(arguments, 0), *name = arguments_word(arguments, 1);
    if (str_equal(word, "create") && name)
        return create(cli, name, arguments_get(arguments, "description"), err);
    if (str_equal(word, "list") && !name)
        return list(cli, err);
    *exit_code = CLI_USAGE;
    return err_set(err, ERR_INVALID, "'repository' takes create NAME or list");
}

const struct command command_repository = {
    .name = "repository",
    .words = "create|list [NAME]",
    .summary = "Create and list the git repositories that the server hosts",
    .examples = "  penstock repository create shop      prints the address to push to\n"
                "  penstock repository list",
    .least_words = 1,
    .most_words = 2,
    .flags = flags,
    .run = run,
};
