/*
 * GetActionType: one of the types that Penstock itself has. Custom types are not asked for here (AWS: the owner is AWS
 * or ThirdParty); ListActionTypes shows them.
 */
#include "server/api/codepipeline/codepipeline.h"

#include "common/str.h"

static const char *const categories[] = {"Source", "Build", "Deploy", "Test", "Invoke", "Approval", "Compute", NULL};
static const struct shape_pattern owner_pattern = {
    .aws = "AWS|ThirdParty", .expression = "^(AWS|ThirdParty)$", .words = "AWS or ThirdParty"};
static const struct shape_pattern provider_pattern = {
    .aws = "[0-9A-Za-z_-]+", .expression = "^[0-9A-Za-z_-]+$", .words = "letters, digits and _ -"};

const struct shape get_action_type_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "category",
             .required = true,
             .shape = &(const struct shape){.type = SHAPE_TEXT, .choices = categories}},
            {.name = "owner",
             .required = true,
             .shape = &(const struct shape){.type = SHAPE_TEXT, .pattern = &owner_pattern}},
            {.name = "provider",
             .required = true,
             .shape = &(const struct shape){.type = SHAPE_TEXT, .least = 1, .most = 35, .pattern = &provider_pattern}},
            {.name = "version",
             .required = true,
             .shape = &(const struct shape){.type = SHAPE_TEXT, .least = 1, .most = 9, .pattern = &provider_pattern}},
            {0},
        },
};

static const struct action_type *find(const struct aws_call *call) {
    enum action_category category;
    if (!action_category_parse(aws_text(call, "category"), &category))
        return NULL;
    const struct action_type *type = action_types_find(aws_text(call, "provider"), category);
    bool is_meant = type && type->worker != ACTION_BY_NOBODY && str_equal(type->owner, aws_text(call, "owner")) &&
                    str_equal(type->version, aws_text(call, "version"));
    return is_meant ? type : NULL;
}

static void show_counts(struct arena *arena, struct json *out, const char *name, int least, int most) {
    struct json *counts = json_set_object(arena, out, name);
    json_set_integer(arena, counts, "minimumCount", least);
    json_set_integer(arena, counts, "maximumCount", most);
}

static void show_properties(struct arena *arena, const struct action_type *type, struct json *out) {
    struct json *list = json_set_array(arena, out, "properties");
    for (const struct action_key *key = type->keys; key->name; key++) {
        struct json *property = json_append_object(arena, list);
        json_set_text(arena, property, "name", key->name);
        json_set_bool(arena, property, "optional", !key->required);
        json_set_bool(arena, property, "key", true);
        json_set_bool(arena, property, "noEcho", key->secret);
        json_set_bool(arena, property, "queryable", false);
    }
}

bool get_action_type(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    (void)tx;
    struct arena *arena = call->arena;
    const struct action_type *type = find(call);
    if (!type)
        return err_set_code(err, ERR_NOT_FOUND, "ActionTypeNotFoundException",
                            "there is no action type of category '%s', owner '%s', provider '%s', version '%s'",
                            aws_text(call, "category"), aws_text(call, "owner"), aws_text(call, "provider"),
                            aws_text(call, "version"));
    struct json *shown = json_set_object(arena, out, "actionType");
    struct json *executor = json_set_object(arena, shown, "executor");
    json_set_object(arena, json_set_object(arena, executor, "configuration"), "jobWorkerExecutorConfiguration");
    json_set_text(arena, executor, "type", "JobWorker");
    struct json *id = json_set_object(arena, shown, "id");
    json_set_text(arena, id, "category", action_category_name(type->category));
    json_set_text(arena, id, "owner", type->owner);
    json_set_text(arena, id, "provider", type->provider);
    json_set_text(arena, id, "version", type->version);
    show_counts(arena, shown, "inputArtifactDetails", type->least_inputs, type->most_inputs);
    show_counts(arena, shown, "outputArtifactDetails", type->least_outputs, type->most_outputs);
    json_append_text(arena, json_set_array(arena, json_set_object(arena, shown, "permissions"), "allowedAccounts"),
                     call->account_id);
    show_properties(arena, type, shown);
    return true;
}
