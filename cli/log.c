/*
 * penstock log: what an action or a build printed.
 */
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/execution.h"
#include "cli/terminal.h"
#include "common/http_client.h"
#include "common/str.h"

#include <stdio.h>
#include <string.h>

#define LINES_AT_ONCE 2000
#define WAIT_SECONDS 20

static const struct flag flags[] = {
    {"follow", NULL, "go on until the log is complete"},
    {"execution", "EXECUTION", "of this execution instead of the newest"},
    {"timestamps", NULL, "begin each line with the seconds since the log began"},
    {NULL},
};

static bool is_named(const struct json *stage, const struct json *action, const char *word) {
    const char *slash = strchr(word, '/');
    if (!slash)
        return str_equal(json_get_text(action, "name"), word);
    const char *stage_name = json_get_text_or(stage, "name", "");
    return strlen(stage_name) == (size_t)(slash - word) && str_starts_with(word, stage_name) &&
           str_equal(json_get_text(action, "name"), slash + 1);
}

/* The log that is meant: the named action's; else that of the action which runs or failed, else of the last one. */
static const char *pick_log(const struct json *detail, const char *word) {
    const char *last = NULL;
    json_each(stage, json_get(detail, "stages")) {
        json_each(action, json_get(stage, "actions")) {
            const char *log = json_get_text(json_get(action, "log"), "logId");
            const char *status = json_get_text(action, "status");
            if (word ? is_named(stage, action, word) : log && !str_equal(status, "Succeeded"))
                return log;
            if (log && !word)
                last = log;
        }
    }
    return last;
}

/* Of a build by its id, "project:uuid": a pipeline's builds write to their action's log. */
static bool find_log_of_build(struct cli *cli, const char *build_id, const char **out, struct err *err) {
    struct client *client;
    const struct json *answer;
    struct json *input = json_object(&cli->arena);
    json_append_text(&cli->arena, json_set_array(&cli->arena, input, "ids"), build_id);
    if (!cli_connect(cli, &client, err) ||
        !client_call(client, &cli->arena, "CodeBuild.BatchGetBuilds", input, &answer, err))
        return false;
    const struct json *builds = json_get(answer, "builds");
    const char *stream = builds && builds->first ? json_get_text(json_get(builds->first, "logs"), "streamName") : NULL;
    const char *slash = stream ? strrchr(stream, '/') : NULL; /* behind a prefix that the project gives it */
    *out = slash ? slash + 1 : stream;
    return *out || err_set(err, ERR_NOT_FOUND, "there is no build '%s'", build_id);
}

static bool find_log(struct cli *cli, const struct arguments *arguments, const char **out, struct err *err) {
    const char *word = arguments_word(arguments, 0), *action = arguments_word(arguments, 1);
    if (strchr(word, ':'))
        return find_log_of_build(cli, word, out, err);
    const char *id;
    const struct json *detail;
    if (!execution_find(cli, word, arguments_get(arguments, "execution"), &id, err) ||
        !execution_read(cli, &cli->arena, word, id, &detail, err))
        return false;
    *out = pick_log(detail, action);
    return *out || (action ? err_set(err, ERR_NOT_FOUND, "action '%s' of '%s' has no log", action, word)
                           : err_set(err, ERR_NOT_FOUND, "nothing in '%s' has a log yet", word));
}

static void print_lines(struct cli *cli, struct arena *arena, const struct json *page, bool timestamps) {
    json_each(line, json_get(page, "lines")) {
        if (timestamps)
            printf("%10.3f  ", (double)json_get_integer(line, "t", 0) / 1000);
        puts(terminal_log_line(cli, arena, json_get_text_or(line, "text", "")));
    }
    fflush(stdout);
}

/* One page from line *from on. *complete: the log is closed and was read to its end. */
static bool read_page(struct cli *cli, const char *log, int64_t *from, bool follow, bool timestamps, bool *complete,
                      struct err *err) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct client *client;
    const struct json *page;
    const char *path = arena_printf(&arena, "/logs/%s", http_encode(&arena, log, false));
    const char *query =
        arena_printf(&arena, "count=%d&from=%lld&wait=%d", LINES_AT_ONCE, (long long)*from, follow ? WAIT_SECONDS : 0);
    if (!cli_connect(cli, &client, err) || !client_get(client, &arena, path, query, &page, err))
        return false;
    if (cli->json)
        puts(json_print(&arena, page));
    else
        print_lines(cli, &arena, page, timestamps);
    const struct json *lines = json_get(page, "lines");
    const int64_t got = lines ? (int64_t)lines->count : 0;
    *from += got;
    const bool at_end = got == 0 || *from >= json_get_integer(page, "total", 0);
    *complete = at_end && (!follow || json_get_bool(page, "closed", false));
    return true;
}

static bool run(struct cli *cli, const struct arguments *arguments, enum cli_exit *exit_code, struct err *err) {
    (void)exit_code;
    const char *log;
    if (!find_log(cli, arguments, &log, err))
        return false;
    int64_t from = 0;
    bool complete = false;
    while (!complete)
        if (!read_page(cli, log, &from, arguments_has(arguments, "follow"), arguments_has(arguments, "timestamps"),
                       &complete, err))
            return false;
    return true;
}

const struct command command_log = {
    .name = "log",
    .words = "PIPELINE|BUILD [ACTION]",
    .summary = "Print the log of an action or a build",
    .examples = "  penstock log shop --follow           what runs now\n"
                "  penstock log shop Build/Images       one action of the newest execution\n"
                "  penstock log shop:6f0e…              a build by its id",
    .least_words = 1,
    .most_words = 2,
    .flags = flags,
    .run = run,
};
