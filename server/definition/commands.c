/*
 * Commands, and what goes with them: the files and variables that they leave. Only Commands actions and rules have
 * them. Environment variables, which CodeBuild actions have too.
 *
 * https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-Commands.html
 */
#include "server/definition/structure.h"

#include "common/str.h"

#include <string.h>

static const char *code_of(const struct draft_action *user) {
    return user->condition ? DEFINITION_STAGE : DEFINITION_ACTION;
}

static void refuse(struct draft *draft, const struct draft_action *user, const struct place *parent, const char *member,
                   const char *why) {
    struct place place = PLACE_MEMBER(parent, member, json_get(parent->value, member));
    if (shape_is_filled(place.value))
        errors_add_name(draft->errors, &place, code_of(user), NULL, "%s", why);
}

/* AWS: "all commands are supported except multi-line formats". */
static void check_lines(struct draft *draft, const struct draft_action *user) {
    struct place list = PLACE_MEMBER(user->place, "commands", json_get(user->place->value, "commands"));
    if (!shape_is_filled(list.value)) {
        errors_add(draft->errors, user->place, code_of(user), NULL,
                   "'commands' is missing; Commands %s run a list of commands", user->condition ? "rules" : "actions");
        return;
    }
    size_t index = 0;
    json_each(command, list.value) {
        struct place place = PLACE_ELEMENT(&list, index++, command);
        const char *text = shape_text(draft->arena, command);
        if (list.value->type == JSON_ARRAY && text && strpbrk(text, "\r\n"))
            errors_add(draft->errors, &place, code_of(user), NULL,
                       "has several lines; write each command as an element of the list");
    }
}

static void check_environment(struct draft *draft, const struct draft_action *action) {
    const char *member = "environmentVariables";
    struct place list = PLACE_MEMBER(action->place, member, json_get(action->place->value, member));
    size_t index = 0;
    json_each(variable, list.value) {
        struct place place = PLACE_ELEMENT(&list, index++, variable);
        const char *name = shape_get_text(draft->arena, variable, "name");
        for (const struct json *other = list.value->first; other != variable && name; other = other->next)
            if (str_equal(shape_get_text(draft->arena, other, "name"), name)) {
                errors_add(draft->errors, &place, DEFINITION_ACTION, NULL,
                           "a variable named '%s' stands above already; give each its own name", name);
                break;
            }
    }
}

static void check_action(struct draft *draft, const struct draft_action *action) {
    if (!action->type)
        return;
    bool commands = str_equal(action->type->provider, "Commands") && str_equal(action->type->owner, "AWS");
    bool build = str_equal(action->type->provider, "CodeBuild") && str_equal(action->type->owner, "AWS");
    if (commands || build)
        check_environment(draft, action);
    else
        refuse(draft, action, action->place, "environmentVariables",
               "only Commands and CodeBuild actions have it; remove it");
    if (commands) {
        check_lines(draft, action);
        return;
    }
    refuse(draft, action, action->place, "commands", "only Commands actions have it; remove it");
    refuse(draft, action, action->place, "outputVariables",
           build ? "only Commands actions have it; write exported-variables in the buildspec"
                 : "only Commands actions have it; remove it");
    for (size_t i = 0; i < action->output_count; i++)
        if (action->outputs[i].place->value->type == JSON_OBJECT)
            refuse(draft, action, action->outputs[i].place, "files",
                   build ? "only Commands actions have it; which files go in is said by 'artifacts' in the buildspec"
                         : "only Commands actions have it; remove it");
}

static void check_rule(struct draft *draft, const struct draft_action *rule) {
    if (!rule->rule)
        return;
    if (str_equal(rule->rule->provider, "Commands"))
        check_lines(draft, rule);
    else
        refuse(draft, rule, rule->place, "commands", "only Commands rules have it; remove it");
}

void draft_check_commands(struct draft *draft) {
    for (size_t i = 0; i < draft->action_count; i++)
        check_action(draft, &draft->actions[i]);
    for (size_t i = 0; i < draft->rule_count; i++)
        check_rule(draft, &draft->rules[i]);
}
