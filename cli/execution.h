/*
 * Which execution a person means, and what it looks like: a block of lines, one an action.
 */
#ifndef CLI_EXECUTION_H
#define CLI_EXECUTION_H

#include "cli/cli.h"
#include "common/json.h"

#include <stdint.h>

/* The id of a pipeline's execution: `word` is its id, the beginning of it, its number ("3", "#3"), or NULL for the
 * newest. Errors: ERR_NOT_FOUND. */
bool execution_find(struct cli *cli, const char *pipeline, const char *word, const char **out_id, struct err *err);

/* The execution that was in the stage last. Errors: ERR_NOT_FOUND. */
bool execution_in_stage(struct cli *cli, const char *pipeline, const char *stage, const char **out_id, struct err *err);

/* The one that the stage would go back to (docs/doors.md: rollbackTarget). Errors: ERR_NOT_FOUND, ERR_CONFLICT. */
bool execution_before_stage(struct cli *cli, const char *pipeline, const char *stage, const char **out_id,
                            struct err *err);

/* GetExecutionDetail. */
bool execution_read(struct cli *cli, struct arena *arena, const char *pipeline, const char *id, const struct json **out,
                    struct err *err);

/* Its status: "InProgress". */
const char *execution_status(const struct json *detail);

/* The first action that waits for a person, with `*stage` the stage it is in; NULL for none. */
const struct json *execution_approval(const struct json *detail, const struct json **stage);

/* "… shop #3  InProgress  push by admin". */
const char *execution_title(const struct cli *cli, struct arena *arena, const struct json *detail);

/* One action as a line: symbol, stage, name, what there is to say, how long. `now_ms` is wall time. */
const char *execution_line(const struct cli *cli, struct arena *arena, const struct json *detail,
                           const struct json *stage, const struct json *action, int64_t now_ms);

#endif
