/*
 * Which execution a person means, and what it looks like.
 */
#include "cli/execution.h"

#include "cli/client.h"
#include "cli/terminal.h"
#include "common/str.h"

#include <string.h>

#define STAGE_COLUMNS 12
#define ACTION_COLUMNS 12
#define DURATION_COLUMNS 12
#define SHORT_COMMIT 7

static bool is_meant(const struct json *execution, const char *word) {
    long long number;
    if (str_to_int64(word[0] == '#' ? word + 1 : word, 1, INT64_MAX, &number) &&
        json_get_integer(execution, "number", 0) == number)
        return true;
    return strlen(word) >= 4 && str_starts_with(json_get_text_or(execution, "pipelineExecutionId", ""), word);
}

bool execution_find(struct cli *cli, const char *pipeline, const char *word, const char **out_id, struct err *err) {
    struct client *client;
    const struct json *detail;
    struct json *input = json_object(&cli->arena);
    json_set_text(&cli->arena, input, "name", pipeline);
    if (!cli_connect(cli, &client, err) ||
        !client_call(client, &cli->arena, "Penstock.GetPipelineDetail", input, &detail, err))
        return false;
    json_each(execution, json_get(detail, "executions")) {
        if (!word || is_meant(execution, word)) {
            *out_id = json_get_text(execution, "pipelineExecutionId");
            return true;
        }
    }
    if (!word)
        return err_set(err, ERR_NOT_FOUND, "pipeline '%s' has no execution yet", pipeline);
    /* Older than the newest 25: only its whole id will do. */
    if (strlen(word) == strlen("c2b7ac7e-0000-4000-8000-000000000000")) {
        *out_id = word;
        return true;
    }
    return err_set(err, ERR_NOT_FOUND, "pipeline '%s' has no execution '%s' among its newest", pipeline, word);
}

/* StageSummary of the stage of that name. */
static bool read_stage(struct cli *cli, const char *pipeline, const char *name, const struct json **out,
                       struct err *err) {
    struct client *client;
    const struct json *detail;
    struct json *input = json_object(&cli->arena);
    json_set_text(&cli->arena, input, "name", pipeline);
    if (!cli_connect(cli, &client, err) ||
        !client_call(client, &cli->arena, "Penstock.GetPipelineDetail", input, &detail, err))
        return false;
    json_each(stage, json_get(json_get(detail, "pipeline"), "stages")) {
        if (str_equal(json_get_text(stage, "name"), name)) {
            *out = stage;
            return true;
        }
    }
    return err_set(err, ERR_NOT_FOUND, "pipeline '%s' has no stage '%s'", pipeline, name);
}

bool execution_in_stage(struct cli *cli, const char *pipeline, const char *stage, const char **out_id,
                        struct err *err) {
    const struct json *summary;
    if (!read_stage(cli, pipeline, stage, &summary, err))
        return false;
    *out_id = json_get_text(json_get(summary, "execution"), "pipelineExecutionId");
    return *out_id || err_set(err, ERR_NOT_FOUND, "no execution was in stage '%s' of '%s'; name one", stage, pipeline);
}

bool execution_before_stage(struct cli *cli, const char *pipeline, const char *stage, const char **out_id,
                            struct err *err) {
    const struct json *summary;
    if (!read_stage(cli, pipeline, stage, &summary, err))
        return false;
    *out_id = json_get_text(json_get(summary, "rollbackTarget"), "pipelineExecutionId");
    return *out_id ||
           err_set(err, ERR_CONFLICT,
                   "stage '%s' of '%s' has nothing to go back to now; name an execution to learn why", stage, pipeline);
}

bool execution_read(struct cli *cli, struct arena *arena, const char *pipeline, const char *id, const struct json **out,
                    struct err *err) {
    struct client *client;
    struct json *input = json_object(arena);
    json_set_text(arena, input, "pipelineName", pipeline);
    json_set_text(arena, input, "pipelineExecutionId", id);
    return cli_connect(cli, &client, err) && client_call(client, arena, "Penstock.GetExecutionDetail", input, out, err);
}

const char *execution_status(const struct json *detail) {
    return json_get_text_or(json_get(detail, "execution"), "status", "");
}

const struct json *execution_approval(const struct json *detail, const struct json **stage) {
    json_each(candidate, json_get(detail, "stages")) {
        json_each(action, json_get(candidate, "actions")) {
            if (json_get(action, "approval")) {
                *stage = candidate;
                return action;
            }
        }
    }
    return NULL;
}

/* What began it, in a person's words; AWS's where there is none better; and of a rollback, to what. */
static const char *trigger_text(struct arena *arena, const struct json *execution) {
    static const char *const words[][2] = {
        {"CloudWatchEvent", "push"},
        {"StartPipelineExecution", "started"},
        {"Webhook", "webhook"},
        {"WebhookV2", "webhook"},
        {"CreatePipeline", "created"},
        {"ManualRollback", "rolled back"},
        {"AutomatedRollback", "rolled back by itself"},
        {"PutActionRevision", "revision"},
    };
    const struct json *trigger = json_get(execution, "trigger"), *back = json_get(execution, "rollbackOf");
    const char *type = json_get_text(trigger, "triggerType"), *by = json_get_text(trigger, "by");
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (str_equal(words[i][0], type))
            type = words[i][1];
    /* An ARN ends in what people call themselves: "arn:aws:iam::123456789012:user/admin". */
    const char *slash = by ? strrchr(by, '/') : NULL;
    const char *to = back ? arena_printf(arena, " to #%lld", (long long)json_get_integer(back, "number", 0)) : "";
    return arena_printf(arena, "%s%s%s%s", terminal_safe(arena, type), by ? " by " : "",
                        terminal_safe(arena, slash ? slash + 1 : by), to);
}

const char *execution_title(const struct cli *cli, struct arena *arena, const struct json *detail) {
    const struct json *execution = json_get(detail, "execution");
    const char *status = json_get_text_or(execution, "status", "");
    return arena_printf(arena, "%s %s #%lld  %s  %s", terminal_symbol(cli, arena, status),
                        terminal_safe(arena, json_get_text(execution, "pipelineName")),
                        (long long)json_get_integer(execution, "number", 0), status, trigger_text(arena, execution));
}

/* What a source action fetched: `main 3f2a91c Say hello`. */
static const char *revision_text(struct arena *arena, const struct json *detail, const char *action) {
    json_each(revision, json_get(json_get(detail, "execution"), "revisions")) {
        if (!str_equal(json_get_text(revision, "actionName"), action))
            continue;
        const char *branch = json_get_text(revision, "branch");
        return terminal_safe(arena, arena_printf(arena, "%s%s%.*s %s", branch ? branch : "", branch ? " " : "",
                                                 SHORT_COMMIT, json_get_text_or(revision, "revisionId", ""),
                                                 json_get_text_or(revision, "revisionSummary", "")));
    }
    return NULL;
}

static const char *log_text(struct arena *arena, const struct json *action) {
    int64_t lines = json_get_integer(json_get(action, "log"), "lines", 0);
    return lines > 0 ? arena_printf(arena, "%lld log line%s", (long long)lines, lines == 1 ? "" : "s") : "";
}

static const char *line_text(struct arena *arena, const struct json *detail, const struct json *action) {
    const char *status = json_get_text(action, "status");
    if (str_equal(status, "Failed") && json_get_text(action, "errorMessage"))
        return terminal_safe(arena, json_get_text(action, "errorMessage"));
    if (json_get_text(action, "wait"))
        return terminal_safe(arena, json_get_text(action, "wait"));
    if (!status)
        return "";
    const char *revision = revision_text(arena, detail, json_get_text(action, "name"));
    if (revision)
        return revision;
    const char *summary = json_get_text(action, "summary");
    return summary ? terminal_safe(arena, summary) : log_text(arena, action);
}

static int64_t milliseconds(const struct json *action, const char *name) {
    const struct json *time = json_get(action, name);
    return time && time->type == JSON_NUMBER ? (int64_t)(time->number * 1000) : 0;
}

static const char *duration_text(struct arena *arena, const struct json *action, int64_t now_ms) {
    int64_t started = milliseconds(action, "started"), ended = milliseconds(action, "ended");
    if (!started)
        return "";
    return terminal_duration(arena, (ended ? ended : now_ms) - started);
}

const char *execution_line(const struct cli *cli, struct arena *arena, const struct json *detail,
                           const struct json *stage, const struct json *action, int64_t now_ms) {
    const size_t columns = terminal_columns(), fixed = 3 + STAGE_COLUMNS + ACTION_COLUMNS + DURATION_COLUMNS + 3;
    const size_t room = columns > fixed + 20 ? columns - fixed : 20;
    const size_t text_columns = room > 60 ? 60 : room;
    const char *stage_name = terminal_safe(arena, json_get_text(stage, "name"));
    const char *action_name = terminal_safe(arena, json_get_text(action, "name"));
    const char *text = line_text(arena, detail, action);
    /* The reason of a failure is what the reader came for: it is cut only where lines must not wrap. */
    if (cli->live || !str_equal(json_get_text(action, "status"), "Failed"))
        text = terminal_cut(arena, text, text_columns);
    return arena_printf(arena, " %s %s %s %s %s", terminal_symbol(cli, arena, json_get_text(action, "status")),
                        terminal_pad(arena, terminal_cut(arena, stage_name, STAGE_COLUMNS), STAGE_COLUMNS),
                        terminal_pad(arena, terminal_cut(arena, action_name, ACTION_COLUMNS), ACTION_COLUMNS),
                        terminal_pad(arena, text, text_columns), duration_text(arena, action, now_ms));
}
