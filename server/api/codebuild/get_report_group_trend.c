/*
 * GetReportGroupTrend: one number of each of the newest reports of a group, with their average, least and most.
 */
#include "server/api/codebuild/report.h"

#include "server/api/page.h"

#include "common/str.h"

#include <string.h>

static const char *const fields[] = {
    "PASS_RATE",        "DURATION",        "TOTAL", "LINE_COVERAGE", "LINES_COVERED", "LINES_MISSED", "BRANCH_COVERAGE",
    "BRANCHES_COVERED", "BRANCHES_MISSED", NULL,
};

const struct shape get_report_group_trend_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "reportGroupArn", .required = true, .shape = &aws_filled_text},
            {.name = "numOfReports", .shape = &report_page_size},
            {.name = "trendField",
             .required = true,
             .shape = &(const struct shape){.type = SHAPE_TEXT, .choices = fields}},
            {0},
        },
};

/* Where in a report's summary the field's value stands. PASS_RATE is computed. */
static const struct {
    const char *field;
    const char *type;
    const char *member;
} places[] = {
    {"PASS_RATE", "TEST", NULL},
    {"DURATION", "TEST", "durationInNanoSeconds"},
    {"TOTAL", "TEST", "total"},
    {"LINE_COVERAGE", "CODE_COVERAGE", "lineCoveragePercentage"},
    {"LINES_COVERED", "CODE_COVERAGE", "linesCovered"},
    {"LINES_MISSED", "CODE_COVERAGE", "linesMissed"},
    {"BRANCH_COVERAGE", "CODE_COVERAGE", "branchCoveragePercentage"},
    {"BRANCHES_COVERED", "CODE_COVERAGE", "branchesCovered"},
    {"BRANCHES_MISSED", "CODE_COVERAGE", "branchesMissed"},
};

/* False where the report has none: no tests, or nothing to cover. */
static bool value_of(const struct json *summary, const char *member, double *out) {
    if (member) {
        const struct json *value = json_get(summary, member);
        if (!value || value->type != JSON_NUMBER)
            return false;
        *out = value->number;
        return true;
    }
    const int64_t total = json_get_integer(summary, "total", 0);
    if (total <= 0)
        return false;
    *out = (double)json_get_integer(json_get(summary, "statusCounts"), "SUCCEEDED", 0) * 100 / (double)total;
    return true;
}

static const char *number_text(const struct aws_call *call, double number) {
    return arena_printf(call->arena, "%.15g", number);
}

struct trend {
    struct json *raw;
    double sum;
    double least;
    double most;
    size_t count;
};

static bool add(const struct aws_call *call, struct trend *trend, const struct report_row *row, const char *member,
                struct err *err) {
    const struct json *summary;
    double value;
    if (!json_parse(call->arena, row->summary, strlen(row->summary), &summary, err)) {
        err->kind = ERR_INTERNAL;
        return err_wrap(err, "reading a stored report");
    }
    if (!value_of(summary, member, &value))
        return true;
    struct json *shown = json_append_object(call->arena, trend->raw);
    json_set_text(call->arena, shown, "reportArn", report_arn(call, row));
    json_set_text(call->arena, shown, "data", number_text(call, value));
    trend->least = trend->count == 0 || value < trend->least ? value : trend->least;
    trend->most = trend->count == 0 || value > trend->most ? value : trend->most;
    trend->sum += value;
    trend->count++;
    return true;
}

static bool find_member(const struct aws_call *call, const struct report_group_row *group, const char **member,
                        struct err *err) {
    const char *field = aws_text(call, "trendField");
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        if (!str_equal(places[i].field, field))
            continue;
        *member = places[i].member;
        return str_equal(places[i].type, group->type) ||
               err_set_code(err, ERR_INVALID, "InvalidInputException",
                            "trendField %s is not for a report group of type %s", field, group->type);
    }
    return err_set(err, ERR_INTERNAL, "trendField '%s' has no place", field);
}

bool get_report_group_trend(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    struct trend trend = {.raw = json_array(call->arena)};
    struct report_group_row group;
    struct report_row *rows;
    size_t count;
    const char *member = NULL;
    if (!report_group_find(tx, call, aws_text(call, "reportGroupArn"), &group, err) ||
        !find_member(call, &group, &member, err))
        return false;
    const struct report_filter filter = {.group_id = group.id,
                                         .limit = (size_t)json_get_integer(call->input, "numOfReports", REPORT_PAGE)};
    if (!reports_list(tx, call->arena, &filter, &rows, &count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!add(call, &trend, &rows[i], member, err))
            return false;
    if (trend.count > 0) {
        struct json *stats = json_set_object(call->arena, out, "stats");
        json_set_text(call->arena, stats, "average", number_text(call, trend.sum / (double)trend.count));
        json_set_text(call->arena, stats, "max", number_text(call, trend.most));
        json_set_text(call->arena, stats, "min", number_text(call, trend.least));
    }
    json_set(call->arena, out, "rawData", trend.raw);
    return true;
}
