/*
 * Watching an execution until it ends or waits for a person: live lines at a terminal, else one line whenever something
 * is decided.
 */
#ifndef CLI_FOLLOW_H
#define CLI_FOLLOW_H

#include "cli/cli.h"

enum follow_until {
    FOLLOW_TO_END,
    FOLLOW_TO_APPROVAL, /* the end, or the first approval that waits */
};

struct follow {
    const char *pipeline;
    const char *execution_id;
    enum follow_until until;
    long long timeout_seconds; /* 0: none */
};

/* *exit_code becomes CLI_FAILED where the execution did not succeed, CLI_TIMED_OUT where time was up. */
bool follow_execution(struct cli *cli, const struct follow *follow, enum cli_exit *exit_code, struct err *err);

#endif
