/* Opening and closing the way into a stage: what `enable-transition` and `disable-transition` share. */
#ifndef CLI_TRANSITION_H
#define CLI_TRANSITION_H

#include "cli/arguments.h"
#include "cli/cli.h"

/* `reason` NULL opens it. Prints what was done. */
bool transition_set(struct cli *cli, const struct arguments *arguments, const char *reason, struct err *err);

#endif
