/*
 * Batch builds: one start of a project that becomes many builds. A batch begins with the build DOWNLOAD_SOURCE, whose
 * runner reads the buildspec and tells its groups; from then on the rules (batch_rules.h) are asked whenever one of its
 * builds has ended, in the transaction that ends it. So nothing is lost or begun twice, whenever the server dies.
 *
 * Each build of a batch has its job and its log. In a pipeline they all belong to the action's run, which goes on until
 * the batch has ended; its log says what became of each group.
 */
#ifndef SERVER_JOBS_BATCH_H
#define SERVER_JOBS_BATCH_H

#include "server/jobs/build_start.h"
#include "server/store/batches.h"

#define BATCH_PROVIDER "CodeBuildBatch" /* of the jobs that read the buildspec and combine artifacts */
#define BATCH_SOURCE_GROUP "DOWNLOAD_SOURCE"
#define BATCH_COMBINE_GROUP "COMBINE_ARTIFACTS"
#define BATCH_BUILDS_MAX 100 /* AWS's, where maximumBuildsAllowed is not set */

/* Makes the batch and queues its first build. `request` is as for a single build; config: buildBatchConfig in place of
 * the project's, or NULL. Errors: ERR_NOT_FOUND ResourceNotFoundException no such project, ERR_INVALID
 * InvalidInputException. */
bool batch_start(struct tx *tx, struct arena *arena, const struct build_request *request, const struct json *config,
                 struct batch_row *out, struct err *err);

/* Begins nothing more and stops what runs. One that has ended, or is being stopped, is left alone. */
bool batch_stop(struct tx *tx, struct arena *arena, int64_t batch_id, enum batch_stop why, struct err *err);

/* Nobody watches its builds any more: those that no runner has end, the others are not undone. */
bool batch_abandon(struct tx *tx, struct arena *arena, int64_t batch_id, struct err *err);

/* Opens one that has ended without success again: all its builds are done once more, or those that did not succeed.
 * The same token (or NULL) as the retry before is that one. Errors: ERR_INVALID InvalidInputException. */
bool batch_retry(struct tx *tx, struct arena *arena, const struct batch_row *batch, bool all,
                 const char *idempotency_token, struct err *err);

/* What BatchGetBuildBatches shows, without arn; arn_prefix stands in front of the ids of builds. */
bool batch_describe(struct tx *tx, struct arena *arena, const struct batch_row *batch, const char *arn_prefix,
                    struct json **out, struct err *err);

/* For the engine: a build of a batch has ended; another may have taken its place (build_retry). The batch may have
 * ended with it. */
bool batch_build_ended(struct tx *tx, struct arena *arena, const struct job_row *job, const struct build_ending *ending,
                       struct err *err);

struct batch_end {
    struct batch_row row;
    const char *job_id;  /* that made the action's artifacts; NULL: none did */
    const char *summary; /* "2 of 3 builds succeeded; b: FAILED" */
};

/* *ended false where it goes on. */
bool batch_get_end(struct tx *tx, struct arena *arena, int64_t batch_id, bool *ended, struct batch_end *out,
                   struct err *err);

/* Whether its first build was ever begun. */
bool batch_has_begun(struct tx *tx, struct arena *arena, int64_t batch_id, bool *out, struct err *err);

#endif
