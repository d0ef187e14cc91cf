/*
 * Every member is looked at before any is written: what is stored here is shown to AWS's clients as it is.
 */
#include "server/api/jobs/report_message.h"

#include "common/str.h"
#include "common/wire_read.h"
#include "server/store/report_coverages.h"

#include <string.h>

#define NAME_MOST 1000
#define MESSAGE_MOST 5000
#define COUNT_MOST 1000000000

static const char *const case_statuses[] = {"SUCCEEDED", "FAILED", "ERROR", "SKIPPED", "UNKNOWN"};
static const char *const counts[] = {"linesCovered", "linesMissed", "branchesCovered", "branchesMissed"};

#define CASE_STATUS_COUNT (sizeof case_statuses / sizeof case_statuses[0])
#define COUNT_COUNT (sizeof counts / sizeof counts[0])

static bool is_one_of(const char *text, const char *const *choices, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (str_equal(text, choices[i]))
            return true;
    return false;
}

static bool check_text(const struct json *object, const char *name, bool required, size_t most, struct err *err) {
    const struct json *value = json_get(object, name);
    if (!value && !required)
        return true;
    if (!value || value->type != JSON_TEXT || (required && !*value->text))
        return err_set(err, ERR_INVALID, "member '%s' must be a text", name);
    return strlen(value->text) <= most || err_set(err, ERR_INVALID, "member '%s' is longer than %zu bytes", name, most);
}

static bool check_case(const struct json *item, struct err *err) {
    int64_t duration = 0;
    if (!is_one_of(json_get_text(item, "status"), case_statuses, CASE_STATUS_COUNT))
        return err_set(err, ERR_INVALID, "member 'status' of a test case is none of CodeBuild's");
    return check_text(item, "name", true, NAME_MOST, err) && check_text(item, "prefix", false, NAME_MOST, err) &&
           check_text(item, "testSuiteName", false, NAME_MOST, err) &&
           check_text(item, "testRawDataPath", true, NAME_MOST, err) &&
           check_text(item, "message", false, MESSAGE_MOST, err) &&
           wire_integer(item, "durationInNanoSeconds", WIRE_REQUIRED, 0, INT64_MAX, &duration, err);
}

static bool read_counts(const struct json *item, int64_t out[COUNT_COUNT], struct err *err) {
    for (size_t i = 0; i < COUNT_COUNT; i++)
        if (!wire_integer(item, counts[i], WIRE_REQUIRED, 0, COUNT_MOST, &out[i], err))
            return false;
    return true;
}

static bool check_coverage(const struct json *item, struct err *err) {
    int64_t numbers[COUNT_COUNT];
    return check_text(item, "filePath", true, NAME_MOST, err) && read_counts(item, numbers, err);
}

static bool read_list(const struct json *message, const char *name, size_t most,
                      bool (*check)(const struct json *item, struct err *err), const struct json **out,
                      struct err *err) {
    const struct json *list = json_get(message, name);
    if (!list || list->type != JSON_ARRAY)
        return err_set(err, ERR_INVALID, "member '%s' must be a list", name);
    if (list->count > most)
        return err_set(err, ERR_INVALID, "member '%s' has more than %zu elements", name, most);
    json_each(item, list) {
        if (!check(item, err))
            return false;
    }
    *out = list;
    return true;
}

static bool read_test_summary(struct arena *arena, const struct json *message, const char **out, struct err *err) {
    const struct json *summary = NULL;
    int64_t total = 0, duration = 0;
    if (!wire_object(arena, message, "testSummary", WIRE_REQUIRED, &summary, err) ||
        !wire_integer(summary, "total", WIRE_REQUIRED, 0, COUNT_MOST, &total, err) ||
        !wire_integer(summary, "durationInNanoSeconds", WIRE_REQUIRED, 0, INT64_MAX, &duration, err))
        return false;
    struct json *made = json_object(arena);
    json_set_integer(arena, made, "total", total);
    struct json *by_status = json_set_object(arena, made, "statusCounts");
    for (size_t i = 0; i < CASE_STATUS_COUNT; i++) {
        int64_t count = 0;
        if (!wire_integer(json_get(summary, "statusCounts"), case_statuses[i], WIRE_OPTIONAL, 0, COUNT_MOST, &count,
                          err))
            return false;
        json_set_integer(arena, by_status, case_statuses[i], count);
    }
    json_set_integer(arena, made, "durationInNanoSeconds", duration);
    *out = json_print(arena, made);
    return true;
}

/* Where there is nothing to cover, there is no percentage. */
static void set_percent(struct arena *arena, struct json *object, const char *name, int64_t covered, int64_t missed) {
    if (covered + missed > 0)
        json_set_number(arena, object, name, report_coverage_percent(covered, missed));
}

static bool read_coverage_summary(struct arena *arena, const struct json *message, const char **out, struct err *err) {
    const struct json *summary = NULL;
    int64_t numbers[COUNT_COUNT];
    if (!wire_object(arena, message, "codeCoverageSummary", WIRE_REQUIRED, &summary, err) ||
        !read_counts(summary, numbers, err))
        return false;
    struct json *made = json_object(arena);
    set_percent(arena, made, "lineCoveragePercentage", numbers[0], numbers[1]);
    set_percent(arena, made, "branchCoveragePercentage", numbers[2], numbers[3]);
    for (size_t i = 0; i < COUNT_COUNT; i++)
        json_set_integer(arena, made, counts[i], numbers[i]);
    *out = json_print(arena, made);
    return true;
}

bool report_message_decode(struct arena *arena, const struct json *message, struct build_report *out, struct err *err) {
    static const char *const statuses[] = {"SUCCEEDED", "FAILED", "INCOMPLETE"};
    static const char *const types[] = {"TEST", "CODE_COVERAGE"};
    struct build_report report = {.group = json_get_text(message, "name"),
                                  .type = json_get_text(message, "type"),
                                  .status = json_get_text(message, "status"),
                                  .problem = json_get_text(message, "problem")};
    if (!is_one_of(report.type, types, 2))
        return err_set(err, ERR_INVALID, "member 'type' must be TEST or CODE_COVERAGE");
    if (!is_one_of(report.status, statuses, 3))
        return err_set(err, ERR_INVALID, "member 'status' must be SUCCEEDED, FAILED or INCOMPLETE");
    if (!check_text(message, "name", true, NAME_MOST, err) ||
        !check_text(message, "problem", false, MESSAGE_MOST, err) ||
        !wire_integer(message, "entry", WIRE_REQUIRED, 0, BUILD_REPORTS_MAX - 1, &report.entry, err) ||
        !wire_bool(message, "truncated", &report.truncated, err))
        return false;
    const bool good =
        str_equal(report.type, "TEST")
            ? read_list(message, "testCases", REPORT_CASES_MOST, check_case, &report.test_cases, err) &&
                  read_test_summary(arena, message, &report.summary, err)
            : read_list(message, "codeCoverages", REPORT_COVERAGES_MOST, check_coverage, &report.code_coverages, err) &&
                  read_coverage_summary(arena, message, &report.summary, err);
    if (good)
        *out = report;
    return good;
}
