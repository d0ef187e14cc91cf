/* What the operations on report groups and reports share. Only for this room. */
#ifndef SERVER_API_CODEBUILD_REPORT_H
#define SERVER_API_CODEBUILD_REPORT_H

#include "server/api/codebuild/codebuild.h"
#include "server/store/report_groups.h"
#include "server/store/reports.h"

#define REPORT_PAGE 100

extern const struct shape report_export_config; /* ReportExportConfig */
extern const struct shape report_sort_order;
extern const struct shape report_page_size;
extern const struct shape report_filter; /* ReportFilter */

/* The checked exportConfig as it is stored and shown. Errors: ERR_INVALID InvalidInputException. */
bool report_export_make(const struct aws_call *call, const struct json *config, const char **out, struct err *err);

/* "shop-units" out of a report group's ARN. Errors: ERR_INVALID InvalidInputException. */
bool report_group_name_parse(const struct aws_call *call, const char *arn, const char **name, struct err *err);

/* "shop-units" and the uuid out of a report's ARN. Errors: ERR_INVALID InvalidInputException. */
bool report_arn_parse(const struct aws_call *call, const char *arn, const char **group, const char **uuid,
                      struct err *err);

/* Errors: ERR_INVALID; ERR_NOT_FOUND ResourceNotFoundException. */
bool report_group_find(struct tx *tx, const struct aws_call *call, const char *arn, struct report_group_row *out,
                       struct err *err);
bool report_find(struct tx *tx, const struct aws_call *call, const char *arn, struct report_row *out, struct err *err);

const char *report_group_arn(const struct aws_call *call, const char *group);
const char *report_arn(const struct aws_call *call, const struct report_row *row);

/* As BatchGetReportGroups and BatchGetReports show them. */
bool report_group_show(const struct aws_call *call, const struct report_group_row *row, struct json **out,
                       struct err *err);
bool report_show(const struct aws_call *call, const struct report_row *row, struct json **out, struct err *err);

#endif
