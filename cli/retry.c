/*
 * penstock retry: a stage that failed or was stopped once more, in the same execution.
 */
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/execution.h"
#include "cli/follow.h"

#include <stdio.h>

static const struct flag flags[] = {
    {"all", NULL, "do all actions of the stage again, not only those that failed"},
    {"follow", NULL, "show the execution until it ends; the exit code is its result"},
    {NULL},
};

static bool run(struct cli *cli, const struct arguments *arguments, enum cli_exit *exit_code, struct err *err) {
    struct client *client;
    const struct json *answer;
    struct json *input = json_object(&cli->arena);
    struct follow follow = {.pipeline = arguments_word(arguments, 0)};
    const char *stage = arguments_word(arguments, 1), *word = arguments_word(arguments, 2);
    /* Without a word the one that was in the stage last, which is the only one that can be retried. */
    if (!(word ? execution_find(cli, follow.pipeline, word, &follow.execution_id, err)
               : execution_in_stage(cli, follow.pipeline, stage, &follow.execution_id, err)) ||
        !cli_connect(cli, &client, err))
        return false;
    json_set_text(&cli->arena, input, "pipelineName", follow.pipeline);
    json_set_text(&cli->arena, input, "stageName", stage);
    json_set_text(&cli->arena, input, "pipelineExecutionId", follow.execution_id);
    json_set_text(&cli->arena, input, "retryMode", arguments_has(arguments, "all") ? "ALL_ACTIONS" : "FAILED_ACTIONS");
    if (!client_call(client, &cli->arena, "CodePipeline.RetryStageExecution", input, &answer, err))
        return false;
    if (arguments_has(arguments, "follow"))
        return follow_execution(cli, &follow, exit_code, err);
    if (cli->json)
        puts(json_print_pretty(&cli->arena, answer));
    else
        printf("retrying %s of %s, execution %s\nsee it: penstock status %s --follow\n", stage, follow.pipeline,
               follow.execution_id, follow.pipeline);
    return true;
}

const struct command command_retry = {
    .name = "retry",
    .words = "PIPELINE STAGE [EXECUTION]",
    .summary = "Try a stage again that failed or was stopped; the execution goes on behind it",
    .examples = "  penstock retry shop Release                the actions that failed\n"
                "  penstock retry shop Release --all --follow",
    .least_words = 2,
    .most_words = 3,
    .flags = flags,
    .run = run,
};
