/*
 * The table of CodeCommit's operations.
 */
#include "server/api/codecommit/codecommit.h"

/* clang-format off */
static const struct aws_operation operations[] = {
    {.name = "CreateRepository", .kind = AWS_WRITE, .input = &create_repository_input, .run = create_repository, .prepare = create_repository_prepare},
    {.name = "DeleteRepository", .kind = AWS_WRITE, .input = &delete_repository_input, .run = delete_repository, .settle = delete_repository_settle},
    {.name = "GetBranch", .kind = AWS_ALONE, .input = &get_branch_input, .run = get_branch},
    {.name = "GetRepository", .kind = AWS_READ, .input = &get_repository_input, .run = get_repository},
    {.name = "ListBranches", .kind = AWS_ALONE, .input = &list_branches_input, .run = list_branches},
    {.name = "ListRepositories", .kind = AWS_READ, .input = &list_repositories_input, .run = list_repositories},
    {.name = "ListTagsForResource", .kind = AWS_READ, .input = &list_tags_for_repository_input, .run = list_tags_for_repository},
    {.name = "TagResource", .kind = AWS_WRITE, .input = &tag_repository_input, .run = tag_repository, .silent = true},
    {.name = "UntagResource", .kind = AWS_WRITE, .input = &untag_repository_input, .run = untag_repository, .silent = true},
    {.name = "UpdateRepositoryDescription", .kind = AWS_WRITE, .input = &update_repository_description_input, .run = update_repository_description, .silent = true},
    {0},
};
/* clang-format on */

const struct aws_service codecommit_service = {
    .target = "CodeCommit_20150413",
    .name = "codecommit",
    .validation = "ValidationException",
    .bad_token = "InvalidContinuationTokenException",
    .operations = operations,
};
