/*
 * The server's settings: flags and PENSTOCK_* variables (docs/running.md), read once by main.c. Everything that hands
 * out an address or an ARN takes it from here.
 */
#ifndef SERVER_CONFIG_H
#define SERVER_CONFIG_H

#include "common/arena.h"
#include "common/err.h"

struct config {
    const char *data_directory;
    const char *listen_address; /* "127.0.0.1" */
    int listen_port;            /* 0: any free one; after the start the one that was taken */
    const char *base_url;       /* what links and clone addresses begin with, no final slash: "http://127.0.0.1:8080" */
    const char *pipelines_directory; /* or NULL */
    const char *region;
    const char *account_id;
    int log_limit_mib; /* of one log on disk */
    bool show_help;
    bool show_version;
};

/* Reads the command line and the environment; a flag wins over its variable. Texts are copied into the arena. base_url
 * is NULL where none was given: config_set_port makes it. Errors: ERR_INVALID names the flag or variable. */
bool config_read(struct arena *arena, int argument_count, char *const *arguments, struct config *out, struct err *err);

/* Records the port that was really taken and makes the base URL where none was given. */
void config_set_port(struct arena *arena, struct config *config, int port);

/* What --help prints. */
extern const char config_help[];

#endif
