/*
 * penstock rollback: a stage back to what an earlier execution left there, as a new execution.
 */
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/execution.h"
#include "cli/follow.h"
#include "cli/terminal.h"
#include "common/str.h"

#include <stdint.h>
#include <stdio.h>

static const struct flag flags[] = {
    {"follow", NULL, "show the rollback until it ends; the exit code is its result"},
    {NULL},
};

/* An approval of that stage which is asked before its first deploy; NULL for none. */
static const struct json *find_approval(const struct json *detail, const char *stage_name) {
    const struct json *found = NULL;
    int64_t approval_order = 0, deploy_order = INT64_MAX;
    json_each(stage, json_get(detail, "stages")) {
        if (!str_equal(json_get_text(stage, "name"), stage_name))
            continue;
        json_each(action, json_get(stage, "actions")) {
            int64_t order = json_get_integer(action, "runOrder", 1);
            const char *category = json_get_text(action, "category");
            if (str_equal(category, "Deploy") && order < deploy_order)
                deploy_order = order;
            if (str_equal(category, "Approval") && (!found || order < approval_order)) {
                found = action;
                approval_order = order;
            }
        }
    }
    return found && approval_order < deploy_order ? found : NULL;
}

static bool tell(struct cli *cli, const struct follow *follow, const char *stage, const char *target, struct err *err) {
    struct arena *arena = &cli->arena;
    const struct json *detail, *earlier;
    if (!execution_read(cli, arena, follow->pipeline, follow->execution_id, &detail, err) ||
        !execution_read(cli, arena, follow->pipeline, target, &earlier, err))
        return false;
    printf("rolling back %s of %s to #%lld, execution #%lld\n", stage, follow->pipeline,
           (long long)json_get_integer(json_get(earlier, "execution"), "number", 0),
           (long long)json_get_integer(json_get(detail, "execution"), "number", 0));
    const struct json *approval = find_approval(detail, stage);
    if (approval)
        printf("it waits for %s/%s\nnext: penstock approve %s\n", stage,
               terminal_safe(arena, json_get_text(approval, "name")), follow->pipeline);
    printf("see it: penstock status %s --follow\n", follow->pipeline);
    return true;
}

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
    if (!cli->json)
        return tell(cli, &follow, stage, target, err);
    puts(json_print_pretty(&cli->arena, answer));
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
