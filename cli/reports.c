/*
 * penstock reports: what builds say of their tests and of how much of the code they ran.
 */
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/execution.h"
#include "cli/terminal.h"
#include "common/str.h"

#include <stdio.h>
#include <string.h>

#define LINES_OF_MESSAGE 12 /* more is in the log, and with --all */
#define PAGE 100

static const struct flag flags[] = {
    {"execution", "EXECUTION", "of this execution instead of the newest"},
    {"all", NULL, "every test case, and every line of what the failed ones say"},
    {NULL},
};

/* One question about one thing. */
static bool ask(struct cli *cli, const char *operation, struct json *input, const struct json **out, struct err *err) {
    struct client *client;
    return cli_connect(cli, &client, err) && client_call(client, &cli->arena, operation, input, out, err);
}

/* The builds of an execution: an action shows its build as BatchGetBuilds does. */
static void add_builds(struct cli *cli, const struct json *detail, struct json *ids) {
    json_each(stage, json_get(detail, "stages")) {
        json_each(action, json_get(stage, "actions")) {
            const char *id = json_get_text(json_get(action, "build"), "id");
            if (id)
                json_append_text(&cli->arena, ids, id);
        }
    }
}

static bool find_builds(struct cli *cli, const struct arguments *arguments, struct json *ids, struct err *err) {
    const char *word = arguments_word(arguments, 0), *id;
    const struct json *detail;
    if (strchr(word, ':')) {
        json_append_text(&cli->arena, ids, word);
        return true;
    }
    if (!execution_find(cli, word, arguments_get(arguments, "execution"), &id, err) ||
        !execution_read(cli, &cli->arena, word, id, &detail, err))
        return false;
    add_builds(cli, detail, ids);
    return true;
}

/* ARNs of what those builds reported. */
static bool find_arns(struct cli *cli, const struct json *ids, struct json *arns, struct err *err) {
    const struct json *answer;
    struct json *input = json_object(&cli->arena);
    json_set(&cli->arena, input, "ids", json_copy(&cli->arena, ids));
    if (!ask(cli, "CodeBuild.BatchGetBuilds", input, &answer, err))
        return false;
    const struct json *missing = json_get(answer, "buildsNotFound");
    if (missing && missing->first)
        return err_set(err, ERR_NOT_FOUND, "there is no build '%s'", missing->first->text);
    json_each(build, json_get(answer, "builds")) {
        json_each(arn, json_get(build, "reportArns")) json_append_text(&cli->arena, arns, arn->text);
    }
    return true;
}

/* All cases of a report, of that status (NULL: of any), behind those that are in the list. */
static bool add_cases(struct cli *cli, const char *arn, const char *status, struct json *list, struct err *err) {
    const char *token = NULL;
    do {
        const struct json *answer;
        struct json *input = json_object(&cli->arena);
        json_set_text(&cli->arena, input, "reportArn", arn);
        json_set_text(&cli->arena, input, "nextToken", token);
        if (status)
            json_set_text(&cli->arena, json_set_object(&cli->arena, input, "filter"), "status", status);
        if (!ask(cli, "CodeBuild.DescribeTestCases", input, &answer, err))
            return false;
        json_each(item, json_get(answer, "testCases")) json_append(list, json_copy(&cli->arena, item));
        token = json_get_text(answer, "nextToken");
    } while (token);
    return true;
}

static int64_t count_of(const struct json *report, const char *status) {
    return json_get_integer(json_get(json_get(report, "testSummary"), "statusCounts"), status, 0);
}

static const char *symbol_of(const struct cli *cli, struct arena *arena, const char *status) {
    const char *words = str_equal(status, "SUCCEEDED")                              ? "Succeeded"
                        : str_equal(status, "FAILED") || str_equal(status, "ERROR") ? "Failed"
                                                                                    : "Stopped";
    return terminal_symbol(cli, arena, words);
}

static double percent(const struct json *summary, const char *name) {
    const struct json *value = json_get(summary, name);
    return value ? value->number : 0;
}

/* "12 tests, 1 failed, 2 skipped, 1.2 s" or "lines 85.3 % (290 of 340), branches 71.4 %" */
static void print_summary(struct cli *cli, const struct json *report) {
    const struct json *tests = json_get(report, "testSummary");
    const struct json *code = json_get(report, "codeCoverageSummary");
    static const char *const names[][2] = {
        {"FAILED", "failed"}, {"ERROR", "with errors"}, {"SKIPPED", "skipped"}, {"UNKNOWN", "unknown"}};
    if (tests) {
        printf("%lld tests", (long long)json_get_integer(tests, "total", 0));
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
            if (count_of(report, names[i][0]) > 0)
                printf(", %lld %s", (long long)count_of(report, names[i][0]), names[i][1]);
        printf(", %s\n", terminal_duration(&cli->arena, json_get_integer(tests, "durationInNanoSeconds", 0) / 1000000));
        return;
    }
    const int64_t covered = json_get_integer(code, "linesCovered", 0);
    printf("lines %.1f %% (%lld of %lld)", percent(code, "lineCoveragePercentage"), (long long)covered,
           (long long)(covered + json_get_integer(code, "linesMissed", 0)));
    if (json_get(code, "branchCoveragePercentage"))
        printf(", branches %.1f %%", percent(code, "branchCoveragePercentage"));
    putchar('\n');
}

/* A message's lines, indented. */
static void print_message(struct cli *cli, const char *message, bool all) {
    size_t lines = 0;
    while (message && *message) {
        size_t length = strcspn(message, "\n");
        if (++lines > LINES_OF_MESSAGE && !all) {
            puts("        …");
            return;
        }
        printf("        %s\n", terminal_safe(&cli->arena, arena_strndup(&cli->arena, message, length)));
        message += length + (message[length] == '\n');
    }
}

static void print_cases(struct cli *cli, const struct json *cases, bool all) {
    json_each(item, cases) {
        const char *status = json_get_text_or(item, "status", "");
        const char *prefix = json_get_text(item, "prefix");
        const bool failed = str_equal(status, "FAILED") || str_equal(status, "ERROR");
        printf("    %s %s%s%s", symbol_of(cli, &cli->arena, status), terminal_safe(&cli->arena, prefix),
               prefix ? "  " : "", terminal_safe(&cli->arena, json_get_text(item, "name")));
        printf("  %s\n", terminal_duration(&cli->arena, json_get_integer(item, "durationInNanoSeconds", 0) / 1000000));
        if (failed || all)
            print_message(cli, json_get_text(item, "message"), all);
    }
}

static bool show_report(struct cli *cli, const struct json *report, bool all, struct json *shown, struct err *err) {
    const char *arn = json_get_text_or(report, "arn", "");
    struct json *cases = json_array(&cli->arena);
    const bool tests = json_get(report, "testSummary");
    if (tests && all && !add_cases(cli, arn, NULL, cases, err))
        return false;
    if (tests && !all && (!add_cases(cli, arn, "FAILED", cases, err) || !add_cases(cli, arn, "ERROR", cases, err)))
        return false;
    if (cli->json) {
        struct json *one = json_copy(&cli->arena, report);
        if (tests)
            json_set(&cli->arena, one, "testCases", cases);
        json_append(shown, one);
        return true;
    }
    printf("%s %s  ", symbol_of(cli, &cli->arena, json_get_text(report, "status")),
           terminal_safe(&cli->arena, json_get_text(report, "name")));
    print_summary(cli, report);
    if (json_get_text(report, "problem"))
        printf("    incomplete: %s\n", terminal_safe(&cli->arena, json_get_text(report, "problem")));
    print_cases(cli, cases, all);
    return true;
}

static bool show_reports(struct cli *cli, const struct json *arns, bool all, struct err *err) {
    const struct json *answer;
    struct json *shown = json_array(&cli->arena);
    struct json *input = json_object(&cli->arena);
    struct json *page = json_set_array(&cli->arena, input, "reportArns");
    json_each(arn, arns) {
        if (page->count < PAGE)
            json_append_text(&cli->arena, page, arn->text);
    }
    if (!ask(cli, "CodeBuild.BatchGetReports", input, &answer, err))
        return false;
    json_each(report, json_get(answer, "reports")) {
        if (!show_report(cli, report, all, shown, err))
            return false;
    }
    if (cli->json)
        puts(json_print_pretty(&cli->arena, shown));
    return true;
}

static bool run(struct cli *cli, const struct arguments *arguments, enum cli_exit *exit_code, struct err *err) {
    (void)exit_code;
    struct json *ids = json_array(&cli->arena), *arns = json_array(&cli->arena);
    if (!find_builds(cli, arguments, ids, err) || (ids->count > 0 && !find_arns(cli, ids, arns, err)))
        return false;
    if (arns->count > 0)
        return show_reports(cli, arns, arguments_has(arguments, "all"), err);
    puts(cli->json ? "[]" : "no build of it has reported anything: the buildspec's 'reports' says what to read");
    return true;
}

const struct command command_reports = {
    .name = "reports",
    .words = "PIPELINE|BUILD",
    .summary = "Print test and coverage reports, and the tests that failed",
    .examples = "  penstock reports shop                of the newest execution's builds\n"
                "  penstock reports shop --execution 3  of another one's\n"
                "  penstock reports shop:6f0e…          of a build by its id",
    .least_words = 1,
    .most_words = 1,
    .flags = flags,
    .run = run,
};
