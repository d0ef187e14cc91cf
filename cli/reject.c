/*
 * penstock reject: the version that waits must not go on.
 */
#include "cli/commands.h"
#include "cli/decide.h"

static const struct flag flags[] = {
    {"comment", "TEXT", "why; those who made the version read it"},
    {NULL},
};

static bool run(struct cli *cli, const struct arguments *arguments, enum cli_exit *exit_code, struct err *err) {
    if (!arguments_has(arguments, "comment")) {
        *exit_code = CLI_USAGE;
        return err_set(err, ERR_INVALID, "say why with '--comment TEXT'");
    }
    return decide_approval(cli, arguments, "Rejected", err);
}

const struct command command_reject = {
    .name = "reject",
    .words = "PIPELINE [EXECUTION]",
    .summary = "Reject the version that waits",
    .examples = "  penstock reject shop --comment 'the price list is wrong'",
    .least_words = 1,
    .most_words = 2,
    .flags = flags,
    .run = run,
};
