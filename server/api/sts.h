/*
 * GetCallerIdentity, the one call of AWS's STS that Terraform makes before anything else: form body in, XML out.
 */
#ifndef SERVER_API_STS_H
#define SERVER_API_STS_H

#include "server/api/aws.h"

/* Is this a call in the query protocol (a form, no X-Amz-Target)? */
bool sts_wants(const struct request *request);

void sts_answer(const struct aws_call *call, struct reply *reply);

#endif
