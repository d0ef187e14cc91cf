/*
 * penstock disable-transition: nothing enters a stage any more.
 */
#include "cli/commands.h"
#include "cli/transition.h"

static const struct flag flags[] = {
    {"reason", "TEXT", "why; who waits there is told (letters, digits, blanks and ! @ ( ) . * ? -)"},
    {NULL},
};

static bool run(struct cli *cli, const struct arguments *arguments, enum cli_exit *exit_code, struct err *err) {
    const char *reason = arguments_get(arguments, "reason");
    if (reason)
        return transition_set(cli, arguments, reason, err);
    *exit_code = CLI_USAGE;
    return err_set(err, ERR_INVALID, "say why: --reason 'release freeze'");
}

const struct command command_disable_transition = {
    .name = "disable-transition",
    .words = "PIPELINE STAGE",
    .summary = "Let nothing enter a stage; what is in it goes on, what comes waits in front of it",
    .examples = "  penstock disable-transition shop Release --reason 'release freeze'",
    .least_words = 2,
    .most_words = 2,
    .flags = flags,
    .run = run,
};
