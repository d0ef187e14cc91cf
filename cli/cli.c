/*
 * The connection that is made when first needed, and the exit code of an error.
 */
#include "cli/cli.h"

#include "cli/client.h"

bool cli_connect(struct cli *cli, struct client **out, struct err *err) {
    if (!cli->client && !client_open(&cli->arena, &cli->client, err))
        return false;
    *out = cli->client;
    return true;
}

enum cli_exit cli_exit_for(const struct err *err) {
    switch (err->kind) {
    case ERR_NONE:
        return CLI_DONE;
    case ERR_NOT_FOUND:
        return CLI_NOT_FOUND;
    case ERR_INVALID:
    case ERR_DENIED:
    case ERR_CONFLICT:
    case ERR_LIMIT:
        return CLI_REFUSED;
    case ERR_UNAVAILABLE:
    case ERR_INTERNAL:
        break;
    }
    return CLI_UNREACHABLE;
}
