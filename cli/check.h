/*
 * What the parts of `penstock check` share: findings in both forms, a line for people and an object for --json.
 */
#ifndef CLI_CHECK_H
#define CLI_CHECK_H

#include "cli/cli.h"
#include "common/json.h"

struct check_seen;

struct check {
    struct cli *cli;
    struct json *files; /* one object for each */
    struct json *shown; /* of the file under way */
    struct json *errors;
    size_t error_count;      /* of all files */
    size_t shown_count;      /* of buildspecs printed: a blank line stands between */
    struct check_seen *seen; /* good files of deployments, the latest first */
};

/* `text` is the line for people, with the file's name and the place in it. */
void check_add_error(struct check *check, const char *text, int line, int column, const char *path,
                     const char *message);

/* A file that cannot be parsed: the message begins with "file:line:column: " where the place is known. */
void check_add_parse_error(struct check *check, const char *file, const char *text);

/* The file as a buildspec: its errors and notices, and where there is no error what would run. */
void check_buildspec(struct check *check, const char *file, const char *text, size_t size);

/* The buildspecs that stand in the projects of a pipeline file. */
void check_inline_buildspecs(struct check *check, const char *file, const struct json *document);

#endif
