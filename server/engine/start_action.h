/* What starting an action and starting a rule share. Only for this room. */
#ifndef SERVER_ENGINE_START_ACTION_H
#define SERVER_ENGINE_START_ACTION_H

#include "server/engine/carry_out.h"
#include "server/store/executions.h"

/* A list of settings with its variables filled in, as a JSON object. Where one has no value: as written, and *why says
 * which (its kind stays ERR_NONE where all is well). */
bool resolve_settings(struct step *step, const struct execution_row *execution, const struct pipeline_setting *settings,
                      size_t count, struct json *out, struct err *why, struct err *err);

/* The same for a list of texts, as a JSON list; NULL where there are none. */
bool resolve_texts(struct step *step, const struct execution_row *execution, const char *const *texts, size_t count,
                   const struct json **out, struct err *why, struct err *err);

/* Ends an action that could not be started. */
bool fail_at_once(struct step *step, const struct action_run_row *run, const struct err *why, struct err *err);

bool tell_of_action(struct step *step, const struct action_run_row *run, const char *type, const char *status,
                    const char *detail, struct err *err);

/* A job for a runner. */
bool queue_action_job(struct tx *tx, const struct action_run_row *run, struct err *err);

#endif
