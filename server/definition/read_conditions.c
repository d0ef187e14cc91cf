/*
 * The conditions of stages and the triggers, out of the canonical declaration.
 */
#include "server/definition/read.h"

#include "server/definition/declaration_shape.h"

#include "common/str.h"

static const struct rule_type *read_rule_type(struct reader *reader, const struct json *rule) {
    const char *provider = reader_text(reader, json_get(rule, "ruleTypeId"), "provider");
    const struct rule_type *type = rule_types_find(provider);
    if (!type)
        reader_fail(reader, arena_printf(reader->arena, "no rule type '%s'", provider));
    return type;
}

static void read_rule(struct reader *reader, const struct json *from, struct pipeline_rule *out) {
    out->name = reader_text(reader, from, "name");
    out->type = read_rule_type(reader, from);
    out->configuration = reader_settings(reader, from, &out->configuration_count);
    out->inputs = reader_artifacts(reader, from, "inputArtifacts", &out->input_count);
    out->commands = reader_texts(reader, from, "commands", &out->command_count);
    out->region = json_get_text(from, "region");
    out->role_arn = json_get_text(from, "roleArn");
    out->timeout_minutes = (int)json_get_integer(from, "timeoutInMinutes", 0);
}

static enum condition_result read_result(struct reader *reader, const char *name) {
    static const char *const names[] = {
        [RESULT_FAIL] = "FAIL", [RESULT_SKIP] = "SKIP", [RESULT_ROLLBACK] = "ROLLBACK", [RESULT_RETRY] = "RETRY"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (str_equal(names[i], name))
            return (enum condition_result)i;
    reader_fail(reader, "unknown result of a condition");
    return RESULT_FAIL;
}

/* There is at most one of each kind (AWS). */
static const struct pipeline_condition *read_condition(struct reader *reader, const struct json *conditions) {
    const struct json *from = json_first(json_get(conditions, "conditions"));
    if (!from)
        return NULL;
    struct pipeline_condition *out = arena_new(reader->arena, struct pipeline_condition);
    out->result = read_result(reader, reader_text(reader, from, "result"));
    struct pipeline_rule *rules = arena_array(reader->arena, struct pipeline_rule, reader_count(from, "rules"));
    json_each(rule, json_get(from, "rules")) {
        read_rule(reader, rule, &rules[out->rule_count++]);
    }
    out->rules = rules;
    return out;
}

void read_conditions(struct reader *reader, const struct json *stage, struct pipeline_stage *out) {
    for (size_t kind = 0; kind < sizeof out->conditions / sizeof *out->conditions; kind++)
        out->conditions[kind] = read_condition(reader, json_get(stage, stage_condition_names[kind]));
    const struct json *failure = json_get(stage, "onFailure");
    const char *result = json_get_text(failure, "result");
    const char *mode = json_get_text(json_get(failure, "retryConfiguration"), "retryMode");
    out->on_failure = result ? read_result(reader, result) : RESULT_FAIL;
    /* AWS's default, by the CDK's documentation. */
    out->retry_mode = str_equal(mode, "FAILED_ACTIONS") ? RETRY_FAILED_ACTIONS : RETRY_ALL_ACTIONS;
}

static struct trigger_patterns read_patterns(struct reader *reader, const struct json *filter, const char *name) {
    const struct json *criteria = json_get(filter, name);
    struct trigger_patterns patterns = {0};
    patterns.includes = reader_texts(reader, criteria, "includes", &patterns.include_count);
    patterns.excludes = reader_texts(reader, criteria, "excludes", &patterns.exclude_count);
    return patterns;
}

static unsigned read_events(const struct json *filter) {
    unsigned events = 0;
    json_each(event, json_get(filter, "events")) {
        if (str_equal(event->text, "OPEN"))
            events |= TRIGGER_OPEN;
        else if (str_equal(event->text, "UPDATED"))
            events |= TRIGGER_UPDATED;
        else if (str_equal(event->text, "CLOSED"))
            events |= TRIGGER_CLOSED;
    }
    return events ? events : TRIGGER_OPEN | TRIGGER_UPDATED | TRIGGER_CLOSED;
}

static void read_filters(struct reader *reader, const struct json *git, bool pull_request,
                         struct trigger_filter *filters, size_t *count) {
    json_each(filter, json_get(git, pull_request ? "pullRequest" : "push")) {
        filters[(*count)++] = (struct trigger_filter){
            .pull_request = pull_request,
            .events = pull_request ? read_events(filter) : 0,
            .tags = read_patterns(reader, filter, "tags"),
            .branches = read_patterns(reader, filter, "branches"),
            .file_paths = read_patterns(reader, filter, "filePaths"),
        };
    }
}

void read_triggers(struct reader *reader, const struct json *declaration, struct pipeline *out) {
    struct pipeline_trigger *triggers =
        arena_array(reader->arena, struct pipeline_trigger, reader_count(declaration, "triggers"));
    json_each(item, json_get(declaration, "triggers")) {
        const struct json *git = json_get(item, "gitConfiguration");
        struct pipeline_trigger *trigger = &triggers[out->trigger_count++];
        struct trigger_filter *filters = arena_array(reader->arena, struct trigger_filter,
                                                     reader_count(git, "push") + reader_count(git, "pullRequest"));
        trigger->source_action = reader_text(reader, git, "sourceActionName");
        read_filters(reader, git, false, filters, &trigger->filter_count);
        read_filters(reader, git, true, filters, &trigger->filter_count);
        trigger->filters = filters;
    }
    out->triggers = triggers;
}
