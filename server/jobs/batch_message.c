/*
 * Builds of batches, as their runner sees them.
 */
#include "server/jobs/batch_message.h"

#include "common/str.h"
#include "server/jobs/batch_inputs.h"
#include "server/jobs/batch_state.h"

static bool set_inputs(struct tx *tx, struct arena *arena, int64_t batch_id, struct json *task,
                       struct wire_job *message, struct err *err) {
    struct batch_input *rows = NULL;
    size_t count = 0;
    if (!batch_inputs_list(tx, arena, batch_id, &rows, &count, err))
        return false;
    struct wire_artifact *inputs = arena_array(arena, struct wire_artifact, count + 1);
    struct json *list = json_set_array(arena, task, "inputs");
    for (size_t i = 0; i < count; i++) {
        struct json *input = json_append_object(arena, list);
        json_set_text(arena, input, "name", rows[i].name);
        json_set_text(arena, input, "identifier", rows[i].identifier);
        json_set_text(arena, input, "output", rows[i].output);
        inputs[i] =
            (struct wire_artifact){.name = rows[i].name, .sha256 = rows[i].sha256, .size_bytes = rows[i].size_bytes};
    }
    message->inputs = inputs;
    message->input_count = count;
    return true;
}

bool batch_message(struct tx *tx, struct arena *arena, const struct job_message_settings *settings,
                   const struct job_row *job, const struct build_row *row, struct json *build, struct wire_job *message,
                   struct err *err) {
    struct batch_row batch;
    const struct json *document = NULL, *own = NULL;
    if (!row->batch_id)
        return true;
    if (!batches_get_by_id(tx, arena, row->batch_id, &batch, err) ||
        !batch_read_json(arena, batch.document, &document, err) || !batch_read_json(arena, row->document, &own, err))
        return false;
    json_set_text(arena, build, "batchIdentifier", row->batch_identifier);
    json_set_text(arena, build, "buildBatchArn",
                  arena_printf(arena, "arn:aws:codebuild:%s:%s:build-batch/%s:%s", settings->region,
                               settings->account_id, batch.project, batch.uuid));
    if (json_get(own, "shard"))
        json_set(arena, build, "shard", json_copy(arena, json_get(own, "shard")));
    if (!str_equal(job->provider, BATCH_PROVIDER))
        return true;
    struct json *task = json_set_object(arena, build, "batch");
    bool combines = str_equal(row->batch_identifier, BATCH_COMBINE_GROUP);
    json_set_text(arena, task, "kind", combines ? "combine" : "source");
    if (combines)
        return set_inputs(tx, arena, row->batch_id, task, message, err);
    const struct json *restrictions = json_get(json_get(document, "buildBatchConfig"), "restrictions");
    json_set_integer(arena, task, "most", json_get_integer(restrictions, "maximumBuildsAllowed", BATCH_BUILDS_MAX));
    return true;
}
