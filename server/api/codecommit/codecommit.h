/*
 * CodeCommit's operations: one file each, listed in operations.c. What several of them show is here.
 */
#ifndef SERVER_API_CODECOMMIT_CODECOMMIT_H
#define SERVER_API_CODECOMMIT_CODECOMMIT_H

#include "server/api/aws.h"
#include "server/store/repositories.h"

AWS_OPERATION(create_repository);
AWS_OPERATION(delete_repository);
AWS_OPERATION(get_branch);
AWS_OPERATION(get_repository);
AWS_OPERATION(list_branches);
AWS_OPERATION(list_repositories);
AWS_OPERATION(list_tags_for_repository);
AWS_OPERATION(tag_repository);
AWS_OPERATION(untag_repository);
AWS_OPERATION(update_repository_description);

/* Files: before the transaction (struct aws_operation). */
bool create_repository_prepare(struct aws_call *call, struct err *err);
void delete_repository_settle(struct aws_call *call);

/* CodeCommit has its own exception for each bad parameter: InvalidRepositoryNameException for a name that is none. */
bool repository_name_check(const struct aws_call *call, const char **out, struct err *err);

/* The repository that the call names. Errors: ERR_NOT_FOUND RepositoryDoesNotExistException in AWS's words. */
bool repository_find(struct tx *tx, const struct aws_call *call, struct repository_row *out, struct err *err);

/* The same in a read of its own, for operations without a transaction: git is asked after it. */
bool repository_look_up(struct aws_call *call, struct repository_row *out, struct err *err);

/* The repositoryMetadata of AWS's answers. */
struct json *repository_show(const struct aws_call *call, const struct repository_row *row);

#endif
