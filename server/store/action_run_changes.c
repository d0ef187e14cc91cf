/*
 * The runs of actions: writing them.
 */
#include "server/store/action_runs.h"
#include "server/store/query.h"

bool action_runs_add(struct tx *tx, const struct action_run_row *row, int64_t *id, struct err *err) {
    static const char sql[] =
        "INSERT INTO action_runs (uuid, execution_id, stage_run_id, pipeline_id, stage, action, category, provider, "
        "owner, type_version, condition_id, run_order, variable_namespace, status, configuration, commands, "
        "environment, output_variables, output_files, target, holds_target, look_ms, inputs, outputs, summary, "
        "role_arn, region, approval_token, expires_ms, external_id, started_ms, updated_ms) VALUES (:uuid, "
        ":execution_id, :stage_run_id, :pipeline_id, :stage, :action, :category, :provider, :owner, :type_version, "
        ":condition_id, :run_order, :variable_namespace, 'InProgress', :configuration, :commands, :environment, "
        ":output_variables, :output_files, :target, :holds_target, :look_ms, :inputs, :outputs, :summary, :role_arn, "
        ":region, :approval_token, :expires_ms, :external_id, :now, :now)";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":uuid", row->uuid);
    query_integer(&query, ":execution_id", row->execution_id);
    query_integer(&query, ":stage_run_id", row->stage_run_id);
    query_integer(&query, ":pipeline_id", row->pipeline_id);
    query_text(&query, ":stage", row->stage);
    query_text(&query, ":action", row->action);
    query_text(&query, ":category", row->category);
    query_text(&query, ":provider", row->provider);
    query_text(&query, ":owner", row->owner ? row->owner : "AWS");
    query_text(&query, ":type_version", row->type_version ? row->type_version : "1");
    query_integer_or_null(&query, ":condition_id", row->condition_id, 0);
    query_integer(&query, ":run_order", row->run_order);
    query_text(&query, ":variable_namespace", row->variable_namespace);
    query_text(&query, ":configuration", row->configuration);
    query_text(&query, ":commands", row->commands);
    query_text(&query, ":environment", row->environment);
    query_text(&query, ":output_variables", row->output_variable_names);
    query_text(&query, ":output_files", row->output_files);
    query_text(&query, ":target", row->target);
    query_integer(&query, ":holds_target", row->holds_target);
    query_integer_or_null(&query, ":look_ms", row->look_ms, 0);
    query_text(&query, ":inputs", row->inputs);
    query_text(&query, ":outputs", row->outputs);
    query_text(&query, ":summary", row->summary);
    query_text(&query, ":role_arn", row->role_arn);
    query_text(&query, ":region", row->region);
    query_text(&query, ":approval_token", row->approval_token);
    query_integer_or_null(&query, ":expires_ms", row->expires_ms, 0);
    query_text(&query, ":external_id", row->external_id);
    query_integer(&query, ":now", clock_wall_ms(tx_clock(tx)));
    if (!query_run(&query, err))
        return false;
    *id = query_last_id(&query);
    return true;
}

bool action_runs_end(struct tx *tx, int64_t id, const struct action_end *end, struct err *err) {
    static const char sql[] =
        "UPDATE action_runs SET status = :to, summary = coalesce(:summary, summary), "
        "external_id = coalesce(:external_id, external_id), external_url = coalesce(:external_url, external_url), "
        "error_code = :error_code, error_message = :error_message, updated_by = coalesce(:updated_by, updated_by), "
        "percent = CASE WHEN :to = 'Succeeded' AND percent IS NOT NULL THEN 100 ELSE percent END, "
        "updated_ms = :now, ended_ms = :now WHERE id = :id AND status = 'InProgress'";
    if (!state_may_follow(&action_statuses, ACTION_IN_PROGRESS, (int)end->status))
        return err_set(err, ERR_INTERNAL, "an action cannot become %s", action_status_name(end->status));
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":id", id);
    query_state(&query, ":to", &action_statuses, (int)end->status);
    query_text(&query, ":summary", end->summary);
    query_text(&query, ":external_id", end->external_id);
    query_text(&query, ":external_url", end->external_url);
    query_text(&query, ":error_code", end->error_code);
    query_text(&query, ":error_message", end->error_message);
    query_text(&query, ":updated_by", end->updated_by);
    query_integer(&query, ":now", clock_wall_ms(tx_clock(tx)));
    return query_run_one(&query, "the action", err);
}

bool action_runs_progress(struct tx *tx, int64_t id, const char *summary, const char *external_id,
                          const char *external_url, int percent, struct err *err) {
    static const char sql[] =
        "UPDATE action_runs SET summary = coalesce(:summary, summary), "
        "external_id = coalesce(:external_id, external_id), external_url = coalesce(:external_url, external_url), "
        "percent = coalesce(:percent, percent), updated_ms = :now WHERE id = :id AND status = 'InProgress'";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":id", id);
    query_text(&query, ":summary", summary);
    query_text(&query, ":external_id", external_id);
    query_text(&query, ":external_url", external_url);
    query_integer_or_null(&query, ":percent", percent, -1);
    query_integer(&query, ":now", clock_wall_ms(tx_clock(tx)));
    return query_run(&query, err);
}

bool action_runs_take_target(struct tx *tx, int64_t id, struct err *err) {
    static const char sql[] = "UPDATE action_runs SET holds_target = 1, updated_ms = :now "
                              "WHERE id = :id AND status = 'InProgress' AND target IS NOT NULL AND holds_target = 0";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":id", id);
    query_integer(&query, ":now", clock_wall_ms(tx_clock(tx)));
    return query_run_one(&query, "the action", err);
}

bool action_runs_set_aside(struct tx *tx, int64_t stage_run_id, bool all, struct err *err) {
    static const char sql[] = "UPDATE action_runs SET set_aside = 1 WHERE stage_run_id = :stage_run_id "
                              "AND condition_id IS NULL AND status <> 'InProgress' "
                              "AND (:all OR status IN ('Failed', 'Abandoned'))";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":stage_run_id", stage_run_id);
    query_integer(&query, ":all", all);
    return query_run(&query, err);
}

bool action_runs_clear_expiry(struct tx *tx, int64_t id, struct err *err) {
    static const char sql[] = "UPDATE action_runs SET expires_ms = NULL WHERE id = :id AND status = 'InProgress'";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":id", id);
    return query_run_one(&query, "the rule", err);
}

bool action_runs_set_look(struct tx *tx, int64_t id, int64_t look_ms, struct err *err) {
    static const char sql[] = "UPDATE action_runs SET look_ms = :look_ms WHERE id = :id AND status = 'InProgress'";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":id", id);
    query_integer_or_null(&query, ":look_ms", look_ms, 0);
    return query_run_one(&query, "the rule", err);
}

bool action_runs_set_variable(struct tx *tx, int64_t action_run_id, const char *name, const char *value,
                              struct err *err) {
    static const char sql[] = "INSERT INTO output_variables (action_run_id, name, value) "
                              "VALUES (:action_run_id, :name, :value) "
                              "ON CONFLICT (action_run_id, name) DO UPDATE SET value = excluded.value";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":action_run_id", action_run_id);
    query_text(&query, ":name", name);
    query_text(&query, ":value", value);
    return query_run(&query, err);
}
