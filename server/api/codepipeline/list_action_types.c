/*
 * ListActionTypes: those that Penstock runs, then the custom ones. What AWS has beside them is left out: a pipeline
 * that names it is refused.
 */
#include "server/api/codepipeline/codepipeline.h"

#include "server/api/codepipeline/action_type.h"
#include "server/api/page.h"

#include "common/str.h"

#define PAGE 50

static const char *const owners[] = {"AWS", "ThirdParty", "Custom", NULL};

const struct shape list_action_types_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "actionOwnerFilter", .shape = &(const struct shape){.type = SHAPE_TEXT, .choices = owners}},
            {.name = "regionFilter", .shape = &(const struct shape){.type = SHAPE_TEXT, .least = 4, .most = 30}},
            {.name = "nextToken", .shape = &aws_next_token},
            {0},
        },
};

static void show(struct arena *arena, const struct action_type *type, struct json *out) {
    json_set(
        arena, out, "id",
        action_type_show_id(arena, action_category_name(type->category), type->owner, type->provider, type->version));
    struct json *properties = json_set_array(arena, out, "actionConfigurationProperties");
    for (const struct action_key *key = type->keys; key->name; key++)
        action_type_show_key(arena, key, properties);
    action_type_show_counts(arena, out, "inputArtifactDetails", type->least_inputs, type->most_inputs);
    action_type_show_counts(arena, out, "outputArtifactDetails", type->least_outputs, type->most_outputs);
}

static bool is_wanted(const struct aws_call *call, const char *owner) {
    const char *filter = aws_text(call, "actionOwnerFilter");
    return !filter || str_equal(filter, owner);
}

static struct json *list_built_in(const struct aws_call *call) {
    size_t count;
    const struct action_type *types = action_types_all(&count);
    struct json *all = json_array(call->arena);
    for (size_t i = 0; i < count; i++)
        if (types[i].worker != ACTION_BY_NOBODY && is_wanted(call, types[i].owner))
            show(call->arena, &types[i], json_append_object(call->arena, all));
    return all;
}

/* Runners act in every region; a custom type belongs to the region in which it was made: the server's. */
static bool append_custom(struct tx *tx, const struct aws_call *call, struct json *all, struct err *err) {
    const char *region = aws_text(call, "regionFilter");
    struct custom_type_row *rows;
    size_t count;
    if (!is_wanted(call, "Custom") || (region && !str_equal(region, call->region)))
        return true;
    if (!custom_type_rows_list(tx, call->arena, false, &rows, &count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!action_type_show_custom(call->arena, &rows[i], json_append_object(call->arena, all), err))
            return false;
    return true;
}

bool list_action_types(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    int64_t begin, index = 0;
    struct json *all = list_built_in(call);
    if (!page_begin_number(call, "action types", &begin, err) || !append_custom(tx, call, all, err))
        return false;
    struct json *list = json_set_array(call->arena, out, "actionTypes");
    json_each(item, all) {
        if (index >= begin && index < begin + PAGE)
            json_append(list, json_copy(call->arena, item));
        index++;
    }
    if (index > begin + PAGE)
        page_next_number(call, out, "action types", begin + PAGE);
    return true;
}
