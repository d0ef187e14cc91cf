/*
 * What a build reports of its tests: the runner has read the files, the server keeps what they say.
 */
#ifndef SERVER_JOBS_BUILD_REPORT_H
#define SERVER_JOBS_BUILD_REPORT_H

#include "server/jobs/queue.h"
#include "server/store/reports.h"

#define BUILD_REPORTS_MAX 5 /* of one build, as CodeBuild has it */

/* As the door has decoded and checked it. */
struct build_report {
    const char *group; /* a name within the project, or the ARN of a report group */
    int64_t entry;     /* of the buildspec's `reports`, below BUILD_REPORTS_MAX */
    const char *type;
    const char *status;
    const char *problem; /* or NULL */
    bool truncated;
    const char *summary;               /* JSON as BatchGetReports shows it */
    const struct json *test_cases;     /* or NULL */
    const struct json *code_coverages; /* or NULL */
};

/* Writes it, in its group, which is made where the buildspec only names it. The same report again changes nothing.
 * Errors: those of a stale fence; ERR_INVALID where the job has no build, or the group is not there, has another type
 * or cannot have that name. */
bool build_report_put(struct tx *tx, struct arena *arena, const struct queue_fence *fence,
                      const struct build_report *report, struct report_row *out, struct err *err);

/* The group's name out of its ARN; NULL where the text is none. */
const char *build_report_group_of_arn(const char *text);

/* Whether a group may have that name. */
bool build_report_group_name_allowed(const char *name);

#endif
