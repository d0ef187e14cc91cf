/*
 * penstock rollback: a stage back to what an earlier execution left there, as a new execution.
 */
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/execution.h"
#include "cli/follow.h"

#include <stdio.h>

static const struct flag flags[] = {
    {"follow", NULL, "show the rollback until it ends; the exit code is its result"},
    {NULL},
};

static bool run(struct cli *cli, const struct arguments *arguments, enum cli_exit *exit_code, struct err *err) {
    struct client *client;
    const struct json *answer;
    const char *target;
    struct json *input = json_object(&cli->arena);
    struct follow follow = {.pipeline = arguments_word(arguments, 0)};
    const char *stage = arguments_word(arguments, 1), *word = arguments_word(arguments, 2);
    if (!(word ? execution_find(cli, follow.pipeline, word, &target, err)
               : execution_before_stage(cli, follow.pipeline, stage, &target, err)) ||
        !cli_connect(cli, &client, err))
        return false;
    json_set_text(&cli->arena, input, "pipelineName", follow.pipeline);
    json_set_text(&cli->arena, input, "stageName", stage);
    json_set_text(&cli->arena, input, "targetPipelineExecutionId", target);
    if (!client_call(client, &cli->arena, "CodePipeline.RollbackStage", input, &answer, err))
        return false;
    follow.execution_id = json_get_text_or(answer, "pipelineExecutionId", "");
    if (arguments_has(arguments, "follow"))
        return follow_execution(cli, &follow, exit_code, err);
    if (cli->json)
        puts(json_print_pretty(&cli->arena, answer));
    else
        printf("rolling back %s of %s to %s, execution %s\nsee it: penstock status %s --follow\n", stage,
               follow.pipeline, target, follow.execution_id, follow.pipeline);
    return true;
}

const struct command command_rollback = {
    .name = "rollback",
    .words = "PIPELINE STAGE [EXECUTION]",
    .summary = "Bring a stage back to what an earlier execution left there: by default the one before",
    .examples = "  penstock rollback shop Release             to the execution before the one that is there\n"
                "  penstock rollback shop Release 7 --follow",
    .least_words = 2,
    .most_words = 3,
    .flags = flags,
    .run = run,
};
