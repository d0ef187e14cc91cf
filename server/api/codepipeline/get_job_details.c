/*
 * GetJobDetails: what PollForJobs told of a job, again.
 */
#include "server/api/codepipeline/codepipeline.h"

#include "server/api/codepipeline/worker.h"

const struct shape get_job_details_input = {
    .type = SHAPE_OBJECT,
    .fields = (const struct shape_field[]){{.name = "jobId", .required = true, .shape = &aws_uuid}, {0}},
};

bool get_job_details(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    return worker_show_job(tx, call, aws_text(call, "jobId"), false, json_set_object(call->arena, out, "jobDetails"),
                           err);
}
