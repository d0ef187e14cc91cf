/*
 * CodeBuild's operations: one file each, listed in operations.c. What several of them show is here.
 */
#ifndef SERVER_API_CODEBUILD_CODEBUILD_H
#define SERVER_API_CODEBUILD_CODEBUILD_H

#include "server/api/aws.h"
#include "server/jobs/build_start.h"
#include "server/store/builds.h"
#include "server/store/projects.h"

AWS_OPERATION(batch_delete_builds);
AWS_OPERATION(batch_get_build_batches);
AWS_OPERATION(batch_get_builds);
AWS_OPERATION(batch_get_projects);
AWS_OPERATION(batch_get_report_groups);
AWS_OPERATION(batch_get_reports);
AWS_OPERATION(create_project);
AWS_OPERATION(create_report_group);
AWS_OPERATION(delete_build_batch);
AWS_OPERATION(delete_project);
AWS_OPERATION(delete_source_credentials);
AWS_OPERATION(import_source_credentials);
AWS_OPERATION(invalidate_project_cache);
AWS_OPERATION(delete_report);
AWS_OPERATION(delete_report_group);
AWS_OPERATION(describe_code_coverages);
AWS_OPERATION(describe_test_cases);
AWS_OPERATION(get_report_group_trend);
AWS_OPERATION(list_build_batches);
AWS_OPERATION(list_build_batches_for_project);
AWS_OPERATION(list_builds);
AWS_OPERATION(list_builds_for_project);
AWS_OPERATION(list_curated_environment_images);
AWS_OPERATION(list_projects);
AWS_OPERATION(list_shared_projects);
AWS_OPERATION(list_source_credentials);
AWS_OPERATION(retry_build);
AWS_OPERATION(retry_build_batch);
AWS_OPERATION(list_report_groups);
AWS_OPERATION(list_reports);
AWS_OPERATION(list_reports_for_report_group);
AWS_OPERATION(list_shared_report_groups);
AWS_OPERATION(start_build);
AWS_OPERATION(start_build_batch);
AWS_OPERATION(stop_build);
AWS_OPERATION(stop_build_batch);
AWS_OPERATION(update_project);
AWS_OPERATION(update_project_visibility);
AWS_OPERATION(update_report_group);

/* The project of that name or ARN. Errors: ERR_NOT_FOUND ResourceNotFoundException in AWS's words. */
bool project_find(struct tx *tx, const struct aws_call *call, const char *name_or_arn, struct project_row *out,
                  struct err *err);

/* A project as BatchGetProjects shows it. */
bool project_show(const struct aws_call *call, const struct project_row *row, struct json **out, struct err *err);

/* Stores what a create or update call made (canonical settings with their tags): replaces where `change`. */
bool project_store(struct tx *tx, const struct aws_call *call, const struct json *settings, bool change,
                   struct err *err);

/* Whether a build, or the builds of a batch, may be started so: what is not supported is refused (of this call's
 * input), and what the build has in the end is checked as a project's settings are. Errors: ERR_INVALID
 * InvalidInputException.
 */
bool build_check_request(const struct aws_call *call, const struct project_row *project,
                         const struct build_request *request, struct err *err);

/* A build as BatchGetBuilds shows it. */
bool build_show(const struct aws_call *call, const struct build_row *row, struct json **out, struct err *err);

/* Adds what it has reported: reportArns, where there are any. */
bool build_show_reports(struct tx *tx, const struct aws_call *call, const struct build_row *row, struct json *build,
                        struct err *err);

/* "project:uuid" or a build's ARN taken apart. Errors: ERR_INVALID. */
bool build_id_parse(const struct aws_call *call, const char *id, const char **project, const char **uuid,
                    struct err *err);

#endif
