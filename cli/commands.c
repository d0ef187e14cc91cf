/*
 * The sub-commands, in the order that a person meets them.
 */
#include "cli/commands.h"

#include "common/str.h"
#include "common/suggest.h"

#include <stddef.h>

const struct command *const commands[] = {
    &command_status,
    &command_start,
    &command_log,
    &command_reports,
    &command_approve,
    &command_reject,
    &command_stop,
    &command_retry,
    &command_rollback,
    &command_environments,
    &command_releases,
    &command_disable_transition,
    &command_enable_transition,
    &command_check,
    &command_repository,
    &command_token,
    &command_join,
    &command_hook,
    NULL,
};

bool commands_find(const char *name, const struct command **out, struct err *err) {
    const char *names[sizeof commands / sizeof *commands] = {NULL};
    for (size_t i = 0; commands[i]; i++) {
        if (str_equal(commands[i]->name, name)) {
            *out = commands[i];
            return true;
        }
        names[i] = commands[i]->name;
    }
    const char *near = suggest_nearest(name, names);
    return near ? err_set(err, ERR_INVALID, "no command '%s'; did you mean '%s'?", name, near)
                : err_set(err, ERR_INVALID, "no command '%s'; 'penstock --help' lists those there are", name);
}
