/*
 * PutJobFailureResult.
 */
#include "server/api/codepipeline/codepipeline.h"

#include "server/engine/engine.h"

static const char *const failure_types[] = {"JobFailed",
                                            "ConfigurationError",
                                            "PermissionError",
                                            "RevisionOutOfSync",
                                            "RevisionUnavailable",
                                            "SystemUnavailable",
                                            NULL};

static const struct shape failure_details = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "type",
             .required = true,
             .shape = &(const struct shape){.type = SHAPE_TEXT, .choices = failure_types}},
            {.name = "message",
             .required = true,
             .shape = &(const struct shape){.type = SHAPE_TEXT, .least = 1, .most = 5000}},
            {.name = "externalExecutionId",
             .shape = &(const struct shape){.type = SHAPE_TEXT, .least = 1, .most = 1500}},
            {0},
        },
};

const struct shape put_job_failure_result_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "jobId", .required = true, .shape = &aws_uuid},
            {.name = "failureDetails", .required = true, .shape = &failure_details},
            {0},
        },
};

bool put_job_failure_result(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    (void)out;
    const struct json *details = json_get(call->input, "failureDetails");
    const struct engine_worker_result result = {
        .job_id = aws_text(call, "jobId"),
        .failure_type = json_get_text(details, "type"),
        .failure_message = json_get_text(details, "message"),
        .external_id = json_get_text(details, "externalExecutionId"),
        .percent = -1,
    };
    return engine_finish_worker_job(tx, call->arena, &result, err);
}
