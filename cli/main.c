/*
 * `penstock`: the command line for people. Finds the sub-command, reads its arguments by its table, runs it, and turns
 * an error into one line on stderr and an exit code.
 */
#include "cli/client.h"
#include "cli/commands.h"
#include "common/hash.h"
#include "common/str.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void interrupted(int number) {
    (void)number;
    /* Nothing is half done here: all state is the server's. */
    _exit(CLI_INTERRUPTED);
}

static void print_overview(FILE *out) {
    fputs("usage: penstock COMMAND ...\n\n"
          "  penstock status                      what every pipeline is doing\n"
          "  penstock log shop --follow           the log of what runs now\n"
          "  penstock approve shop                let the version that waits go on\n"
          "  penstock stop shop                   cancel, and undo what was under way\n\n"
          "commands:\n",
          out);
    for (const struct command *const *command = commands; *command; command++)
        fprintf(out, "  %-18s %s\n", (*command)->name, (*command)->summary);
    fputs(
        "\nEvery command takes --help, --json and --no-color (or NO_COLOR).\n"
        "exit codes: 0 done, 1 the execution failed or the check found errors, 2 wrong usage, 3 not found, 4 refused,\n"
        "5 the server cannot be reached, 6 timed out, 130 interrupted\n",
        out);
}

static void print_help(const struct command *command) {
    printf("%s\n\nusage: penstock %s %s%s[--json] [--no-color]\n\n%s.\n", command->examples, command->name,
           command->words, *command->words ? " " : "", command->summary);
    if (command->flags->name)
        putchar('\n');
    for (const struct flag *flag = command->flags; flag->name; flag++) {
        int width = printf("  --%s%s%s", flag->name, flag->value ? " " : "", flag->value ? flag->value : "");
        printf("%*s%s\n", width < 26 ? 26 - width : 1, "", flag->summary);
    }
}

static int fail(const struct err *err, int exit_code) {
    fprintf(stderr, "penstock: %s\n", err->message);
    return exit_code;
}

/* Colours and rewritten lines are for people at a terminal that can show them. */
static void look_at_terminal(struct cli *cli, const struct arguments *arguments) {
    const char *terminal = getenv("TERM"), *no_color = getenv("NO_COLOR");
    cli->json = arguments->json;
    cli->live = isatty(STDOUT_FILENO) && terminal && !str_equal(terminal, "dumb");
    cli->colour = cli->live && !arguments->no_color && !(no_color && *no_color);
}

static bool check_words(const struct command *command, const struct arguments *arguments, struct err *err) {
    if (arguments->count < command->least_words)
        return err_set(err, ERR_INVALID, "'%s' needs more: penstock %s %s", command->name, command->name,
                       command->words);
    if (arguments->count > command->most_words)
        return err_set(err, ERR_INVALID, "'%s' does not take '%s': penstock %s %s", command->name,
                       arguments->positional[command->most_words], command->name, command->words);
    return true;
}

static int run(struct cli *cli, int count, const char *const *words) {
    struct err err = {0};
    const struct command *command = NULL;
    if (!commands_find(words[0], &command, &err))
        return fail(&err, CLI_USAGE);
    struct arguments arguments;
    if (!arguments_read(&cli->arena, command->flags, count - 1, words + 1, &arguments, &err))
        return fail(&err, CLI_USAGE);
    if (arguments.help) {
        print_help(command);
        return CLI_DONE;
    }
    if (!check_words(command, &arguments, &err))
        return fail(&err, CLI_USAGE);
    look_at_terminal(cli, &arguments);
    enum cli_exit exit_code = CLI_DONE;
    if (!command->run(cli, &arguments, &exit_code, &err))
        return fail(&err, exit_code == CLI_DONE ? cli_exit_for(&err) : exit_code);
    return exit_code;
}

int main(int argc, char **argv) {
    const struct sigaction action = {.sa_handler = interrupted};
    sigaction(SIGINT, &action, NULL);
    if (argc < 2) {
        print_overview(stderr);
        return CLI_USAGE;
    }
    if (str_equal(argv[1], "--help") || str_equal(argv[1], "-h") || str_equal(argv[1], "help")) {
        print_overview(stdout);
        return CLI_DONE;
    }
    if (str_equal(argv[1], "--version")) {
        puts("penstock " PENSTOCK_VERSION);
        return CLI_DONE;
    }
    hash_init();
    struct cli cli = {.arena = ARENA_INIT};
    int exit_code = run(&cli, argc - 1, (const char *const *)argv + 1);
    client_close(cli.client);
    arena_release(&cli.arena);
    if (fflush(stdout) != 0) {
        perror("penstock: cannot write the answer");
        return CLI_FAILED;
    }
    return exit_code;
}
