/*
 * The doors that runners call (docs/doors.md, Runners): one function, one file each. They read a message, ask the queue
 * or the engine in one transaction, and answer. Which runner asks comes from its token alone (request->principal);
 * what it may still say about a job, the fence decides in the transaction that writes.
 *
 * All are for routes with check_head = auth_runner, but for jobs_join.
 */
#ifndef SERVER_API_JOBS_JOBS_H
#define SERVER_API_JOBS_JOBS_H

#include "server/http/http.h"

#define JOBS_MESSAGE_MAX (4 * 1024 * 1024) /* a build's state and its output variables are the largest */
#define JOBS_REPORT_MAX (12 * 1024 * 1024) /* 500 test cases, each with all that it may say */
#define JOBS_LOG_MAX (1024 * 1024)         /* of log bytes in one call */

/* POST /runner/join, anyone; memory body. */
void jobs_join(struct request *request, struct reply *reply);
/* POST /runner/hello, memory body. */
void jobs_hello(struct request *request, struct reply *reply);
/* POST /runner/lease, memory body; a long poll. */
void jobs_lease(struct request *request, struct reply *reply);

/* Below, the first `*` of the path is the job's id. */

/* POST /runner/jobs/ID/acknowledge, memory body. */
void jobs_acknowledge(struct request *request, struct reply *reply);
/* POST /runner/jobs/ID/return, memory body. */
void jobs_return(struct request *request, struct reply *reply);
/* POST /runner/jobs/ID/heartbeat, memory body; a long poll. */
void jobs_heartbeat(struct request *request, struct reply *reply);
/* POST /runner/jobs/ID/log?token=T&offset=B, memory body of JOBS_LOG_MAX. */
void jobs_log(struct request *request, struct reply *reply);
/* POST /runner/jobs/ID/checkpoint, memory body. */
void jobs_checkpoint(struct request *request, struct reply *reply);
/* POST /runner/jobs/ID/progress, memory body. */
void jobs_progress(struct request *request, struct reply *reply);
/* PUT /runner/jobs/ID/artifacts/NAME?token=T, file body of ARTIFACT_BYTES_MAX; slow. */
void jobs_put_artifact(struct request *request, struct reply *reply);
/* GET /runner/jobs/ID/artifacts/NAME?token=T, no body. */
void jobs_get_artifact(struct request *request, struct reply *reply);
/* POST /runner/jobs/ID/report?token=T, memory body of JOBS_REPORT_MAX. */
void jobs_put_report(struct request *request, struct reply *reply);
/* POST /runner/jobs/ID/result, memory body. */
void jobs_result(struct request *request, struct reply *reply);

#endif
