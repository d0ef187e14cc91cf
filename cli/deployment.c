/*
 * A deploy in lines.
 */
#include "cli/deployment.h"

#include "cli/terminal.h"
#include "common/str.h"

#include <string.h>

#define INDENT "                             " /* below what the action's line says */

struct lines {
    struct arena *arena;
    const char **texts;
    size_t count;
};

static void add(struct lines *lines, const char *label, const char *text) {
    if (text && lines->count < DEPLOYMENT_LINES_MAX)
        lines->texts[lines->count++] =
            arena_printf(lines->arena, "%s%s%s", INDENT, label, terminal_safe(lines->arena, text));
}

const char *deployment_person(const char *arn) {
    const char *slash = arn ? strrchr(arn, '/') : NULL;
    return slash && slash[1] ? slash + 1 : arn;
}

const char *deployment_cause(const struct json *action) {
    return json_get_text(json_get(json_get(action, "deployment"), "cause"), "id");
}

static const char *join(struct arena *arena, const char *before, const char *part) {
    return before ? arena_printf(arena, "%s, %s", before, part) : part;
}

/* "CANARY, BAKE_TIME, 10 % of the traffic; 1 of 2 tasks running, 2 old ones" */
static const char *standing(struct arena *arena, const struct json *deployment) {
    const char *text = NULL, *strategy = json_get_text(deployment, "strategy");
    const char *stage = json_get_text(deployment, "stage");
    const struct json *tasks = json_get(deployment, "tasks"), *traffic = json_get(deployment, "trafficPercent");
    if (strategy && !str_equal(strategy, "ROLLING"))
        text = strategy;
    if (stage)
        text = join(arena, text, stage);
    if (traffic && traffic->type == JSON_NUMBER)
        text = join(arena, text, arena_printf(arena, "%g %% of the traffic", traffic->number));
    if (!tasks)
        return text;
    text = join(arena, text,
                arena_printf(arena, "%lld of %lld tasks running", (long long)json_get_integer(tasks, "running", 0),
                             (long long)json_get_integer(tasks, "desired", 0)));
    int64_t failed = json_get_integer(tasks, "failed", 0), old = json_get_integer(tasks, "old", 0);
    if (failed > 0)
        text = join(arena, text, arena_printf(arena, "%lld failed", (long long)failed));
    return old > 0 ? join(arena, text, arena_printf(arena, "%lld old", (long long)old)) : text;
}

static void add_cause(struct lines *lines, const struct json *cause) {
    add(lines, "stuck:  ", json_get_text(cause, "sentence"));
    add(lines, "seen:   ", json_get_text(cause, "evidence"));
    add(lines, "change: ", json_get_text(cause, "change"));
}

size_t deployment_lines(struct arena *arena, const struct json *action, const char *texts[DEPLOYMENT_LINES_MAX]) {
    const struct json *deployment = json_get(action, "deployment"),
                      *pause = json_get(json_get(action, "approval"), "pause");
    const char *status = json_get_text_or(action, "status", "");
    struct lines lines = {.arena = arena, .texts = texts};
    if (!deployment || str_equal(status, "Succeeded"))
        return 0;
    if (!terminal_is_final(status))
        add(&lines, "", standing(arena, deployment));
    add_cause(&lines, json_get(deployment, "cause"));
    add(&lines, "asks:   ", json_get_text(pause, "sentence"));
    add(&lines, "look:   ", json_get_text(pause, "testUrl"));
    add(&lines, "undone: ", json_get_text(json_get(deployment, "cancel"), "sentence"));
    return lines.count;
}
