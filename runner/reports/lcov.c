/*
 * LCOV: lcov's tracefiles, as gcov, Istanbul, Dart, Rust and Bazel write them. CodeBuild does not read them.
 *
 * SF:path, then lines DA:line,runs and BRDA:line,block,branch,runs-or-dash, then end_of_record. The rest (functions,
 * sums, checksums) says nothing more, or nothing that counts here.
 */
#include "runner/reports/insides.h"

#include <stdlib.h>
#include <string.h>

#define LINE_MAX 8192

struct lcov {
    struct report *report;
    bool in_source;
};

/* One number at *at, and the comma behind it. A minus counts: some tools write negative runs. */
static bool take_number(const char **at, int64_t *out) {
    char *end;
    *out = strtoll(*at, &end, 10);
    if (end == *at)
        return false;
    *at = *end == ',' ? end + 1 : end;
    return true;
}

static bool take_line(struct lcov *lcov, const char *text, struct err *err) {
    int64_t line, runs;
    if (!take_number(&text, &line) || !take_number(&text, &runs) || line < 0)
        return err_set(err, ERR_INVALID, "'DA:' must be followed by a line and its runs, as in DA:12,3");
    return coverage_line(lcov->report, line, runs > 0, err);
}

/* "12,0,1,-": the place is all but the last, which is a dash where the line never ran. */
static bool take_branch(struct lcov *lcov, const char *text, struct err *err) {
    int64_t line, runs = 0;
    const char *at = text;
    const char *comma = strrchr(text, ',');
    const char *taken = comma ? comma + 1 : "";
    if (!take_number(&at, &line) || line < 0 || at > comma || (!str_equal(taken, "-") && !take_number(&taken, &runs)))
        return err_set(err, ERR_INVALID, "'BRDA:' must be followed by line, block, branch and runs");
    uint64_t place = 14695981039346656037ULL; /* FNV-1a; some tools write texts for block and branch */
    for (at = text; at < comma; at++)
        place = (place ^ (unsigned char)*at) * 1099511628211ULL;
    return coverage_branches(lcov->report, place, runs > 0, runs <= 0, err);
}

static bool take(struct lcov *lcov, const char *line, struct err *err) {
    if (str_starts_with(line, "SF:")) {
        if (lcov->in_source)
            return err_set(err, ERR_INVALID, "the record before has no end_of_record");
        lcov->in_source = true;
        return coverage_begin(lcov->report, line + 3, err);
    }
    if (str_equal(line, "end_of_record")) {
        lcov->in_source = false;
        return true;
    }
    bool is_line = str_starts_with(line, "DA:");
    if (!is_line && !str_starts_with(line, "BRDA:"))
        return *line == '\0' || strchr(line, ':') || *line == '#' ||
               err_set(err, ERR_INVALID, "this is no line of an LCOV tracefile");
    if (!lcov->in_source)
        return err_set(err, ERR_INVALID, "there is no 'SF:' in front of it");
    return is_line ? take_line(lcov, line + 3, err) : take_branch(lcov, line + 5, err);
}

bool lcov_read(struct report *report, const char *bytes, size_t size, struct err *err) {
    struct lcov lcov = {.report = report};
    char line[LINE_MAX];
    size_t number = 0;
    for (const char *at = bytes, *end = bytes + size; at < end;) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t length = (size_t)((stop ? stop : end) - at);
        number++;
        if (length >= sizeof line || memchr(at, '\0', length))
            return err_set(err, ERR_INVALID, "%s:%zu:1: this is no line of an LCOV tracefile", lcov.report->file,
                           number);
        memcpy(line, at, length);
        line[length] = '\0';
        if (length > 0 && line[length - 1] == '\r')
            line[length - 1] = '\0';
        if (!take(&lcov, line, err))
            return err_wrap(err, "%s:%zu:1", lcov.report->file, number);
        at += length + 1;
    }
    return !lcov.in_source ||
           err_set(err, ERR_INVALID, "%s:%zu:1: the file ends within a record", lcov.report->file, number);
}
