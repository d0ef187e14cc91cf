/* What a deploy that succeeded put where, kept as what runs there. Only for this room. */
#ifndef SERVER_ENGINE_RELEASE_H
#define SERVER_ENGINE_RELEASE_H

#include "server/engine/carry_out.h"

/* The action has just succeeded: a row for each target that it told. Nothing for an action that is no deploy. */
bool release_note(struct step *step, const struct action_run_row *action, struct err *err);

#endif
