/*
 * What ListActionExecutions and ListRuleExecutions share: their input, which rows it means, and the members that an
 * action's execution and a rule's have in common.
 */
#ifndef SERVER_API_CODEPIPELINE_LISTING_H
#define SERVER_API_CODEPIPELINE_LISTING_H

#include "server/api/codepipeline/codepipeline.h"
#include "server/definition/custom_types.h"

extern const struct shape listing_input;

/* One answer being made; the definition is that of the run before, mostly the next one's too. */
struct listing {
    struct tx *tx;
    const struct aws_call *call;
    struct arena *arena;
    int64_t pipeline_id;
    int64_t execution_id; /* 0: of all */
    bool newest;          /* without what was done again */
    size_t limit;         /* of a page */
    int64_t before;       /* where it begins */
    int64_t version;
    const struct pipeline *pipeline;
    const char *bucket; /* of its artifacts */
    struct custom_types types;
};

/* From the call's input. Errors: ERR_NOT_FOUND PipelineNotFoundException, PipelineExecutionNotFoundException,
 * ERR_INVALID InvalidNextTokenException. */
bool listing_begin(struct tx *tx, const struct aws_call *call, const char *operation, struct listing *out,
                   struct err *err);

/* Makes listing->pipeline the definition that the run's execution has. */
bool listing_read_version(struct listing *listing, const struct action_run_row *run, struct err *err);

/* Appends the run, without input and output, to the list; `id` is what its own id is called. */
struct json *listing_show(const struct listing *listing, const struct action_run_row *run, const char *id,
                          struct json *list);

/* A list of {name, s3location}. */
bool listing_show_artifacts(const struct listing *listing, const struct action_run_row *run, const char *names,
                            struct json *out, struct err *err);

/* executionResult */
void listing_show_result(struct arena *arena, const struct action_run_row *run, struct json *out);

/* A JSON text of the store's, or NULL. */
const struct json *listing_parse(struct arena *arena, const char *text);

#endif
