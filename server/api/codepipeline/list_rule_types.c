/*
 * ListRuleTypes.
 */
#include "server/api/codepipeline/codepipeline.h"

#include "server/api/codepipeline/action_type.h"
#include "server/definition/rule_types.h"

static const char *const owners[] = {"AWS", NULL};

const struct shape list_rule_types_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "ruleOwnerFilter", .shape = &(const struct shape){.type = SHAPE_TEXT, .choices = owners}},
            {.name = "regionFilter", .shape = &(const struct shape){.type = SHAPE_TEXT, .least = 4, .most = 30}},
            {0},
        },
};

bool list_rule_types(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    (void)tx;
    (void)err;
    size_t count;
    const struct rule_type *types = rule_types_all(&count);
    struct json *list = json_set_array(call->arena, out, "ruleTypes");
    for (size_t i = 0; i < count; i++) {
        struct json *type = json_append_object(call->arena, list);
        json_set(call->arena, type, "id", action_type_show_id(call->arena, "Rule", "AWS", types[i].provider, "1"));
        struct json *properties = json_set_array(call->arena, type, "ruleConfigurationProperties");
        for (const struct action_key *key = types[i].keys; key->name; key++)
            action_type_show_key(call->arena, key, properties);
        action_type_show_counts(call->arena, type, "inputArtifactDetails", 0, types[i].most_inputs);
    }
    return true;
}
