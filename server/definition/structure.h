/*
 * A declaration on its way to becoming a struct pipeline: every action with its place in the tree, whatever is still
 * wrong with it. The checks that join several values work on this, and each of them is one function of this header.
 */
#ifndef SERVER_DEFINITION_STRUCTURE_H
#define SERVER_DEFINITION_STRUCTURE_H

#include "server/definition/declaration_shape.h"

struct draft_artifact {
    const char *name; /* NULL where it has none */
    const struct place *place;
};

/* An action; or a rule of a condition, which reads artifacts and variables like an action that runs before or after all
 * others of its stage. */
struct draft_action {
    const struct place *place; /* its value is the action's object */
    const char *name;          /* "" where it has none */
    const char *stage_name;    /* "" where it has none */
    size_t stage;              /* from 0 */
    int64_t run_order;
    const struct action_type *type;   /* NULL: unknown, and said so */
    const struct custom_type *custom; /* NULL: none of the list of custom types */
    const char *condition;            /* a rule's: "beforeEntry"; NULL: it is an action */
    const struct rule_type *rule;     /* a rule's; NULL: unknown, and said so */
    struct draft_artifact *inputs;
    size_t input_count;
    struct draft_artifact *outputs;
    size_t output_count;
};

struct draft_stage {
    const struct place *place;
    const char *name; /* "" where it has none */
    size_t first_action;
    size_t action_count;
};

struct draft {
    struct arena *arena;
    struct definition_errors *errors;
    enum definition_form form;
    const struct custom_types *types; /* NULL: none */
    const struct place *place;        /* the pipeline */
    struct draft_stage *stages;
    size_t stage_count;
    struct draft_action *actions; /* of all stages, in the order written */
    size_t action_count;
    struct draft_action *rules; /* of all stages' conditions, in the order beforeEntry, onSuccess, onFailure */
    size_t rule_count;
    size_t rule_capacity;
};

/* Reads what is there; members of the wrong type count as absent (shape_check has said so). */
void draft_read(struct draft *draft, struct definition_errors *errors, const struct place *pipeline,
                enum definition_form form, const struct custom_types *types);

/* "Build/Image": how messages name an action. */
const char *draft_action_title(struct arena *arena, const struct draft_action *action);

/* Each action's type: finds it (also by the short form), and checks artifact counts and configuration against it. */
void draft_check_types(struct draft *draft);
void draft_check_configuration(struct draft *draft, const struct draft_action *action);

/* Whose configuration it is: an action's or a rule's. */
struct draft_owner {
    const struct place *place; /* its value is the object with the member `configuration` */
    const struct action_key *keys;
    const char *kind;  /* "ECS actions": how messages name all of its type */
    const char *title; /* "Action", "Rule": in AWS's sentences */
    const char *noun;  /* "action", "rule" */
    const char *name;  /* of the action or rule */
    const char *code;  /* DEFINITION_ACTION, DEFINITION_STAGE */
};

/* No key that its type does not know, and each that it needs. */
void draft_check_keys(struct draft *draft, const struct draft_owner *owner);

/* Commands and what goes with them (output files and variables), and environment variables: who may have them, and what
 * they may hold. */
void draft_check_commands(struct draft *draft);

/* Each rule's type, and its configuration against it. */
void draft_check_rules(struct draft *draft);

/* What conditions lead to, and which rules they may have; onFailure as a whole. */
void draft_check_conditions(struct draft *draft);

void draft_check_triggers(struct draft *draft);

/* A file's schedules, which are no part of the declaration: *out holds them all where there is no error. */
void schedules_check(struct definition_errors *errors, const struct place *place, const struct pipeline_schedule **out,
                     size_t *count);

/* Names of stages and actions, what may stand in which stage, artifact stores, time limits. */
void draft_check_stages(struct draft *draft);

/* Every input artifact is made by an action that surely ran before; every output has its own name. */
void draft_check_artifacts(struct draft *draft);

/* Pipeline variables, namespaces, and references like #{Source.CommitId}. */
void draft_check_variables(struct draft *draft);

/* What AWS has and Penstock does not run yet: refused, since running less than was written would be worse. */
void draft_check_unsupported(struct draft *draft);

/* The declaration as GetPipeline shows it, from a draft without errors. */
const struct json *draft_canonical(const struct draft *draft);

/* True where `early` has surely succeeded before `late` starts. */
bool draft_runs_before(const struct draft_action *early, const struct draft_action *late);

#endif
