/* A checked buildspec as JSON, for `penstock check --json` and so for editors. */
#ifndef CLI_CHECK_BUILDSPEC_H
#define CLI_CHECK_BUILDSPEC_H

#include "common/json.h"
#include "runner/buildspec/batch.h"
#include "runner/buildspec/buildspec.h"

/* Sets notices, version, shell, phases, variables, … in `out`; `batch` may be NULL. */
void check_buildspec_describe(struct arena *arena, const struct buildspec *spec,
                              const struct buildspec_findings *findings, const struct batch *batch, struct json *out);

#endif
