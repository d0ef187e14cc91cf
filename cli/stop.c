/*
 * penstock stop: cancel an execution. What is under way is undone; --wait lets it finish instead.
 */
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/execution.h"
#include "cli/follow.h"

#include <stdio.h>

static const struct flag flags[] = {
    {"wait", NULL, "let the actions under way finish, begin no others (AWS's stop and wait)"},
    {"reason", "TEXT", "stands beside the execution in the history"},
    {"follow", NULL, "show it until it has stopped"},
    {NULL},
};

static bool run(struct cli *cli, const struct arguments *arguments, enum cli_exit *exit_code, struct err *err) {
    struct client *client;
    const struct json *answer;
    struct json *input = json_object(&cli->arena);
    struct follow follow = {.pipeline = arguments_word(arguments, 0)};
    if (!execution_find(cli, follow.pipeline, arguments_word(arguments, 1), &follow.execution_id, err) ||
        !cli_connect(cli, &client, err))
        return false;
    const bool wait = arguments_has(arguments, "wait");
    json_set_text(&cli->arena, input, "pipelineName", follow.pipeline);
    json_set_text(&cli->arena, input, "pipelineExecutionId", follow.execution_id);
    json_set_bool(&cli->arena, input, "abandon", !wait);
    json_set_text(&cli->arena, input, "reason", arguments_get(arguments, "reason"));
    if (!client_call(client, &cli->arena, "CodePipeline.StopPipelineExecution", input, &answer, err))
        return false;
    if (arguments_has(arguments, "follow")) {
        if (!follow_execution(cli, &follow, exit_code, err))
            return false;
        *exit_code = CLI_DONE; /* that it stopped is what was asked for */
        return true;
    }
    if (cli->json)
        puts(json_print_pretty(&cli->arena, answer));
    else
        printf("%s\nsee it: penstock status %s --follow\n",
               wait ? "stopping: what is under way finishes first" : "stopping: what is under way is undone",
               follow.pipeline);
    return true;
}

const struct command command_stop = {
    .name = "stop",
    .words = "PIPELINE [EXECUTION]",
    .summary = "Stop an execution and undo what was under way: a build is killed, a deployment put back",
    .examples = "  penstock stop shop                            the newest execution\n"
                "  penstock stop shop 3 --reason 'wrong branch'\n"
                "  penstock stop shop --wait                     let what is under way finish",
    .least_words = 1,
    .most_words = 2,
    .flags = flags,
    .run = run,
};
