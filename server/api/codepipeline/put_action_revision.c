/*
 * PutActionRevision: somebody who watches a source saw a new revision there. The pipeline starts with it, unless it is
 * the one that the source action had last.
 */
#include "server/api/codepipeline/codepipeline.h"

#include "server/engine/engine.h"
#include "server/store/revisions.h"

#include "common/str.h"

static const struct shape revision = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "revisionId",
             .required = true,
             .shape = &(const struct shape){.type = SHAPE_TEXT, .least = 1, .most = 1500}},
            {.name = "revisionChangeId",
             .required = true,
             .shape = &(const struct shape){.type = SHAPE_TEXT, .least = 1, .most = 100}},
            {.name = "created", .required = true, .shape = &(const struct shape){.type = SHAPE_TIME}},
            {0},
        },
};

const struct shape put_action_revision_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "pipelineName", .required = true, .shape = &pipeline_name_shape},
            {.name = "stageName", .required = true, .shape = &action_name_shape},
            {.name = "actionName", .required = true, .shape = &action_name_shape},
            {.name = "actionRevision", .required = true, .shape = &revision},
            {0},
        },
};

static const struct pipeline_stage *find_stage(const struct pipeline *pipeline, const char *name) {
    for (size_t i = 0; i < pipeline->stage_count; i++)
        if (str_equal(pipeline->stages[i].name, name))
            return &pipeline->stages[i];
    return NULL;
}

static bool find_source(const struct aws_call *call, const struct pipeline_row *row, const struct pipeline_action **out,
                        struct err *err) {
    const char *stage_name = aws_text(call, "stageName"), *name = aws_text(call, "actionName");
    const struct pipeline *pipeline = NULL;
    if (!pipeline_read(call, row->declaration, &pipeline, err))
        return false;
    const struct pipeline_stage *stage = find_stage(pipeline, stage_name);
    if (!stage)
        return err_set_code(err, ERR_NOT_FOUND, "StageNotFoundException", "the pipeline has no stage '%s'", stage_name);
    *out = NULL;
    for (size_t i = 0; i < stage->action_count; i++)
        if (str_equal(stage->actions[i].name, name))
            *out = &stage->actions[i];
    if (!*out)
        return err_set_code(err, ERR_NOT_FOUND, "ActionNotFoundException", "stage '%s' has no action '%s'", stage_name,
                            name);
    return (*out)->type->category == ACTION_SOURCE ||
           err_set(err, ERR_INVALID, "action '%s' is no source action; only those have revisions", name);
}

/* The execution that has the revision already; NULL where the source's newest is another. */
static bool find_same(struct tx *tx, struct arena *arena, int64_t pipeline_id, const char *action,
                      const char *revision_id, const char **out, struct err *err) {
    struct revision_row newest;
    struct execution_row execution;
    bool found = false;
    *out = NULL;
    if (!revisions_newest(tx, arena, pipeline_id, action, &found, &newest, err))
        return false;
    if (!found || !str_equal(newest.revision_id ? newest.revision_id : newest.asked, revision_id))
        return true;
    if (!executions_get_by_id(tx, arena, newest.execution_id, &execution, err))
        return false;
    *out = execution.uuid;
    return true;
}

static bool start(struct tx *tx, const struct aws_call *call, const struct pipeline_row *row,
                  const struct pipeline_action *action, const char **execution, struct err *err) {
    const struct json *given = json_get(call->input, "actionRevision"), *created = json_get(given, "created");
    const struct engine_revision source = {
        .action = action->name,
        .revision_id = json_get_text(given, "revisionId"),
        .created_ms = (int64_t)(created->number * 1000),
    };
    const struct engine_start_request request = {
        .pipeline = row->name,
        .trigger_type = "PutActionRevision",
        .trigger_detail = call->by,
        .by = call->by,
        .revisions = &source,
        .revision_count = 1,
    };
    return source_revision_check(action, source.revision_id, err) &&
           engine_start(tx, call->arena, &request, execution, err);
}

bool put_action_revision(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    const char *revision_id = json_get_text(json_get(call->input, "actionRevision"), "revisionId");
    const struct pipeline_action *action = NULL;
    const char *execution = NULL;
    struct pipeline_row row;
    if (!pipeline_find(tx, call, aws_text(call, "pipelineName"), &row, err) || !find_source(call, &row, &action, err) ||
        !find_same(tx, call->arena, row.id, action->name, revision_id, &execution, err))
        return false;
    bool is_new = !execution;
    if (is_new && !start(tx, call, &row, action, &execution, err))
        return false;
    json_set_bool(call->arena, out, "newRevision", is_new);
    json_set_text(call->arena, out, "pipelineExecutionId", execution);
    return true;
}
