/*
 * Answering an approval: what approve and reject share.
 */
#ifndef CLI_DECIDE_H
#define CLI_DECIDE_H

#include "cli/arguments.h"
#include "cli/cli.h"

/* Answers the approval that the arguments mean: PIPELINE [EXECUTION] and --comment. `decision` is AWS's word,
 * "Approved" or "Rejected". The token that goes with it is the one that was looked at, so an answer to an approval that
 * somebody else answered meanwhile is refused. */
bool decide_approval(struct cli *cli, const struct arguments *arguments, const char *decision, struct err *err);

#endif
