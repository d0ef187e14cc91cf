/*
 * What AWS's pipelines can say and Penstock does not run yet. Loading such a pipeline and doing less than it says would
 * be found out at the worst moment; so it is refused, with what to write instead. Empty ones mean nothing and pass:
 * AWS's tools write them.
 */
#include "server/definition/structure.h"

#include "common/str.h"

static bool is_set(const struct json *value) {
    if (!value)
        return false;
    return value->type == JSON_ARRAY || value->type == JSON_OBJECT ? value->count > 0 : true;
}

static void refuse(struct draft *draft, const struct place *parent, const char *member, const char *code,
                   const char *instead) {
    struct place place = PLACE_MEMBER(parent, member, json_get(parent->value, member));
    if (is_set(place.value))
        errors_add_name(draft->errors, &place, code, NULL, "is not supported yet; %s", instead);
}

static void check_stage(struct draft *draft, const struct draft_stage *stage) {
    refuse(draft, stage->place, "beforeEntry", DEFINITION_STAGE,
           "remove it, and put a Manual approval action first where a person shall decide");
    refuse(draft, stage->place, "onSuccess", DEFINITION_STAGE,
           "remove it, and check the outcome in a CodeBuild action at the stage's end");
    refuse(draft, stage->place, "onFailure", DEFINITION_STAGE,
           "remove it: the stage then fails, and a person runs the pipeline again");
    refuse(draft, stage->place, "blockers", DEFINITION_STAGE, "remove it (AWS keeps it for itself)");
}

/* Whoever wrote it relies on a message that would not come. */
static void check_notification(struct draft *draft, const struct draft_action *action) {
    struct place place = PLACE_MEMBER(action->place, "configuration", json_get(action->place->value, "configuration"));
    if (action->type && action->type->worker == ACTION_BY_PERSON)
        refuse(draft, &place, "NotificationArn", DEFINITION_ACTION,
               "remove it: no message is sent yet, the approval waits on the dashboard");
}

static void check_action(struct draft *draft, const struct draft_action *action) {
    const char *role = "remove it: the work is done with the credentials of the runner that takes it";
    refuse(draft, action->place, "roleArn", DEFINITION_ACTION, role);
    check_notification(draft, action);
    if (!action->type || str_equal(action->type->provider, "Commands"))
        return;
    const char *commands = "remove it: only Commands actions have it";
    refuse(draft, action->place, "commands", DEFINITION_ACTION, commands);
    refuse(draft, action->place, "outputVariables", DEFINITION_ACTION, commands);
    refuse(draft, action->place, "environmentVariables", DEFINITION_ACTION,
           "remove it; a CodeBuild action takes the configuration key EnvironmentVariables");
    for (size_t i = 0; i < action->output_count; i++)
        if (action->outputs[i].place->value->type == JSON_OBJECT)
            refuse(draft, action->outputs[i].place, "files", DEFINITION_ACTION,
                   "remove it; which files go in is said by 'artifacts' in the buildspec");
}

void draft_check_unsupported(struct draft *draft) {
    refuse(draft, draft->place, "triggers", DEFINITION_STRUCTURE,
           "remove it: every push to a source action's branch starts the pipeline");
    for (size_t i = 0; i < draft->stage_count; i++)
        check_stage(draft, &draft->stages[i]);
    for (size_t i = 0; i < draft->action_count; i++)
        check_action(draft, &draft->actions[i]);
}
