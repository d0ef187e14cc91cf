/*
 * ListActionExecutions, newest first: what each action got, what it made, how it ended.
 */
#include "server/api/codepipeline/listing.h"

#include "server/api/page.h"
#include "server/engine/worker_types.h"

#include "common/str.h"

#define TOKEN "actions" /* what its next tokens say */

/* NULL where the definition does not have it any more: it was made from one that could be read then. */
static const struct pipeline_action *find_action(const struct pipeline *pipeline, const struct action_run_row *run) {
    for (size_t i = 0; i < pipeline->stage_count; i++)
        for (size_t j = 0; j < pipeline->stages[i].action_count; j++)
            if (str_equal(pipeline->stages[i].name, run->stage) &&
                str_equal(pipeline->stages[i].actions[j].name, run->action))
                return &pipeline->stages[i].actions[j];
    return NULL;
}

static void show_type(struct arena *arena, const struct action_run_row *run, struct json *out) {
    struct json *id = json_set_object(arena, out, "actionTypeId");
    json_set_text(arena, id, "category", run->category);
    json_set_text(arena, id, "owner", run->owner);
    json_set_text(arena, id, "provider", run->provider);
    json_set_text(arena, id, "version", run->type_version);
}

static const char *shown_value(const struct listing *listing, const struct pipeline_action *action, const char *key,
                               const char *value) {
    return worker_types_secret(&listing->types, action->type, key) ? "****" : value;
}

static void show_configuration(const struct listing *listing, const struct pipeline_action *action,
                               const struct action_run_row *run, struct json *out) {
    struct arena *arena = listing->arena;
    struct json *written = json_set_object(arena, out, "configuration");
    for (size_t i = 0; i < action->configuration_count; i++) {
        const struct pipeline_setting *setting = &action->configuration[i];
        json_set_text(arena, written, setting->key, shown_value(listing, action, setting->key, setting->value));
    }
    struct json *resolved = json_set_object(arena, out, "resolvedConfiguration");
    json_each(setting, listing_parse(arena, run->configuration)) {
        json_set_text(arena, resolved, setting->name, shown_value(listing, action, setting->name, setting->text));
    }
}

static bool show_input(struct listing *listing, const struct action_run_row *run, struct json *out, struct err *err) {
    struct arena *arena = listing->arena;
    if (!listing_read_version(listing, run, err))
        return false;
    const struct pipeline_action *action = find_action(listing->pipeline, run);
    show_type(arena, run, out);
    if (action) {
        show_configuration(listing, action, run, out);
        json_set_text(arena, out, "roleArn", action->role_arn);
        json_set_text(arena, out, "region", action->region ? action->region : listing->call->region);
    }
    if (!listing_show_artifacts(listing, run, run->inputs, json_set_array(arena, out, "inputArtifacts"), err))
        return false;
    json_set_text(arena, out, "namespace", run->variable_namespace);
    return true;
}

static bool show_output(struct listing *listing, const struct action_run_row *run, struct json *out, struct err *err) {
    struct arena *arena = listing->arena;
    struct json *artifacts = json_set_array(arena, out, "outputArtifacts");
    if (run->status == ACTION_SUCCEEDED && !listing_show_artifacts(listing, run, run->outputs, artifacts, err))
        return false;
    listing_show_result(arena, run, out);
    struct output_variable *variables;
    size_t count;
    if (!action_runs_variables(listing->tx, arena, run->id, &variables, &count, err))
        return false;
    struct json *shown = json_set_object(arena, out, "outputVariables");
    for (size_t i = 0; i < count; i++)
        json_set_text(arena, shown, variables[i].name, variables[i].value);
    return true;
}

/* One more than a page has, to know whether there is another. */
static bool list(const struct listing *listing, struct action_run_row **out, size_t *count, struct err *err) {
    return listing->execution_id
               ? action_runs_list_execution(listing->tx, listing->arena, listing->execution_id, listing->newest,
                                            listing->before, listing->limit + 1, out, count, err)
               : action_runs_list_pipeline(listing->tx, listing->arena, listing->pipeline_id, listing->before,
                                           listing->limit + 1, out, count, err);
}

bool list_action_executions(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    struct listing listing;
    struct action_run_row *runs = NULL;
    size_t count = 0;
    if (!listing_begin(tx, call, TOKEN, &listing, err) || !list(&listing, &runs, &count, err))
        return false;
    struct json *details = json_set_array(call->arena, out, "actionExecutionDetails");
    for (size_t i = 0; i < count && i < listing.limit; i++) {
        struct json *shown = listing_show(&listing, &runs[i], "actionExecutionId", details);
        if (!show_input(&listing, &runs[i], json_set_object(call->arena, shown, "input"), err) ||
            !show_output(&listing, &runs[i], json_set_object(call->arena, shown, "output"), err))
            return false;
    }
    if (count > listing.limit)
        page_next_number(call, out, TOKEN, runs[listing.limit - 1].id);
    return true;
}
