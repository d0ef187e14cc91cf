/*
 * GetPipelineDetail: one pipeline, its definition and its newest executions.
 */
#include "server/api/penstock/penstock.h"

#include "server/api/codepipeline/codepipeline.h"
#include "server/api/penstock/view.h"
#include "server/git/hosting.h"

#include "common/str.h"

#define EXECUTIONS 25

const struct shape get_pipeline_detail_input = {
    .type = SHAPE_OBJECT,
    .fields = (const struct shape_field[]){{.name = "name", .required = true, .shape = &pipeline_name_shape}, {0}},
};

/* The hosted repository that starts it: what to push to. */
static void show_repository(const struct aws_call *call, const struct pipeline *pipeline, struct json *out) {
    for (size_t i = 0; i < pipeline->stages[0].action_count; i++) {
        const struct pipeline_action *source = &pipeline->stages[0].actions[i];
        const char *name = view_setting(source, "RepositoryName");
        if (!str_equal(source->type->provider, "CodeCommit") || !name)
            continue;
        struct json *repository = json_set_object(call->arena, out, "repository");
        json_set_text(call->arena, repository, "name", name);
        json_set_text(call->arena, repository, "branch", view_setting(source, "BranchName"));
        json_set_text(call->arena, repository, "cloneUrl", hosting_clone_url(call->server, call->arena, name));
        return;
    }
}

bool get_pipeline_detail(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    struct arena *arena = call->arena;
    struct view view = {.tx = tx, .call = call, .arena = arena};
    struct pipeline_row row;
    struct execution_row *executions;
    const struct pipeline *pipeline;
    struct json *declaration;
    size_t count;
    if (!pipeline_find(tx, call, aws_text(call, "name"), &row, err) ||
        !view_pipeline(&view, &row, json_set_object(arena, out, "pipeline"), err) ||
        !pipeline_show(tx, call, row.declaration, row.version, &declaration, err) ||
        !executions_list(tx, arena, row.id, 0, EXECUTIONS, &executions, &count, err))
        return false;
    json_set(arena, out, "declaration", declaration);
    struct json *list = json_set_array(arena, out, "executions");
    for (size_t i = 0; i < count; i++)
        if (!view_execution(&view, &executions[i], json_append_object(arena, list), err))
            return false;
    if (!view_definition(&view, row.id, row.version, &pipeline, err))
        return false;
    show_repository(call, pipeline, out);
    return true;
}
