/*
 * The table of formats, and a report from its first file to its last.
 */
#include "runner/reports/report.h"

#include "common/json_read.h"
#include "runner/reports/insides.h"

#include <assert.h>

static const struct report_format formats[] = {
    {.name = "JUNITXML", .type = REPORT_TEST, .read = junit_read},
    {.name = "CUCUMBERJSON", .type = REPORT_TEST, .read = cucumber_read},
    {.name = "NUNITXML", .type = REPORT_TEST, .read = nunit_read},
    {.name = "NUNIT3XML", .type = REPORT_TEST, .read = nunit3_read},
    {.name = "TESTNGXML", .type = REPORT_TEST, .read = testng_read},
    {.name = "VISUALSTUDIOTRX", .type = REPORT_TEST, .read = trx_read},
    {.name = "CLOVERXML", .type = REPORT_COVERAGE, .read = clover_read},
    {.name = "COBERTURAXML", .type = REPORT_COVERAGE, .read = cobertura_read},
    {.name = "JACOCOXML", .type = REPORT_COVERAGE, .read = jacoco_read},
    {.name = "SIMPLECOV", .type = REPORT_COVERAGE, .read = simplecov_read},
    {.name = "LCOV", .type = REPORT_COVERAGE, .read = lcov_read},
};

#define FORMAT_COUNT (sizeof formats / sizeof formats[0])

static const struct report_format *find(const char *name) {
    for (size_t i = 0; i < FORMAT_COUNT; i++)
        if (str_equal(formats[i].name, name))
            return &formats[i];
    return NULL;
}

bool report_format_known(const char *format, enum report_type *type) {
    const struct report_format *found = find(format);
    if (found && type)
        *type = found->type;
    return found;
}

const char *report_format_names(struct arena *arena) {
    const char *names = formats[0].name;
    for (size_t i = 1; i < FORMAT_COUNT; i++)
        names = arena_printf(arena, "%s, %s", names, formats[i].name);
    return names;
}

void report_begin(struct report *report, struct arena *arena, const char *format) {
    const struct report_format *found = find(format);
    assert(found);
    if (!found) /* for the compiler, where assertions are compiled out */
        found = &formats[0];
    *report = (struct report){.arena = arena, .format = found, .type = found->type};
}

bool report_add_file(struct report *report, const char *file, const char *bytes, size_t size, struct err *err) {
    const struct report before = *report; /* all lists only grow: their lengths say what was there */
    if (size > REPORT_FILE_MAX)
        return err_set(err, ERR_LIMIT, "%s: the file is larger than %d MiB", file, REPORT_FILE_MAX / (1024 * 1024));
    if (size == 0)
        return err_set(err, ERR_INVALID, "%s:1:1: the file is empty", file);
    report->file = arena_strndup(report->arena, file, report_cut(file, REPORT_NAME_MAX));
    if (report->format->read(report, bytes, size, err))
        return true;
    *report = before;
    return false;
}

/* Failed ones before all others, otherwise as they stood in the files. */
static void choose_cases(struct report *report) {
    size_t others = report->failed_kept < REPORT_CASES_MAX ? REPORT_CASES_MAX - report->failed_kept : 0;
    size_t kept = 0;
    for (size_t i = 0; i < report->case_count; i++) {
        const struct report_case *found = &report->cases[i];
        bool failed = found->status == CASE_FAILED || found->status == CASE_ERROR;
        if (!failed && others == 0)
            continue;
        others -= !failed;
        report->cases[kept++] = *found;
    }
    report->case_count = kept;
    report->truncated = report->total > kept;
}

void report_finish(struct report *report) {
    if (report->type == REPORT_TEST)
        choose_cases(report);
    else
        coverage_finish(report);
}

const char *report_status(const struct report *report) {
    return report->counts[CASE_FAILED] + report->counts[CASE_ERROR] > 0 ? "FAILED" : "SUCCEEDED";
}

const char *report_case_status_name(enum report_case_status status) {
    static const char *const names[CASE_STATUS_COUNT] = {"SUCCEEDED", "FAILED", "ERROR", "SKIPPED", "UNKNOWN"};
    return names[status];
}

const char *report_type_name(enum report_type type) {
    return type == REPORT_TEST ? "TEST" : "CODE_COVERAGE";
}

bool report_refuse_root(const struct report *report, const struct xml_element *element, struct err *err) {
    return err_set(err, ERR_INVALID, "a report in the format %s does not begin with <%.100s>; check its file-format",
                   report->format->name, element->name);
}

bool report_attribute_number(const struct xml_element *element, const char *name, int64_t fallback, int64_t *out,
                             struct err *err) {
    const char *text = xml_element_attribute(element, name);
    long long number = fallback;
    if (text && !str_to_int64(text, 0, INT32_MAX, &number))
        return err_set(err, ERR_INVALID, "attribute '%s' of <%.100s> must be a whole number from 0 on", name,
                       element->name);
    *out = number;
    return true;
}

static void find_place(const char *bytes, size_t offset, int *line, int *column) {
    *line = 1;
    *column = 1;
    for (size_t i = 0; i < offset; i++) {
        ++*column;
        if (bytes[i] == '\n') {
            ++*line;
            *column = 1;
        }
    }
}

bool report_read_json(struct report *report, const char *bytes, size_t size, const struct json **out, struct err *err) {
    struct json_fault fault = {0};
    int line, column;
    if (json_read_placed(report->arena, bytes, size, JSON_VALUES_MAX, out, &fault))
        return true;
    find_place(bytes, fault.offset < size ? fault.offset : size, &line, &column);
    return err_set(err, fault.kind ? fault.kind : ERR_INVALID, "%s:%d:%d: %s", report->file, line, column,
                   fault.problem ? fault.problem : "it is no JSON");
}
