/* What each source action of an execution fetched or is to fetch, and the execution's pipeline variables: settled at
 * its start and the same to its end. */
#ifndef SERVER_STORE_REVISIONS_H
#define SERVER_STORE_REVISIONS_H

#include "server/store/db.h"

#include <stdint.h>

struct revision_row {
    int64_t execution_id;
    const char *action;
    const char *artifact;
    const char *asked;       /* the revision named at start, or NULL: the branch's newest */
    const char *revision_id; /* what was fetched; NULL until then: show `asked` */
    const char *summary;     /* or NULL, as are the next three */
    const char *url;
    const char *author;
    const char *branch;
    const char *ref;    /* where `asked` can be fetched where the branch does not lead to it; or NULL */
    int64_t created_ms; /* 0 unknown */
};

/* Those of an execution, by action. */
bool revisions_list(struct tx *tx, struct arena *arena, int64_t execution_id, struct revision_row **out, size_t *count,
                    struct err *err);

/* The newest that a source action of the pipeline fetched (GetPipelineState's currentRevision), but for PARALLEL
 * executions and rollbacks, which fetch nothing; *found false: none in its last 1000 executions. */
bool revisions_latest(struct tx *tx, struct arena *arena, int64_t pipeline_id, const char *action, bool *found,
                      struct revision_row *out, struct err *err);

/* That of the pipeline's newest execution, fetched or not; *found false: none. */
bool revisions_newest(struct tx *tx, struct arena *arena, int64_t pipeline_id, const char *action, bool *found,
                      struct revision_row *out, struct err *err);

/* What was fetched in the newest earlier execution of the same pipeline whose stage of that name succeeded: what an
 * approval's list of changes begins from. *found false: none. */
bool revisions_before(struct tx *tx, struct arena *arena, int64_t execution_id, const char *stage, const char *action,
                      bool *found, struct revision_row *out, struct err *err);

struct execution_variable {
    const char *name;
    const char *value;
};
bool execution_variables_list(struct tx *tx, struct arena *arena, int64_t execution_id, struct execution_variable **out,
                              size_t *count, struct err *err);

/* For the engine only. */
bool revisions_add(struct tx *tx, const struct revision_row *row, struct err *err);
/* What was fetched; NULL members leave what is there. */
bool revisions_settle(struct tx *tx, const struct revision_row *row, struct err *err);
bool execution_variables_add(struct tx *tx, int64_t execution_id, const char *name, const char *value, struct err *err);

#endif
