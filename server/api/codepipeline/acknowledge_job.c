/*
 * AcknowledgeJob.
 */
#include "server/api/codepipeline/codepipeline.h"

#include "server/jobs/worker_queue.h"

const struct shape acknowledge_job_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "jobId", .required = true, .shape = &aws_uuid},
            {.name = "nonce",
             .required = true,
             .shape = &(const struct shape){.type = SHAPE_TEXT, .least = 1, .most = 50}},
            {0},
        },
};

bool acknowledge_job(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    enum worker_job_state state;
    if (!worker_queue_acknowledge(tx, aws_text(call, "jobId"), aws_text(call, "nonce"), &state, err))
        return false;
    json_set_text(call->arena, out, "status", state_name(&worker_job_states, (int)state));
    return true;
}
