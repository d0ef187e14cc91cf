/*
 * Rules of conditions. A rule is run like an action: its row is an action run with a condition, its job goes to a
 * runner, its end wakes the pipeline's rules. Two kinds need no runner: VariableCheck compares at once,
 * DeploymentWindow waits for the clock.
 */
#include "server/engine/rule.h"

#include "common/hash.h"
#include "common/pattern.h"
#include "common/str.h"
#include "server/engine/start_action.h"
#include "server/jobs/queue.h"
#include "server/store/stage_runs.h"
#include "server/triggers/schedule.h"
#include "server/wake.h"

#include <string.h>

/* A window may be days away, as an approver may be. */
#define WINDOW_MINUTES (7 * 24 * 60)
/* Woken late (a restart, a busy machine), a rule still has the window for which it waited. */
#define WINDOW_LATE_MS (5 * 60 * 1000)

static bool met(struct step *step, const struct action_run_row *rule, const char *summary, struct err *err) {
    const struct action_end end = {.status = ACTION_SUCCEEDED, .summary = summary};
    return end_action(step, rule, &end, err);
}

static bool not_met(struct step *step, const struct action_run_row *rule, const char *code, const char *why,
                    struct err *err) {
    const struct action_end end = {.status = ACTION_FAILED, .error_code = code, .error_message = why};
    return end_action(step, rule, &end, err);
}

static bool read_configuration(struct step *step, const struct action_run_row *rule, const struct json **out,
                               struct err *err) {
    return json_parse(step->arena, rule->configuration, strlen(rule->configuration), out, err) ||
           err_wrap(err, "reading the rule '%s'", rule->action);
}

/* ---- VariableCheck ---- */

static bool compare(const char *operation, const char *variable, const char *value, bool *out, struct err *err) {
    if (str_equal(operation, "EQ"))
        *out = str_equal(variable, value);
    else if (str_equal(operation, "NE"))
        *out = !str_equal(variable, value);
    else if (str_equal(operation, "CONTAINS"))
        *out = strstr(variable, value) != NULL;
    else if (str_equal(operation, "MATCHES"))
        return pattern_matches(value, variable, out, err);
    else
        return err_set(err, ERR_INVALID, "there is no operator '%s'; write EQ, NE, CONTAINS or MATCHES", operation);
    return true;
}

static bool judge_values(struct step *step, const struct action_run_row *rule, struct err *err) {
    const struct json *configuration = NULL;
    struct err why = {.kind = ERR_NONE};
    bool so = false;
    if (!read_configuration(step, rule, &configuration, err))
        return false;
    const char *variable = json_get_text_or(configuration, "Variable", "");
    const char *operation = json_get_text_or(configuration, "Operator", "");
    const char *value = json_get_text_or(configuration, "Value", "");
    if (!compare(operation, variable, value, &so, &why))
        return not_met(step, rule, "ConfigurationError", arena_strdup(step->arena, why.message), err);
    const char *sentence =
        arena_printf(step->arena, "'%s' %s '%s' is %s", variable, operation, value, so ? "true" : "not true");
    return so ? met(step, rule, sentence, err) : not_met(step, rule, "JobFailed", sentence, err);
}

/* ---- DeploymentWindow ---- */

static bool read_window(struct step *step, const struct json *configuration, struct schedule **window,
                        const struct time_zone **zone, struct err *err) {
    return schedule_parse_window(step->arena, json_get_text_or(configuration, "Cron", ""), window, err) &&
           time_zone_find(step->arena, json_get_text_or(configuration, "TimeZone", "UTC"), zone, err);
}

static bool judge_clock(struct step *step, const struct action_run_row *rule, struct err *err) {
    const struct json *configuration = NULL;
    const struct time_zone *zone = NULL;
    struct schedule *window = NULL;
    struct err why = {.kind = ERR_NONE};
    int64_t now_ms = clock_wall_ms(tx_clock(step->tx));
    if (!read_configuration(step, rule, &configuration, err))
        return false;
    if (!read_window(step, configuration, &window, &zone, &why))
        return not_met(step, rule, "ConfigurationError", arena_strdup(step->arena, why.message), err);
    bool just_opened = rule->look_ms && rule->look_ms <= now_ms && now_ms - rule->look_ms <= WINDOW_LATE_MS;
    if (just_opened || schedule_covers(window, zone, now_ms))
        return met(step, rule, "the deployment window is open", err);
    int64_t next_ms = schedule_next(window, zone, now_ms, now_ms);
    if (next_ms < 0)
        return not_met(step, rule, "JobFailed", "the deployment window never opens again", err);
    tx_wake(step->tx, WAKE_CLOCK);
    return action_runs_set_look(step->tx, rule->id, next_ms, err);
}

/* ---- all ---- */

static bool judge(struct step *step, const struct action_run_row *row, const struct rule_type *type, struct err *err) {
    switch (type->judge) {
    case RULE_BY_VALUES:
        return judge_values(step, row, err);
    case RULE_BY_CLOCK:
        return judge_clock(step, row, err);
    case RULE_BY_RUNNER:
        tx_wake(step->tx, WAKE_CLOCK);
        return queue_action_job(step->tx, row, err);
    }
    return true;
}

static const char *input_names(struct arena *arena, const struct pipeline_rule *rule) {
    struct json *list = json_array(arena);
    for (size_t i = 0; i < rule->input_count; i++)
        json_append_text(arena, list, rule->inputs[i].name);
    return json_print(arena, list);
}

static bool add_rule(struct step *step, const struct view_execution *execution, const struct pipeline_rule *rule,
                     const struct json *configuration, const struct json *commands, struct action_run_row *out,
                     struct err *err) {
    char uuid[UUID_SIZE];
    struct stage_run_row stage;
    int64_t id = 0;
    int64_t minutes = rule->type->judge == RULE_BY_CLOCK ? WINDOW_MINUTES : 0;
    hash_uuid(uuid);
    if (rule->timeout_minutes)
        minutes = rule->timeout_minutes;
    if (!stage_runs_get_by_id(step->tx, step->arena, execution->stage_run_id, &stage, err))
        return false;
    const struct action_run_row row = {
        .uuid = uuid,
        .execution_id = execution->id,
        .stage_run_id = stage.id,
        .pipeline_id = step->pipeline_id,
        .stage = stage.name,
        .action = rule->name,
        .category = "Rule",
        .provider = rule->type->provider,
        .condition_id = stage.condition_id,
        .configuration = json_print(step->arena, configuration),
        .commands = commands ? json_print(step->arena, commands) : NULL,
        .inputs = input_names(step->arena, rule),
        .outputs = "[]",
        .role_arn = rule->role_arn,
        .region = rule->region,
        /* What a runner judges has its runner's own limit, and waits for one as long as it takes: a server that was
         * away must not fail it, and with it roll a healthy deploy back. */
        .expires_ms = minutes ? clock_wall_ms(tx_clock(step->tx)) + minutes * 60 * 1000 : 0,
    };
    return action_runs_add(step->tx, &row, &id, err) && action_runs_get_by_id(step->tx, step->arena, id, out, err);
}

bool start_rule(struct step *step, const struct view_execution *execution, const struct pipeline_rule *rule,
                struct err *err) {
    struct execution_row row;
    struct action_run_row run;
    struct json *configuration = json_object(step->arena);
    const struct json *commands = NULL;
    struct err why = {.kind = ERR_NONE};
    if (!executions_get_by_id(step->tx, step->arena, execution->id, &row, err) ||
        !resolve_settings(step, &row, rule->configuration, rule->configuration_count, configuration, &why, err) ||
        !resolve_texts(step, &row, rule->commands, rule->command_count, &commands, &why, err) ||
        !add_rule(step, execution, rule, configuration, commands, &run, err) ||
        !tell_of_action(step, &run, "rule", action_status_name(ACTION_IN_PROGRESS), NULL, err))
        return false;
    /* The rules of a round are judged one after the other; each end makes the pipeline's rules look again. */
    if (why.kind != ERR_NONE)
        return fail_at_once(step, &run, &why, err);
    return judge(step, &run, rule->type, err);
}

bool look_at_rule(struct step *step, const struct action_run_row *rule, struct err *err) {
    const struct rule_type *type = rule_types_find(rule->provider);
    return !type || type->judge != RULE_BY_CLOCK || judge_clock(step, rule, err);
}

bool expire_rule(struct step *step, const struct action_run_row *rule, struct err *err) {
    struct job_row job;
    bool found = false, ended = false;
    if (!job_rows_of_action(step->tx, step->arena, rule->id, &found, &job, err))
        return false;
    if (found && job.cancel != JOB_CANCEL_NONE) /* it is being undone, and ends when that was seen */
        return action_runs_clear_expiry(step->tx, rule->id, err);
    return not_met(step, rule, "JobFailed", "the rule was not met before its time was over", err) &&
           (!found || queue_cancel(step->tx, job.id, JOB_CANCEL_UNDO, &ended, err));
}
