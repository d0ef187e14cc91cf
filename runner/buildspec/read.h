/*
 * What the parts of the buildspec's reader share: lists, flags, and findings with their place. A part goes on after an
 * error, so that the whole file is told at once; whoever must stop asks the reader's verdict at the end.
 */
#ifndef RUNNER_BUILDSPEC_READ_H
#define RUNNER_BUILDSPEC_READ_H

#include "runner/buildspec/buildspec.h"

struct reader {
    struct arena *arena;
    const char *file; /* the name that errors begin with */
    bool version_0_1;
    struct buildspec_findings findings;
    size_t error_capacity;
    size_t notice_capacity;
    bool more_notices;
};

/* The document: an object; false where there is none, and the reader says why. What is found later goes into the same
 * reader. */
bool spec_open(struct reader *reader, struct arena *arena, const char *file, const char *text, size_t size,
               const struct json **root);

/* True where no error was found; else *err is the first one by its place, "file:line:column: text", code
 * "YAML_FILE_ERROR". Sorts what was found. */
bool spec_verdict(struct reader *reader, struct err *err);

/* An error at a value, and at its name (for keys that should not be there, or lack something). Return false. */
bool spec_refuse(struct reader *reader, const struct json *at, const char *format, ...) PRINTF_LIKE(3, 4);
bool spec_refuse_key(struct reader *reader, const struct json *at, const char *format, ...) PRINTF_LIKE(3, 4);

/* A line for the log, which harms nothing; with the place of `at`'s name. `at` NULL: without a place. */
void spec_notice(struct reader *reader, const struct json *at, const char *format, ...) PRINTF_LIKE(3, 4);

/* The notices as lines for the log, with file and place. */
struct buildspec_list spec_notice_lines(const struct reader *reader);

/* Texts, flags and objects out of their parent. False where the value is of another type: the error is kept, the output
 * is left alone, and the caller may go on with the next one. */

/* A list of texts; absent and empty are an empty list, null items are left out. `word` is CodeBuild's name for it in
 * errors ("Commands"). one_text_is_a_list: people write `files: dist/app.js`. */
bool spec_texts(struct reader *reader, const struct json *value, const char *word, bool one_text_is_a_list,
                struct buildspec_list *out);

/* yes, no, true, false, on, off. Absent leaves *out alone. */
bool spec_flag(struct reader *reader, const struct json *object, const char *name, bool *out);

/* A scalar's text as it was written. Absent, null and '' leave *out alone. */
bool spec_text(struct reader *reader, const struct json *object, const char *name, const char **out);

/* An object or NULL (absent, null, refused). */
bool spec_object(struct reader *reader, const struct json *parent, const char *name, const struct json **out);

bool spec_is_scalar(const struct json *value); /* no list, no object; null is one */

/* CodeBuild ignores keys that it does not know; here each gets a notice, with the key that was probably meant. `known`
 * ends with NULL; `where`: "in phase 'build'". */
void spec_note_unknown(struct reader *reader, const struct json *object, const char *const *known, const char *where);

/* The same for keys that came with version 0.2, where the file is of 0.1. True where the key counts. */
bool spec_counts(struct reader *reader, const struct json *object, const char *name);

/* The parts, each one file. */
void buildspec_read_env(struct reader *reader, const struct json *root, struct buildspec *out);
void buildspec_read_phases(struct reader *reader, const struct json *root, struct buildspec *out);
void buildspec_read_artifacts(struct reader *reader, const struct json *root, struct buildspec *out);
void buildspec_read_reports(struct reader *reader, const struct json *root, struct buildspec *out);
void buildspec_read_cache(struct reader *reader, const struct json *root, struct buildspec *out);

#endif
