/*
 * A job as its worker sees it.
 */
#include "server/jobs/worker_message.h"

#include "common/json.h"
#include "common/str.h"
#include "server/store/revisions.h"

#include <string.h>

struct draft {
    struct tx *tx;
    struct arena *arena;
    struct worker_message *message;
};

static bool parse(const struct draft *draft, const char *text, const struct json **out, struct err *err) {
    return json_parse(draft->arena, text, strlen(text), out, err) || err_wrap(err, "reading a job's rows");
}

static bool set_key(const struct draft *draft, int64_t action_run_id, struct worker_artifact *artifact,
                    struct err *err) {
    if (!artifact_place_find(draft->tx, draft->arena, action_run_id, artifact->name, &artifact->object_key, err))
        return false;
    return artifact->object_key || err_set(err, ERR_INTERNAL, "artifact '%s' has no object key", artifact->name);
}

static const char *revision_of(const struct revision_row *rows, size_t count, const char *artifact) {
    for (size_t i = 0; i < count; i++) {
        if (str_equal(rows[i].artifact, artifact))
            return rows[i].revision_id;
    }
    return NULL;
}

static bool set_inputs(const struct draft *draft, struct err *err) {
    const struct action_run_row *action = &draft->message->action;
    const struct json *names = NULL;
    struct revision_row *revisions = NULL;
    size_t count = 0, revision_count = 0;
    if (!parse(draft, action->inputs, &names, err) ||
        !revisions_list(draft->tx, draft->arena, action->execution_id, &revisions, &revision_count, err))
        return false;
    struct worker_artifact *inputs = arena_array(draft->arena, struct worker_artifact, names->count);
    json_each(name, names) {
        struct artifact_row row;
        bool found = false;
        if (!artifact_rows_find(draft->tx, draft->arena, action->execution_id, name->text, &found, &row, err))
            return false;
        if (!found)
            return err_set(err, ERR_INTERNAL, "the execution has no artifact '%s'", name->text);
        struct worker_artifact *input = &inputs[count++];
        *input = (struct worker_artifact){
            .name = row.name,
            .revision = revision_of(revisions, revision_count, row.name),
            .sha256 = row.sha256,
            .size_bytes = row.size_bytes,
        };
        if (!set_key(draft, row.action_run_id, input, err))
            return false;
    }
    draft->message->inputs = inputs;
    draft->message->input_count = count;
    return true;
}

static bool set_outputs(const struct draft *draft, struct err *err) {
    const struct action_run_row *action = &draft->message->action;
    const struct json *names = NULL;
    size_t count = 0;
    if (!parse(draft, action->outputs, &names, err))
        return false;
    struct worker_artifact *outputs = arena_array(draft->arena, struct worker_artifact, names->count);
    json_each(name, names) {
        outputs[count].name = name->text;
        if (!set_key(draft, action->id, &outputs[count++], err))
            return false;
    }
    draft->message->outputs = outputs;
    draft->message->output_count = count;
    return true;
}

bool worker_message(struct tx *tx, struct arena *arena, const char *job_id, struct worker_message *out,
                    struct err *err) {
    struct worker_message message = {0};
    const struct draft draft = {.tx = tx, .arena = arena, .message = &message};
    if (!worker_jobs_get(tx, arena, job_id, &message.job, err) ||
        !action_runs_get_by_id(tx, arena, message.job.action_run_id, &message.action, err) ||
        !set_inputs(&draft, err) || !set_outputs(&draft, err))
        return false;
    *out = message;
    return true;
}
