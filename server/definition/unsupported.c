/*
 * What AWS's pipelines can say and Penstock does not run yet. Loading such a pipeline and doing less than it says would
 * be found out at the worst moment; so it is refused, with what to write instead. Empty ones mean nothing and pass:
 * AWS's tools write them.
 */
#include "server/definition/structure.h"

#include "common/str.h"

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

/* Elsewhere the runner takes the role on for its own calls to AWS; here the commands themselves would need it. */
static void check_role(struct draft *draft, const struct place *place, const char *provider, const char *code) {
    if (str_equal(provider, "Commands"))
        refuse(draft, place, "roleArn", code,
               "remove it: commands run with the credentials of the runner that takes them; assume the role in a "
               "command");
}

void draft_check_unsupported(struct draft *draft) {
    for (size_t i = 0; i < draft->stage_count; i++)
        refuse(draft, draft->stages[i].place, "blockers", DEFINITION_STAGE, "remove it (AWS keeps it for itself)");
    for (size_t i = 0; i < draft->action_count; i++) {
        const struct action_type *type = draft->actions[i].type;
        check_role(draft, draft->actions[i].place, type ? type->provider : NULL, DEFINITION_ACTION);
        check_notification(draft, &draft->actions[i]);
    }
    for (size_t i = 0; i < draft->rule_count; i++) {
        const struct rule_type *type = draft->rules[i].rule;
        check_role(draft, draft->rules[i].place, type ? type->provider : NULL, DEFINITION_STAGE);
    }
}
