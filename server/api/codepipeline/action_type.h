/* Action types as CodePipeline's operations take and show them. */
#ifndef SERVER_API_CODEPIPELINE_ACTION_TYPE_H
#define SERVER_API_CODEPIPELINE_ACTION_TYPE_H

#include "server/api/aws.h"
#include "server/store/custom_type_rows.h"

extern const struct shape action_category_shape; /* those that a custom type may have */
extern const struct shape action_provider_shape;
extern const struct shape action_version_shape;
extern const struct shape action_type_id_shape; /* {category, owner, provider, version} */

/* {category, owner, provider, version} */
struct json *action_type_show_id(struct arena *arena, const char *category, const char *owner, const char *provider,
                                 const char *version);

/* A custom type as ListActionTypes shows it. */
bool action_type_show_custom(struct arena *arena, const struct custom_type_row *row, struct json *out, struct err *err);

/* "ActionType (Category: 'Build', Provider: 'x', Owner: 'Custom', Version: '1')": how AWS's messages begin. */
const char *action_type_title(struct arena *arena, const char *category, const char *owner, const char *provider,
                              const char *version);

/* One property of a type: of an action's or a rule's configuration. */
void action_type_show_key(struct arena *arena, const struct action_key *key, struct json *list);

/* {minimumCount, maximumCount} as that member. */
void action_type_show_counts(struct arena *arena, struct json *out, const char *name, int least, int most);

#endif
