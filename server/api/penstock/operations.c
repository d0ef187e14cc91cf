/*
 * The table of Penstock's own operations.
 */
#include "server/api/penstock/penstock.h"

/* clang-format off */
static const struct aws_operation operations[] = {
    {.name = "AbandonAction", .kind = AWS_WRITE, .input = &abandon_action_input, .run = abandon_action},
    {.name = "CheckDefinition", .kind = AWS_READ, .input = &check_definition_input, .run = check_definition},
    {.name = "CreateAccessKey", .kind = AWS_ALONE, .input = &create_access_key_input, .run = create_access_key},
    {.name = "CreateGitToken", .kind = AWS_ALONE, .input = &create_git_token_input, .run = create_git_token},
    {.name = "CreateJoinToken", .kind = AWS_ALONE, .input = &create_join_token_input, .run = create_join_token},
    {.name = "CreateSignInLink", .kind = AWS_ALONE, .input = &create_sign_in_link_input, .run = create_sign_in_link},
    {.name = "DeleteAccessKey", .kind = AWS_WRITE, .input = &delete_access_key_input, .run = delete_access_key},
    {.name = "DeleteGitToken", .kind = AWS_WRITE, .input = &delete_git_token_input, .run = delete_git_token},
    {.name = "DeleteSchedule", .kind = AWS_WRITE, .input = &delete_schedule_input, .run = delete_schedule},
    {.name = "DeleteSourceHook", .kind = AWS_WRITE, .input = &delete_source_hook_input, .run = delete_source_hook},
    {.name = "GetDeployment", .kind = AWS_READ, .input = &get_deployment_input, .run = get_deployment},
    {.name = "GetExecutionDetail", .kind = AWS_READ, .input = &get_execution_detail_input, .run = get_execution_detail},
    {.name = "GetOverview", .kind = AWS_READ, .input = &get_overview_input, .run = get_overview},
    {.name = "GetPipelineDetail", .kind = AWS_READ, .input = &get_pipeline_detail_input, .run = get_pipeline_detail},
    {.name = "GetSession", .kind = AWS_READ, .input = &get_session_input, .run = get_session},
    {.name = "ListAccessKeys", .kind = AWS_READ, .input = &list_access_keys_input, .run = list_access_keys},
    {.name = "ListEnvironments", .kind = AWS_READ, .input = &list_environments_input, .run = list_environments},
    {.name = "ListEvents", .kind = AWS_READ, .input = &list_events_input, .run = list_events},
    {.name = "ListGitTokens", .kind = AWS_READ, .input = &list_git_tokens_input, .run = list_git_tokens},
    {.name = "ListReleases", .kind = AWS_READ, .input = &list_releases_input, .run = list_releases},
    {.name = "ListRunners", .kind = AWS_READ, .input = &list_runners_input, .run = list_runners},
    {.name = "ListSchedules", .kind = AWS_READ, .input = &list_schedules_input, .run = list_schedules},
    {.name = "ListSourceHooks", .kind = AWS_READ, .input = &list_source_hooks_input, .run = list_source_hooks},
    {.name = "PutSchedule", .kind = AWS_WRITE, .input = &put_schedule_input, .run = put_schedule},
    {.name = "PutSourceHook", .kind = AWS_WRITE, .input = &put_source_hook_input, .run = put_source_hook},
    {.name = "RemoveRunner", .kind = AWS_WRITE, .input = &remove_runner_input, .run = remove_runner},
    {0},
};
/* clang-format on */

const struct aws_service penstock_service = {
    .target = "Penstock_20261101",
    .name = "penstock",
    .validation = "ValidationException",
    .bad_token = "InvalidNextTokenException",
    .operations = operations,
};
