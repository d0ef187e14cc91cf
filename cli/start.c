/*
 * penstock start: a new execution of a pipeline.
 */
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/execution.h"
#include "cli/follow.h"
#include "common/hash.h"
#include "common/str.h"

#include <stdio.h>
#include <string.h>

static const struct flag flags[] = {
    {"commit", "ID", "the commit to fetch, instead of the branch's newest (needs --action)"},
    {"action", "NAME", "the source action that --commit is for"},
    {"variable", "NAME=VALUE", "a pipeline variable"},
    {"follow", NULL, "show it until it ends; the exit code is its result"},
    {"timeout", "SECONDS", "with --follow: give up looking after that long"},
    {NULL},
};

static bool add_variable(struct arena *arena, struct json *input, const char *text, struct err *err) {
    const char *equals = strchr(text, '=');
    if (!equals || equals == text)
        return err_set(err, ERR_INVALID, "'--variable %s' is not of the form NAME=VALUE", text);
    struct json *variable = json_append_object(arena, json_set_array(arena, input, "variables"));
    json_set_text(arena, variable, "name", arena_strndup(arena, text, (size_t)(equals - text)));
    json_set_text(arena, variable, "value", equals + 1);
    return true;
}

static bool make_input(struct arena *arena, const struct arguments *arguments, struct json **out, struct err *err) {
    struct json *input = json_object(arena);
    const char *commit = arguments_get(arguments, "commit"), *action = arguments_get(arguments, "action");
    const char *variable = arguments_get(arguments, "variable");
    char token[UUID_SIZE];
    hash_uuid(token);
    json_set_text(arena, input, "name", arguments_word(arguments, 0));
    json_set_text(arena, input, "clientRequestToken", token);
    if (!commit != !action)
        return err_set(err, ERR_INVALID, "'--commit' and '--action' belong together");
    if (commit) {
        struct json *revision = json_append_object(arena, json_set_array(arena, input, "sourceRevisions"));
        json_set_text(arena, revision, "actionName", action);
        json_set_text(arena, revision, "revisionType", "COMMIT_ID");
        json_set_text(arena, revision, "revisionValue", commit);
    }
    *out = input;
    return !variable || add_variable(arena, input, variable, err);
}

static bool run(struct cli *cli, const struct arguments *arguments, enum cli_exit *exit_code, struct err *err) {
    struct client *client;
    struct json *input = NULL;
    const struct json *answer;
    struct follow follow = {.pipeline = arguments_word(arguments, 0)};
    const char *timeout = arguments_get(arguments, "timeout");
    if (!make_input(&cli->arena, arguments, &input, err) ||
        (timeout && !str_to_int64(timeout, 1, 1000000, &follow.timeout_seconds) &&
         !err_set(err, ERR_INVALID, "'--timeout %s' is no number of seconds", timeout))) {
        *exit_code = CLI_USAGE;
        return false;
    }
    if (!cli_connect(cli, &client, err) ||
        !client_call(client, &cli->arena, "CodePipeline.StartPipelineExecution", input, &answer, err))
        return false;
    follow.execution_id = json_get_text_or(answer, "pipelineExecutionId", "");
    if (arguments_has(arguments, "follow"))
        return follow_execution(cli, &follow, exit_code, err);
    if (cli->json)
        puts(json_print_pretty(&cli->arena, answer));
    else
        printf("started %s, execution %s\nsee it: penstock status %s --follow\n", follow.pipeline, follow.execution_id,
               follow.pipeline);
    return true;
}

const struct command command_start = {
    .name = "start",
    .words = "PIPELINE",
    .summary = "Start an execution of a pipeline",
    .examples = "  penstock start shop                                  run it with the branch's newest commit\n"
                "  penstock start shop --follow && echo released        wait for the result",
    .least_words = 1,
    .most_words = 1,
    .flags = flags,
    .run = run,
};
