/*
 * From the canonical declaration, which was checked when it was stored, to a struct pipeline. It still looks at what it
 * reads: a database may have been written by another version.
 */
#include "server/definition/read.h"

#include "common/str.h"

void reader_fail(struct reader *reader, const char *what) {
    if (!reader->failed)
        err_set(reader->err, ERR_INTERNAL, "stored declaration is damaged: %s", what);
    reader->failed = true;
}

const char *reader_text(struct reader *reader, const struct json *object, const char *name) {
    const char *text = json_get_text(object, name);
    if (!text)
        reader_fail(reader, arena_printf(reader->arena, "'%s' is missing", name));
    return text ? text : "";
}

size_t reader_count(const struct json *object, const char *name) {
    const struct json *list = json_get(object, name);
    return list ? list->count : 0;
}

const char *const *reader_texts(struct reader *reader, const struct json *object, const char *name, size_t *out_count) {
    const char **texts = arena_array(reader->arena, const char *, reader_count(object, name));
    size_t count = 0;
    json_each(item, json_get(object, name)) {
        texts[count++] = item->text ? item->text : "";
    }
    *out_count = count;
    return count > 0 ? texts : NULL;
}

const struct pipeline_artifact *reader_artifacts(struct reader *reader, const struct json *action, const char *name,
                                                 size_t *out_count) {
    struct pipeline_artifact *artifacts =
        arena_array(reader->arena, struct pipeline_artifact, reader_count(action, name));
    size_t count = 0;
    json_each(item, json_get(action, name)) {
        struct pipeline_artifact *artifact = &artifacts[count++];
        artifact->name = reader_text(reader, item, "name");
        artifact->files = reader_texts(reader, item, "files", &artifact->file_count);
    }
    *out_count = count;
    return artifacts;
}

const struct pipeline_setting *reader_settings(struct reader *reader, const struct json *action, size_t *out_count) {
    struct pipeline_setting *settings =
        arena_array(reader->arena, struct pipeline_setting, reader_count(action, "configuration"));
    size_t count = 0;
    json_each(item, json_get(action, "configuration")) {
        settings[count++] = (struct pipeline_setting){.key = item->name, .value = item->text ? item->text : ""};
    }
    *out_count = count;
    return settings;
}

static void read_environment(struct reader *reader, const struct json *action, struct pipeline_action *out) {
    struct pipeline_environment *variables =
        arena_array(reader->arena, struct pipeline_environment, reader_count(action, "environmentVariables"));
    json_each(item, json_get(action, "environmentVariables")) {
        variables[out->environment_count++] = (struct pipeline_environment){
            .name = reader_text(reader, item, "name"),
            .value = reader_text(reader, item, "value"),
            .type = json_get_text_or(item, "type", "PLAINTEXT"),
        };
    }
    out->environment = variables;
}

/* What a custom type needs was checked when the declaration was stored, and the type may be gone since. */
static const struct action_type *read_type(struct reader *reader, const struct json *action) {
    const struct json *id = json_get(action, "actionTypeId");
    const char *provider = reader_text(reader, id, "provider");
    const char *version = reader_text(reader, id, "version");
    enum action_category category;
    const struct action_type *type = NULL;
    if (!action_category_parse(reader_text(reader, id, "category"), &category))
        reader_fail(reader, arena_printf(reader->arena, "unknown category of '%s'", provider));
    else if (str_equal(json_get_text(id, "owner"), "Custom"))
        type = custom_type_named(reader->arena, category, provider, version);
    else
        type = action_types_find(provider, category);
    if (!type)
        reader_fail(reader, arena_printf(reader->arena, "no action type '%s'", provider));
    return type;
}

static void read_action(struct reader *reader, const struct json *action, struct pipeline_action *out) {
    out->name = reader_text(reader, action, "name");
    out->type = read_type(reader, action);
    out->run_order = (int)json_get_integer(action, "runOrder", 1);
    out->inputs = reader_artifacts(reader, action, "inputArtifacts", &out->input_count);
    out->outputs = reader_artifacts(reader, action, "outputArtifacts", &out->output_count);
    out->commands = reader_texts(reader, action, "commands", &out->command_count);
    out->output_variables = reader_texts(reader, action, "outputVariables", &out->output_variable_count);
    out->variable_namespace = json_get_text(action, "namespace");
    out->region = json_get_text(action, "region");
    out->role_arn = json_get_text(action, "roleArn");
    out->timeout_minutes = (int)json_get_integer(action, "timeoutInMinutes", 0);
    out->configuration = reader_settings(reader, action, &out->configuration_count);
    read_environment(reader, action, out);
}

static void read_stages(struct reader *reader, const struct json *declaration, struct pipeline *out) {
    struct pipeline_stage *stages =
        arena_array(reader->arena, struct pipeline_stage, reader_count(declaration, "stages"));
    json_each(item, json_get(declaration, "stages")) {
        struct pipeline_stage *stage = &stages[out->stage_count++];
        struct pipeline_action *actions =
            arena_array(reader->arena, struct pipeline_action, reader_count(item, "actions"));
        stage->name = reader_text(reader, item, "name");
        json_each(action, json_get(item, "actions")) {
            read_action(reader, action, &actions[stage->action_count++]);
        }
        stage->actions = actions;
        read_conditions(reader, item, stage);
    }
    out->stages = stages;
    if (out->stage_count < 2)
        reader_fail(reader, "fewer than 2 stages");
}

static void read_variables(struct reader *reader, const struct json *declaration, struct pipeline *out) {
    struct pipeline_variable *variables =
        arena_array(reader->arena, struct pipeline_variable, reader_count(declaration, "variables"));
    json_each(item, json_get(declaration, "variables")) {
        variables[out->variable_count++] = (struct pipeline_variable){
            .name = reader_text(reader, item, "name"),
            .default_value = json_get_text(item, "defaultValue"),
            .description = json_get_text(item, "description"),
        };
    }
    out->variables = variables;
}

static enum execution_mode read_mode(struct reader *reader, const struct json *declaration) {
    const char *mode = reader_text(reader, declaration, "executionMode");
    if (str_equal(mode, "QUEUED"))
        return MODE_QUEUED;
    if (str_equal(mode, "PARALLEL"))
        return MODE_PARALLEL;
    if (!str_equal(mode, "SUPERSEDED"))
        reader_fail(reader, arena_printf(reader->arena, "no execution mode '%s'", mode));
    return MODE_SUPERSEDED;
}

bool definition_read(struct arena *arena, const struct json *declaration, struct pipeline **out, struct err *err) {
    struct reader reader = {.arena = arena, .err = err};
    struct pipeline *pipeline = arena_new(arena, struct pipeline);
    pipeline->name = reader_text(&reader, declaration, "name");
    pipeline->type = json_get_text_or(declaration, "pipelineType", "V1");
    pipeline->mode = read_mode(&reader, declaration);
    pipeline->role_arn = json_get_text(declaration, "roleArn");
    pipeline->declaration = declaration;
    read_stages(&reader, declaration, pipeline);
    read_variables(&reader, declaration, pipeline);
    read_triggers(&reader, declaration, pipeline);
    if (reader.failed)
        return false;
    *out = pipeline;
    return true;
}
