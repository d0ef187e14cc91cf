/*
 * The table of CodeBuild's operations.
 */
#include "server/api/codebuild/codebuild.h"

/* clang-format off */
static const struct aws_operation operations[] = {
    {.name = "BatchDeleteBuilds", .kind = AWS_WRITE, .input = &batch_delete_builds_input, .run = batch_delete_builds},
    {.name = "BatchGetBuildBatches", .kind = AWS_READ, .input = &batch_get_build_batches_input, .run = batch_get_build_batches},
    {.name = "BatchGetBuilds", .kind = AWS_READ, .input = &batch_get_builds_input, .run = batch_get_builds},
    {.name = "BatchGetProjects", .kind = AWS_READ, .input = &batch_get_projects_input, .run = batch_get_projects},
    {.name = "BatchGetReportGroups", .kind = AWS_READ, .input = &batch_get_report_groups_input, .run = batch_get_report_groups},
    {.name = "BatchGetReports", .kind = AWS_READ, .input = &batch_get_reports_input, .run = batch_get_reports},
    {.name = "CreateProject", .kind = AWS_WRITE, .input = &create_project_input, .run = create_project},
    {.name = "CreateReportGroup", .kind = AWS_WRITE, .input = &create_report_group_input, .run = create_report_group},
    {.name = "DeleteBuildBatch", .kind = AWS_WRITE, .input = &delete_build_batch_input, .run = delete_build_batch},
    {.name = "DeleteProject", .kind = AWS_WRITE, .input = &delete_project_input, .run = delete_project},
    {.name = "DeleteReport", .kind = AWS_WRITE, .input = &delete_report_input, .run = delete_report},
    {.name = "DeleteReportGroup", .kind = AWS_WRITE, .input = &delete_report_group_input, .run = delete_report_group},
    {.name = "DeleteSourceCredentials", .kind = AWS_WRITE, .input = &delete_source_credentials_input, .run = delete_source_credentials},
    {.name = "DescribeCodeCoverages", .kind = AWS_READ, .input = &describe_code_coverages_input, .run = describe_code_coverages},
    {.name = "DescribeTestCases", .kind = AWS_READ, .input = &describe_test_cases_input, .run = describe_test_cases},
    {.name = "GetReportGroupTrend", .kind = AWS_READ, .input = &get_report_group_trend_input, .run = get_report_group_trend},
    {.name = "ImportSourceCredentials", .kind = AWS_WRITE, .input = &import_source_credentials_input, .run = import_source_credentials},
    {.name = "InvalidateProjectCache", .kind = AWS_WRITE, .input = &invalidate_project_cache_input, .run = invalidate_project_cache},
    {.name = "ListBuildBatches", .kind = AWS_READ, .input = &list_build_batches_input, .run = list_build_batches},
    {.name = "ListBuildBatchesForProject", .kind = AWS_READ, .input = &list_build_batches_for_project_input, .run = list_build_batches_for_project},
    {.name = "ListBuilds", .kind = AWS_READ, .input = &list_builds_input, .run = list_builds},
    {.name = "ListBuildsForProject", .kind = AWS_READ, .input = &list_builds_for_project_input, .run = list_builds_for_project},
    {.name = "ListCuratedEnvironmentImages", .kind = AWS_READ, .input = &list_curated_environment_images_input, .run = list_curated_environment_images},
    {.name = "ListProjects", .kind = AWS_READ, .input = &list_projects_input, .run = list_projects},
    {.name = "ListReportGroups", .kind = AWS_READ, .input = &list_report_groups_input, .run = list_report_groups},
    {.name = "ListReports", .kind = AWS_READ, .input = &list_reports_input, .run = list_reports},
    {.name = "ListReportsForReportGroup", .kind = AWS_READ, .input = &list_reports_for_report_group_input, .run = list_reports_for_report_group},
    {.name = "ListSharedProjects", .kind = AWS_READ, .input = &list_shared_projects_input, .run = list_shared_projects},
    {.name = "ListSharedReportGroups", .kind = AWS_READ, .input = &list_shared_report_groups_input, .run = list_shared_report_groups},
    {.name = "ListSourceCredentials", .kind = AWS_READ, .input = &list_source_credentials_input, .run = list_source_credentials},
    {.name = "RetryBuild", .kind = AWS_WRITE, .input = &retry_build_input, .run = retry_build},
    {.name = "RetryBuildBatch", .kind = AWS_WRITE, .input = &retry_build_batch_input, .run = retry_build_batch},
    {.name = "StartBuild", .kind = AWS_WRITE, .input = &start_build_input, .run = start_build},
    {.name = "StartBuildBatch", .kind = AWS_WRITE, .input = &start_build_batch_input, .run = start_build_batch},
    {.name = "StopBuild", .kind = AWS_WRITE, .input = &stop_build_input, .run = stop_build},
    {.name = "StopBuildBatch", .kind = AWS_WRITE, .input = &stop_build_batch_input, .run = stop_build_batch},
    {.name = "UpdateProject", .kind = AWS_WRITE, .input = &update_project_input, .run = update_project},
    {.name = "UpdateProjectVisibility", .kind = AWS_WRITE, .input = &update_project_visibility_input, .run = update_project_visibility},
    {.name = "UpdateReportGroup", .kind = AWS_WRITE, .input = &update_report_group_input, .run = update_report_group},
    {0},
};
/* clang-format on */

const struct aws_service codebuild_service = {
    .target = "CodeBuild_20161006",
    .name = "codebuild",
    .validation = "InvalidInputException",
    .bad_token = "InvalidInputException",
    .operations = operations,
};
