/*
 * What the parts of the buildspec parser share: lists, flags and errors with their place.
 */
#ifndef RUNNER_BUILDSPEC_READ_H
#define RUNNER_BUILDSPEC_READ_H

#include "runner/buildspec/buildspec.h"

struct reader {
    struct arena *arena;
    const char *file;
    struct err *err;
    const char **notices;
    size_t notice_count;
    size_t notice_capacity;
};

/* "file:line:column: text". Returns false. */
bool reader_refuse(struct reader *reader, const struct json *at, const char *format, ...) PRINTF_LIKE(3, 4);

void reader_notice(struct reader *reader, const char *format, ...) PRINTF_LIKE(2, 3);

/* A list of texts; absent and empty are an empty list, null items are left out. `word` is CodeBuild's name for it in
 * errors ("Commands"). one_text_is_a_list: people write `files: dist/app.js`. */
bool reader_texts(struct reader *reader, const struct json *value, const char *word, bool one_text_is_a_list,
                  struct buildspec_list *out);

/* yes, no, true, false. Absent leaves *out alone. */
bool reader_flag(struct reader *reader, const struct json *object, const char *name, bool *out);

/* A text or NULL. */
bool reader_text(struct reader *reader, const struct json *object, const char *name, const char **out);

/* An object or NULL (absent, null). */
bool reader_object(struct reader *reader, const struct json *parent, const char *name, const struct json **out);

bool buildspec_read_artifacts(struct reader *reader, const struct json *root, struct buildspec *out);

#endif
