/*
 * Opening and closing the way into a stage.
 */
#include "cli/transition.h"

#include "cli/client.h"
#include "common/json.h"

#include <stdio.h>

bool transition_set(struct cli *cli, const struct arguments *arguments, const char *reason, struct err *err) {
    struct client *client;
    const struct json *answer;
    struct json *input = json_object(&cli->arena);
    const char *pipeline = arguments_word(arguments, 0), *stage = arguments_word(arguments, 1);
    json_set_text(&cli->arena, input, "pipelineName", pipeline);
    json_set_text(&cli->arena, input, "stageName", stage);
    json_set_text(&cli->arena, input, "transitionType", "Inbound");
    json_set_text(&cli->arena, input, "reason", reason);
    const char *operation = reason ? "CodePipeline.DisableStageTransition" : "CodePipeline.EnableStageTransition";
    if (!cli_connect(cli, &client, err) || !client_call(client, &cli->arena, operation, input, &answer, err))
        return false;
    if (cli->json)
        puts("{}");
    else if (reason)
        printf("nothing enters %s of %s any more\nopen it again: penstock enable-transition %s %s\n", stage, pipeline,
               pipeline, stage);
    else
        printf("%s of %s is open\n", stage, pipeline);
    return true;
}
