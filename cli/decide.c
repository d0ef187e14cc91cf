/*
 * Answering an approval.
 */
#include "cli/decide.h"

#include "cli/client.h"
#include "cli/execution.h"
#include "cli/terminal.h"
#include "common/str.h"

#include <stdio.h>

/* The approval of one execution, or of the pipeline's newest that has one: an older execution may wait for a person
 * while a newer one builds. */
static bool find_approval(struct cli *cli, const struct arguments *arguments, const struct json **out,
                          struct err *err) {
    const char *pipeline = arguments_word(arguments, 0), *word = arguments_word(arguments, 1), *id;
    const struct json *stage, *detail;
    if (word) {
        if (!execution_find(cli, pipeline, word, &id, err) ||
            !execution_read(cli, &cli->arena, pipeline, id, &detail, err))
            return false;
        const struct json *action = execution_approval(detail, &stage);
        *out = json_get(action, "approval");
        return *out || err_set(err, ERR_CONFLICT, "execution '%s' of '%s' waits for no approval", word, pipeline);
    }
    struct client *client;
    struct json *input = json_object(&cli->arena);
    json_set_text(&cli->arena, input, "name", pipeline);
    if (!cli_connect(cli, &client, err) ||
        !client_call(client, &cli->arena, "Penstock.GetPipelineDetail", input, &detail, err))
        return false;
    *out = json_get(json_get(detail, "pipeline"), "approval");
    return *out || err_set(err, ERR_CONFLICT, "nothing in '%s' waits for an approval", pipeline);
}

static const struct json *make_input(struct arena *arena, const struct json *approval, const char *decision,
                                     const char *comment) {
    struct json *input = json_object(arena);
    static const char *const copied[] = {"pipelineName", "stageName", "actionName", "token"};
    for (size_t i = 0; i < sizeof copied / sizeof *copied; i++)
        json_set_text(arena, input, copied[i], json_get_text(approval, copied[i]));
    struct json *result = json_set_object(arena, input, "result");
    json_set_text(arena, result, "summary", comment ? comment : "");
    json_set_text(arena, result, "status", decision);
    return input;
}

bool decide_approval(struct cli *cli, const struct arguments *arguments, const char *decision, struct err *err) {
    struct client *client;
    const struct json *approval, *answer;
    if (!find_approval(cli, arguments, &approval, err) || !cli_connect(cli, &client, err))
        return false;
    const struct json *input = make_input(&cli->arena, approval, decision, arguments_get(arguments, "comment"));
    if (!client_call(client, &cli->arena, "CodePipeline.PutApprovalResult", input, &answer, err))
        return false;
    if (cli->json)
        puts(json_print_pretty(&cli->arena, answer));
    else
        printf("%s %s/%s of %s\nsee it: penstock status %s --follow\n",
               str_equal(decision, "Approved") ? "approved" : "rejected",
               terminal_safe(&cli->arena, json_get_text(approval, "stageName")),
               terminal_safe(&cli->arena, json_get_text(approval, "actionName")), arguments_word(arguments, 0),
               arguments_word(arguments, 0));
    return true;
}
