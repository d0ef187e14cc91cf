/*
 * What every sub-command works with: where output goes and in which form, and the connection to the server, which is
 * made when a command first needs it (`penstock check` never does).
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "common/arena.h"
#include "common/err.h"

#include <stdbool.h>

/* docs/running.md promises these to scripts. */
enum cli_exit {
    CLI_DONE = 0,
    CLI_FAILED = 1, /* the execution failed, or the check found errors */
    CLI_USAGE = 2,
    CLI_NOT_FOUND = 3,
    CLI_REFUSED = 4,
    CLI_UNREACHABLE = 5,
    CLI_TIMED_OUT = 6,
    CLI_INTERRUPTED = 130,
};

struct client; /* cli/client.h */

struct cli {
    struct arena arena; /* everything lives until the program ends */
    bool json;          /* --json: the answer as JSON on stdout, nothing else there */
    bool colour;        /* stdout may get ANSI colours */
    bool live;          /* stdout is a terminal whose lines can be written again */
    struct client *client;
};

/* The connection. Errors: those of client_open. */
bool cli_connect(struct cli *cli, struct client **out, struct err *err);

/* The exit code that fits an error. */
enum cli_exit cli_exit_for(const struct err *err);

#endif
