/*
 * ListPipelines, by name.
 */
#include "server/api/codepipeline/codepipeline.h"

#include "server/api/page.h"

const struct shape list_pipelines_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "nextToken", .shape = &aws_next_token},
            {.name = "maxResults", .shape = &(const struct shape){.type = SHAPE_INTEGER, .least = 1, .most = 1000}},
            {0},
        },
};

bool list_pipelines(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    const char *after;
    struct pipeline_row *rows;
    size_t count, limit = page_limit(call, 1000);
    if (!page_begin(call, "pipelines", &after, err) ||
        !pipelines_list(tx, call->arena, after, limit + 1, &rows, &count, err))
        return false;
    struct json *list = json_set_array(call->arena, out, "pipelines");
    for (size_t i = 0; i < count && i < limit; i++) {
        struct json *item = json_append_object(call->arena, list);
        json_set_text(call->arena, item, "name", rows[i].name);
        json_set_integer(call->arena, item, "version", rows[i].version);
        json_set_text(call->arena, item, "pipelineType", rows[i].type);
        json_set_text(call->arena, item, "executionMode", execution_mode_name(rows[i].mode));
        json_set_time(call->arena, item, "created", rows[i].created_ms);
        json_set_time(call->arena, item, "updated", rows[i].updated_ms);
    }
    if (count > limit)
        page_next(call, out, "pipelines", rows[limit - 1].name);
    return true;
}
