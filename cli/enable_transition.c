/*
 * penstock enable-transition: what waits in front of a stage enters it.
 */
#include "cli/commands.h"
#include "cli/transition.h"

static const struct flag flags[] = {{NULL}};

static bool run(struct cli *cli, const struct arguments *arguments, enum cli_exit *exit_code, struct err *err) {
    (void)exit_code;
    return transition_set(cli, arguments, NULL, err);
}

const struct command command_enable_transition = {
    .name = "enable-transition",
    .words = "PIPELINE STAGE",
    .summary = "Open the way into a stage again; what waits there enters",
    .examples = "  penstock enable-transition shop Release",
    .least_words = 2,
    .most_words = 2,
    .flags = flags,
    .run = run,
};
