/*
 * Values of deploy actions' configuration that only mean something in one form: the runner reads them again, but by
 * then something was built and somebody has approved it. Where the runner has a sentence, it is the same here.
 */
#ifndef SERVER_DEFINITION_DEPLOY_VALUES_H
#define SERVER_DEFINITION_DEPLOY_VALUES_H

struct arena;
struct draft_action;

/* "must be ROLLBACK or LEAVE, not 'STAY'"; NULL where the value is good, or the key is none of these. */
const char *deploy_value_problem(struct arena *arena, const char *key, const char *value);

/* The same for a key whose value names one of the action's input artifacts. */
const char *deploy_artifact_problem(struct arena *arena, const struct draft_action *action, const char *key,
                                    const char *value);

/* A Release's Members: "member 'api' of Members: …"; NULL where they are good. */
const char *deploy_members_problem(struct arena *arena, const struct draft_action *action, const char *value);

#endif
