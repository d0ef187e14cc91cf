/*
 * What test programs and coverage tools write about themselves, in the formats that CodeBuild reads (and LCOV's), as
 * one structure. Pure: bytes in, structure out. Foreign bytes: size, depth and counts are capped; a file that cannot be
 * read is an error with file and line and adds nothing.
 *
 * https://docs.aws.amazon.com/codebuild/latest/userguide/test-reporting.html
 */
#ifndef RUNNER_REPORTS_REPORT_H
#define RUNNER_REPORTS_REPORT_H

#include "common/json.h"

#define REPORT_FILE_MAX (32 * 1024 * 1024)
#define REPORT_CASES_MAX 500  /* that are kept, the failed ones first; all are counted */
#define REPORT_FILES_MAX 5000 /* source files of a report of coverage that are kept; all are counted */
#define REPORT_NAME_MAX 1000  /* bytes of a name, a prefix, a path */
#define REPORT_MESSAGE_MAX 5000

enum report_type { REPORT_TEST, REPORT_COVERAGE };

enum report_case_status { CASE_SUCCEEDED, CASE_FAILED, CASE_ERROR, CASE_SKIPPED, CASE_UNKNOWN, CASE_STATUS_COUNT };

struct report_case {
    const char *name;
    const char *prefix; /* class, feature, module; or NULL */
    const char *suite;  /* or NULL */
    const char *message;
    const char *raw_path; /* the file that it stood in */
    enum report_case_status status;
    int64_t duration_ns;
};

struct report_counts {
    int64_t lines_covered;
    int64_t lines_missed;
    int64_t branches_covered;
    int64_t branches_missed;
};

struct report_source {
    const char *path;
    struct report_counts counts;
};

struct report_format;
struct report_section;
struct report_sighting;

struct report {
    struct arena *arena;
    const struct report_format *format;
    enum report_type type;
    const char *file; /* the one being read */

    /* REPORT_TEST */
    size_t total;
    size_t counts[CASE_STATUS_COUNT];
    int64_t duration_ns;
    struct report_case *cases; /* in the order of the files; after report_finish at most REPORT_CASES_MAX */
    size_t case_count;
    size_t case_capacity;
    size_t failed_kept; /* of them that failed */

    /* REPORT_COVERAGE */
    struct report_section *sections; /* what was seen, file by file; joined by report_finish */
    size_t section_count;
    size_t section_capacity;
    struct report_sighting *sightings;
    size_t sighting_count;
    size_t sighting_capacity;
    struct report_source *sources; /* by path */
    size_t source_count;
    struct report_counts all;

    bool truncated; /* not every case, or file, is kept */
};

/* Whether there is such a format (in capitals), and of which type. */
bool report_format_known(const char *format, enum report_type *type);

/* "JUNITXML, CUCUMBERJSON, …": for messages. */
const char *report_format_names(struct arena *arena);

/* An empty report of a known format. */
void report_begin(struct report *report, struct arena *arena, const char *format);

/* Adds what the file holds. `file` is its name for people. Errors: ERR_INVALID, ERR_LIMIT, "file:line:column: …"; the
 * report is then as it was. */
bool report_add_file(struct report *report, const char *file, const char *bytes, size_t size, struct err *err);

/* After the last file. */
void report_finish(struct report *report);

/* "SUCCEEDED", or "FAILED" where a case failed. */
const char *report_status(const struct report *report);

const char *report_case_status_name(enum report_case_status status);
const char *report_type_name(enum report_type type); /* "TEST", "CODE_COVERAGE" */

/* The longest beginning of at most `most` bytes that ends no character in its middle. */
size_t report_cut(const char *text, size_t most);

/* {type, truncated, testSummary, testCases} or {…, codeCoverageSummary, codeCoverages}, as the door takes it. */
struct json *report_describe(struct arena *arena, const struct report *report);

#endif
