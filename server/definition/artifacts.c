/*
 * The flow of artifacts: each has one maker, and whoever works on it runs after that maker. What goes wrong here is
 * hard to see in a file, so each message names the artifact, who makes it or should, and what to change.
 */
#include "server/definition/structure.h"

#include "common/str.h"
#include "common/suggest.h"

#include <inttypes.h>

/* The first action that makes the artifact, or NULL. */
static const struct draft_action *find_maker(const struct draft *draft, const char *artifact) {
    for (size_t i = 0; i < draft->action_count; i++)
        for (size_t j = 0; j < draft->actions[i].output_count; j++)
            if (str_equal(draft->actions[i].outputs[j].name, artifact))
                return &draft->actions[i];
    return NULL;
}

/* Marks everything that the action needs, directly or through others; true where `target` is among it. */
static bool needs(const struct draft *draft, const struct draft_action *action, const struct draft_action *target,
                  bool *seen) {
    if (seen[action - draft->actions])
        return false;
    seen[action - draft->actions] = true;
    for (size_t i = 0; i < action->input_count; i++) {
        const struct draft_action *maker = action->inputs[i].name ? find_maker(draft, action->inputs[i].name) : NULL;
        if (maker && (maker == target || needs(draft, maker, target, seen)))
            return true;
    }
    return false;
}

static bool is_circle(const struct draft *draft, const struct draft_action *maker, const struct draft_action *user) {
    return needs(draft, maker, user, arena_array(draft->arena, bool, draft->action_count));
}

/* The artifact of that nearly the same name that the user could have meant. */
static const char *similar_artifact(const struct draft *draft, const struct draft_action *user, const char *artifact) {
    size_t count = 0, total = 0;
    for (size_t i = 0; i < draft->action_count; i++)
        total += draft->actions[i].output_count;
    const char **names = arena_array(draft->arena, const char *, total + 1);
    for (size_t i = 0; i < draft->action_count; i++)
        for (size_t j = 0; j < draft->actions[i].output_count; j++)
            if (draft->actions[i].outputs[j].name && draft_runs_before(&draft->actions[i], user))
                names[count++] = draft->actions[i].outputs[j].name;
    return suggest_nearest(artifact, names);
}

/* The last action before the user that could make one artifact more. */
static const struct draft_action *possible_maker(const struct draft *draft, const struct draft_action *user) {
    const struct draft_action *best = NULL;
    for (size_t i = 0; i < draft->action_count; i++) {
        const struct draft_action *action = &draft->actions[i];
        if (action->type && (int)action->output_count < action->type->most_outputs && draft_runs_before(action, user) &&
            (!best || !draft_runs_before(action, best)))
            best = action;
    }
    return best;
}

static void missing_artifact(struct draft *draft, const struct draft_action *user, const struct draft_artifact *input,
                             const char *aws) {
    const char *similar = similar_artifact(draft, user, input->name);
    const struct draft_action *maker = possible_maker(draft, user);
    if (similar)
        errors_add(draft->errors, input->place, DEFINITION_STRUCTURE, aws,
                   "no action makes artifact '%s'; did you mean '%s', which '%s' makes?", input->name, similar,
                   draft_action_title(draft->arena, find_maker(draft, similar)));
    else if (maker)
        errors_add(draft->errors, input->place, DEFINITION_STRUCTURE, aws,
                   "no action makes artifact '%s'; add it to the outputArtifacts of '%s'", input->name,
                   draft_action_title(draft->arena, maker));
    else
        errors_add(draft->errors, input->place, DEFINITION_STRUCTURE, aws,
                   "no action makes artifact '%s'; add it to the outputArtifacts of an action that runs earlier",
                   input->name);
}

static void late_artifact(struct draft *draft, const struct draft_action *user, const struct draft_artifact *input,
                          const struct draft_action *maker, const char *aws) {
    const char *title = draft_action_title(draft->arena, maker);
    if (user->condition)
        errors_add(draft->errors, input->place, DEFINITION_STRUCTURE, aws,
                   "artifact '%s' is made by '%s', which runs after this rule; take one of %s stage", input->name,
                   title, user->run_order > maker->run_order ? "this or an earlier" : "an earlier");
    else if (maker == user)
        errors_add(draft->errors, input->place, DEFINITION_STRUCTURE, aws,
                   "artifact '%s' is made by this action itself; take it from an earlier action", input->name);
    else if (is_circle(draft, maker, user))
        errors_add(draft->errors, input->place, DEFINITION_STRUCTURE, aws,
                   "artifact '%s' goes in a circle: '%s' makes it and itself needs what '%s' makes; break the circle",
                   input->name, title, draft_action_title(draft->arena, user));
    else if (maker->stage == user->stage && maker->run_order == user->run_order)
        errors_add(draft->errors, input->place, DEFINITION_STRUCTURE, aws,
                   "artifact '%s' is made by '%s', which runs at the same time; give this action runOrder %" PRId64,
                   input->name, title, maker->run_order + 1);
    else if (maker->stage == user->stage)
        errors_add(draft->errors, input->place, DEFINITION_STRUCTURE, aws,
                   "artifact '%s' is made by '%s', which runs later; give this action a runOrder above %" PRId64,
                   input->name, title, maker->run_order);
    else
        errors_add(draft->errors, input->place, DEFINITION_STRUCTURE, aws,
                   "artifact '%s' is made by '%s', which runs later; move that action to a stage before '%s'",
                   input->name, title, user->stage_name);
}

static void check_input(struct draft *draft, const struct draft_action *user, const struct draft_artifact *input) {
    const struct draft_action *maker = find_maker(draft, input->name);
    const char *aws = arena_printf(draft->arena,
                                   "Input Artifact Bundle %s in %s %s is not declared as Output Artifact Bundle in any "
                                   "of the preceding actions",
                                   input->name, user->condition ? "rule" : "action", user->name);
    if (!maker)
        missing_artifact(draft, user, input, aws);
    else if (!draft_runs_before(maker, user))
        late_artifact(draft, user, input, maker, aws);
}

static void check_inputs(struct draft *draft, const struct draft_action *action) {
    for (size_t i = 0; i < action->input_count; i++) {
        const struct draft_artifact *input = &action->inputs[i];
        bool repeated = false;
        if (!input->name || !*input->name)
            continue;
        for (size_t j = 0; j < i && !repeated; j++)
            repeated = str_equal(action->inputs[j].name, input->name);
        if (repeated)
            errors_add(draft->errors, input->place, DEFINITION_STRUCTURE, NULL,
                       "artifact '%s' is listed twice; remove one", input->name);
        else
            check_input(draft, action, input);
    }
}

static void check_outputs(struct draft *draft, const struct draft_action *action) {
    for (size_t i = 0; i < action->output_count; i++) {
        const struct draft_artifact *output = &action->outputs[i];
        const struct draft_action *first = output->name && *output->name ? find_maker(draft, output->name) : NULL;
        bool repeated = first && first != action;
        for (size_t j = 0; j < i && first; j++)
            repeated = repeated || str_equal(action->outputs[j].name, output->name);
        if (repeated)
            errors_add(draft->errors, output->place, DEFINITION_STRUCTURE,
                       arena_printf(draft->arena,
                                    "Output Artifact Bundle name must be unique within the pipeline. %s has been used "
                                    "more than once.",
                                    output->name),
                       "artifact '%s' is made by '%s' already; give each output artifact its own name", output->name,
                       draft_action_title(draft->arena, first));
    }
}

void draft_check_artifacts(struct draft *draft) {
    for (size_t i = 0; i < draft->action_count; i++) {
        check_inputs(draft, &draft->actions[i]);
        check_outputs(draft, &draft->actions[i]);
    }
    for (size_t i = 0; i < draft->rule_count; i++)
        check_inputs(draft, &draft->rules[i]);
}
