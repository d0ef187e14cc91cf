/*
 * The table of sub-commands: `penstock NAME …`. Adding one is a file, a row in commands.c and a line in meson.build.
 */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli/arguments.h"
#include "cli/cli.h"

struct command {
    const char *name;
    const char *words;    /* its positional arguments, for --help */
    const char *summary;  /* one line */
    const char *examples; /* what --help begins with; lines indented by two blanks */
    size_t least_words;
    size_t most_words;
    const struct flag *flags;
    /* Does it and prints. *exit_code is CLI_DONE before; an error decides it by its kind. */
    bool (*run)(struct cli *cli, const struct arguments *arguments, enum cli_exit *exit_code, struct err *err);
};

extern const struct command command_approve, command_check, command_disable_transition, command_enable_transition,
    command_environments, command_hook, command_join, command_log, command_reject, command_releases, command_reports,
    command_repository, command_retry, command_rollback, command_start, command_status, command_stop, command_token;

/* In the order of the help text; NULL ends it. */
extern const struct command *const commands[];

/* The command of that name. Errors: ERR_INVALID, with the one that was probably meant. */
bool commands_find(const char *name, const struct command **out, struct err *err);

#endif
