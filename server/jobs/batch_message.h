/* What the message of a job says where its build is one of a batch. Only for this room. */
#ifndef SERVER_JOBS_BATCH_MESSAGE_H
#define SERVER_JOBS_BATCH_MESSAGE_H

#include "common/wire.h"
#include "server/jobs/job_message.h"
#include "server/store/builds.h"
#include "server/store/job_rows.h"

/* Adds to the build batchIdentifier, buildBatchArn and shard; for the jobs of BATCH_PROVIDER also `batch`: {kind:
 * "source", most} or {kind: "combine", inputs: [{name, identifier, output}]}, whose inputs are the builds' artifacts.
 */
bool batch_message(struct tx *tx, struct arena *arena, const struct job_message_settings *settings,
                   const struct job_row *job, const struct build_row *row, struct json *build, struct wire_job *message,
                   struct err *err);

#endif
