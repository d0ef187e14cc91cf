/* Batch builds as this door names and shows them. */
#ifndef SERVER_API_CODEBUILD_BUILD_BATCH_H
#define SERVER_API_CODEBUILD_BUILD_BATCH_H

#include "server/api/codebuild/codebuild.h"
#include "server/store/batches.h"

/* As BatchGetBuildBatches shows it. */
bool build_batch_show(struct tx *tx, const struct aws_call *call, const struct batch_row *row, struct json **out,
                      struct err *err);

/* The same as the answer's `buildBatch`. */
bool build_batch_answer(struct tx *tx, const struct aws_call *call, const struct batch_row *row, struct json *out,
                        struct err *err);

/* "project:uuid" or a batch's ARN taken apart. Errors: ERR_INVALID. */
bool build_batch_id_parse(const struct aws_call *call, const char *id, const char **project, const char **uuid,
                          struct err *err);

#endif
