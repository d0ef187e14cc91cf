/* Executions that bring back what an earlier one had deployed. Only for this room. */
#ifndef SERVER_ENGINE_ROLLBACK_H
#define SERVER_ENGINE_ROLLBACK_H

#include "server/engine/carry_out.h"
#include "server/store/executions.h"

struct rollback {
    const struct execution_row *target;
    int stage_index;
    const char *trigger_type; /* "ManualRollback", "AutomatedRollback" */
    const char *trigger_detail;
    const char *by; /* or NULL */
};

/* Adds the execution, in front of the stage, with the target's revisions and variables. The rules must look then. */
bool rollback_add(struct step *step, const struct rollback *rollback, const char **execution, struct err *err);

/* The stage of `failed` goes back to the execution with that id. */
bool roll_back(struct step *step, const struct view_execution *failed, int64_t target_id, struct err *err);

#endif
