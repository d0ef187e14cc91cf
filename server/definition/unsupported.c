/*
 * What AWS's pipelines can say and Penstock does not run yet. Loading such a pipeline and doing less than it says would
 * be found out at the worst moment; so it is refused, with what to write instead. Empty ones mean nothing and pass:
 * AWS's tools write them.
 */
#include "server/definition/structure.h"

static void refuse(struct draft *draft, const struct place *parent, const char *member, const char *code,
                   const char *instead) {
    struct place place = PLACE_MEMBER(parent, member, json_get(parent->value, member));
    if (shape_is_filled(place.value))
        errors_add_name(draft->errors, &place, code, NULL, "is not supported yet; %s", instead);
}

/* Whoever wrote it relies on a message that would not come. */
static void check_notification(struct draft *draft, const struct draft_action *action) {
    struct place place = PLACE_MEMBER(action->place, "configuration", json_get(action->place->value, "configuration"));
    if (action->type && action->type->worker == ACTION_BY_PERSON)
        refuse(draft, &place, "NotificationArn", DEFINITION_ACTION,
               "remove it: no message is sent yet, the approval waits on the dashboard");
}

void draft_check_unsupported(struct draft *draft) {
    const char *role = "remove it: the work is done with the credentials of the runner that takes it";
    for (size_t i = 0; i < draft->stage_count; i++)
        refuse(draft, draft->stages[i].place, "blockers", DEFINITION_STAGE, "remove it (AWS keeps it for itself)");
    for (size_t i = 0; i < draft->action_count; i++) {
        refuse(draft, draft->actions[i].place, "roleArn", DEFINITION_ACTION, role);
        check_notification(draft, &draft->actions[i]);
    }
    for (size_t i = 0; i < draft->rule_count; i++)
        refuse(draft, draft->rules[i].place, "roleArn", DEFINITION_STAGE, role);
}
