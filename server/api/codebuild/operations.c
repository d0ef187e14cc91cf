/*
 * The table of CodeBuild's operations.
 */
#include "server/api/codebuild/codebuild.h"

/* clang-format off */
static const struct aws_operation operations[] = {
    {.name = "BatchGetBuilds", .kind = AWS_READ, .input = &batch_get_builds_input, .run = batch_get_builds},
    {.name = "BatchGetProjects", .kind = AWS_READ, .input = &batch_get_projects_input, .run = batch_get_projects},
    {.name = "CreateProject", .kind = AWS_WRITE, .input = &create_project_input, .run = create_project},
    {.name = "DeleteProject", .kind = AWS_WRITE, .input = &delete_project_input, .run = delete_project},
    {.name = "ListBuilds", .kind = AWS_READ, .input = &list_builds_input, .run = list_builds},
    {.name = "ListBuildsForProject", .kind = AWS_READ, .input = &list_builds_for_project_input, .run = list_builds_for_project},
    {.name = "ListProjects", .kind = AWS_READ, .input = &list_projects_input, .run = list_projects},
    {.name = "StartBuild", .kind = AWS_WRITE, .input = &start_build_input, .run = start_build},
    {.name = "StopBuild", .kind = AWS_WRITE, .input = &stop_build_input, .run = stop_build},
    {.name = "UpdateProject", .kind = AWS_WRITE, .input = &update_project_input, .run = update_project},
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
