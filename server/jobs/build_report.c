/*
 * Reports of builds, from the door to the store.
 */
#include "server/jobs/build_report.h"

#include "common/str.h"
#include "server/jobs/build_state.h"
#include "server/jobs/queue_write.h"
#include "server/store/report_cases.h"
#include "server/store/report_coverages.h"
#include "server/store/report_groups.h"

#include <string.h>

#define GROUP_NAME_MAX 128

const char *build_report_group_of_arn(const char *text) {
    static const char mark[] = ":report-group/";
    const char *found = str_starts_with(text, "arn:") ? strstr(text, mark) : NULL;
    return found && found[sizeof mark - 1] ? found + sizeof mark - 1 : NULL;
}

bool build_report_group_name_allowed(const char *name) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t length = strlen(name);
    return length >= 2 && length <= GROUP_NAME_MAX && strspn(name, letters) == length && *name != '-' && *name != '_';
}

static bool make_group(struct tx *tx, const char *name, const char *type, struct err *err) {
    const struct report_group_row row = {.name = name, .type = type, .export = "{\"exportConfigType\":\"NO_EXPORT\"}"};
    if (!build_report_group_name_allowed(name))
        return err_set(err, ERR_INVALID,
                       "'%.200s' cannot be the name of a report group: 2 to %d letters, digits, - and _", name,
                       GROUP_NAME_MAX);
    return report_groups_add(tx, &row, err);
}

static bool find_group(struct tx *tx, struct arena *arena, const struct build_report *report, const char *project,
                       struct report_group_row *out, struct err *err) {
    const char *of_arn = build_report_group_of_arn(report->group);
    const char *name = of_arn ? of_arn : arena_printf(arena, "%s-%s", project, report->group);
    struct err own = {0};
    if (report_groups_get(tx, arena, name, out, &own))
        return true;
    if (own.kind != ERR_NOT_FOUND)
        return err_set(err, own.kind, "%s", own.message);
    if (of_arn)
        return err_set(err, ERR_INVALID, "there is no report group '%.300s'; make it with CreateReportGroup",
                       report->group);
    return make_group(tx, name, report->type, err) && report_groups_get(tx, arena, name, out, err);
}

static bool add_cases(struct tx *tx, int64_t report_id, const struct json *cases, struct err *err) {
    int64_t position = 0;
    json_each(item, cases) {
        const struct report_case_row row = {
            .position = ++position,
            .status = json_get_text(item, "status"),
            .name = json_get_text(item, "name"),
            .prefix = json_get_text(item, "prefix"),
            .suite = json_get_text(item, "testSuiteName"),
            .duration_ns = json_get_integer(item, "durationInNanoSeconds", 0),
            .message = json_get_text(item, "message"),
            .raw_path = json_get_text_or(item, "testRawDataPath", ""),
        };
        if (!report_cases_add(tx, report_id, &row, err))
            return false;
    }
    return true;
}

static bool add_coverages(struct tx *tx, int64_t report_id, const struct json *coverages, struct err *err) {
    int64_t position = 0;
    json_each(item, coverages) {
        const struct report_coverage_row row = {
            .position = ++position,
            .path = json_get_text(item, "filePath"),
            .lines_covered = json_get_integer(item, "linesCovered", 0),
            .lines_missed = json_get_integer(item, "linesMissed", 0),
            .branches_covered = json_get_integer(item, "branchesCovered", 0),
            .branches_missed = json_get_integer(item, "branchesMissed", 0),
        };
        if (!report_coverages_add(tx, report_id, &row, err))
            return false;
    }
    return true;
}

bool build_report_put(struct tx *tx, struct arena *arena, const struct queue_fence *fence,
                      const struct build_report *report, struct report_row *out, struct err *err) {
    struct job_row job;
    struct build_row build;
    struct report_group_row group;
    if (!queue_hold(tx, arena, fence, &job, err))
        return false;
    if (!job.build_id)
        return err_set(err, ERR_INVALID, "only a build of CodeBuild has reports");
    if (!builds_get_by_id(tx, arena, job.build_id, &build, err) ||
        !find_group(tx, arena, report, build.project, &group, err))
        return false;
    if (!str_equal(group.type, report->type))
        return err_set(err, ERR_INVALID, "report group '%s' is of type %s, the report of type %s", group.name,
                       group.type, report->type);
    *out = (struct report_row){.group_id = group.id,
                               .group = group.name,
                               .build_id = build.id,
                               .build_project = build.project,
                               .build_uuid = build.uuid,
                               .entry = report->entry,
                               .type = report->type,
                               .status = report->status,
                               .truncated = report->truncated,
                               .summary = report->summary,
                               .export = group.export,
                               .problem = report->problem};
    return reports_drop_expired(tx, err) && reports_put(tx, arena, out, err) &&
           add_cases(tx, out->id, report->test_cases, err) && add_coverages(tx, out->id, report->code_coverages, err) &&
           build_tell(tx, &build, build.status, err);
}
