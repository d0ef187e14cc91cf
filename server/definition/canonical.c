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
    if (value && value->count > 0)
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
    copy_text(arena, to, from, "region");
    copy_text(arena, to, from, "namespace");
    copy(arena, to, from, "timeoutInMinutes");
    copy_texts(arena, to, from, "environmentVariables");
    return to;
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
    }
}

/* Using anything that only V2 has makes a pipeline V2 (AWS). */
static const char *pipeline_type(const struct draft *draft, const char *mode) {
    const struct json *variables = json_get(draft->place->value, "variables");
    const char *type = shape_get_text(draft->arena, draft->place->value, "pipelineType");
    if (!str_equal(mode, "SUPERSEDED") || (variables && variables->count > 0))
        return "V2";
    return type ? type : "V1";
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
    json_set_text(arena, to, "pipelineType", pipeline_type(draft, mode ? mode : "SUPERSEDED"));
    copy_texts(arena, to, from, "variables");
    return to;
}
