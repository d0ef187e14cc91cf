/*
 * penstock approve: let the version that waits go on.
 */
#include "cli/commands.h"
#include "cli/decide.h"

static const struct flag flags[] = {
    {"comment", "TEXT", "stands beside the approval in the history"},
    {NULL},
};

static bool run(struct cli *cli, const struct arguments *arguments, enum cli_exit *exit_code, struct err *err) {
    (void)exit_code;
    return decide_approval(cli, arguments, "Approved", err);
}

const struct command command_approve = {
    .name = "approve",
    .words = "PIPELINE [EXECUTION]",
    .summary = "Approve the version that waits",
    .examples = "  penstock approve shop\n"
                "  penstock approve shop 3 --comment 'looked at it in staging'",
    .least_words = 1,
    .most_words = 2,
    .flags = flags,
    .run = run,
};
