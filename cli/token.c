/*
 * penstock token: what lets people and programs in: access keys (API), git tokens (push), sign-in links (dashboard).
 */
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/terminal.h"
#include "common/str.h"

#include <stdio.h>

static const struct flag flags[] = {
    {"user", "NAME", "whose access key or sign-in link it is, instead of yours"},
    {"description", "TEXT", "what a git token is for"},
    {NULL},
};

static const struct {
    const char *word;
    const char *operation;
    const char *shown; /* the answer's member that a person needs */
    const char *hint;
} kinds[] = {
    {"access-key", "Penstock.CreateAccessKey", "secretAccessKey", "keep the secret: it is shown only this once"},
    {"git", "Penstock.CreateGitToken", "token", "the password for git, with any user name; it is shown only this once"},
    {"sign-in", "Penstock.CreateSignInLink", "url", "good once, for half an hour"},
};

static bool call(struct cli *cli, const char *operation, const struct json *input, const struct json **out,
                 struct err *err) {
    struct client *client;
    return cli_connect(cli, &client, err) && client_call(client, &cli->arena, operation, input, out, err);
}

static bool create(struct cli *cli, const struct arguments *arguments, size_t kind, struct err *err) {
    const struct json *answer;
    struct json *input = json_object(&cli->arena);
    json_set_text(&cli->arena, input, "userName", arguments_get(arguments, "user"));
    json_set_text(&cli->arena, input, "description", arguments_get(arguments, "description"));
    if (!call(cli, kinds[kind].operation, input, &answer, err))
        return false;
    if (cli->json) {
        puts(json_print_pretty(&cli->arena, answer));
        return true;
    }
    /* The secret alone on stdout, so that a script can take it; the words about it on stderr. */
    if (json_get_text(answer, "accessKeyId"))
        printf("%s ", json_get_text(answer, "accessKeyId"));
    puts(json_get_text_or(answer, kinds[kind].shown, ""));
    fprintf(stderr, "%s\n", kinds[kind].hint);
    return true;
}

static bool list(struct cli *cli, struct err *err) {
    const struct json *keys, *tokens;
    if (!call(cli, "Penstock.ListAccessKeys", NULL, &keys, err) ||
        !call(cli, "Penstock.ListGitTokens", NULL, &tokens, err))
        return false;
    struct arena *arena = &cli->arena;
    if (cli->json) {
        struct json *both = json_object(arena);
        json_set(arena, both, "accessKeys", json_copy(arena, json_get(keys, "accessKeys")));
        json_set(arena, both, "gitTokens", json_copy(arena, json_get(tokens, "gitTokens")));
        puts(json_print_pretty(arena, both));
        return true;
    }
    json_each(key, json_get(keys, "accessKeys")) {
        printf("access-key  %s  %s\n", json_get_text_or(key, "accessKeyId", ""),
               terminal_safe(arena, json_get_text(key, "userName")));
    }
    json_each(token, json_get(tokens, "gitTokens")) {
        printf("git         %s  %s\n", json_get_text_or(token, "tokenId", ""),
               terminal_safe(arena, json_get_text(token, "description")));
    }
    return true;
}

static bool delete_token(struct cli *cli, const char *id, struct err *err) {
    const struct json *answer;
    const bool is_key = str_starts_with(id, "PSK"); /* as the server makes them; a git token's id is a UUID */
    struct json *input = json_object(&cli->arena);
    json_set_text(&cli->arena, input, is_key ? "accessKeyId" : "tokenId", id);
    return call(cli, is_key ? "Penstock.DeleteAccessKey" : "Penstock.DeleteGitToken", input, &answer, err);
}

static bool run(struct cli *cli, const struct arguments *arguments, enum cli_exit *exit_code, struct err *err) {
    const char *word = arguments_word(arguments, 0), *id = arguments_word(arguments, 1);
    if (str_equal(word, "delete") && id)
        return delete_token(cli, id, err);
    if (str_equal(word, "list") && !id)
        return list(cli, err);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (str_equal(kinds[i].word, word) && !id)
            return create(cli, arguments, i, err);
    *exit_code = CLI_USAGE;
    return err_set(err, ERR_INVALID, "'token' takes access-key, git, sign-in, list or delete ID");
}

const struct command command_token = {
    .name = "token",
    .words = "access-key|git|sign-in|list|delete [ID]",
    .summary = "Make, list and delete access keys, git tokens and sign-in links",
    .examples = "  penstock token sign-in                       a link that signs a browser in, once\n"
                "  penstock token git --description laptop      a password for git push\n"
                "  penstock token access-key --user deploy      for aws, boto3, Terraform and penstock itself\n"
                "  penstock token list",
    .least_words = 1,
    .most_words = 2,
    .flags = flags,
    .run = run,
};
