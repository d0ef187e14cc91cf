/*
 * The declaration as GetPipeline shows it: AWS's order of members, short forms written out, defaults filled in where
 * AWS fills them in (runOrder, configuration, artifacts), and nothing else: a configuration key or an empty block that
 * the user did not write would be a difference for ever to Terraform.
 */
#include "server/definition/structure.h"

#include "common/str.h"

static void copy(struct arena *arena, struct json *to, const struct json *from, const char *name) {
    const struct json *value = json_get(from, name);
    if (value)
        json_set(arena, to, name, json_copy(arena, value));
}

static void copy_text(struct arena *arena, struct json *to, const struct json *from, const char *name) {
    json_set_text(arena, to, name, shape_get_text(arena, from, name));
}

/* Lists of texts or of objects of texts, which in files may hold numbers and booleans. */
static struct json *texts_only(struct arena *arena, const struct json *value) {
    if (value->type == JSON_OBJECT) {
        struct json *object = json_object(arena);
        json_each(member, value) {
            if (member->type != JSON_NULL)
                json_set(arena, object, member->name, texts_only(arena, member));
        }
        return object;
    }
    if (value->type == JSON_ARRAY) {
        struct json *list = json_array(arena);
        json_each(item, value) {
            json_append(list, texts_only(arena, item));
        }
        return list;
    }
    return json_new_text(arena, shape_text(arena, value));
}

static void copy_texts(struct arena *arena, struct json *to, const struct json *from, const char *name) {
    const struct json *value = json_get(from, name);
    if (shape_is_filled(value))
        json_set(arena, to, name, texts_only(arena, value));
}

static void write_type(struct arena *arena, struct json *to, const struct action_type *type) {
    struct json *id = json_set_object(arena, to, "actionTypeId");
    json_set_text(arena, id, "category", action_category_name(type->category));
    json_set_text(arena, id, "owner", type->owner);
    json_set_text(arena, id, "provider", type->provider);
    json_set_text(arena, id, "version", type->version);
}

static void write_artifacts(struct arena *arena, struct json *to, const char *name,
                            const struct draft_artifact *artifacts, size_t count) {
    struct json *list = json_set_array(arena, to, name);
    for (size_t i = 0; i < count; i++) {
        struct json *artifact = json_append_object(arena, list);
        json_set_text(arena, artifact, "name", artifacts[i].name);
        if (artifacts[i].place->value->type == JSON_OBJECT)
            copy_texts(arena, artifact, artifacts[i].place->value, "files");
    }
}

static struct json *write_action(struct arena *arena, const struct draft_action *action) {
    const struct json *from = action->place->value;
    struct json *to = json_object(arena);
    json_set_text(arena, to, "name", action->name);
    write_type(arena, to, action->type);
    json_set_integer(arena, to, "runOrder", action->run_order);
    const struct json *configuration = json_get(from, "configuration");
    json_set(arena, to, "configuration", configuration ? texts_only(arena, configuration) : json_object(arena));
    copy_texts(arena, to, from, "commands");
    write_artifacts(arena, to, "outputArtifacts", action->outputs, action->output_count);
    write_artifacts(arena, to, "inputArtifacts", action->inputs, action->input_count);
    copy_texts(arena, to, from, "outputVariables");
    copy_text(arena, to, from, "roleArn");
    copy_text(arena, to, from, "region");
    copy_text(arena, to, from, "namespace");
    copy(arena, to, from, "timeoutInMinutes");
    copy_texts(arena, to, from, "environmentVariables");
    return to;
}

static void write_rule(struct arena *arena, struct json *to, const struct json *from) {
    const struct json *id = json_get(from, "ruleTypeId");
    json_set_text(arena, to, "name", shape_get_text(arena, from, "name"));
    struct json *type = json_set_object(arena, to, "ruleTypeId");
    json_set_text(arena, type, "category", "Rule");
    json_set_text(arena, type, "owner", "AWS");
    json_set_text(arena, type, "provider", shape_get_text(arena, id ? id : from, "provider"));
    json_set_text(arena, type, "version", "1");
    const struct json *configuration = json_get(from, "configuration");
    json_set(arena, to, "configuration", configuration ? texts_only(arena, configuration) : json_object(arena));
    copy_texts(arena, to, from, "commands");
    struct json *inputs = json_set_array(arena, to, "inputArtifacts");
    json_each(input, json_get(from, "inputArtifacts")) {
        const char *name = input->type == JSON_OBJECT ? shape_get_text(arena, input, "name") : shape_text(arena, input);
        json_set_text(arena, json_append_object(arena, inputs), "name", name);
    }
    copy_text(arena, to, from, "roleArn");
    copy_text(arena, to, from, "region");
    copy(arena, to, from, "timeoutInMinutes");
}

/* AWS leaves the result away where it is FAIL, which is what the CDK's users do. */
static void write_conditions(struct arena *arena, struct json *to, const struct json *from) {
    if (!json_get(from, "conditions"))
        return;
    struct json *list = json_set_array(arena, to, "conditions");
    json_each(condition, json_get(from, "conditions")) {
        struct json *object = json_append_object(arena, list);
        const char *result = shape_get_text(arena, condition, "result");
        json_set_text(arena, object, "result", result ? result : "FAIL");
        struct json *rules = json_set_array(arena, object, "rules");
        json_each(rule, json_get(condition, "rules")) {
            write_rule(arena, json_append_object(arena, rules), rule);
        }
    }
}

static void write_stage_conditions(struct arena *arena, struct json *to, const struct json *stage) {
    const struct json *failure = json_get(stage, "onFailure");
    if (shape_is_filled(failure)) {
        struct json *object = json_set_object(arena, to, "onFailure");
        copy_text(arena, object, failure, "result");
        copy_texts(arena, object, failure, "retryConfiguration");
        write_conditions(arena, object, failure);
    }
    for (enum condition_kind kind = CONDITION_ON_SUCCESS;; kind = CONDITION_BEFORE_ENTRY) {
        const struct json *conditions = json_get(stage, stage_condition_names[kind]);
        if (conditions)
            write_conditions(arena, json_set_object(arena, to, stage_condition_names[kind]), conditions);
        if (kind == CONDITION_BEFORE_ENTRY)
            return;
    }
}

static void write_stages(struct arena *arena, struct json *to, const struct draft *draft) {
    struct json *list = json_set_array(arena, to, "stages");
    for (size_t i = 0; i < draft->stage_count; i++) {
        const struct draft_stage *stage = &draft->stages[i];
        struct json *object = json_append_object(arena, list);
        json_set_text(arena, object, "name", stage->name);
        struct json *actions = json_set_array(arena, object, "actions");
        for (size_t j = 0; j < stage->action_count; j++)
            json_append(actions, write_action(arena, &draft->actions[stage->first_action + j]));
        write_stage_conditions(arena, object, stage->place->value);
    }
}

/* The providerType is AWS's only one, which files need not write. */
static void write_triggers(struct arena *arena, struct json *to, const struct json *from) {
    const struct json *triggers = json_get(from, "triggers");
    if (!triggers || triggers->count == 0)
        return;
    struct json *list = json_set_array(arena, to, "triggers");
    json_each(trigger, triggers) {
        struct json *object = json_append_object(arena, list);
        json_set_text(arena, object, "providerType", "CodeStarSourceConnection");
        copy_texts(arena, object, trigger, "gitConfiguration");
    }
}

/* Using anything that only V2 has makes a pipeline V2 (AWS). */
static bool needs_v2(const struct draft *draft, const char *mode) {
    const struct json *pipeline = draft->place->value;
    bool found = !str_equal(mode, "SUPERSEDED") || shape_is_filled(json_get(pipeline, "variables")) ||
                 shape_is_filled(json_get(pipeline, "triggers"));
    for (size_t i = 0; i < draft->stage_count; i++)
        for (size_t kind = 0; kind < sizeof stage_condition_names / sizeof *stage_condition_names; kind++)
            found = found || shape_is_filled(json_get(draft->stages[i].place->value, stage_condition_names[kind]));
    for (size_t i = 0; i < draft->action_count; i++)
        found = found || draft->actions[i].type->category == ACTION_COMPUTE;
    return found;
}

const struct json *draft_canonical(const struct draft *draft) {
    struct arena *arena = draft->arena;
    const struct json *from = draft->place->value;
    const char *mode = shape_get_text(arena, from, "executionMode");
    struct json *to = json_object(arena);
    copy_text(arena, to, from, "name");
    copy_text(arena, to, from, "roleArn");
    copy_texts(arena, to, from, "artifactStore");
    copy_texts(arena, to, from, "artifactStores");
    write_stages(arena, to, draft);
    json_set_text(arena, to, "executionMode", mode ? mode : "SUPERSEDED");
    const char *type = shape_get_text(arena, from, "pipelineType");
    json_set_text(arena, to, "pipelineType", needs_v2(draft, mode ? mode : "SUPERSEDED") ? "V2" : type ? type : "V1");
    copy_texts(arena, to, from, "variables");
    write_triggers(arena, to, from);
    return to;
}
