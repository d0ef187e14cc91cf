/* The body of POST /runner/jobs/ID/report. Only for this room. */
#ifndef SERVER_API_JOBS_REPORT_MESSAGE_H
#define SERVER_API_JOBS_REPORT_MESSAGE_H

#include "server/jobs/build_report.h"

#define REPORT_CASES_MOST 500
#define REPORT_COVERAGES_MOST 5000

/* Errors: ERR_INVALID, the member named; also for what is too large, since it does not help to come again. */
bool report_message_decode(struct arena *arena, const struct json *message, struct build_report *out, struct err *err);

#endif
