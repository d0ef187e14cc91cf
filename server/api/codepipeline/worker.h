/* Job workers' jobs as CodePipeline's operations show them. */
#ifndef SERVER_API_CODEPIPELINE_WORKER_H
#define SERVER_API_CODEPIPELINE_WORKER_H

#include "server/api/aws.h"

/* A job as member of PollForJobs' and GetJobDetails' answers: {id, data, accountId}, with_nonce: and nonce. Its data
 * holds what is secret (settings, credentials for its artifacts): it is for the worker only, and must not be kept. */
bool worker_show_job(struct tx *tx, const struct aws_call *call, const char *job_id, bool with_nonce, struct json *out,
                     struct err *err);

#endif
