/* Reading a stored declaration: the parts that read.c and read_conditions.c share. */
#ifndef SERVER_DEFINITION_READ_H
#define SERVER_DEFINITION_READ_H

#include "server/definition/definition.h"

struct reader {
    struct arena *arena;
    struct err *err;
    bool failed;
};

/* Keeps the first thing that is wrong; reading goes on. */
void reader_fail(struct reader *reader, const char *what);

/* "" and a failure where the member is missing. */
const char *reader_text(struct reader *reader, const struct json *object, const char *name);

size_t reader_count(const struct json *object, const char *name);

/* Lists. NULL where there are no texts. */
const char *const *reader_texts(struct reader *reader, const struct json *object, const char *name, size_t *count);
const struct pipeline_artifact *reader_artifacts(struct reader *reader, const struct json *object, const char *name,
                                                 size_t *count);
const struct pipeline_setting *reader_settings(struct reader *reader, const struct json *object, size_t *count);

void read_conditions(struct reader *reader, const struct json *stage, struct pipeline_stage *out);
void read_triggers(struct reader *reader, const struct json *declaration, struct pipeline *out);

#endif
