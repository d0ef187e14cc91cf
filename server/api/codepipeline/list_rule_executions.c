/*
 * ListRuleExecutions, newest first: what each rule of a stage's condition was asked, and its answer.
 */
#include "server/api/codepipeline/listing.h"

#include "server/api/page.h"

#include "common/str.h"

#define TOKEN "rules" /* what its next tokens say */

static const struct pipeline_stage *find_stage(const struct pipeline *pipeline, const char *name) {
    for (size_t i = 0; i < pipeline->stage_count; i++)
        if (str_equal(pipeline->stages[i].name, name))
            return &pipeline->stages[i];
    return NULL;
}

/* NULL where the definition does not have it any more. */
static const struct pipeline_rule *find_rule(const struct pipeline *pipeline, const struct action_run_row *run) {
    const struct pipeline_stage *stage = find_stage(pipeline, run->stage);
    int kind = state_parse(&condition_kinds, run->condition);
    const struct pipeline_condition *condition = stage && kind >= 0 ? stage->conditions[kind] : NULL;
    for (size_t i = 0; condition && i < condition->rule_count; i++)
        if (str_equal(condition->rules[i].name, run->action))
            return &condition->rules[i];
    return NULL;
}

static void show_type(struct arena *arena, const struct action_run_row *run, struct json *out) {
    struct json *id = json_set_object(arena, out, "ruleTypeId");
    json_set_text(arena, id, "category", "Rule");
    json_set_text(arena, id, "owner", "AWS");
    json_set_text(arena, id, "provider", run->provider);
    json_set_text(arena, id, "version", run->type_version);
}

static bool show_input(struct listing *listing, const struct action_run_row *run, struct json *out, struct err *err) {
    struct arena *arena = listing->arena;
    if (!listing_read_version(listing, run, err))
        return false;
    const struct pipeline_rule *rule = find_rule(listing->pipeline, run);
    show_type(arena, run, out);
    struct json *written = json_set_object(arena, out, "configuration");
    for (size_t i = 0; rule && i < rule->configuration_count; i++)
        json_set_text(arena, written, rule->configuration[i].key, rule->configuration[i].value);
    struct json *resolved = json_set_object(arena, out, "resolvedConfiguration");
    json_each(setting, listing_parse(arena, run->configuration)) {
        json_set_text(arena, resolved, setting->name, setting->text);
    }
    json_set_text(arena, out, "roleArn", run->role_arn);
    json_set_text(arena, out, "region", rule && rule->region ? rule->region : listing->call->region);
    return listing_show_artifacts(listing, run, run->inputs, json_set_array(arena, out, "inputArtifacts"), err);
}

/* One more than a page has, to know whether there is another. */
static bool list(const struct listing *listing, struct action_run_row **out, size_t *count, struct err *err) {
    return listing->execution_id
               ? action_runs_list_rules_of(listing->tx, listing->arena, listing->execution_id, listing->newest,
                                           listing->before, listing->limit + 1, out, count, err)
               : action_runs_list_rules(listing->tx, listing->arena, listing->pipeline_id, listing->before,
                                        listing->limit + 1, out, count, err);
}

bool list_rule_executions(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    struct listing listing;
    struct action_run_row *runs = NULL;
    size_t count = 0;
    if (!listing_begin(tx, call, TOKEN, &listing, err) || !list(&listing, &runs, &count, err))
        return false;
    struct json *details = json_set_array(call->arena, out, "ruleExecutionDetails");
    for (size_t i = 0; i < count && i < listing.limit; i++) {
        struct json *shown = listing_show(&listing, &runs[i], "ruleExecutionId", details);
        if (!show_input(&listing, &runs[i], json_set_object(call->arena, shown, "input"), err))
            return false;
        listing_show_result(call->arena, &runs[i], json_set_object(call->arena, shown, "output"));
    }
    if (count > listing.limit)
        page_next_number(call, out, TOKEN, runs[listing.limit - 1].id);
    return true;
}
