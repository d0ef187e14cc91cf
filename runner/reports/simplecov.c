/*
 * SIMPLECOV: `.resultset.json`, {command: {coverage: {path: {lines, branches}}}}, in which older versions have the list
 * of lines in place of the object; and `coverage.json`, {meta, coverage: {path: {lines, branches}}}. A line is a count
 * of runs, null where there is nothing to run, "ignored" between :nocov: marks.
 */
#include "runner/reports/insides.h"

static bool refuse(const struct report *report, const struct json *value, const char *what, struct err *err) {
    return err_set(err, ERR_INVALID, "%s:%d:%d: %s", report->file, value->line, value->column, what);
}

static bool take_lines(struct report *report, const struct json *lines, struct err *err) {
    int64_t number = 0;
    json_each(line, lines) {
        number++;
        if (line->type == JSON_NULL || line->type == JSON_TEXT)
            continue;
        if (line->type != JSON_NUMBER)
            return refuse(report, line, "a line must be a number of runs or null", err);
        if (!coverage_line(report, number, line->number > 0, err))
            return false;
    }
    return true;
}

/* A condition is known by its text, "[:if, 0, 3, 4, 6, 10]". */
static uint64_t place_of(const char *text) {
    uint64_t hash = 14695981039346656037ULL; /* FNV-1a */
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 1099511628211ULL;
    return hash;
}

/* {condition: {arm: runs}} */
static bool take_conditions(struct report *report, const struct json *conditions, struct err *err) {
    json_each(condition, conditions) {
        int64_t covered = 0, all = 0;
        json_each(arm, condition) {
            all++;
            covered += arm->type == JSON_NUMBER && arm->number > 0;
        }
        if (!coverage_branches(report, place_of(condition->name), covered, all - covered, err))
            return false;
    }
    return true;
}

/* [{type, start_line, end_line, coverage}] */
static bool take_arms(struct report *report, const struct json *arms, struct err *err) {
    uint64_t place = 0;
    json_each(arm, arms) {
        const struct json *runs = json_get(arm, "coverage");
        bool covered = runs && runs->type == JSON_NUMBER && runs->number > 0;
        place++;
        if (runs && runs->type != JSON_TEXT && !coverage_branches(report, place, covered, !covered, err))
            return false;
    }
    return true;
}

static bool take_source(struct report *report, const struct json *source, struct err *err) {
    const struct json *lines = source->type == JSON_ARRAY ? source : json_get(source, "lines");
    const struct json *branches = json_get(source, "branches");
    if (!lines || lines->type != JSON_ARRAY)
        return refuse(report, source, "a source file must be a list of lines, or an object with 'lines'", err);
    if (!coverage_begin(report, source->name, err) || !take_lines(report, lines, err))
        return false;
    return branches && branches->type == JSON_ARRAY ? take_arms(report, branches, err)
                                                    : take_conditions(report, branches, err);
}

static bool take_sources(struct report *report, const struct json *sources, struct err *err) {
    if (sources->type != JSON_OBJECT)
        return refuse(report, sources, "'coverage' must be an object with a member for each source file", err);
    json_each(source, sources) {
        if (!take_source(report, source, err))
            return false;
    }
    return true;
}

bool simplecov_read(struct report *report, const char *bytes, size_t size, struct err *err) {
    const struct json *root = NULL;
    if (!report_read_json(report, bytes, size, &root, err))
        return false;
    if (json_get(root, "coverage"))
        return take_sources(report, json_get(root, "coverage"), err);
    if (root->type != JSON_OBJECT || root->count == 0)
        return refuse(report, root, "there is no 'coverage'; SimpleCov's .resultset.json has it", err);
    json_each(command, root) {
        const struct json *sources = json_get(command, "coverage");
        if (!sources)
            return refuse(report, command, "there is no 'coverage'; SimpleCov's .resultset.json has it", err);
        if (!take_sources(report, sources, err))
            return false;
    }
    return true;
}
