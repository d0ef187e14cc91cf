/*
 * From a tree of values (a file's, a request's, the store's) to a checked struct pipeline. No input or output at all
 * but for time zones, whose names are looked up in the system's data: the server, the command line's `penstock check`
 * and the tests call the same functions.
 */
#ifndef SERVER_DEFINITION_DEFINITION_H
#define SERVER_DEFINITION_DEFINITION_H

#include "server/definition/custom_types.h"
#include "server/definition/errors.h"
#include "server/definition/pipeline.h"

enum definition_form {
    /* A pipeline file. Accepts what `aws codepipeline get-pipeline` prints ({"pipeline", "metadata"}) and what people
     * write by hand: `provider: ECS` for actionTypeId, artifacts as plain texts, numbers and booleans where AWS wants
     * texts, no roleArn, no artifactStore, `projects` and `schedules` beside the pipeline. */
    DEFINITION_FILE,
    /* CreatePipeline's and UpdatePipeline's `pipeline`: AWS's own structure. */
    DEFINITION_REQUEST,
};

/* A CodeBuild project out of a pipeline file. */
struct definition_project {
    const char *name;
    const struct json *settings; /* canonical, as CreateProject takes it; checked */
};

struct definition_result {
    /* NULL where there are errors, or where the file holds projects only. */
    const struct pipeline *pipeline;
    const struct definition_project *projects;
    size_t project_count;
    const struct pipeline_schedule *schedules; /* files only */
    size_t schedule_count;
    struct definition_errors errors;
};

/* Checks the whole document and reports every error it finds, sorted by place. True where there is none. `types` are
 * the custom action types there are; NULL: none. Everything in *out lives in the arena; the document must live as
 * long. */
bool definition_check(struct arena *arena, const struct json *document, enum definition_form form,
                      const struct custom_types *types, struct definition_result *out);

/* Reads a declaration that was checked when it was stored: canonical JSON as GetPipeline shows it. Everything in *out
 * lives in the arena (the tree given must too). Errors: ERR_INTERNAL where the text is not what we once wrote. */
bool definition_read(struct arena *arena, const struct json *declaration, struct pipeline **out, struct err *err);

#endif
