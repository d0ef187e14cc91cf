/*
 * Penstock's own operations (docs/doors.md): what AWS has no operation for. One file each or a few that belong
 * together, listed in operations.c.
 */
#ifndef SERVER_API_PENSTOCK_PENSTOCK_H
#define SERVER_API_PENSTOCK_PENSTOCK_H

#include "server/api/aws.h"

AWS_OPERATION(abandon_action);
AWS_OPERATION(check_definition);
AWS_OPERATION(create_access_key);
AWS_OPERATION(create_git_token);
AWS_OPERATION(create_join_token);
AWS_OPERATION(create_sign_in_link);
AWS_OPERATION(delete_access_key);
AWS_OPERATION(delete_git_token);
AWS_OPERATION(delete_schedule);
AWS_OPERATION(delete_source_hook);
AWS_OPERATION(get_deployment);
AWS_OPERATION(get_execution_detail);
AWS_OPERATION(get_overview);
AWS_OPERATION(get_pipeline_detail);
AWS_OPERATION(get_session);
AWS_OPERATION(list_access_keys);
AWS_OPERATION(list_environments);
AWS_OPERATION(list_events);
AWS_OPERATION(list_git_tokens);
AWS_OPERATION(list_releases);
AWS_OPERATION(list_runners);
AWS_OPERATION(list_schedules);
AWS_OPERATION(list_source_hooks);
AWS_OPERATION(put_schedule);
AWS_OPERATION(put_source_hook);
AWS_OPERATION(remove_runner);

#endif
