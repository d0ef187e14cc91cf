/*
 * penstock hook: webhooks through which a push elsewhere starts pipelines here.
 */
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/terminal.h"
#include "common/hash.h"
#include "common/str.h"

#include <stdio.h>
#include <stdlib.h>

#define SECRET_LENGTH 48

static const struct flag flags[] = {
    {"clone-url", "URL", "where runners fetch from; https://github.com/OWNER/NAME.git if not given"},
    {"clone-user", "NAME", "user name for fetching; its password is read from PENSTOCK_CLONE_PASSWORD"},
    {NULL},
};

static bool call(struct cli *cli, const char *operation, const struct json *input, const struct json **out,
                 struct err *err) {
    struct client *client;
    return cli_connect(cli, &client, err) && client_call(client, &cli->arena, operation, input, out, err);
}

static bool put(struct cli *cli, const struct arguments *arguments, struct err *err) {
    struct arena *arena = &cli->arena;
    const char *repository = arguments_word(arguments, 1), *url = arguments_get(arguments, "clone-url");
    const char *user = arguments_get(arguments, "clone-user"), *given = getenv("PENSTOCK_HOOK_SECRET");
    char secret[SECRET_LENGTH + 1];
    hash_random_text(secret, SECRET_LENGTH);
    struct json *input = json_object(arena);
    json_set_text(arena, input, "provider", "github");
    json_set_text(arena, input, "repository", repository);
    json_set_text(arena, input, "cloneUrl", url ? url : arena_printf(arena, "https://github.com/%s.git", repository));
    json_set_text(arena, input, "secret", given && *given ? given : secret);
    json_set_text(arena, input, "cloneUserName", user);
    json_set_text(arena, input, "clonePassword", user ? getenv("PENSTOCK_CLONE_PASSWORD") : NULL);
    const struct json *answer;
    if (!call(cli, "Penstock.PutSourceHook", input, &answer, err))
        return false;
    struct json *shown = json_copy(arena, answer);
    if (!given || !*given)
        json_set_text(arena, shown, "secret", secret);
    if (cli->json) {
        puts(json_print_pretty(arena, shown));
        return true;
    }
    printf("payload URL   %s\ncontent type  application/json\n", json_get_text_or(answer, "payloadUrl", ""));
    if (json_get_text(shown, "secret"))
        printf("secret        %s\n", secret);
    fprintf(stderr, "enter these at https://github.com/%s/settings/hooks/new; the secret is shown only this once\n",
            repository);
    return true;
}

static bool list(struct cli *cli, struct err *err) {
    const struct json *answer;
    if (!call(cli, "Penstock.ListSourceHooks", NULL, &answer, err))
        return false;
    if (cli->json) {
        puts(json_print_pretty(&cli->arena, answer));
        return true;
    }
    json_each(hook, json_get(answer, "hooks")) {
        printf("%s  %s %s  %s\n", json_get_text_or(hook, "hookId", ""), json_get_text_or(hook, "provider", ""),
               terminal_safe(&cli->arena, json_get_text(hook, "repository")), json_get_text_or(hook, "payloadUrl", ""));
    }
    return true;
}

static bool delete_hook(struct cli *cli, const char *id, struct err *err) {
    const struct json *answer;
    struct json *input = json_object(&cli->arena);
    json_set_text(&cli->arena, input, "hookId", id);
    return call(cli, "Penstock.DeleteSourceHook", input, &answer, err);
}

static bool run(struct cli *cli, const struct arguments *arguments, enum cli_exit *exit_code, struct err *err) {
    const char *word = arguments_word(arguments, 0), *subject = arguments_word(arguments, 1);
    if (str_equal(word, "github") && subject)
        return put(cli, arguments, err);
    if (str_equal(word, "list") && !subject)
        return list(cli, err);
    if (str_equal(word, "delete") && subject)
        return delete_hook(cli, subject, err);
    *exit_code = CLI_USAGE;
    return err_set(err, ERR_INVALID, "'hook' takes github OWNER/NAME, list or delete ID");
}

const struct command command_hook = {
    .name = "hook",
    .words = "github|list|delete [OWNER/NAME|ID]",
    .summary = "Make, list and delete webhooks through which a push elsewhere starts pipelines",
    .examples = "  penstock hook github acme/shop               prints what to enter at GitHub\n"
                "  penstock hook list",
    .least_words = 1,
    .most_words = 2,
    .flags = flags,
    .run = run,
};
