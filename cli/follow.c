/*
 * Watching an execution. The server is asked twice a second: a person's eye needs no more, and a command line that
 * holds an event stream open would need the same question anyway to know what an event changed.
 */
#include "cli/follow.h"

#include "cli/deployment.h"
#include "cli/execution.h"
#include "cli/terminal.h"
#include "common/clock.h"
#include "common/str.h"

#include <stdio.h>
#include <time.h>

#define PAUSE_MS 500
#define ACTIONS_MAX 500

/* What was shown so far. */
struct view {
    int live_lines;                /* lines above the cursor that are written again */
    const char *said[ACTIONS_MAX]; /* without live lines: the last state printed of each action */
};

/* A state worth a line of its own in a log file: ended, waiting for a person, or stuck. */
static const char *news(const struct json *action) {
    const char *status = json_get_text(action, "status");
    if (json_get(action, "approval"))
        return "approval";
    return terminal_is_final(status) ? status : deployment_cause(action);
}

/* Below an action's line: what its deploy has to say. `columns` 0: nothing is cut. */
static int show_deployment(struct arena *arena, const struct json *action, size_t columns) {
    const char *lines[DEPLOYMENT_LINES_MAX];
    size_t count = deployment_lines(arena, action, lines);
    for (size_t i = 0; i < count; i++)
        printf("%s%s\n", columns ? "\033[K" : "", columns ? terminal_cut(arena, lines[i], columns) : lines[i]);
    return (int)count;
}

static void show_live(struct cli *cli, struct arena *arena, struct view *view, const struct json *detail) {
    const int64_t now = clock_wall_ms(&clock_system);
    if (view->live_lines > 0)
        printf("\033[%dA", view->live_lines);
    printf("\r\033[K%s\n", execution_title(cli, arena, detail));
    view->live_lines = 1;
    json_each(stage, json_get(detail, "stages")) {
        json_each(action, json_get(stage, "actions")) {
            printf("\033[K%s\n", execution_line(cli, arena, detail, stage, action, now));
            view->live_lines += 1 + show_deployment(arena, action, terminal_columns() - 1);
        }
    }
    printf("\033[J"); /* what stood below, where there is less to say now */
}

static void show_news(struct cli *cli, struct arena *arena, struct view *view, const struct json *detail) {
    const int64_t now = clock_wall_ms(&clock_system);
    size_t index = 0;
    json_each(stage, json_get(detail, "stages")) {
        json_each(action, json_get(stage, "actions")) {
            const char *state = news(action);
            if (index < ACTIONS_MAX && state && !str_equal(view->said[index], state)) {
                view->said[index] = arena_strdup(&cli->arena, state);
                puts(execution_line(cli, arena, detail, stage, action, now));
                (void)show_deployment(arena, action, 0);
            }
            index++;
        }
    }
}

static bool is_over(const struct follow *follow, const struct json *detail) {
    const struct json *stage;
    return terminal_is_final(execution_status(detail)) ||
           (follow->until == FOLLOW_TO_APPROVAL && execution_approval(detail, &stage));
}

static void pause_briefly(void) {
    const struct timespec time = {.tv_nsec = PAUSE_MS * 1000L * 1000L};
    nanosleep(&time, NULL);
}

static bool look(struct cli *cli, struct view *view, const struct follow *follow, bool *over, enum cli_exit *exit_code,
                 struct err *err) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct json *detail;
    if (!execution_read(cli, &arena, follow->pipeline, follow->execution_id, &detail, err))
        return false;
    *over = is_over(follow, detail);
    if (cli->json && *over)
        puts(json_print_pretty(&arena, detail));
    else if (cli->live && !cli->json)
        show_live(cli, &arena, view, detail);
    else if (!cli->json)
        show_news(cli, &arena, view, detail);
    fflush(stdout);
    if (*over && terminal_is_final(execution_status(detail)) && !str_equal(execution_status(detail), "Succeeded"))
        *exit_code = CLI_FAILED;
    return true;
}

bool follow_execution(struct cli *cli, const struct follow *follow, enum cli_exit *exit_code, struct err *err) {
    const int64_t until = clock_boot_ms(&clock_system) + follow->timeout_seconds * 1000;
    struct view view = {0};
    for (;;) {
        bool over;
        if (!look(cli, &view, follow, &over, exit_code, err))
            return false;
        if (over)
            return true;
        if (follow->timeout_seconds > 0 && clock_boot_ms(&clock_system) >= until) {
            *exit_code = CLI_TIMED_OUT;
            return err_set(err, ERR_LIMIT, "execution '%s' is still under way after %lld seconds", follow->execution_id,
                           follow->timeout_seconds);
        }
        pause_briefly();
    }
}
