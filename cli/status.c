/*
 * penstock status: every pipeline in a line, or one execution with its actions.
 */
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/deployment.h"
#include "cli/execution.h"
#include "cli/follow.h"
#include "cli/terminal.h"
#include "common/clock.h"
#include "common/str.h"

#include <stdio.h>

static const struct flag flags[] = {
    {"follow", NULL, "show it until it ends; the exit code is its result"},
    {"until-approval", NULL, "with --follow: also stop where it waits for an approval"},
    {"timeout", "SECONDS", "with --follow: give up looking after that long"},
    {NULL},
};

static void print_pipeline(const struct cli *cli, struct arena *arena, const struct json *pipeline) {
    const struct json *latest = json_get(pipeline, "latestExecution"), *stuck = json_get(latest, "stuck");
    const char *status = json_get_text(latest, "status"), *wait = json_get_text(latest, "wait");
    printf("%s %s %-11s", terminal_symbol(cli, arena, status),
           terminal_pad(arena, terminal_safe(arena, json_get_text(pipeline, "name")), 24),
           status ? status : "never run");
    if (latest)
        printf(" #%lld", (long long)json_get_integer(latest, "number", 0));
    if (wait)
        printf("  %s", terminal_safe(arena, wait));
    if (stuck)
        printf("  %s is stuck: %s", terminal_safe(arena, json_get_text(stuck, "actionName")),
               terminal_safe(arena, json_get_text(json_get(stuck, "cause"), "sentence")));
    if (json_get_text(pipeline, "fileError"))
        printf("  (its file is broken: %s)", terminal_safe(arena, json_get_text(pipeline, "fileError")));
    putchar('\n');
}

static bool show_overview(struct cli *cli, struct err *err) {
    struct client *client;
    const struct json *overview;
    if (!cli_connect(cli, &client, err) ||
        !client_call(client, &cli->arena, "Penstock.GetOverview", NULL, &overview, err))
        return false;
    if (cli->json) {
        puts(json_print_pretty(&cli->arena, overview));
        return true;
    }
    json_each(pipeline, json_get(overview, "pipelines")) print_pipeline(cli, &cli->arena, pipeline);
    if (!json_get(overview, "pipelines") || json_get(overview, "pipelines")->count == 0)
        puts("no pipelines yet: start the server with --pipelines DIR, or make one with 'aws codepipeline'");
    if (json_get_integer(overview, "runnersOnline", 0) == 0)
        puts("no runner is online: 'penstock join' prints the line that adds one");
    return true;
}

static void print_execution(const struct cli *cli, struct arena *arena, const struct json *detail) {
    puts(execution_title(cli, arena, detail));
    json_each(stage, json_get(detail, "stages")) {
        json_each(action, json_get(stage, "actions")) {
            const char *lines[DEPLOYMENT_LINES_MAX];
            puts(execution_line(cli, arena, detail, stage, action, clock_wall_ms(&clock_system)));
            for (size_t i = 0, count = deployment_lines(arena, action, lines); i < count; i++)
                puts(lines[i]);
        }
    }
    const struct json *stage;
    if (execution_approval(detail, &stage))
        printf("next: penstock approve %s\n",
               terminal_safe(arena, json_get_text(json_get(detail, "execution"), "pipelineName")));
}

static bool show_execution(struct cli *cli, const char *pipeline, const char *id, enum cli_exit *exit_code,
                           struct err *err) {
    const struct json *detail;
    if (!execution_read(cli, &cli->arena, pipeline, id, &detail, err))
        return false;
    if (cli->json)
        puts(json_print_pretty(&cli->arena, detail));
    else
        print_execution(cli, &cli->arena, detail);
    const char *status = execution_status(detail);
    if (terminal_is_final(status) && !str_equal(status, "Succeeded") && !str_equal(status, "Superseded"))
        *exit_code = CLI_FAILED;
    return true;
}

static bool run(struct cli *cli, const struct arguments *arguments, enum cli_exit *exit_code, struct err *err) {
    struct follow follow = {.pipeline = arguments_word(arguments, 0)};
    const char *timeout = arguments_get(arguments, "timeout");
    if (!follow.pipeline)
        return show_overview(cli, err);
    if (timeout && !str_to_int64(timeout, 1, 1000000, &follow.timeout_seconds)) {
        *exit_code = CLI_USAGE;
        return err_set(err, ERR_INVALID, "'--timeout %s' is no number of seconds", timeout);
    }
    if (!execution_find(cli, follow.pipeline, arguments_word(arguments, 1), &follow.execution_id, err))
        return false;
    if (!arguments_has(arguments, "follow"))
        return show_execution(cli, follow.pipeline, follow.execution_id, exit_code, err);
    if (arguments_has(arguments, "until-approval"))
        follow.until = FOLLOW_TO_APPROVAL;
    return follow_execution(cli, &follow, exit_code, err);
}

const struct command command_status = {
    .name = "status",
    .words = "[PIPELINE [EXECUTION]]",
    .summary = "Show what pipelines, or one execution, are doing",
    .examples = "  penstock status                      every pipeline in a line\n"
                "  penstock status shop                 the newest execution of shop\n"
                "  penstock status shop 3 --follow      execution 3, until it ends",
    .least_words = 0,
    .most_words = 2,
    .flags = flags,
    .run = run,
};
